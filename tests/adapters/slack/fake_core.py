"""A core with a memory, for Slack to talk to: keeps what is said, answers looks, keeps places."""

import asyncio
import time
from collections import defaultdict

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
from core.messages.queries import ListChannels, ListJobs, Query, ReadFile, ReadJob, ReadMessages
from core.messages.views import (
    ChannelLine,
    Channels,
    FileView,
    Jobs,
    JobView,
    MessageLine,
    Messages,
    StepLine,
    View,
)
from core.ports import Adapter
from tests.adapters.shelf import Shelf

Event = InboundEvent | Edit | Deletion

ANNA = Person(id="U0ANNA", name="Anna")
STEER = "What should job 1 know or do differently?"


def place(thread: str = "", channel: str = "C0GEN") -> ThreadRef:
    ref = ChannelRef(platform="slack", workspace="T0THAW", channel=channel)
    return ThreadRef(channel=ref, thread=thread)


def card(thread: ThreadRef, number: int = 1, **changes: object) -> Card:
    """A running job's card."""
    buttons = (
        Button(action=f"stop.{number}", label="Stop", style="danger"),
        Button(action=f"steer.{number}", label="Steer", asks=STEER),
        Button(action=f"details.{number}", label="Details"),
    )
    values: dict[str, object] = {
        "id": f"card:{number}", "thread": thread, "job": number, "title": f"Work {number}",
        "requester": ANNA, "state": "running", "step": "reading", "version": 1, "tokens": 1234,
        "steps": 2, "created_at": time.time() - 70, "started_at": time.time() - 65,
        "ended_at": None, "buttons": buttons,
    }  # fmt: skip
    return Card(**(values | changes))  # type: ignore[arg-type]  # a test's own keywords


def post(thread: ThreadRef, text: str, id: str = "answer:1", **changes: object) -> Post:
    values: dict[str, object] = {
        "id": id, "thread": thread, "kind": PostKind.ANSWER, "text": text, "at": time.time(),
    }  # fmt: skip
    return Post(**(values | changes))  # type: ignore[arg-type]  # a test's own keywords


class FakePlaces:
    """Implements Places; what it knows outlives an adapter, as a file does."""

    def __init__(self) -> None:
        self.known: dict[tuple[ChannelRef, str], tuple[str, ...]] = {}
        self.failing: list[Exception] = []

    async def of(self, channel: ChannelRef, item: str) -> tuple[str, ...]:
        return self.known.get((channel, item), ())

    async def keep(self, channel: ChannelRef, item: str, messages: tuple[str, ...]) -> None:
        if self.failing:
            raise self.failing.pop(0)
        await asyncio.sleep(0)  # as a store, it lets others go on meanwhile
        self.known[channel, item] = messages

    async def item(self, channel: ChannelRef, message: str) -> str | None:
        found = (
            item for (at, item), shown in self.known.items() if at == channel and message in shown
        )
        return next(found, None)


class FakeCore(Shelf):
    """Implements Door, Window and Guard."""

    def __init__(self) -> None:
        super().__init__()
        self.accepted: list[Event] = []
        self.known: set[str] = set()
        self.refusals: list[Exception] = []
        self.strangers: set[str] = set()
        self.word = ""
        self.cards: dict[int, Card] = {}
        self.produced: dict[str, bytes] = {}
        self.steps: tuple[StepLine, ...] = ()
        self.posts: list[Post] = []
        self.looked: list[Query] = []
        self.arrived: asyncio.Queue[Event] = asyncio.Queue()
        self.adapter: Adapter | None = None
        self.slow: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def accept(self, event: Event) -> None:
        if isinstance(event, Message) and event.text in self.slow:
            await self.slow[event.text].wait()
        if self.refusals:
            raise self.refusals.pop(0)
        person = event.person if isinstance(event, Press) else getattr(event, "author", None)
        if person is not None and not self.allows(person, event.thread.channel):
            raise NotAllowed("You are not on the list.", word=self.word)
        if isinstance(event, Message) and not (event.text or event.files):
            raise BadRequest("The message is empty.")
        key = f"{type(event).__name__} {event.thread.channel} {event.id}"
        if key in self.known:
            return
        self.known.add(key)
        self.accepted.append(event)
        self.arrived.put_nowait(event)
        if isinstance(event, Message) and self.adapter is not None:
            await self.adapter.show(Seen(thread=event.thread, message_id=event.id))

    def allows(self, person: Person, channel: ChannelRef) -> bool:
        return person.id not in self.strangers and not person.outside

    async def next(self, kind: type[Event], timeout_s: float = 10.0) -> Event:
        """The next event, which is of that kind."""
        event = await asyncio.wait_for(self.arrived.get(), timeout_s)
        assert isinstance(event, kind), event
        return event

    async def message(self) -> Message:
        event = await self.next(Message)
        assert isinstance(event, Message)
        return event

    async def pressed(self) -> Press:
        event = await self.next(Press)
        assert isinstance(event, Press)
        return event

    async def look(self, query: Query) -> View:
        if not isinstance(query, ListChannels):  # each adapter asks at its start
            self.looked.append(query)
        match query:
            case ListChannels():
                channels = dict.fromkeys(one.thread.channel for one in self.accepted)
                return Channels(
                    lines=tuple(ChannelLine(channel=one, at=0, running=0) for one in channels)
                )
            case ReadMessages():
                return Messages(lines=tuple(self._lines(query)), newest=0)
            case ListJobs():
                return Jobs(cards=tuple(self.cards.values()))
            case ReadFile(path=path):
                if path not in self.produced:
                    raise BadRequest(f"There is no file {path}.")
                return FileView(path=path, content=self.produced[path], commit=1)
            case ReadJob(number=number):
                if number not in self.cards:
                    raise BadRequest(f"There is no job {number} here.")
                return JobView(
                    card=self.cards[number], brief="Do it well.", outcome="", result="",
                    base_commit=1, steps=self.steps,
                )  # fmt: skip
        raise AssertionError(query)

    def _lines(self, query: ReadMessages) -> list[MessageLine]:
        posts = [
            MessageLine(
                seq=2, id=one.id, thread=one.thread, author_id="", author="", text=one.text,
                at=0.0, post=one,
            )
            for one in self.posts
            if one.thread.channel == query.channel and query.thread in (None, one.thread.thread)
        ]  # fmt: skip
        return posts + [
            MessageLine(
                seq=1,
                id=event.id,
                thread=event.thread,
                author_id=event.author.id,
                author="",
                text="",
                at=event.at,
            )
            for event in self.accepted
            if isinstance(event, Message)
            and event.thread.channel == query.channel
            and query.thread in (None, event.thread.thread)
        ]
