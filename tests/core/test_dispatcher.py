import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.conversation import Arrived, Conversations, Event
from core.dispatcher import Dispatcher
from core.errors import BadRequest, NotAllowed
from core.jobs.admission import Admission, Limits
from core.jobs.job import Gathered, JobSpec, Outcome, Progress
from core.jobs.supervisor import Jobs
from core.messages import ChannelRef, Message, Person, ThreadRef
from core.outbox import Outbox
from core.rights import Access, Rights
from core.settings import ChannelSettings
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Transaction
from core.tasks import Tasks

CHANNEL = ChannelRef(platform="web", workspace="local", channel="general")
DEFAULTS = ChannelSettings(
    model="m", subagent_model="m", instructions="", max_steps=1, timeout_s=1, per_job=None
)


class Mailboxes(Conversations):
    """Remembers what is put into mailboxes and handles nothing."""

    def __init__(self) -> None:
        super().__init__(lambda *_: None)
        self.events: list[Event] = []

    def deliver(self, thread: ThreadRef, event: Event) -> None:
        self.events.append(event)


class NoEngine:
    async def run(self, job: JobSpec, progress: Callable[[Progress], None]) -> Outcome:
        raise AssertionError("no job was asked for")

    async def gathered(self, job: JobSpec) -> Gathered:
        raise AssertionError("no job was asked for")


class Hall:
    """A dispatcher over real files."""

    def __init__(self, root: Path, control: Control) -> None:
        self.control = control
        self.channels = Channels(root)
        self.tasks = Tasks()
        self.mailboxes = Mailboxes()
        outbox = Outbox(self.channels, {}, self.tasks.spawn)
        jobs = Jobs(
            admission=Admission(Limits(max_running=1, per_channel=1, per_person=1)),
            channels=self.channels,
            engine=NoEngine(),
            outbox=outbox,
            tasks=self.tasks,
            defaults=DEFAULTS,
            max_completion_tokens=1,
            clock=lambda: 0.0,
            over=lambda over: None,
        )
        self.dispatcher = Dispatcher(
            channels=self.channels,
            control=control,
            rights=Rights({"web": Access(everyone=True)}),
            conversations=self.mailboxes,
            jobs=jobs,
            outbox=outbox,
            tasks=self.tasks,
            defaults=DEFAULTS,
        )

    async def close(self) -> None:
        await self.tasks.close()
        await self.channels.close()
        await self.control.close()

    async def idle(self) -> None:
        """A conversation of the channel has just become idle, and all that follows is done."""
        before = asyncio.all_tasks()
        self.mailboxes.on_idle(ThreadRef(channel=CHANNEL, thread=""))
        await asyncio.gather(*(asyncio.all_tasks() - before))


@asynccontextmanager
async def opened(root: Path) -> AsyncIterator[Hall]:
    hall = Hall(root, await Control.open(root))
    try:
        yield hall
    finally:
        await hall.close()


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    async with opened(tmp_path) as hall:
        yield hall


def message(id: str = "m1", text: str = "hello", platform: str = "web") -> Message:
    channel = ChannelRef(platform=platform, workspace="local", channel="general")
    thread = ThreadRef(channel=channel, thread="")
    return Message(
        id=id, thread=thread, author=Person(id="local:ana", name="ana"), text=text, at=1.0
    )


async def test_an_event_is_kept_before_it_is_accepted_and_handed_on_once(hall: Hall) -> None:
    for _ in range(3):
        await hall.dispatcher.accept(message())
    kept = await hall.channels.read(
        CHANNEL, lambda tx: tx.execute("SELECT id FROM inbox").fetchall()
    )
    assert kept == [("message:m1",)]
    assert hall.mailboxes.events == [Arrived(event=message())]


async def test_the_same_event_many_times_at_once_is_handed_on_once(hall: Hall) -> None:
    await asyncio.gather(*(hall.dispatcher.accept(message()) for _ in range(50)))
    assert len(hall.mailboxes.events) == 1


async def test_what_was_accepted_is_handed_on_again_after_a_start(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        await hall.dispatcher.accept(message("m1"))
        await hall.dispatcher.accept(message("m2"))
    async with opened(tmp_path) as hall:
        await hall.dispatcher.recover()
        ids = [event.event.id for event in hall.mailboxes.events if isinstance(event, Arrived)]
        assert ids == ["m1", "m2"]


async def test_who_may_not_and_what_cannot_be_kept_leaves_no_trace(hall: Hall) -> None:
    with pytest.raises(NotAllowed):
        await hall.dispatcher.accept(message(platform="slack"))
    for wrong in (message(text="x" * 100_001), message(text=" "), message(id="")):
        with pytest.raises(BadRequest):
            await hall.dispatcher.accept(wrong)
    assert hall.mailboxes.events == []
    assert not await hall.channels.exists(CHANNEL)
    assert await hall.control.unfinished() == ()


async def test_a_channel_with_nothing_left_is_not_looked_at_after_a_start(hall: Hall) -> None:
    await hall.dispatcher.accept(message())
    await hall.idle()
    assert await hall.control.unfinished() == (CHANNEL,)  # the message is not answered yet
    await hall.channels.write(CHANNEL, _answer_all)
    await hall.idle()
    assert await hall.control.unfinished() == ()


async def test_a_message_that_arrives_as_its_channel_becomes_idle_is_found_after_a_kill(
    hall: Hall,
) -> None:
    await hall.dispatcher.accept(message("m1"))
    await hall.channels.write(CHANNEL, _answer_all)
    gate = threading.Event()
    holding = asyncio.create_task(hall.channels.write(CHANNEL, lambda tx: gate.wait(10)))
    accepting = asyncio.create_task(hall.dispatcher.accept(message("m2")))
    await asyncio.sleep(0)  # both are queued for the one writer, m2 behind the other
    await hall.idle()
    gate.set()
    await holding
    await accepting
    assert await hall.control.unfinished() == (CHANNEL,)


async def test_a_paused_channel_is_known_to_be_paused_after_a_start(hall: Hall) -> None:
    await hall.dispatcher.accept(message())
    await hall.channels.write(CHANNEL, _pause)
    await hall.channels.write(CHANNEL, _answer_all)
    await hall.idle()
    assert await hall.control.unfinished() == (CHANNEL,)


def _answer_all(tx: Transaction) -> None:
    tx.execute("UPDATE inbox SET done = 1")


def _pause(tx: Transaction) -> None:
    tx.execute("INSERT INTO settings VALUES ('paused', 'true', 'ana', 0)")
