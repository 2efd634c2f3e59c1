"""A result built on what has changed meanwhile says so and runs again, on the real bot."""

import asyncio
from pathlib import Path

import pytest

from tests.emulators.script import Reply
from tests.harness.play import Play, change, finish, say, shell, starting, write
from tests.harness.room import room

pytestmark = pytest.mark.needs_system("bubblewrap")


def reading(**arguments: str) -> Reply:
    return Reply(calls=[("read_state", arguments)])


def play(gate: asyncio.Event) -> Play:
    """One job that reads in every way and waits at its end, and jobs that change what it read."""
    judge = [
        reading(key="target"),
        reading(prefix="launch."),
        Reply(calls=[("read_file", {"path": "plan.md"})]),
        Reply(calls=[("search", {"query": "rollback", "source": "messages"})]),
        shell("wc -l notes.md"),
        change("visits", "add", 1),
        Reply(calls=[("finish", {"result": "staging it is"})], gate=gate),
    ]
    return Play(
        {
            "lay out": starting("write both"),
            "look": starting("judge"),
            "change": starting("edit both", "count"),
            "we had": [say("I see.")],
        },
        {
            "write both": [write("plan.md", "one\n"), write("notes.md", "two\n"), finish("ok")],
            "judge": judge,
            "edit both": [write("plan.md", "1\n"), write("notes.md", "2\n"), finish("ok")],
            "count": [change("visits", "add", 1), finish("ok")],
        },
    )


async def test_all_that_a_job_read_and_that_has_changed_is_told_and_it_runs_again_once(
    tmp_path: Path,
) -> None:
    gate = asyncio.Event()
    script = play(gate)
    async with room(tmp_path, script) as r:
        await r.page.ask("/set target staging")
        await r.page.ask("lay out")
        await r.page.result(1)
        await r.page.ask("look")
        await r.model.arrived(2 + 3 + 2 + 7)  # it waits at its end
        await r.page.ask("/set target prod")
        await r.page.ask("/set launch.day friday")
        await r.page.ask("change")
        await r.page.result(3)
        await r.page.result(4)
        await r.page.ask("we had a rollback")
        gate.set()
        result = await r.page.result(2)
        assert result.drift == (
            "based on `target` = staging, now prod (set by ana)",
            "`launch.` has 1 key more: `launch.day`",
            "based on file `plan.md`, which was changed since (by job 3, asked by ana)",
            "the search for 'rollback' would find 1 newer message now",
            "possibly based on file `notes.md`, which was changed since (by job 3, asked by ana)",
        )
        again = result.button("Run again")
        first = r.page.press(again)
        second = r.page.press(again)
        answers = [(await r.page.answer(press)).text for press in (first, second)]
        assert sum("Started job 5" in text for text in answers) == 1
        assert sum("Job 5" in text and "again" in text for text in answers) == 1
        assert (await r.page.result(5)).drift == ()
        told = script.of_job("judge")[-1].messages[1]["content"]
        assert "now prod (set by ana)" in str(told)
        assert "staging it is" in str(told)
        assert len(r.page.results(5)) == 1
