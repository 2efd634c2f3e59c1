"""The whole bot on three platforms at once: one process, one model, people on each."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial

import aiohttp
import pytest
import pytest_asyncio

from tests.emulators.script import Received, Reply
from tests.harness.people import Side, labelled, one
from tests.harness.play import Play, change, finish, say, starting, write
from tests.harness.town import Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")

GATES = {name: asyncio.Event() for name in ("slow", "red", "blue")}
HELD = Reply(calls=[("finish", {"result": "it was long"})], gate=GATES["slow"])
PLAY = Play(
    {
        "make a report": starting("the report"),
        "take long": starting("the long one"),
        "paint": starting("paint red", "paint blue"),
    },
    {
        "the report": [write("report.md", "# All is well\n"), finish("Here it is.", "report.md")],
        "the long one": [HELD],
        "paint red": [change("colour", "put", "red"), finish("red it is")],
        "paint blue": [change("colour", "put", "blue"), finish("blue it is")],
    },
)


def script(received: Received) -> Reply:
    """What is asked for in PLAY, and an echo of all else."""
    if received.asked.startswith("echo"):
        return say(f"heard {received.asked}")
    return PLAY(received)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(tmp_path_factory.mktemp("town"), script, places=5) as town_:
        await town_.start()
        yield town_


async def on_each(t: Town, tried: Callable[[Side], Coroutine[None, None, None]]) -> None:
    """The same on all platforms at once."""
    async with asyncio.TaskGroup() as group:
        for side in t.sides:
            group.create_task(tried(side), name=side.name)


async def test_a_question_is_seen_and_answered_where_it_was_asked(t: Town) -> None:
    async def tried(side: Side) -> None:
        asked = await side.ask("echo one", 0)
        await one(side, asked, "heard echo one")
        await side.until(partial(side.seen, asked))
        await side.more(asked, "echo two")
        await one(side, asked, "heard echo two")

    await on_each(t, tried)


async def test_a_result_comes_with_its_file_into_the_conversation_that_asked(t: Town) -> None:
    async def tried(side: Side) -> None:
        asked = await side.ask("make a report", 1)
        await one(side, asked, "Here it is.")
        await side.until(partial(side.files, asked))
        assert side.files(asked) == {"report.md": b"# All is well\n"}
        card = await labelled(side, asked, "Details", without="Stop")
        assert "the report" in card.text

    await on_each(t, tried)


async def test_stop_on_a_card_stops_the_job(t: Town) -> None:
    async def tried(side: Side) -> None:
        asked = await side.ask("take long", 2)
        card = await labelled(side, asked, "Stop")
        await side.press(card, "Stop")
        again = await labelled(side, asked, "Details", without="Stop")
        assert (again.id, "the long one" in again.text) == (card.id, True)

    await on_each(t, tried)


async def test_a_conflict_is_settled_by_a_button(t: Town) -> None:
    async def tried(side: Side) -> None:
        asked = await side.ask("paint", 3)
        question = await one(side, asked, "colour", "red", "blue", "?")
        label = next(label for label in question.buttons if "blue" in label)
        await side.press(question, label)
        await side.more(asked, "/state colour")
        await one(side, asked, '"blue"', "commit")

    await on_each(t, tried)


async def test_a_file_that_somebody_sends_is_in_the_workspace(t: Town) -> None:
    async def tried(side: Side) -> None:
        asked = await side.ask("echo file", 4, file=("notes.md", b"# Notes of today\n"))
        await one(side, asked, "heard echo file")
        await side.more(asked, "/search today")
        await one(side, asked, "notes.md")

    await on_each(t, tried)


async def test_the_page_tells_how_each_platform_is(t: Town) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{t.bot.url}metrics") as answer:
        assert answer.content_type == "text/plain"
        said = await answer.text()
    for side in t.sides:
        assert f'thaw_platform_connected{{platform="{side.name}"}} 1' in said
