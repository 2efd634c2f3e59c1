"""One seed from beginning to end: lives of the bot in a world that fails, then one in which nothing
does."""

import asyncio
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from core.errors import StoreError
from core.state import database
from tests.simulation.disk import Disk
from tests.simulation.life import Life, frame
from tests.simulation.loop import SimulatedLoop, bury
from tests.simulation.model import Server
from tests.simulation.people import Somebody
from tests.simulation.promises import Watching, at_rest, kept
from tests.simulation.world import ADA, BOB, GENERAL, MALLORY, RANDOM, World, weather

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
        self.steps = 0
        self.disk = Disk(folder, world.faults, world.trace)
        self.disk.made = world.chance.random() < 0.9
        self._data = folder
        self._server = Server(world, lambda: self.disk.struck)
        self._frame = frame(world.chance)
        self._mix = world.chance.choice((0.0, 0.1, 1.0))
        self.disk.watch = Watching(world, self._frame).look
        self._channels = [GENERAL, RANDOM][: world.chance.choice((1, 1, 2))]
        self._people = [
            Somebody(world, person, self._channels, acts)
            for person, acts in ((ADA, 7), (BOB, 5), (MALLORY, 1))
        ]

    def run(self) -> None:
        """All lives."""
        weather_then = weather(self.world.chance)
        for _ in range(self.world.chance.choice((0, 1, 1, 2, 3))):
            self.world.weather = weather_then
            self._live(self.world.chance.choice((None, 200, 2_000, 6_000, 6_000)))
        weather_then.disk = weather_then.platform = 0.0
        weather_then.model = weather_then.sandbox = 0.0
        self.world.weather = weather_then
        self._live(None, last=True)

    def _live(self, most: int | None, *, last: bool = False) -> None:
        """A life of at most so many steps, about; None: until all is at rest."""
        world = self.world
        world.life += 1
        world.trace(f"life {world.life}")
        dies_at = None if most is None else world.chance.randrange(1, most)
        loop = SimulatedLoop(world.order, world.now, self._mix, dies_at or MOST_STEPS)
        life = Life(world, self._server, self._data, self._frame)
        self.disk.trouble = world.weather.disk
        world.calm = world.weather.calm
        main = loop.create_task(self._main(life, last), name="main")
        loop.run_forever()
        world.now = loop.time()
        self.steps += loop.steps
        died = loop.dead
        if died and loop.steps >= MOST_STEPS:
            world.breaks("it never comes to rest")
        if not died:
            self._check(life, main, last)
        world.broken += loop.complaints
        if not died and not world.broken:
            stopping = loop.create_task(life.stop(), name="stop")
            loop.run_forever()
            if not stopping.done():
                world.breaks("the stop never ends")
            elif self.disk.open_files:
                world.breaks(f"after the stop these are open: {self.disk.open_files}")
        loop.dead = True
        bury(loop)
        self.disk.crash()

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
            for line in at_rest(world, life, self._channels):
                world.breaks(line)
            for line in kept(world, self._data, life, self._channels) if last else ():
                world.breaks(line)


@contextmanager
def _same_chance(seed: int) -> Iterator[None]:
    """What the program itself leaves to chance (how long it waits) comes from the seed, too."""
    state = random.getstate()
    random.seed(f"{seed} program")
    try:
        yield
    finally:
        random.setstate(state)


@contextmanager
def _in_place(disk: Disk, world: World) -> Iterator[None]:
    """The disk in the place of threads, the world in that of the log."""

    def note(logger: object, name: str, event: structlog.types.EventDict) -> str:
        if name == "exception" or event.get("exc_info"):
            world.breaks(f"a bug: {event}")
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
