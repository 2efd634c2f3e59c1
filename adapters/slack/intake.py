"""From Slack's payloads to the core's door, in the order in which a thread's came.

An event is acknowledged when this returns: then it is kept. What raises NotKept comes again.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog

from adapters.slack import translate
from adapters.slack.events import Bot, Json, Pressed, Spoken
from adapters.slack.files import Files
from adapters.slack.forms import carried
from adapters.slack.people import People
from adapters.slack.questions import Answer, Questions
from adapters.slack.status import Meter
from adapters.slack.text import mentioned
from adapters.slack.windows import Windows
from core.errors import BadRequest, DiskFull, NotAllowed, StoreError
from core.messages import Deletion, Edit, InboundEvent, Message, Person, Press, ThreadRef
from core.messages.queries import ReadMessages
from core.messages.views import Messages
from core.ports import Door, Guard, Places, Window

log = structlog.get_logger(__name__)


_KNOWN = 20_000
_NAMED = 10


class NotKept(Exception):
    """The core could not keep the event now; Slack is to send it again."""


class Signs(Protocol):
    """What people are shown at once, beside the conversation; every method returns at once."""

    def seen(self, thread: ThreadRef, message_id: str) -> None:
        """The message was taken up."""

    def tell(self, thread: ThreadRef, person: Person, text: str) -> None:
        """Only this person sees the line."""

    def gone(self, thread: ThreadRef, message_id: str) -> None:
        """The message was deleted: nothing is owed for it."""

    def stopped(self, thread: ThreadRef) -> None:
        """What goes on in the thread was asked to stop."""


class Intake:
    """Takes what comes in."""

    def __init__(
        self, *, bot: Bot, door: Door, window: Window, places: Places, guard: Guard, files: Files,
        people: People, windows: Windows, meter: Meter, signs: "Signs", questions: Questions,
    ) -> None:  # fmt: skip
        self._bot = bot
        self._door = door
        self._window = window
        self._places = places
        self._guard = guard
        self._files = files
        self._people = people
        self._windows = windows
        self._meter = meter
        self._signs = signs
        self._questions = questions
        self._joined: OrderedDict[ThreadRef, None] = OrderedDict()
        self._kept: OrderedDict[str, None] = OrderedDict()
        self._lanes: dict[str, _Line] = {}
        self._answers: OrderedDict[str, str] = OrderedDict()

    async def event(self, body: Json) -> None:
        """An event of the Events API."""
        self._meter.heard()
        event = body.get("event")
        kind = event.get("type") if isinstance(event, Mapping) else None
        if not isinstance(event, Mapping) or kind not in _EVENTS:
            return
        said = None if kind == _STOPPED else translate.spoken(body, self._bot, {})
        if said is not None:
            self._glance(said)
        async with self._in_line(_conversation(event)):
            if kind == _STOPPED:
                await self._stop(body)
            elif said is not None:
                await self._hear(said, body, event)
            else:
                await self._change(body, event)

    async def press(self, body: Json) -> None:
        """A press on a button."""
        self._meter.heard()
        found = translate.pressed(body, self._bot)
        if found is None:
            return
        if found.asks or found.action.startswith("details."):
            # Looking and asking keep nothing, so the door does not see who it is.
            if self._guard.allows(found.person, found.thread.channel):
                self._windows.open(found)
            return
        person = self._people.called(found.person)
        await self._accept(_press(found, person), person)

    async def form(self, body: Json) -> None:
        """A form that was filled in."""
        self._meter.heard()
        found = translate.submitted(body, carried(body.get("view")), self._bot, time.time())
        if found is not None:
            person = self._people.called(found.person)
            await self._accept(replace(found, person=person), person)

    async def command(self, body: Json) -> None:
        """A slash command."""
        self._meter.heard()
        found = translate.commanded(body, self._bot, time.time())
        if found is None:
            return
        if not self._guard.allows(found.message.author, found.message.thread.channel):
            return
        self._answers[found.message.id] = found.answer_to
        while len(self._answers) > _KNOWN:
            self._answers.popitem(last=False)
        author = self._people.called(found.message.author)
        await self._accept(replace(found.message, author=author), author)

    def answer_to(self, message_id: str) -> str | None:
        """Where the answer to a slash command may go, if the bot cannot post in its channel."""
        return self._answers.get(message_id) or None

    async def _hear(self, said: Spoken, body: Json, event: Json) -> None:
        thread, author = said.message.thread, said.message.author
        key = f"{thread.channel} {said.message.id}"
        if key in self._kept:
            return  # told by two events, or again: not to be fetched and asked about twice
        allowed = self._guard.allows(author, thread.channel)
        if not (said.addressed or (allowed and await self._takes_part(thread))):
            return
        if not allowed:
            # No name and no file is asked for: the door knows what a stranger hears.
            await self._accept(said.message, author)
            self._keep(key)
            return
        # Before anything that takes time: a name, a file, the store.
        self._signs.seen(thread, said.message.id)
        named = translate.spoken(body, self._bot, await self._names(event))
        message = named.message if named else said.message
        if thread.thread != message.id:
            asked = None if said.named else await self._asked(message)
            message = replace(message, reply_to=asked or await self._item(thread))
        if said.files:
            files = await self._files.fetched(said.files, self._door)
            message = replace(message, files=files)
        self._people.wrote(thread, message.id, author.id)
        if await self._accept(message, author):
            self._join(thread)
        # What was refused, too: its author was told why, and would be told twice.
        self._keep(key)

    def _glance(self, said: Spoken) -> None:
        """Eyes on a message that is for the bot without a look into the store: also before what
        came earlier in its thread is kept. The others have them when their turn comes."""
        thread, author = said.message.thread, said.message.author
        meant = said.addressed or thread in self._joined
        if meant and self._guard.allows(author, thread.channel):
            self._signs.seen(thread, said.message.id)

    async def _item(self, thread: ThreadRef) -> str | None:
        """The item that a thread began with; none where a person began it."""
        if f"{thread.channel} {thread.thread}" in self._kept:
            return None
        return await self._places.item(thread.channel, thread.thread)

    async def _asked(self, message: Message) -> str | None:
        """The question that the message answers; who seems to miss it is told how."""
        found = await self._questions.answered(message.thread, message.author, message.text)
        if isinstance(found, Answer):
            return found.post
        if found.hint:
            self._signs.tell(message.thread, message.author, found.hint)
        return None

    def _keep(self, key: str) -> None:
        self._kept[key] = None
        while len(self._kept) > _KNOWN:
            self._kept.popitem(last=False)

    async def _stop(self, body: Json) -> None:
        found = translate.stopped(body, self._bot)
        if found is None:
            return
        person = self._people.called(found.person)
        if await self._accept(replace(found, person=person), person):
            self._signs.stopped(found.thread)

    async def _change(self, body: Json, event: Json) -> None:
        change = translate.changed(body, self._bot, {})
        if isinstance(change, Edit):
            if not self._guard.allows(change.author, change.thread.channel):
                return
            change = translate.changed(body, self._bot, await self._names(event))
        if change is None:
            return
        # One that comes before its message is known by whom that is for: the core remembers it.
        if not (translate.addressed(body, self._bot) or await self._takes_part(change.thread)):
            return
        author = change.author if isinstance(change, Edit) else None
        if await self._accept(change, author) and isinstance(change, Deletion):
            self._signs.gone(change.thread, change.message_id)

    async def _accept(self, event: InboundEvent, person: Person | None) -> bool:
        """False when it was not taken; who may know is told why."""
        try:
            await self._door.accept(event)
        except NotAllowed as refused:
            if refused.word and person is not None:
                self._signs.tell(event.thread, person, refused.word)
            return False
        except BadRequest as error:
            if person is not None:
                self._signs.tell(event.thread, person, str(error))
            return False
        except StoreError as error:
            if person is not None and isinstance(error, DiskFull):
                self._signs.tell(event.thread, person, f"I cannot keep this now: {error}")
            raise NotKept(str(error)) from error
        return True

    async def _takes_part(self, thread: ThreadRef) -> bool:
        """Whether the bot is in a thread: it was talked to there, or began it."""
        if thread in self._joined:
            return True
        view = await self._look(ReadMessages(channel=thread.channel, thread=thread.thread, limit=1))
        known = isinstance(view, Messages) and bool(view.lines)
        if known or await self._places.item(thread.channel, thread.thread) is not None:
            self._join(thread)
            return True
        return False

    async def _look(self, query: ReadMessages) -> object:
        try:
            return await self._window.look(query)
        except BadRequest:
            return None
        except StoreError as error:
            raise NotKept(str(error)) from error

    def _join(self, thread: ThreadRef) -> None:
        self._joined[thread] = None
        self._joined.move_to_end(thread)
        while len(self._joined) > _KNOWN:
            self._joined.popitem(last=False)

    async def _names(self, event: Json) -> Mapping[str, str]:
        inner = event.get("message")
        about = inner if isinstance(inner, Mapping) else event
        text = about.get("text")
        ids = [str(about.get("user")), *mentioned(text if isinstance(text, str) else "")]
        return await self._people.names(ids[:_NAMED])

    @asynccontextmanager
    async def _in_line(self, conversation: str) -> AsyncIterator[None]:
        """A thread's events pass one after another, as they came; no other thread waits."""
        line = self._lanes.setdefault(conversation, _Line())
        line.waiting += 1
        try:
            async with line.turn:
                yield
        finally:
            line.waiting -= 1
            if not line.waiting:
                self._lanes.pop(conversation, None)


@dataclass(slots=True)
class _Line:
    """One thread's line; the lock lets those who wait pass in their order."""

    waiting: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


_STOPPED = "agent_session_stopped"
_EVENTS = {"message", "app_mention", _STOPPED}


def _conversation(event: Json) -> str:
    """What an event's order is kept in: its thread, as far as it can be told."""
    about = [event.get("message"), event.get("previous_message"), event]
    inner = next((one for one in about if isinstance(one, Mapping)), event)
    return f"{event.get('channel')} {inner.get('thread_ts') or inner.get('ts')}"


def _press(found: Pressed, person: Person) -> Press:
    return Press(id=found.id, thread=found.thread, person=person, action=found.action, at=found.at)
