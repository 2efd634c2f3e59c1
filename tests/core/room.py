"""The core with the world replaced: a platform, a model and an engine that remember what they
were asked and answer what the test tells them. The store is real."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from core.attachments.landing import Landing
from core.attachments.spool import Spool
from core.conversation import Conversations
from core.desk import Desk
from core.dispatcher import QUIET_S, Dispatcher
from core.drafting import Drafting
from core.entrance import Entrance
from core.errors import ModelUnreachable
from core.forgetting.forgetter import Forgetter
from core.jobs.admission import Admission, Limits
from core.jobs.job import Asked, Completed, Gathered, JobSpec, Outcome, Progress
from core.jobs.supervisor import Jobs
from core.messages import (
    Asking,
    Attachment,
    Card,
    ChannelRef,
    Hint,
    Message,
    Outbound,
    Person,
    Post,
    Press,
    StreamText,
    ThreadRef,
)
from core.model.account import Account
from core.model.amounts import Amount, Limit
from core.model.chat import ModelReply, ModelRequest, ToolCall
from core.model.metered import Metered
from core.model.pots import Limits as BudgetLimits
from core.outbox import Outbox
from core.ports import Finder
from core.primary.perform import Performer
from core.primary.toolbox import Toolbox
from core.primary.turn import Turn
from core.records.inbox import inbox_id
from core.rights import Access, Rights, Who
from core.settings import ChannelSettings
from core.state.channels import Channels
from core.state.control import Control
from core.state.rules import Rules
from core.tasks import Tasks
from tests.core.attachments.contents import once
from tests.core.surroundings import Attic, Nothing, spending
from tests.emulators.script import spoken

CHANNEL = ChannelRef(platform="world", workspace="w", channel="general")
ADA = Person(id="ada", name="Ada")
BOB = Person(id="bob", name="Bob")
DEFAULTS = ChannelSettings(
    model="m", subagent_model="s", instructions="", max_steps=10, timeout_s=60,
    per_job=Limit(tokens=100_000),
)  # fmt: skip
PATIENCE_S = 10.0
RETRY_S = 0.01


class Platform:
    """An adapter with a memory. `trouble` is raised by deliveries while it is set, and those of
    items in `poison` always break."""

    def __init__(self) -> None:
        self.shown: list[Outbound] = []
        self.hints: list[Hint] = []
        self.trouble: Exception | None = None
        self.poison: set[str] = set()
        self.tried = 0
        self._moved = asyncio.Condition()

    async def deliver(self, item: Outbound) -> Awaitable[None] | None:
        self.tried += 1
        await self._notify()
        if self.trouble is not None:
            raise self.trouble
        if item.id in self.poison:
            raise TypeError("a library's bug")
        self.shown.append(item)
        await self._notify()
        return None

    async def show(self, hint: Hint) -> None:
        self.hints.append(hint)
        await self._notify()

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something shown makes it true."""
        async with asyncio.timeout(PATIENCE_S), self._moved:
            await self._moved.wait_for(holds)

    def posts(self) -> list[Post]:
        return [item for item in self.shown if isinstance(item, Post)]

    def card(self, number: int) -> Card | None:
        cards = [item for item in self.shown if isinstance(item, Card) and item.job == number]
        return cards[-1] if cards else None

    async def post(self, id: str) -> Post:
        await self.until(lambda: any(post.id == id for post in self.posts()))
        found = [post for post in self.posts() if post.id == id]
        assert len(found) == 1
        return found[0]

    async def _notify(self) -> None:
        async with self._moved:
            self._moved.notify_all()


class Script:
    """A metered model that answers each request by what the test put in `replies`, in order, or
    by the last user message; a request for which `hang` says so waits until it is let go."""

    def __init__(self) -> None:
        self.replies: list[ModelReply | Exception] = []
        self.asked: list[ModelRequest] = []
        self.hang: Callable[[ModelRequest], bool] = lambda request: False
        self.hung = asyncio.Event()
        self.go = asyncio.Event()

    async def complete(
        self, account: Account, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        self.asked.append(request)
        if self.hang(request):
            self.hung.set()
            await self.go.wait()
        reply = self.replies.pop(0) if self.replies else says(f"echo: {last(request)}")
        if isinstance(reply, Exception):
            try:
                raise reply
            finally:
                del reply  # the error refers to this frame, which must not refer to the error
        if on_text is not None and reply.text:
            on_text(reply.text)
        return reply

    async def charged(self, work: str) -> Amount:
        return Amount(tokens=0, nanos=None)

    async def scarce(self, account: Account, request: ModelRequest) -> str | None:
        return None


class Hands:
    """An engine whose jobs end when the test says so; `run` remembers every attempt."""

    def __init__(self) -> None:
        self.attempts: list[JobSpec] = []
        self.killed: list[int] = []
        self.gather: dict[int, Gathered] = {}
        self._ends: dict[int, asyncio.Future[Outcome]] = {}
        self._progress: dict[int, Callable[[Progress], None]] = {}
        self.started = asyncio.Condition()

    async def run(self, job: JobSpec, progress: Callable[[Progress], None]) -> Outcome | Asked:
        self.attempts.append(job)
        end = self._ends.setdefault(job.number, asyncio.get_running_loop().create_future())
        self._progress[job.number] = progress
        async with self.started:
            self.started.notify_all()
        try:
            return await asyncio.shield(end)
        except asyncio.CancelledError:
            self.killed.append(job.number)
            raise

    async def gathered(self, job: JobSpec) -> Gathered:
        return self.gather.get(job.number, Gathered())

    async def running(self, number: int) -> JobSpec:
        """Wait until the job runs."""
        async with asyncio.timeout(PATIENCE_S), self.started:
            await self.started.wait_for(lambda: number in self._progress)
        return next(job for job in reversed(self.attempts) if job.number == number)

    def end(self, number: int, outcome: Outcome | None = None) -> None:
        outcome = outcome or Completed(result=f"result {number}")
        end = self._ends.setdefault(number, asyncio.get_running_loop().create_future())
        end.set_result(outcome)

    def move(self, number: int, step: str) -> None:
        self._progress[number](Progress(step=step, steps=1, tokens=10))


class Room:
    """One running core and what the world remembers of it."""

    def __init__(
        self, platform: Platform, script: Script, hands: Hands, dispatcher: Dispatcher,
        channels: Channels, tasks: Tasks, desk: Desk, outbox: Outbox,
    ) -> None:  # fmt: skip
        self.platform = platform
        self.script = script
        self.hands = hands
        self.dispatcher = dispatcher
        self.channels = channels
        self.tasks = tasks
        self.desk = desk
        self.outbox = outbox

    async def say(
        self, id: str, text: str, thread: str = "t", by: Person = ADA, reply_to: str | None = None,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Message:  # fmt: skip
        where = ThreadRef(channel=CHANNEL, thread=thread)
        sent = tuple([await self.send(*file) for file in files])
        message = Message(
            id=id, thread=where, author=by, text=text, at=1.0, reply_to=reply_to, files=sent
        )
        await self.dispatcher.accept(message)
        return message

    async def send(self, name: str, content: bytes) -> Attachment:
        """Bring a file, which a message may then come with."""
        return await self.dispatcher.take(name, once(content))

    async def ask(self, id: str, text: str, thread: str = "t") -> Post:
        """Say something and wait for its answer, a command's or a turn's."""
        await self.say(id, text, thread)
        answers = (f"answer:{id}", f"reply:message:{id}")
        await self.platform.until(lambda: any(p.id in answers for p in self.platform.posts()))
        return next(post for post in self.platform.posts() if post.id in answers)

    async def press(self, id: str, action: str, text: str | None = None, by: Person = ADA) -> Post:
        where = ThreadRef(channel=CHANNEL, thread="t")
        press: Asking = Press(id=id, thread=where, person=by, action=action, at=1.0, text=text)
        await self.dispatcher.accept(press)
        return await self.platform.post(f"reply:press:{id}")

    def streamed(self) -> list[str]:
        return [hint.text for hint in self.platform.hints if isinstance(hint, StreamText)]


@asynccontextmanager
async def room(
    data: Path,
    *,
    script: Script | None = None,
    platform: Platform | None = None,
    hands: Hands | None = None,
    limits: Limits | None = None,
    budgets: BudgetLimits | None = None,
    access: Access | None = None,
    rules: Rules | None = None,
    channels: Channels | None = None,
    finder: Finder | None = None,
    attic: Attic | None = None,
    expires_s: float = 86_400.0,
    retry_s: float = RETRY_S,
    quiet_s: float = QUIET_S,
    patience_s: float = PATIENCE_S,
) -> AsyncIterator[Room]:
    """A core over `data`; leaving it is a stop that drains nothing, as good as a kill."""
    script, platform, hands = script or Script(), platform or Platform(), hands or Hands()
    control, channels, tasks = await Control.open(data), channels or Channels(data), Tasks()
    (ledger, purse), waits = spending(control, budgets), (retry_s, expires_s)
    outbox = Outbox(channels, {"world": platform}, tasks.spawn, first_wait_s=retry_s)
    conversations = Conversations(tasks.spawn)
    jobs = _jobs(channels, hands, purse, outbox, tasks, conversations, limits, waits)
    entrance = Entrance({"world": access or Access(who=Who.ANYONE)}, control.database, lambda: 1.0)
    rights, finder, rules = entrance.rights, finder or Nothing(), rules or Rules()
    performer = Performer(
        rights=rights, rules=rules, defaults=DEFAULTS, jobs=jobs, finder=finder, ledger=ledger,
        channels=channels, clock=lambda: 1.0, pairing=entrance.pairing,
    )  # fmt: skip
    forgetter = _forgetter(channels, attic or Attic(), jobs, outbox, tasks)
    desk = Desk(
        channels=channels, outbox=outbox, jobs=jobs, tasks=tasks, conversations=conversations,
        performer=performer, rules=rules, clock=lambda: 1.0, retry_s=retry_s,
        index=_drafting(channels, control, script, outbox, rules, tasks).moved,
        forget=forgetter.start, new_turn=_turns(channels, script, jobs, finder, rights, rules),
    )  # fmt: skip
    conversations.furnish(desk)
    dispatcher = Dispatcher(
        channels=channels, control=control, entrance=entrance, conversations=conversations,
        jobs=jobs, outbox=outbox, tasks=tasks, defaults=DEFAULTS, quiet_s=quiet_s, retry_s=retry_s,
        landing=Landing(spool=Spool(data), rules=rules, clock=lambda: 1.0), landed=desk.notice,
        forget=forgetter.start, patience_s=patience_s,
    )  # fmt: skip
    try:
        await dispatcher.recover()
        yield Room(platform, script, hands, dispatcher, channels, tasks, desk, outbox)
    finally:
        await _closed(tasks, purse, channels, control)


async def _closed(*parts: Tasks | Metered | Channels | Control) -> None:
    for part in parts:
        await part.close()


def _jobs(
    channels: Channels, hands: Hands, purse: Metered, outbox: Outbox, tasks: Tasks,
    conversations: Conversations, limits: Limits | None, waits: tuple[float, float],
) -> Jobs:  # fmt: skip
    limits = limits or Limits(max_running=4, per_channel=4, per_person=4)
    return Jobs(
        admission=Admission(limits), channels=channels, engine=hands, purse=purse,
        outbox=outbox, tasks=tasks,
        defaults=DEFAULTS, max_completion_tokens=100, clock=lambda: 1.0,
        over=lambda over: conversations.deliver(over.thread, over), retry_s=waits[0],
        ask_expires_s=waits[1],
    )  # fmt: skip


def _drafting(
    channels: Channels, control: Control, script: Script, outbox: Outbox, rules: Rules, tasks: Tasks
) -> Drafting:
    return Drafting(
        channels=channels, control=control, model=script, outbox=outbox, rules=rules,
        defaults=DEFAULTS, max_completion_tokens=100, spawn=tasks.spawn, clock=lambda: 1.0,
    )  # fmt: skip


def _forgetter(
    channels: Channels, attic: Attic, jobs: Jobs, outbox: Outbox, tasks: Tasks
) -> Forgetter:
    return Forgetter(
        channels=channels, memories=attic, jobs=jobs, outbox=outbox, spawn=tasks.spawn,
        clock=lambda: 1.0, retry_s=RETRY_S,
    )  # fmt: skip


def _turns(
    channels: Channels, script: Script, jobs: Jobs, finder: Finder, rights: Rights, rules: Rules
) -> Callable[[Message, Callable[[StreamText], None]], Turn]:
    def new_turn(message: Message, show: Callable[[StreamText], None]) -> Turn:
        toolbox = Toolbox(
            jobs=jobs, finder=finder, rights=rights, rules=rules, per_message=3, clock=lambda: 1.0
        )
        return Turn(
            message=message, inbox_id=inbox_id(message), name="Thaw", channels=channels,
            model=script, toolbox=toolbox, defaults=DEFAULTS, max_completion_tokens=100,
            clock=lambda: 1.0, show=show,
        )  # fmt: skip

    return new_turn


def says(text: str) -> ModelReply:
    """A reply without tool calls."""
    return ModelReply(text=text, tool_calls=(), usage=None, finish="stop")


def calls(*wanted: tuple[str, Mapping[str, object]], text: str = "") -> ModelReply:
    """A reply with tool calls."""
    return ModelReply(
        text=text,
        tool_calls=tuple(
            ToolCall(id=f"c{place}", name=name, arguments=json.dumps(arguments))
            for place, (name, arguments) in enumerate(wanted)
        ),
        usage=None,
        finish="tool_calls",
    )


def starts(*titles: str) -> ModelReply:
    """A reply that starts a job for each title."""
    return calls(*(("start_job", {"title": title, "brief": f"do {title}"}) for title in titles))


def last(request: ModelRequest) -> str:
    """What the person said."""
    return spoken(next(m.text for m in reversed(request.messages) if m.role == "user"))


def results(request: ModelRequest) -> list[str]:
    """What the tools answered so far."""
    return [message.text for message in request.messages if message.role == "tool"]


UNREACHABLE = ModelUnreachable("the model's server does not answer")
