"""One life of the core: its parts, wired as the bot wires them, over the simulated disk."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from core.approvals.rules import ApprovalRule, ApprovalRules
from core.attachments.landing import Landing
from core.attachments.spool import Spool
from core.conversation import Conversations
from core.desk import Desk
from core.dispatcher import Dispatcher
from core.drafting import Drafting
from core.entrance import Entrance
from core.errors import StoreError
from core.forgetting.forgetter import Forgetter
from core.jobs.admission import Admission, Limits
from core.jobs.job import JobSpec, Steering
from core.jobs.supervisor import Jobs
from core.mending import Mending
from core.messages import ChannelRef, Message, StreamText
from core.model.amounts import Limit
from core.model.budget import Ledger
from core.model.metered import JOB, TURN, Metered
from core.model.pots import Limits as BudgetLimits
from core.model.prices import Price, Rates
from core.outbox import Outbox
from core.ports import Finder
from core.primary.perform import Performer
from core.primary.toolbox import Toolbox
from core.primary.turn import Turn
from core.pruning import prune_channel
from core.records import jobs as job_rows
from core.records.inbox import inbox_id
from core.rights import Access, Who
from core.search.indexing import Indexing
from core.search.search import Search
from core.search.sources import Sources
from core.settings import ChannelSettings
from core.state.backup import FileKind
from core.state.channels import Channels
from core.state.control import Control
from core.state.damaged import Mender
from core.state.rules import Merging, Rule, Rules
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations
from core.subagents.engine.bounds import Bounds
from core.subagents.engine.local import LocalEngine
from core.subagents.sandbox import Choice, Mount
from core.tasks import Tasks
from core.welcome import Welcome
from tests.core.surroundings import Nothing
from tests.simulation.consent import Consent
from tests.simulation.model import Server
from tests.simulation.sandbox import PretendSandbox
from tests.simulation.world import World

COMPLETION = 100
GOOD = "good"
KIND = FileKind(application_id=CHANNEL_APPLICATION_ID, newest=len(channel_migrations()))
_PRICE = Price(rates=(Rates(input=1_000_000, cached=100_000, written=1_200_000, output=5_000_000),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a seed's bot is configured to: limits of places and of budgets, patterns of the tools
    that need leave, whether strangers are let in by codes, whether files get damaged; and what is
    done in it: whether its state is indexed and searched, its past pruned, whether people have
    things forgotten (of which then little can be said)."""

    places: Limits
    budgets: BudgetLimits
    per_job: Limit
    priced: bool
    confirm_above: int
    rules: Rules
    gated: tuple[str, ...]
    pairs: bool
    damages: bool
    searches: bool
    prunes: bool
    forgets: bool

    @property
    def defaults(self) -> ChannelSettings:
        """A channel's settings."""
        return ChannelSettings(
            model="m", subagent_model="s", instructions="", max_steps=12, timeout_s=300,
            per_job=self.per_job, confirm_above=self.confirm_above,
        )  # fmt: skip


def frame(chance: Random) -> Frame:
    """Mostly roomy, sometimes so tight that something is refused."""
    tight = chance.random() < 0.3
    tokens = chance.randrange(10_000, 200_000) if tight else 10_000_000
    return Frame(
        places=Limits(
            max_running=chance.randrange(1, 5),
            per_channel=chance.randrange(1, 4),
            per_person=chance.randrange(1, 4),
        ),
        budgets=BudgetLimits(
            per_person_day=Limit(tokens=tokens),
            per_channel_day=Limit(tokens=2 * tokens, nanos=10**10 if tight else None),
            per_month=Limit(tokens=3 * tokens),
        ),
        per_job=Limit(tokens=chance.choice((25_000, 200_000))),
        priced=tight or chance.random() < 0.3,
        confirm_above=chance.choice((1, 1000, 1000)),
        searches=chance.random() < 0.3,
        prunes=chance.random() < 0.2,
        forgets=chance.random() < 0.1,
        gated=chance.choice(((), (), ("shell",), ("shell", "write_*"), ("*",))),
        pairs=chance.random() < 0.3,
        damages=chance.random() < 0.15,
        rules=chance.choice([Rules(), *map(_on_color, (Merging.LATEST, Merging.PROPOSE))]),
    )


def _on_color(merging: Merging) -> Rules:
    return Rules(rules=(Rule(keys="color", rule=merging),))


class Life:
    """The core from its start to its end. `whole`: it has started."""

    def __init__(
        self, world: World, server: Server, consent: Consent, data: Path, given: Frame
    ) -> None:
        self._world = world
        self._server = server
        self._consent = consent
        self._data = data
        self._frame = given
        self.tasks = Tasks()
        self.whole = False

    async def start(self) -> None:
        """Put the parts together, take up what is unfinished. Raises StoreError."""
        world, spawn = self._world, self.tasks.spawn
        self.control = await Control.open(self._data)
        mender = Mender(self._data, KIND, self._last_good) if self._frame.damages else None
        self.channels = Channels(self._data, 1 + world.chance.randrange(3), mender)
        ledger = Ledger(self.control.database, self._frame.budgets)
        await ledger.recover(world.clock())
        self._metered, self._purse = (self._meter(ledger, retries) for retries in (TURN, JOB))
        self._rules = self._frame.rules
        self.outbox = Outbox(self.channels, {"world": world}, spawn)
        self._follow_commits()
        self.conversations = Conversations(spawn)
        engine = self._engine()
        self.admission = Admission(self._frame.places)
        self.jobs = self._make_jobs(engine)
        self._make_entrance()
        forgetter = Forgetter(
            channels=self.channels, memories=engine, jobs=self.jobs, outbox=self.outbox,
            spawn=spawn, clock=world.clock,
        )  # fmt: skip
        self.desk = self._make_desk(ledger, forgetter)
        self.conversations.furnish(self.desk)
        self.dispatcher = self._make_dispatcher(forgetter)
        if mender is not None:
            await self._mending(mender).start()
        await engine.start()
        await self._entrance.pairing.load()
        await self.dispatcher.recover()
        self._welcome_soon()
        self.whole = True

    def _mending(self, mender: Mender) -> Mending:
        return Mending(
            channels=self.channels, control=self.control, outbox=self.outbox, mender=mender,
            take_up=self.dispatcher.take_up, spawn=self.tasks.spawn, clock=self._world.clock,
        )  # fmt: skip

    def _last_good(self, place: str, target: Path) -> float | None:
        copy = self._data / GOOD / place
        if not copy.exists():
            return None
        shutil.copy(copy, target)
        return self._world.clock()

    def prune(self, channel: ChannelRef) -> None:
        """Remove of the past what nothing needs."""
        self.tasks.spawn(self._prune(channel), f"prune {channel}")

    async def _prune(self, channel: ChannelRef) -> None:
        with suppress(StoreError):
            if await self.channels.exists(channel):
                await prune_channel(self.channels, channel, self._world.clock())

    async def stop(self) -> None:
        """As the bot stops."""
        for part in (self.tasks, self._metered, self._purse, self.channels, self.control):
            await part.close()

    def _meter(self, ledger: Ledger, retries: object) -> Metered:
        async def price(model: str) -> Price | None:
            return _PRICE if self._frame.priced else None

        return Metered(
            self._server, ledger, retries=retries, prices=price, clock=self._world.clock,  # type: ignore[arg-type]
        )  # fmt: skip

    def _follow_commits(self) -> None:
        spawn, clock = self.tasks.spawn, self._world.clock
        indexing = Indexing(self.channels, spawn)
        drafting = Drafting(
            channels=self.channels, control=self.control, model=self._metered,
            outbox=self.outbox, rules=self._rules,
            defaults=self._frame.defaults, max_completion_tokens=COMPLETION, spawn=spawn,
            clock=clock,
        )  # fmt: skip
        self._finder: Finder = Nothing()
        if self._frame.searches:
            self._finder = Search(self.channels, Sources([], self._data), indexing)

        def moved(channel: ChannelRef) -> None:
            if self._frame.searches:
                indexing.moved(channel)
            drafting.moved(channel)

        self._moved = moved

    def _make_entrance(self) -> None:
        who = Who.PAIRED if self._frame.pairs else Who.LISTED
        access = Access(who=who, people=frozenset({"bob"}), admins=frozenset({"ada"}))
        self._entrance = Entrance({"world": access}, self.control.database, self._world.clock)
        self._welcome = Welcome(
            pairing=self._entrance.pairing, channels=self.channels, control=self.control,
            outbox=self.outbox, clock=self._world.clock,
        )  # fmt: skip
        self._entrance.pairing.on_approved = self._welcome_soon

    def _welcome_soon(self) -> None:
        self.tasks.spawn(self._welcome.all(), "tell who was let in")

    def _engine(self) -> LocalEngine:
        async def steering(job: JobSpec, after: int) -> tuple[Steering, ...]:
            read = partial(job_rows.steering, number=job.number, after=after)
            return await self.channels.read(job.thread.channel, read)

        async def choose() -> Choice:
            sandbox = PretendSandbox(self._world, self._consent)
            return Choice(sandbox=sandbox, finding="pretended")

        def mounts(channel: ChannelRef) -> tuple[Mount, ...]:
            return ()

        return LocalEngine(
            data_dir=self._data, channels=self.channels, model=self._purse, finder=self._finder,
            steering=steering, mounts=mounts, choose=choose,
            bounds=Bounds(memory_mb=256, processes=8, disk_mb=64), clock=self._world.clock,
            approvals=ApprovalRules([ApprovalRule(tools=self._frame.gated)]),
        )  # fmt: skip

    def _make_jobs(self, engine: LocalEngine) -> Jobs:
        return Jobs(
            admission=self.admission, channels=self.channels, engine=engine, purse=self._purse,
            outbox=self.outbox, tasks=self.tasks, defaults=self._frame.defaults,
            max_completion_tokens=COMPLETION, clock=self._world.clock,
            over=lambda over: self.conversations.deliver(over.thread, over), ask_expires_s=3_600.0,
        )  # fmt: skip

    def _make_desk(self, ledger: Ledger, forgetter: Forgetter) -> Desk:
        performer = Performer(
            rights=self._entrance.rights, pairing=self._entrance.pairing, rules=self._rules,
            defaults=self._frame.defaults, jobs=self.jobs, finder=self._finder, ledger=ledger,
            channels=self.channels, clock=self._world.clock,
        )  # fmt: skip
        return Desk(
            channels=self.channels, outbox=self.outbox, jobs=self.jobs, tasks=self.tasks,
            conversations=self.conversations, performer=performer, forget=forgetter.start,
            rules=self._rules, new_turn=self._new_turn, index=self._moved,
            clock=self._world.clock,
        )  # fmt: skip

    def _make_dispatcher(self, forgetter: Forgetter) -> Dispatcher:
        landing = Landing(spool=Spool(self._data), rules=self._rules, clock=self._world.clock)
        return Dispatcher(
            channels=self.channels, control=self.control, entrance=self._entrance,
            conversations=self.conversations, jobs=self.jobs, outbox=self.outbox,
            tasks=self.tasks, defaults=self._frame.defaults, landing=landing,
            landed=self.desk.notice, forget=forgetter.start, clock=self._world.clock,
        )  # fmt: skip

    def _new_turn(self, message: Message, show: Callable[[StreamText], None]) -> Turn:
        toolbox = Toolbox(
            jobs=self.jobs, finder=self._finder, rights=self._entrance.rights, rules=self._rules,
            per_message=5, clock=self._world.clock,
        )  # fmt: skip
        return Turn(
            message=message, inbox_id=inbox_id(message), name="Thaw", channels=self.channels,
            model=self._metered, toolbox=toolbox, defaults=self._frame.defaults,
            max_completion_tokens=COMPLETION, clock=self._world.clock, show=show,
        )  # fmt: skip
