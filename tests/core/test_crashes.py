"""The whole core path with its store failing, or the process dying, at every single call."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from core.errors import StoreError
from core.jobs.job import Completed, Gathered, JobSpec, Outcome, Progress
from core.messages import Deletion, Edit, InboundEvent, Message, ThreadRef
from core.model.account import Account
from core.model.chat import ModelReply, ModelRequest
from core.state.operations import Op, Operation
from tests.core.frail import FAULTS, Frail, at_each_call
from tests.core.room import (
    ADA,
    CHANNEL,
    Hands,
    Platform,
    Room,
    Script,
    calls,
    last,
    results,
    room,
    says,
)

T = TypeVar("T")

SAID = {"m1": "go", "m2": "/set color blue", "m3": "hello", "m4": "/pause", "m5": "/resume"}
CALLS = 3
OWED = {
    "answer:m1",
    "reply:message:m2",
    "answer:m3",
    "reply:message:m4",
    "reply:message:m5",
    "result:1",
    "result:2",
}


class Brain(Script):
    """Answers by what it is asked, so that it says the same before and after a death."""

    async def complete(
        self, account: Account, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        self.asked.append(request)
        if last(request) != "go":
            return says(f"echo: {last(request)}")
        if results(request):
            return says("started")
        return calls(
            ("start_job", {"title": "one", "brief": "do one"}),
            ("change_state", {"key": "n", "operation": "add", "value": 1}),
            ("start_job", {"title": "two", "brief": "do two"}),
        )


class Quick(Hands):
    """An engine whose jobs are done at once, and add to a counter."""

    async def run(self, job: JobSpec, progress: Callable[[Progress], None]) -> Outcome:
        self.attempts.append(job)
        return Completed(result=f"result {job.number}")

    async def gathered(self, job: JobSpec) -> Gathered:
        amount = 10**job.number
        return Gathered(operations=(Operation(key="n", op=Op.ADD, argument=amount),))


async def told(here: Room) -> None:
    """Say everything, again where it was not kept, as people do."""
    for id, text in SAID.items():
        while True:
            try:
                await here.say(id, text)
                break
            except StoreError:
                continue


def shown(platform: Platform) -> set[str]:
    return {post.id for post in platform.posts()}


def check(path: Path, first: Platform, second: Platform) -> None:
    """What is promised: all of it, once."""
    with sqlite3.connect(path) as file:
        posts = [id for (id,) in file.execute("SELECT id FROM messages WHERE post IS NOT NULL")]
        said = [id for (id,) in file.execute("SELECT id FROM messages WHERE post IS NULL")]
        bodies = dict(
            file.execute(
                "SELECT key, body FROM entries JOIN versions ON entry = id ORDER BY commit_no"
            )
        )
        ended = file.execute("SELECT count(*) FROM turns WHERE state != 'ended'").fetchone()[0]
    file.close()
    assert set(posts) == OWED
    assert sorted(said) == sorted(SAID)
    assert bodies == {"n": "111", "color": '"blue"'}
    assert ended == 0
    assert shown(first) | shown(second) == OWED
    for platform in (first, second):
        assert max(Counter(post.id for post in platform.posts()).values(), default=1) == 1


async def changed(here: Room) -> None:
    """Say three things, change one of them and take one back, again what was not kept."""
    where = ThreadRef(channel=CHANNEL, thread="t")
    events: list[InboundEvent] = [
        Message(id=id, thread=where, author=ADA, text=id, at=1.0) for id in ("m1", "m2", "m3")
    ]
    edit = Edit(id="e", thread=where, message_id="m1", author=ADA, text="m1 anew", at=2.0)
    events[2:2] = [edit, Deletion(id="d", thread=where, message_id="m2", at=2.0)]
    for event in events:
        while True:
            try:
                await here.dispatcher.accept(event)
                break
            except StoreError:
                continue


def check_changed(path: Path, first: Platform, second: Platform) -> None:
    with sqlite3.connect(path) as file:
        said = dict(file.execute("SELECT id, text FROM messages WHERE post IS NULL"))
        owed = file.execute("SELECT count(*) FROM inbox WHERE done = 0").fetchone()[0]
        running = file.execute("SELECT count(*) FROM turns WHERE state != 'ended'").fetchone()[0]
    file.close()
    assert said == {"m1": "m1 anew", "m3": "m3"}
    assert (owed, running) == (0, 0)
    posts = Counter(post.id for platform in (first, second) for post in platform.posts())
    assert posts.keys() - {"answer:m2"} == {"answer:m1", "answer:m3"}
    for platform in (first, second):
        assert max(Counter(post.id for post in platform.posts()).values(), default=1) == 1


async def lives_changed(data: Path, at: int, fault: str) -> bool:
    """The same with edits and deletions."""
    first, second = Platform(), Platform()
    channels = Frail(data, at, fault)
    async with room(data, channels=channels, platform=first) as here:
        await channels.outlast(changed(here), first.until(lambda: "answer:m3" in shown(first)))
    async with room(data, platform=second) as here:
        await changed(here)
        await second.until(lambda: shown(first) | shown(second) >= {"answer:m1", "answer:m3"})
        path = here.channels.path(CHANNEL)
    check_changed(path, first, second)
    return channels.calls >= at


async def lives(data: Path, at: int, fault: str) -> bool:
    """The scenario with one fault; False when it was over before the fault's turn came."""
    first, second = Platform(), Platform()
    channels, before, after = Frail(data, at, fault), Brain(), Brain()
    async with room(data, channels=channels, platform=first, script=before, hands=Quick()) as here:
        if fault == "fails":
            await told(here)
            await first.until(lambda: shown(first) == OWED)
        else:
            await channels.outlast(told(here), first.until(lambda: shown(first) == OWED))
    async with room(data, platform=second, script=after, hands=Quick()) as here:
        await told(here)
        await second.until(lambda: shown(first) | shown(second) == OWED)
        path = here.channels.path(CHANNEL)
    check(path, first, second)
    # Nothing is bought twice, except the call that was in flight when the process died.
    bought = len(before.asked) + len(after.asked)
    assert bought == CALLS or (fault != "fails" and bought == CALLS + 1)
    return channels.calls >= at


@pytest.mark.parametrize("fault", FAULTS)
async def test_nothing_is_lost_or_doubled_whichever_call_of_the_store_it_hits(
    tmp_path: Path, fault: str
) -> None:
    assert await at_each_call(lives, tmp_path, fault) > 27


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_change_of_a_message_is_lost_whichever_call_of_the_store_it_hits(
    tmp_path: Path, fault: str
) -> None:
    assert await at_each_call(lives_changed, tmp_path, fault) > 12
