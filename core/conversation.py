"""One thread's mailbox: events one after another, none of which takes long. A turn is a child task
whose end is an event; commands, presses and outcomes pass it."""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeGuard, assert_never

import structlog

from core import trace
from core.attachments.telling import steering
from core.errors import BadRequest, NotAllowed, StoreError
from core.jobs.supervisor import JobOver
from core.messages import Asking, Message, Press, Seen, ThreadRef
from core.primary.acts import Act, AnswerJob, SteerJob, StopJob, asks_outside
from core.primary.commands import is_stop, parse_command
from core.primary.job_acts import NoJobToSteer
from core.primary.presses import parse_press
from core.primary.turn import Begun, TurnEnd
from core.records.inbox import inbox_id
from core.state.database import Transaction

if TYPE_CHECKING:
    from core.desk import Desk

log = structlog.get_logger(__name__)

_REPLIED = re.compile(
    r"card:(?P<card>[0-9]{1,15})|ask:(?P<job>[0-9]{1,15})\.(?P<question>[0-9]{1,15})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A person did something; it is kept durably. `begun` is the turn about it, which has begun
    with that."""

    event: Asking
    begun: Begun | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOver:
    """The turn about `message` has come to an end; without an `end` a bug ended it."""

    message: Message
    end: TurnEnd | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTurn:
    """The message that waited is owed nothing any more, so there was no turn about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """What an act needed from outside the channel's file was looked up."""

    event: Asking
    act: Act
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The message of inbox id `id`, which was owed an answer, asks what `message` says now; None:
    nothing any more. So it stands in the store already."""

    id: str
    message: Message | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What the store failed is to be tried again."""


Event = Arrived | LookedUp | Changed | TurnOver | NoTurn | JobOver | Again


class Conversation:
    """Handles one thread's events. It lives while there is something to do and then goes."""

    def __init__(self, thread: ThreadRef, desk: "Desk") -> None:
        self.thread = thread
        self._desk = desk
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        # Inbox ids: ten thousand long messages may wait here, their texts are in the store.
        self._waiting: deque[str] = deque()
        self._turn = False
        self._late: list[Event] = []

    def post(self, event: Event) -> None:
        """Put an event into the mailbox."""
        self._events.put_nowait(event)

    @property
    def idle(self) -> bool:
        """True when nothing is left to do and no turn runs."""
        return self._events.empty() and not (self._turn or self._waiting or self._late)

    async def run(self) -> None:
        """Handle events until there are none and no turn runs."""
        while not self.idle:
            event = await self._events.get()
            if isinstance(event, Again):
                late, self._late = self._late, []
                for one in late:
                    await self._settle(one)
            else:
                await self._settle(event)

    async def _settle(self, event: Event) -> None:
        if self._late and isinstance(event, Arrived | Changed):
            # Behind what waits for the store: a /resume must not pass the /pause before it.
            self._late.append(_anew(event))
            return
        try:
            await self._handle_or_apologise(event)
        except StoreError as error:
            await self._put_off(event, error)
            return
        if isinstance(event, TurnOver | NoTurn):
            self._turn = False
        if not self._turn and self._waiting:
            self._start_turn(self._waiting.popleft())

    async def _handle_or_apologise(self, event: Event) -> None:
        try:
            await self._handle(event)
        except StoreError:
            raise
        except Exception:
            # The one place around one event: a bug costs this event's answer, not the thread.
            log.exception("an event ended with a bug", thread=str(self.thread))
            try:
                await self._desk.apologise(event)
            except StoreError:
                raise
            except Exception:
                # Still around the same event: what breaks its answer may break the apology too.
                log.exception("nor could that be told", thread=str(self.thread))

    async def _put_off(self, event: Event, error: StoreError) -> None:
        log.error("an event has to wait", thread=str(self.thread), error=str(error))
        if not self._late:
            asyncio.get_running_loop().call_later(self._desk.retry_s, self.post, Again())
        self._late.append(_anew(event))
        await self._desk.trouble(self.thread, error)

    async def _handle(self, event: Event) -> None:
        match event:
            case Arrived(event=inbound, begun=begun):
                await self._take(inbound, begun)
            case Changed():
                await self._take_change(event)
            case LookedUp(event=inbound, act=act, found=found):
                await self._act(inbound, act, found)
            case TurnOver(message=message, end=end):
                if end is None:
                    await self._desk.apologise(event)
                else:
                    await self._desk.conclude_turn(message, end)
            case Again():
                pass  # what it is about was taken up one by one
            case NoTurn():
                log.info("no answer was owed any more", thread=str(self.thread))
            case JobOver():
                await self._desk.conclude_job(event)
            case _ as unreachable:
                assert_never(unreachable)

    async def _take(self, event: Asking, begun: Begun | None) -> None:
        trace.also(message=event.id)
        match event:
            case Message():
                await self._take_message(event, begun)
            case Press():
                await self._take_press(event)
            case _ as unreachable:
                assert_never(unreachable)

    async def _take_message(self, message: Message, begun: Begun | None) -> None:
        seen = Seen(thread=self.thread, message_id=message.id)
        await self._desk.hint(self.thread, seen)
        if not await self._acted(message):
            if self._turn or self._waiting:
                self._waiting.append(inbox_id(message))
            else:
                self._start_turn(message, begun)

    async def _take_change(self, changed: Changed) -> None:
        self._desk.call_off(self.thread, changed.id)
        place = 0
        if changed.id in self._waiting:
            place = self._waiting.index(changed.id)
            self._waiting.remove(changed.id)
        # What is no talk any more does not wait like talk.
        if changed.message is not None and not await self._acted(changed.message):
            self._waiting.insert(place, changed.id)

    async def _acted(self, message: Message) -> bool:
        """False when the message is talk."""
        try:
            act = _act_of(message)
        except BadRequest as error:
            await self._desk.refuse(message, str(error))
            return True
        if act is None:
            return False
        try:
            await self._act(message, act)
        except NoJobToSteer:
            return False
        return True

    async def _take_press(self, press: Press) -> None:
        try:
            act = parse_press(press.action, press.text)
        except BadRequest as error:
            await self._desk.refuse(press, str(error))
            return
        await self._act(press, act)

    async def _act(self, event: Asking, act: Act, found: str | None = None) -> None:
        if found is None and asks_outside(act):
            self._desk.look_up(event, act)
            return
        try:
            await self._desk.perform(event, act, found or "")
        except (BadRequest, NotAllowed) as error:
            await self._desk.refuse(event, str(error))

    def _start_turn(self, message: Message | str, begun: Begun | None = None) -> None:
        self._turn = True
        self._desk.start_turn(self.thread, message, begun)


class Conversations:
    """The conversations that have something to do; the others are rows in files."""

    def __init__(self, spawn: Callable[..., object]) -> None:
        self._spawn = spawn
        self._active: dict[ThreadRef, Conversation] = {}
        self._desk: Desk | None = None
        self.on_idle: Callable[[ThreadRef], None] = _ignore

    def furnish(self, desk: "Desk") -> None:
        """Say who does the work: desk and conversations know each other."""
        self._desk = desk

    def beginning(self, event: Asking) -> Callable[[Transaction], Begun | None] | None:
        """How the turn about what is about to be kept begins, if there will be one and nothing in
        its thread is before it."""
        if self._desk is None or event.thread in self._active or not _is_talk(event):
            return None
        return self._desk.beginning(event)

    def deliver(self, thread: ThreadRef, event: Event) -> None:
        """Put an event into the thread's mailbox, which wakes it."""
        assert self._desk is not None
        conversation = self._active.get(thread)
        if conversation is None:
            conversation = self._active[thread] = Conversation(thread, self._desk)
            conversation.post(event)
            self._spawn(self._run(conversation), f"conversation {thread}")
        else:
            conversation.post(event)

    async def _run(self, conversation: Conversation) -> None:
        trace.begin(thread=conversation.thread)
        try:
            await conversation.run()
        finally:
            # No await since `idle` was seen, so nothing can have come in between.
            del self._active[conversation.thread]
        self.on_idle(conversation.thread)


def _ignore(thread: ThreadRef) -> None:
    """Nobody asked to be told."""


def _is_talk(event: Asking) -> TypeGuard[Message]:
    """Whether it is for the primary agent, as far as can be told without the store."""
    try:
        return isinstance(event, Message) and _act_of(event) is None
    except BadRequest:
        return False


def _act_of(message: Message) -> Act | None:
    """Commands, and replies to a job's card or question, need no model."""
    found = _REPLIED.fullmatch(message.reply_to or "")
    if found is None or message.text.startswith("/"):
        return parse_command(message.text)
    job, text = int(found["card"] or found["job"]), steering(message)
    if found["card"] and is_stop(text):
        return StopJob(job=job)
    if found["card"]:
        return SteerJob(job=job, text=text, replied=True)
    return AnswerJob(job=job, question=int(found["question"]), text=text, replied=True)


def _anew(event: Event) -> Event:
    """The event for later: what was read for its turn will be old by then."""
    return replace(event, begun=None) if isinstance(event, Arrived) else event
