"""A model's server that takes what it is asked and hangs: people are told, in the chat and on the
job's card; what is stopped is stopped, the rest goes on later, and nothing stays reserved."""

import asyncio
from pathlib import Path

import pytest

from tests.emulators.script import Received, Reply
from tests.harness import files
from tests.harness.play import Play, finish, say, starting
from tests.harness.room import room

TIMEOUT_S = 0.4
# Far from three times a limit that hangs, and what a shared machine may take.
SOON_S = 20.0
WAYS = {
    "without a word": Reply(hang=True),
    "after the headers": Reply(drip=""),
    "a byte at a time": Reply(drip="data: {"),
    "with nothing but signs of life": Reply(drip=": still there\n\n"),
}


class Hanging:
    """A model that plays its part, but while `way` is set hangs in that way."""

    def __init__(self, play: Play) -> None:
        self.way: Reply | None = None
        self._play = play

    def __call__(self, received: Received) -> Reply:
        return self._play(received) if self.way is None else self.way


@pytest.mark.parametrize("way", WAYS)
async def test_who_asks_is_told_jobs_wait_and_nothing_stays_reserved(
    tmp_path: Path, way: str
) -> None:
    asked = asyncio.Event()
    begun = Reply(calls=[("progress", {"text": "begun"})], gate=asked)
    jobs = {"stopped": [begun, finish("never")], "patient": [begun, finish("it is done")]}
    turns = {"go": starting("stopped", "patient"), "hello": [say("hi")]}
    model = Hanging(Play(turns, jobs))
    sections = {"model": {"timeout_s": TIMEOUT_S}}
    async with room(tmp_path, model, sections=sections) as r:
        await r.page.ask("go")
        await r.model.arrived(4)  # the turn's two calls, and each job's first
        model.way = WAYS[way]
        asked.set()
        told = await r.page.ask("hello", thread="chat", within_s=SOON_S)
        assert told.kind == "notice"
        assert "could not get an answer" in told.text
        assert f"within {TIMEOUT_S} s" in told.text
        for job in (1, 2):
            await r.page.card(job, lambda card: "cannot be reached" in card.step, SOON_S)
        await r.page.ask("/cancel 1", within_s=SOON_S)
        await r.page.card(1, lambda card: card.state == "cancelled", SOON_S)
        model.way = None
        assert (await r.page.ask("hello", thread="chat")).text == "hi"
        assert "it is done" in (await r.page.result(2)).text
        assert not r.page.results(1) or "never" not in r.page.results(1)[0].text
    control = r.bot.data / "control.db"
    assert files.rows(control, "SELECT * FROM reservations") == []
    assert files.rows(control, "SELECT * FROM spent WHERE reserved_tokens OR reserved_nanos") == []
