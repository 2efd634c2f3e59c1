"""No file descriptor is left for the bot: it says so, answers what needs none, and goes on with the
rest when some are free."""

import asyncio
import resource
from pathlib import Path

import aiohttp
import pytest

from tests.harness.play import Play, finish, say, shell, starting
from tests.harness.room import room


@pytest.mark.needs_system("bubblewrap")
async def test_a_bot_without_descriptors_goes_on_when_it_has_some_again(tmp_path: Path) -> None:
    work = [shell("echo one"), finish("done")]
    play = Play({"go": starting("work"), "hello": [say("hi")]}, {"work": work})
    async with room(tmp_path, play) as r:
        await r.page.ask("hello")
        usual = resource.prlimit(r.bot.pid, resource.RLIMIT_NOFILE)
        # What it has it keeps; what it closes makes no room, since these three stay in use.
        resource.prlimit(r.bot.pid, resource.RLIMIT_NOFILE, (3, usual[1]))
        await r.page.ask("go")
        await r.page.until(lambda: r.page.troubles != [])
        assert "Job 1 has to wait and will go on" in r.page.troubles[0]
        assert "job.db" in r.page.troubles[0]
        assert str(r.bot.data) not in r.page.troubles[0], "where it is, is nobody's business"
        assert "/jobs" in (await r.page.ask("/help")).text
        async with aiohttp.ClientSession() as session:
            with pytest.raises((aiohttp.ClientError, TimeoutError)):
                async with asyncio.timeout(2):
                    await session.get(r.bot.url)
        resource.prlimit(r.bot.pid, resource.RLIMIT_NOFILE, usual)
        assert (await r.page.result(1)).text == "done"
        another = await r.another_page(channel="other")
        assert (await another.ask("hello")).text == "hi"
        assert "a job has to wait" in r.bot.log()
