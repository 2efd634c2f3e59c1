"""Stop, steer, undo, run again and a command, pressed at once, with the bot killed amid them: each
has its effect, and has it once."""

import asyncio
from pathlib import Path

import pytest

from tests.emulators.model import ModelServer
from tests.emulators.script import Received, Reply
from tests.harness import files
from tests.harness.bot import BotProcess, Sections
from tests.harness.lives import KILLED
from tests.harness.page import Page
from tests.harness.play import Play, change, finish, shell, starting
from tests.harness.room import assert_no_bugs
from tests.harness.side_by_side import SideBySide, living

POINTS = [
    "inbox.before:2",
    *(f"inbox.accepted:{count}" for count in (1, 3)),
    *(f"command.committed:{count}" for count in (1, 2, 3, 4, 5)),
    "outcome.before_commit:1",
    "outcome.committed:1",
]
COUNTING, ENDLESS, LISTENING, BROKEN, AGAIN = 1, 2, 3, 4, 5

pytestmark = [pytest.mark.needs_system("bubblewrap"), pytest.mark.asyncio(loop_scope="module")]


class Part:
    """The model: four jobs, of which one waits to hear a colour and one fails at first."""

    def __init__(self) -> None:
        self._failed = False
        self.heard = 0
        self._play = Play(
            {"prepare": starting("counting", "endless", "listening", "broken")},
            {
                "counting": [change("n", "add", 5), finish("counted")],
                "endless": [shell("sleep 600")],
            },
        )

    def __call__(self, received: Received) -> Reply:
        told = str(received.messages)
        if "finish" in received.tools and "listening" in told:
            self.heard = max(self.heard, told.count("use blue"))
            looking = Reply(calls=[("list_files", {})], latency_s=0.1)
            return finish("it is blue") if self.heard else looking
        if "finish" in received.tools and "broken" in told:
            if not self._failed:
                self._failed = True
                return Reply(status=400, body='{"error": {"message": "no"}}')
            return finish("mended")
        return self._play(received)


async def killed_amid(folder: Path, point: str) -> str:
    """Press everything, be killed at the point, start again; what is broken then."""
    part = Part()
    async with ModelServer(part) as model:
        sections: Sections = {
            "model": {"base_url": model.base_url, "name": "part"},
            "subagents": {"max_steps": 5000},
        }
        async with BotProcess(folder, sections=sections, warm=True) as bot:
            await bot.start()
            async with Page(bot.url) as page:
                await page.ask("prepare")
                await asyncio.gather(page.result(COUNTING), page.result(BROKEN))
                await page.card(ENDLESS, lambda card: card.state == "running")
                await bot.kill()
                await bot.start(kill_at=point)
                await page.connected()
                presses = _press_all(page)
                assert await bot.ended() == KILLED
                await bot.nothing_left()
                await bot.start()
                for id_ in presses:
                    await page.answer(id_)
                numbers = (ENDLESS, LISTENING, AGAIN)
                results = await asyncio.gather(*(page.result(number) for number in numbers))
                texts = [result.text for result in results]
                await page.connected()
                # What comes before an answer in the outbox is marked as sent before that goes out.
                last = await page.ask("/help")
                assert await bot.stop() == 0
            await bot.nothing_left()
            assert_no_bugs(bot)
            return "\n".join(_wrong(bot.data, presses, texts, part.heard, last.id))


def _press_all(page: Page) -> list[str]:
    again = page.results(BROKEN)[0].button("Run again")
    undo = page.results(COUNTING)[0].button("Undo")
    return [
        page.press(undo),
        page.press(page.cards[ENDLESS].button("Stop")),
        page.press(page.cards[LISTENING].button("Steer"), text="use blue"),
        page.press(again),
        page.say("/set colour green"),
    ]


def _wrong(data: Path, presses: list[str], texts: list[str], heard: int, last: str) -> list[str]:
    path = files.channel_file(data)
    found = files.damaged(data)
    if "stopped by ana" not in texts[0] or texts[1:] != ["it is blue", "mended"]:
        found.append(f"the results are {texts}")
    if heard != 1:
        found.append(f"the steering was heard {heard} times")
    if (counted := files.counter(path, "n")) != 0:
        found.append(f"n is {counted} after the undo")
    sources = [source for (source,) in files.rows(path, "SELECT source FROM commits")]
    undone = files.rows(path, "SELECT number FROM commits WHERE undoes IS NOT NULL")
    if len(undone) != 1:
        found.append(f"{len(undone)} commits undo")
    if len(sources) != 3:  # the counting, its undo, the colour
        found.append(f"the commits are {sources}")
    if (jobs := files.rows(path, "SELECT count(*) FROM jobs")) != [(5,)]:
        found.append(f"there are {jobs} jobs")
    replies = [post["id"] for post in files.posts(path)]
    for id_ in presses:
        if (count := sum(reply.endswith(id_) for reply in replies)) != 1:
            found.append(f"{id_} has {count} answers")
    waiting = files.rows(path, "SELECT id FROM outbox WHERE state != 'sent' AND id != ?", last)
    owed = files.rows(path, "SELECT id FROM inbox WHERE done = 0")
    return [*found, *(f"left over: {row}" for row in (*waiting, *owed))]


lives = living("point", killed_amid)


@pytest.mark.parametrize("point", POINTS)
async def test_what_was_pressed_has_its_effect_once(lives: SideBySide, point: str) -> None:
    assert await lives.verdict(point) == ""
