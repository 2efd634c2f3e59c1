"""One seed from beginning to end: lives of the bot in a world that fails, then one in which nothing
does."""

import asyncio
import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from core import pairing
from core.errors import StoreError
from core.state import database
from tests.simulation.consent import Consent, Doorkeeping
from tests.simulation.disk import Disk
from tests.simulation.life import GOOD, Life, frame
from tests.simulation.loop import SimulatedLoop, bury
from tests.simulation.model import Server
from tests.simulation.people import ALLOWING, FORGETTING, PAIRING, Somebody
from tests.simulation.promises import done, kept
from tests.simulation.watching import Watching, at_rest
from tests.simulation.world import ADA, BOB, GENERAL, MALLORY, RANDOM, Weather, World

USUAL_HOP_S = 0.02
MOST_STEPS = 400_000
_SHM = Path("/dev/shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a seed: what broke, all that happened, and a digest of it."""

    seed: int
    broken: tuple[str, ...]
    lines: tuple[str, ...]
    digest: str
    steps: int
    struck: int


def play(seed: int) -> Played:
    """Play a seed. The same one goes the same way each time."""
    with (
        tempfile.TemporaryDirectory(dir=_SHM if _SHM.is_dir() else None) as folder,
        _same_chance(seed),
    ):
        game = _Game(seed, Path(folder))
        with _in_place(game.disk, game.world):
            game.run()
        world = game.world
        return Played(
            seed=seed, broken=tuple(world.broken), lines=tuple(world.lines), digest=world.digest,
            steps=game.steps, struck=game.disk.struck,
        )  # fmt: skip


class _Game:
    """One seed's world and the lives of the bot in it."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.world = world = World(seed)
        self.steps = self._struck = 0
        self.disk = Disk(folder, world.faults, world.trace)
        self.disk.made = world.chance.random() < 0.9
        self._data = folder
        self._frame = frame(world.chance)
        self._consent = Consent(world, folder, self._frame.gated)
        self._doors = Doorkeeping(world, self._frame.pairs)
        world.on_shown = self._doors.shown
        self._server = Server(world, self._consent, lambda: self.disk.struck)
        self._mix = world.chance.choice((0.0, 0.1, 1.0))
        self._hop_s = world.chance.choice((USUAL_HOP_S, USUAL_HOP_S, 0.5))
        world.quick = world.chance.choice((1.0, 1.0, 0.05))
        self._watching = Watching(world, self._frame)
        self.disk.watch = self._watching.look
        self._channels = [GENERAL, RANDOM][: world.chance.choice((1, 1, 2))]
        self._people = self._somebodies(world.chance.choice((2, 3, 4, 4, 5, 6, 12)))

    def _somebodies(self, busy: int) -> list[Somebody]:
        given = self._frame
        wanted = ((FORGETTING, given.forgets), (ALLOWING, given.gated), (PAIRING, given.pairs))
        commands = [words for words, used in wanted if used]
        return [
            Somebody(self.world, person, self._channels, acts, commands, self._consent, self._doors)
            for person, acts in ((ADA, busy), (BOB, busy), (MALLORY, 8 if given.pairs else 1))
        ]

    def run(self) -> None:
        """All lives."""
        chance = self.world.chance
        for _ in range(chance.choice((0, 1, 1, 2, 3))):
            self.world.weather = replace(self.world.stormy)
            match chance.randrange(4):
                case 0:
                    self._live(stops_at=chance.random() * 30)
                case 1:
                    self._live()
                case _:
                    self._live(dies_at=chance.randrange(1, chance.choice((200, 2_000, 6_000))))
            if self._frame.damages:
                self._between()
        self.world.weather = Weather()
        self._live(last=True)

    def _between(self) -> None:
        """Files are backed up, or damaged, while the bot is away."""
        chance = self.world.chance
        for channel in self._channels:
            place = f"channels/{channel.platform}/{channel.workspace}/{channel.channel}.db"
            path, copy = self._data / place, self._data / GOOD / place
            if not path.exists() or channel in self.world.damaged:
                continue
            if chance.random() < 0.3:
                copy.parent.mkdir(parents=True, exist_ok=True)
                with closing(sqlite3.connect(path)) as file, closing(sqlite3.connect(copy)) as to:
                    file.backup(to)
            if chance.random() < 0.5:
                path.write_bytes(b"what a bad disk leaves of a file")
                for log in ("-wal", "-shm"):
                    path.with_name(path.name + log).unlink(missing_ok=True)
                self.world.trace(f"damaged {channel}")
                self.world.lose(channel)
                self._watching.lose(path)
                self._consent.lose()
                self._server.forgive()

    def _live(
        self, *, dies_at: int = MOST_STEPS, stops_at: float | None = None, last: bool = False
    ) -> None:
        """A life until a step, until it is asked to stop after some seconds, or else until all is
        at rest."""
        world = self.world
        world.life += 1
        world.trace(f"life {world.life}")
        loop = SimulatedLoop(world.order, world.now, self._mix, self._hop_s, dies_at)
        life = Life(world, self._server, self._consent, self._data, self._frame)
        self.disk.trouble = world.weather.disk
        self._struck = self.disk.struck
        world.calm = world.weather.calm and self._hop_s <= USUAL_HOP_S
        main = loop.create_task(self._main(life, last), name="main")
        if stops_at is not None:
            loop.call_later(stops_at, loop.stop)
        loop.run_forever()
        if loop.steps >= MOST_STEPS:
            world.breaks("it never comes to rest")
        if not loop.dead and stops_at is None:
            self._check(life, main, last)
        if not loop.dead and not world.broken and life.whole:
            self._stop(loop, life, main)
        world.now = loop.time()
        world.broken += loop.complaints
        self.steps += loop.steps
        loop.dead = world.dead = True
        bury(loop)
        self.disk.crash()
        world.dead = False

    def _stop(self, loop: SimulatedLoop, life: Life, main: "asyncio.Task[None]") -> None:
        """As SIGTERM does; it may be killed on the way, too."""
        main.cancel()
        stopping = loop.create_task(life.stop(), name="stop")
        loop.run_forever()
        if loop.dead:
            return
        if not stopping.done():
            self.world.breaks("the stop never ends")
        elif stopping.exception() is not None:
            self.world.breaks(f"the stop ends with {stopping.exception()!r}")
        elif self.disk.open_files:
            self.world.breaks(f"after the stop these are open: {self.disk.open_files}")

    async def _main(self, life: Life, last: bool) -> None:
        world = self.world
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        try:
            await life.start()
        except StoreError as error:
            # The process ends with these words, and somebody starts it again.
            world.trace(f"no start: {error}")
            loop.die()
            return
        if world.weather.jump_s:
            loop.call_later(world.chance.random() * 30, self._jump)
        loop.call_later(world.chance.random() * 120, self._heal)
        for channel in self._channels if self._frame.prunes else ():
            loop.call_later(world.chance.random() * 30, life.prune, channel)
        await asyncio.gather(*(one.live(life.dispatcher) for one in self._people))
        if last:
            for channel in self._channels:
                await self._people[0].say(life.dispatcher, "/resume", channel)

    def _jump(self) -> None:
        jump = self.world.weather.jump_s
        self.world.skew += self.world.chance.choice((-jump, jump))

    def _heal(self) -> None:
        """From here on nothing fails any more."""
        weather_now = self.world.weather
        self.disk.trouble = weather_now.disk = 0.0
        weather_now.platform = weather_now.model = weather_now.sandbox = 0.0

    def _check(self, life: Life, main: "asyncio.Task[None]", last: bool) -> None:
        world = self.world
        if not main.done():
            world.breaks("people wait for ever for the bot to take what they do")
        elif main.exception() is not None:
            world.breaks(f"it ended with {main.exception()!r}")
        else:
            for line in at_rest(life):
                world.breaks(line)
            struck = self.disk.struck != self._struck
            wrong = [*done(world, self._data, life, self._consent, struck=struck)]
            if last and not self._frame.forgets:
                wrong += kept(world, self._data, life, self._consent)
                wrong += (f"{id} was never seen" for id in world.unseen.keys() - world.edited)
            for line in wrong:
                world.breaks(line)


@contextmanager
def _same_chance(seed: int) -> Iterator[None]:
    """What the program itself leaves to chance (how long it waits) comes from the seed, too."""
    state, draw = random.getstate(), pairing.draw
    random.seed(f"{seed} program")
    pairing.draw = lambda: "".join(random.choice("ABCDEFGH") for _ in range(8))
    try:
        yield
    finally:
        random.setstate(state)
        pairing.draw = draw


@contextmanager
def _in_place(disk: Disk, world: World) -> Iterator[None]:
    """The disk in the place of threads, the world in that of the log."""

    def note(logger: object, name: str, event: structlog.types.EventDict) -> str:
        # Of a platform's library that is expected, and tried again.
        if "exception" in event and event["event"] != "a platform broke" and not world.dead:
            world.breaks(f"a bug: {event['event']}\n{event['exception']}")
        raise structlog.DropEvent

    processors: list[Callable[..., object]] = structlog.get_config()["processors"]
    before = processors.copy()
    threads, database.connect = database.connect, disk.connect
    processors[:] = [structlog.processors.format_exc_info, note]
    try:
        yield
    finally:
        database.connect = threads
        processors[:] = before
