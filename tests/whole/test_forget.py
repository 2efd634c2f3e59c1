"""/forget on a real bot: nothing of it is in any file, while it runs and after a kill."""

from pathlib import Path

import pytest

from tests.harness.play import Play, change, finish, say, shell, start
from tests.harness.room import room

SECRET = "Kaninchenbau-4711"

pytestmark = pytest.mark.needs_system("bubblewrap")


def holding(data: Path) -> list[str]:
    """The files that hold the secret, or its rarer word, in any case of letters."""
    return [
        str(path.relative_to(data))
        for path in sorted(data.rglob("*"))
        if path.is_file() and b"kaninchenbau" in path.read_bytes().lower()
    ]


async def test_a_key_that_a_job_wrote_and_one_reads_is_forgotten(tmp_path: Path) -> None:
    script = Play(
        {"look": [start("writer"), say("on it")], "again": [start("reader"), say("on it")]},
        {
            "writer": [change("door", "put", SECRET), finish(f"it is {SECRET}")],
            "reader": [shell(f"echo {SECRET} > found; sleep 600"), finish("done")],
        },
    )
    async with room(tmp_path, script) as here:
        await here.page.ask("look")
        await here.page.result(1)
        await here.page.ask(f"remember that it is {SECRET}")
        assert "«4711»" in (await here.page.ask("/search 4711")).text
        await here.page.ask("again")
        await here.page.card(2, lambda card: "shell" in card.step or "echo" in card.step)
        assert len(holding(here.bot.data)) > 1
        asked = await here.page.ask("/forget door")
        press = here.page.press(asked.button("Forget for good"))
        await here.page.answer(press)
        page = here.page
        await page.until(lambda: any(post.id == "reply:forget:1" for post in page.posts))
        stopped = await here.page.result(2)
        assert "wanted forgotten" in stopped.text
        assert holding(here.bot.data) == []
        await here.bot.kill()
        assert holding(here.bot.data) == []
        await here.bot.start()
        assert "no such key" in (await here.page.ask("/state door")).text
        assert holding(here.bot.data) == []
