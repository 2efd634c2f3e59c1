"""Puts the parts together, starts and stops them. The one place that knows every part."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from adapters.web.adapter import WebAdapter
from bot import backups, descriptors, interpreter, meaning, platforms, prices
from bot.access import without_admins
from bot.backup import KINDS
from bot.care import Care
from bot.config import Config
from bot.engine import local_engine
from bot.health import Health
from bot.house import keep_house
from bot.logs import configure
from bot.platform import Platform
from bot.platforms import Seams
from bot.watched_model import WatchedModel
from core.attachments.landing import Landing
from core.attachments.spool import Spool
from core.bell import Bell
from core.conversation import Conversations
from core.desk import Desk
from core.dispatcher import Dispatcher
from core.drafting import Drafting
from core.entrance import Entrance
from core.forgetting.forgetter import Forgetter
from core.jobs.admission import Admission
from core.jobs.supervisor import Jobs
from core.mending import Mending
from core.messages import ChannelRef, Message, StreamText
from core.model.budget import Ledger
from core.model.metered import JOB, TURN, Metered
from core.model.openai_client import OpenAIModel
from core.model.price_book import PriceBook
from core.outbox import Outbox
from core.places import ChannelPlaces
from core.ports import Adapter, Model
from core.primary.perform import Performer
from core.primary.toolbox import Toolbox
from core.primary.turn import Turn
from core.records.inbox import inbox_id
from core.refusals import Refusals
from core.search.indexing import Indexing
from core.search.search import Search
from core.search.sources import Sources, SourceSpec
from core.state.channels import Channels
from core.state.control import Control
from core.state.damaged import Mender
from core.summaries.threads import Summaries
from core.tasks import Tasks
from core.turnstile import Aside
from core.welcome import Welcome
from core.window import ChannelWindow

log = structlog.get_logger(__name__)

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


async def run(config: Config, ready: Callable[[str | None], None]) -> int:
    """Run the bot until SIGTERM, SIGINT or SIGHUP; returns the exit code. Raises ThawError at
    start.

    `ready` is called with the page's address, None without a page, as soon as people are let in;
    platforms connect on their own after that.
    """
    configure(config.bot.log)
    interpreter.prepare()
    stop = stop_asked()
    async with started(config) as address:
        interpreter.settled()
        ready(address)
        await stop.wait()
        log.info("stopping; unfinished jobs go on at the next start")
    return 0


def stop_asked() -> asyncio.Event:
    """An event that the first SIGTERM, SIGINT or SIGHUP sets. The second ends the process at once.

    A bot that was started with nohup outlives its terminal.
    """
    asked = asyncio.Event()
    outlives = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    stopping = [number for number in _STOPPING if not (outlives and number is signal.SIGHUP)]

    def ask() -> None:
        asked.set()
        for number in stopping:
            # The kernel's own way, so that nothing which still has to end can be in its way.
            signal.signal(number, signal.SIG_DFL)

    for number in stopping:
        asyncio.get_running_loop().add_signal_handler(number, ask)
    return asked


@asynccontextmanager
async def started(config: Config) -> AsyncIterator[str | None]:
    """The whole bot, running while the context lasts. Yields its page's address, if it has one."""
    async with AsyncExitStack() as stack:
        last_good = backups.last_good(config.backup.dir if config.backup else None)
        control = await Control.open(config.bot.data_dir, last_good)
        stack.push_async_callback(control.close)
        mender = Mender(config.bot.data_dir, KINDS["channel"], last_good)
        files = descriptors.channel_files(descriptors.raised())
        channels = Channels(config.bot.data_dir, max_open=files, mender=mender, held=control.hold)
        stack.push_async_callback(channels.close)
        ledger = Ledger(control.database, meaning.budgets(config))
        await ledger.recover(time.time())
        book = prices.book(config)
        stack.push_async_callback(book.close)
        await prices.check(config, book)
        model = meaning.model(config)
        if isinstance(model, OpenAIModel):
            stack.push_async_callback(model.close)
        sources = Sources(
            [
                SourceSpec(
                    name=source.name,
                    path=source.path,
                    channels=source.channels,
                    trigrams=source.index == "trigrams",
                )
                for source in config.sources
            ],
            config.bot.data_dir,
        )
        await sources.start()
        stack.push_async_callback(sources.stop)
        core = _Core(config, control, channels, mender, ledger, model, book, sources)
        stack.push_async_callback(core.close)
        await core.start()
        core.tasks.spawn(interpreter.sweep(), "collect")
        if isinstance(model, OpenAIModel):
            core.tasks.spawn(book.learn(prices.models(config)), "look prices up")
        yield core.page.url if core.page is not None else None
        await core.leave()


class _Core:
    """The parts that know each other, tied together."""

    def __init__(
        self,
        config: Config,
        control: Control,
        channels: Channels,
        mender: Mender,
        ledger: Ledger,
        model: Model,
        book: PriceBook,
        sources: Sources,
    ) -> None:
        self._config = config
        self._control = control
        self._channels = channels
        self._clock: Callable[[], float] = time.time
        self._defaults = meaning.defaults(config)
        self._rules = meaning.rules(config)
        self._model = WatchedModel(model)
        self._metered = Metered(Aside(self._model), ledger, retries=TURN, prices=book.of)
        self._for_jobs = Metered(self._model, ledger, retries=JOB, prices=book.of)
        self.tasks = Tasks()
        self._indexing = Indexing(channels, self.tasks.spawn)
        self._finder = Search(channels, sources, self._indexing)
        self._adapters: dict[str, Adapter] = {}
        self._outbox = Outbox(channels, self._adapters, self.tasks.spawn)
        self._conversations = Conversations(self.tasks.spawn)
        self._engine = local_engine(config, channels, self._for_jobs, self._finder, sources)
        self._jobs = self._make_jobs()
        self._forgetter = Forgetter(
            channels=channels, memories=self._engine, jobs=self._jobs, outbox=self._outbox,
            spawn=self.tasks.spawn, clock=self._clock,
        )  # fmt: skip
        self._drafting = self._make_drafting()
        self._entrance = self._make_entrance(control)
        self._rights = self._entrance.rights
        self._furnish(ledger)
        self._dispatcher = Dispatcher(
            channels=channels, control=control, entrance=self._entrance,
            conversations=self._conversations, jobs=self._jobs, outbox=self._outbox,
            tasks=self.tasks, defaults=self._defaults,
            landing=Landing(spool=Spool(config.bot.data_dir), rules=self._rules, clock=self._clock),
            landed=self._desk.notice, forget=self._forgetter.start,
        )  # fmt: skip
        self._mending = self._make_mending(control, mender)
        self._bell = Bell(config.bot.data_dir, self._rung, self.tasks.spawn)
        window = self._make_window(control, ledger)
        self._platforms = self._make_platforms(window)
        self._care = self._make_care(control)
        self.page = self._make_page(window) if config.page else None

    def _make_entrance(self, control: Control) -> Entrance:
        access = self._config.access.of(self._config.platforms.names)
        for line in without_admins(access):
            log.warning("no admins", finding=line)
        entrance = Entrance(access, control.database, self._clock)
        self._welcome = Welcome(
            pairing=entrance.pairing, channels=self._channels, control=control,
            outbox=self._outbox, clock=self._clock,
        )  # fmt: skip
        entrance.pairing.on_approved = self._welcome_soon
        return entrance

    def _make_jobs(self) -> Jobs:
        self._admission = Admission(meaning.limits(self._config))
        return Jobs(
            admission=self._admission,
            channels=self._channels,
            engine=self._engine,
            purse=self._for_jobs,
            outbox=self._outbox,
            tasks=self.tasks,
            defaults=self._defaults,
            max_completion_tokens=self._config.model.max_completion_tokens,
            clock=self._clock,
            over=lambda over: self._conversations.deliver(over.thread, over),
            ask_expires_s=self._config.subagents.ask_expires,
        )

    def _make_drafting(self) -> Drafting:
        return Drafting(
            channels=self._channels, control=self._control, model=self._metered,
            outbox=self._outbox, rules=self._rules, defaults=self._defaults,
            spawn=self.tasks.spawn, clock=self._clock,
            max_completion_tokens=self._config.model.max_completion_tokens,
        )  # fmt: skip

    def _make_summaries(self) -> Summaries:
        return Summaries(
            channels=self._channels, model=self._metered, defaults=self._defaults,
            max_completion_tokens=self._config.model.max_completion_tokens,
            above=self._config.model.summary_above, spawn=self.tasks.spawn,
        )  # fmt: skip

    def _make_window(self, control: Control, ledger: Ledger) -> ChannelWindow:
        return ChannelWindow(
            channels=self._channels, control=control, jobs=self._jobs, transcripts=self._engine,
            ledger=ledger, defaults=self._defaults, clock=self._clock,
        )  # fmt: skip

    def _make_platforms(self, window: ChannelWindow) -> tuple[Platform, ...]:
        places = ChannelPlaces(self._channels, self._clock)
        seams = Seams(door=self._dispatcher, guard=self._rights, window=window, places=places)
        made = platforms.make(self._config.platforms, seams)
        named = {platform.name: platform for platform in made}
        self._adapters |= named
        access = self._config.access.of(self._config.platforms.names)
        self._outbox.on_refused = Refusals(access, named, self.tasks.spawn).refused
        return made

    def _make_page(self, window: ChannelWindow) -> WebAdapter:
        web = self._config.web
        page = self._adapters["web"] = WebAdapter(
            self._dispatcher, window, web.host, web.port, self._config.bot.name, self._care.routes
        )
        return page

    def _make_mending(self, control: Control, mender: Mender) -> Mending:
        return Mending(
            channels=self._channels, control=control, outbox=self._outbox, mender=mender,
            take_up=self._dispatcher.take_up, spawn=self.tasks.spawn, clock=self._clock,
        )  # fmt: skip

    def _make_care(self, control: Control) -> Care:
        return Care(
            self._config, control=control, platforms=self._healths, admission=self._admission,
            outbox=self._outbox, desk=self._desk, model=self._model.figures,
        )  # fmt: skip

    def _healths(self) -> tuple[Health, ...]:
        return tuple(platform.health for platform in self._platforms)

    def _furnish(self, ledger: Ledger) -> None:
        performer = Performer(
            rights=self._rights,
            pairing=self._entrance.pairing,
            rules=self._rules,
            defaults=self._defaults,
            jobs=self._jobs,
            finder=self._finder,
            ledger=ledger,
            channels=self._channels,
            clock=self._clock,
        )
        self._desk = Desk(
            channels=self._channels,
            outbox=self._outbox,
            jobs=self._jobs,
            tasks=self.tasks,
            conversations=self._conversations,
            performer=performer,
            forget=self._forgetter.start,
            rules=self._rules,
            new_turn=self._new_turn,
            index=self._moved,
            clock=self._clock,
        )
        self._desk.on_answered = self._make_summaries().look
        self._conversations.furnish(self._desk)

    def _moved(self, channel: ChannelRef) -> None:
        """The channel has a new commit."""
        self._indexing.moved(channel)
        if not self._config.model.offline:
            self._drafting.moved(channel)

    def _welcome_soon(self) -> None:
        self.tasks.spawn(self._welcome.all(), "tell who was let in")

    async def _rung(self, channel: ChannelRef | None) -> None:
        """A program beside this one has written to the channel; None: it let somebody in."""
        if channel is None:
            await self._entrance.pairing.load()
            self._welcome_soon()
            return
        # Its own mark may have been cleared before it wrote.
        async with self._control.giving(channel):
            await self._desk.notice(channel)

    def _new_turn(self, message: Message, show: Callable[[StreamText], None]) -> Turn:
        toolbox = Toolbox(
            jobs=self._jobs,
            finder=self._finder,
            rights=self._rights,
            rules=self._rules.for_channel(message.thread.channel),
            per_message=self._config.subagents.per_message,
            clock=self._clock,
        )
        return Turn(
            message=message,
            inbox_id=inbox_id(message),
            name=self._config.bot.name,
            channels=self._channels,
            model=self._metered,
            toolbox=toolbox,
            defaults=self._defaults,
            max_completion_tokens=self._config.model.max_completion_tokens,
            clock=self._clock,
            show=show,
        )

    async def start(self) -> None:
        """Take up unfinished work, then let people in."""
        await self._mending.start()
        unfinished = await self._control.unfinished()
        if unfinished:
            # Its first step is a call of the model, whose library takes long to load; longer yet
            # beside a thousand channels that are looked into.
            self._warm()
        await self._engine.start()
        log.info("how jobs run here", finding=self._engine.finding)
        await self._entrance.pairing.load()
        await self._dispatcher.recover()
        self._welcome_soon()
        await self._bell.start()
        if self.page is not None:
            await self.page.start()
        await self._care.start(self.tasks.spawn)
        for platform in self._platforms:
            platform.start()
        if not unfinished:
            self._warm()
        days = self._config.state.keep_days
        house = keep_house(self._control, self._channels, self._engine, days, self._clock)
        self.tasks.spawn(house, "keep house")
        self.tasks.spawn(self._engine.keep_spares(), "keep spare sandboxes")

    def _warm(self) -> None:
        self.tasks.spawn(self._model.warm(), "warm the model's library")

    async def leave(self) -> None:
        """Let nobody in any more. Bounded, however a page or a platform hangs."""
        leaving = [platform.stop() for platform in self._platforms]
        await asyncio.gather(*leaving, *([self.page.stop()] if self.page is not None else []))

    async def close(self) -> None:
        """End everything that runs; what is unfinished is found at the next start."""
        await self.leave()
        await self._care.stop()
        self._bell.stop()
        await self.tasks.close()
        await self._engine.close()
        # What cancelled calls still have to write is written before the ledger's file closes.
        await self._metered.close()
        await self._for_jobs.close()
