"""Search as people and jobs use it: the state and files that others have just changed."""

import asyncio
from pathlib import Path

import pytest

from tests.emulators.script import Reply
from tests.harness.play import Play, change, finish, starting, write
from tests.harness.room import room

pytestmark = pytest.mark.needs_system("bubblewrap")

QUERY = {"query": "sesame", "source": "state"}


async def test_a_job_searches_the_state_as_it_was_when_it_began(tmp_path: Path) -> None:
    gate = asyncio.Event()
    play = Play(
        {"go": starting("look")},
        {"look": [Reply(calls=[("search", QUERY)], gate=gate), finish("looked")]},
    )
    async with room(tmp_path, play) as r:
        await r.page.ask("/set shop sesame oil")
        await r.page.ask("go")
        await r.model.arrived(2 + 1)
        await r.page.ask("/set door open sesame")
        gate.set()
        await r.page.result(1)
        (answer,) = [m["content"] for m in play.requests[-1].messages if m["role"] == "tool"]
        assert "state/shop:1 ana, " in answer
        assert "door" not in answer
        told = (await r.page.ask("/search sesame")).text
        assert "state/shop:1 ana, " in told
        assert "state/door:1 ana, " in told
        assert "open «sesame»" in told


async def test_what_a_job_wrote_is_found_at_once_with_its_lines(tmp_path: Path) -> None:
    wrote = [write("notes/a.md", "one\nsesame\n"), change("log", "append", "sesame seeds")]
    play = Play({"go": starting("write")}, {"write": [*wrote, finish("written")]})
    async with room(tmp_path, play) as r:
        await r.page.ask("go")
        await r.page.result(1)
        told = (await r.page.ask("/search sesame")).text
        assert "files/notes/a.md:2 job 1, asked by ana, " in told
        assert "state/log:1 job 1, asked by ana, " in told
