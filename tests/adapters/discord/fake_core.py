"""A core with a memory for Discord to talk to: door, window, places, guard."""

import asyncio
import time
from collections.abc import Callable

from adapters.discord.adapter import DiscordAdapter
from core.errors import BadRequest, NotAllowed
from core.messages import (
    Button,
    Card,
    ChannelRef,
    Deletion,
    Edit,
    InboundEvent,
    Message,
    Person,
    Post,
    PostKind,
    Press,
    Seen,
    ThreadRef,
)
from core.messages.queries import (
    ListChannels,
    ListConflicts,
    ListJobs,
    Query,
    ReadFile,
    ReadJob,
    ReadMessages,
    ReadState,
)
from core.messages.views import (
    ChannelLine,
    Channels,
    Conflicts,
    EntryLine,
    FileView,
    Jobs,
    JobView,
    MessageLine,
    Messages,
    StateView,
    StepLine,
    View,
)
from tests.adapters.shelf import Shelf

Event = InboundEvent | Edit | Deletion


class FakeCore(Shelf):
    """What it kept outlives the adapter, as the core's files outlive the process."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, Event] = {}
        self.errors: list[Exception] = []
        self.strangers: set[str] = set()
        self.role = ""
        self.word = ""
        self.shown: dict[tuple[ChannelRef, str], tuple[str, ...]] = {}
        self.produced: dict[str, bytes] = {}
        self.cards: dict[int, Card] = {}
        self.steps: tuple[StepLine, ...] = ()
        self.answer: Callable[[Message], str] | None = None
        self.adapter: DiscordAdapter | None = None
        self.forgetful = False
        self._delivered = 0
        self._arrived = asyncio.Condition()

    async def accept(self, event: Event) -> None:
        if self.errors:
            raise self.errors.pop(0)
        person = getattr(event, "author", None) or getattr(event, "person", None)
        if person is not None and not self.allows(person, event.thread.channel):
            raise NotAllowed("not you", word=self.word)
        if event.id in self.kept:
            return
        self.kept[event.id] = event
        async with self._arrived:
            self._arrived.notify_all()
        if self.adapter is not None and isinstance(event, Message):
            await self.adapter.show(Seen(thread=event.thread, message_id=event.id))
            if self.answer is not None:
                text = self.answer(event)
                await self.adapter.deliver(post(event.thread, text, f"answer:{event.id}", event.id))
                async with self._arrived:
                    self._delivered += 1
                    self._arrived.notify_all()

    async def delivered(self, count: int) -> None:
        """Return when so many answers are out, and the adapter knows it."""
        async with self._arrived:
            await asyncio.wait_for(self._arrived.wait_for(lambda: self._delivered >= count), 60)

    async def events(self, count: int) -> list[Event]:
        """The first events, when there are so many."""
        async with self._arrived:
            await asyncio.wait_for(self._arrived.wait_for(lambda: len(self.kept) >= count), 60)
        return list(self.kept.values())

    async def message(self, number: int = 1) -> Message:
        event = (await self.events(number))[number - 1]
        assert isinstance(event, Message)
        return event

    async def press(self, number: int = 1) -> Press:
        event = (await self.events(number))[number - 1]
        assert isinstance(event, Press)
        return event

    async def look(self, query: Query) -> View:
        match query:
            case ReadFile(path=path):
                if path not in self.produced:
                    raise BadRequest(f"There is no file {path!r}.")
                return FileView(path=path, content=self.produced[path], commit=1)
            case ReadJob(number=number):
                if number not in self.cards:
                    raise BadRequest(f"There is no job {number} here.")
                return JobView(
                    card=self.cards[number], brief="Do it well.", outcome="", result="",
                    base_commit=3, steps=self.steps,
                )  # fmt: skip
            case ListJobs():
                return Jobs(cards=tuple(self.cards.values()))
            case ListConflicts():
                return Conflicts(lines=())
            case ReadState():
                line = EntryLine(
                    key="deploy.target", kind="value", value="prod", commit=1, author="Anna", at=0
                )
                return StateView(commit=1, entries=(line,), files=())
            case ListChannels():
                channels = dict.fromkeys(one.thread.channel for one in self.said())
                return Channels(
                    lines=tuple(ChannelLine(channel=one, at=0, running=0) for one in channels)
                )
            case ReadMessages(channel=channel):
                lines = tuple(
                    MessageLine(
                        seq=seq, id=one.id, thread=one.thread, author_id=one.author.id,
                        author=one.author.name, text=one.text, at=one.at,
                    )
                    for seq, one in enumerate(self.said())
                    if one.thread.channel == channel
                )  # fmt: skip
                return Messages(lines=lines, newest=len(lines))
            case _:
                raise BadRequest("not asked by Discord")

    def said(self) -> list[Message]:
        return [one for one in self.kept.values() if isinstance(one, Message)]

    async def of(self, channel: ChannelRef, item: str) -> tuple[str, ...]:
        return self.shown.get((channel, item), ())

    async def keep(self, channel: ChannelRef, item: str, messages: tuple[str, ...]) -> None:
        if not self.forgetful:
            self.shown[channel, item] = messages

    async def item(self, channel: ChannelRef, message: str) -> str | None:
        for (where, item), messages in self.shown.items():
            if where == channel and message in messages:
                return item
        return None

    def allows(self, person: Person, channel: ChannelRef) -> bool:
        let_in = not self.role or self.role in person.roles
        return let_in and person.id not in self.strangers and not person.outside


def place(guild: str, channel: str, thread: str = "") -> ThreadRef:
    ref = ChannelRef(platform="discord", workspace=guild, channel=channel)
    return ThreadRef(channel=ref, thread=thread)


def post(
    thread: ThreadRef, text: str, id: str = "answer:1", reply_to: str | None = None,
    **changes: object,
) -> Post:  # fmt: skip
    values: dict[str, object] = {
        "id": id, "thread": thread, "kind": PostKind.ANSWER, "text": text, "at": time.time(),
        "reply_to": reply_to,
    }  # fmt: skip
    return Post(**(values | changes))  # type: ignore[arg-type]  # a test's own keywords


def card(thread: ThreadRef, number: int = 1, **changes: object) -> Card:
    buttons = (
        Button(action=f"stop.{number}", label="Stop", style="danger"),
        Button(action=f"steer.{number}", label="Steer", asks="What should it know?"),
        Button(action=f"details.{number}", label="Details"),
    )
    values: dict[str, object] = {
        "id": f"card:{number}", "thread": thread, "job": number, "title": f"Work {number}",
        "requester": Person(id="7", name="Anna"), "state": "running", "step": "reading",
        "version": 1, "tokens": 1234, "steps": 2, "created_at": time.time() - 70,
        "started_at": time.time() - 65, "ended_at": None, "buttons": buttons,
    }  # fmt: skip
    return Card(**(values | changes))  # type: ignore[arg-type]  # a test's own keywords
