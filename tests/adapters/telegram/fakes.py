"""A core with a memory: what it was told, whom it admits, which messages show what."""

import asyncio
from collections.abc import Callable

from core.errors import BadRequest, NotAllowed, StoreError
from core.messages import (
    Card,
    ChannelRef,
    Deletion,
    Edit,
    InboundEvent,
    Message,
    Person,
    Press,
    ThreadRef,
)
from core.messages.outbound import Button
from core.messages.queries import ListConflicts, Query, ReadFile, ReadJob, ReadMessages
from core.messages.views import ConflictLine, Conflicts, FileView, JobView, Messages, View
from tests.adapters.shelf import Shelf

ANN = Person(id="7", name="Ann")
Heard = Message | Press | Edit


class Core(Shelf):
    """Door, Guard, Window and Places in one. The same id again has no effect, as in the core."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Heard] = []
        self.offered: list[str] = []
        self.strangers: set[str] = set()
        self.word = ""
        self.full = 0
        self.produced: dict[str, bytes] = {}
        self.jobs: dict[int, JobView] = {}
        self.conflicts: tuple[ConflictLine, ...] = ()
        self.shown: dict[tuple[ChannelRef, str], tuple[str, ...]] = {}
        self.refuse: Callable[[Heard], str] = _nothing
        self.hold = asyncio.Event()
        self.hold.set()
        self._changed = asyncio.Condition()

    async def accept(self, event: InboundEvent) -> None:
        assert not isinstance(event, Deletion), "Telegram tells bots of none"
        self.offered.append(event.id)
        await self.hold.wait()
        person = event.person if isinstance(event, Press) else event.author
        if person.id in self.strangers:
            raise NotAllowed("not you", word=self.word)
        if self.full > 0:
            self.full -= 1
            raise StoreError("the disk is full")
        if said := self.refuse(event):
            raise BadRequest(said)
        if event.id not in {one.id for one in self.heard}:
            self.heard.append(event)
        async with self._changed:
            self._changed.notify_all()

    def allows(self, person: Person, channel: ChannelRef) -> bool:
        return person.id not in self.strangers

    async def look(self, query: Query) -> View:
        if isinstance(query, ReadJob) and query.number in self.jobs:
            return self.jobs[query.number]
        if isinstance(query, ReadMessages):
            here = [one for one in self.heard if one.thread.channel == query.channel]
            return Messages(lines=(), newest=len(here))
        if isinstance(query, ListConflicts):
            return Conflicts(lines=self.conflicts)
        if not isinstance(query, ReadFile) or query.path not in self.produced:
            raise BadRequest("There is no such file.")
        return FileView(path=query.path, content=self.produced[query.path], commit=1)

    async def of(self, channel: ChannelRef, item: str) -> tuple[str, ...]:
        return self.shown.get((channel, item), ())

    async def keep(self, channel: ChannelRef, item: str, messages: tuple[str, ...]) -> None:
        self.shown[(channel, item)] = messages

    async def item(self, channel: ChannelRef, message: str) -> str | None:
        for (where, item), messages in self.shown.items():
            if where == channel and message in messages:
                return item
        return None

    async def hears(self, count: int, within_s: float = 10.0) -> list[Heard]:
        """Wait until so much was heard."""
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(lambda: len(self.heard) >= count)
        return self.heard


def _nothing(_: Heard) -> str:
    return ""


def card(thread: ThreadRef, number: int = 3, version: int = 1, **more: object) -> Card:
    """A running job's card."""
    fields: dict[str, object] = {
        "id": f"card:{number}", "thread": thread, "job": number, "title": f"Count {number}",
        "requester": ANN, "state": "running", "step": "reading", "version": version,
        "tokens": 1200, "steps": 2, "created_at": 1.0, "started_at": 1.0, "ended_at": None,
        "buttons": (
            Button(action=f"stop.{number}", label="Stop", style="danger"),
            Button(action=f"steer.{number}", label="Steer", asks="What should it know?"),
            Button(action=f"details.{number}", label="Details"),
        ),
    }  # fmt: skip
    return Card(**(fields | more))  # type: ignore[arg-type]
