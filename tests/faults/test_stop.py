"""SIGTERM while sixteen jobs run and answers are streamed: it ends within seconds, tells nobody
anything untrue, and goes on with all of it at the next start."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.emulators.script import Received, Reply
from tests.harness.play import Play, starting
from tests.harness.room import room

JOBS, STREAMS = 16, 4
WITHIN_S = 25.0  # less than the thirty that a model may take
LONG = " ".join(f"word{number}" for number in range(40))


@pytest.mark.needs_system("bubblewrap")
async def test_sixteen_jobs_and_four_streams_are_stopped_soon_and_go_on(tmp_path: Path) -> None:
    gate = asyncio.Event()
    briefs = [f"part {number}." for number in range(JOBS)]
    held = Reply(calls=[("finish", {"result": "done"})], gate=gate)
    play = Play({"go": starting(*briefs)}, {"part": [held]})

    def script(received: Received) -> Reply:
        if "stream" in received.asked:
            slow = 0.0 if gate.is_set() else 0.5
            return Reply(text=LONG, pieces=40, piece_latency_s=slow)
        return play(received)

    limits = ("per_message", "per_person", "per_channel", "max_running")
    sections = {"subagents": dict.fromkeys(limits, JOBS)}
    async with room(tmp_path, script, sections=sections) as r:
        await r.page.ask("go")
        await r.model.arrived(2 + JOBS)
        asked = [r.page.say(f"stream {number}", thread=f"s{number}") for number in range(STREAMS)]
        await r.model.arrived(2 + JOBS + STREAMS)
        before = time.monotonic()
        assert await r.bot.stop() == 0
        assert time.monotonic() - before < WITHIN_S
        await r.bot.nothing_left()
        posts = [post.text for post in r.page.posts]
        assert posts == [posts[0]], "nothing more was said before it ended"
        assert all(not r.page.results(job) for job in range(1, JOBS + 1))
        gate.set()
        await r.bot.start()
        for id_ in asked:
            assert (await r.page.answer(id_)).text == LONG
        for job in range(1, JOBS + 1):
            assert (await r.page.result(job)).text == "done"
        await r.page.sync()
        assert len(r.page.posts) == 1 + STREAMS + JOBS
