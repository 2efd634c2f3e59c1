"""What lies outside the bot and outlives it: the clock, the platform, and how much of it goes
wrong. Everything that happens comes from one seed."""

import asyncio
import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from core.errors import DeliveryFailed, DeliveryRefused
from core.messages import Card, ChannelRef, Hint, Outbound, Person, Post, Seen, ThreadRef

# Each step of the store takes up to 0.02 s here, each post 0.05 s.
AT_ONCE_S = 2.0
EPOCH = 1_790_000_000.0
MIDNIGHT = 1_790_035_200.0
_STAMP = re.compile(r"\d{8}T\d{6}Z")
GENERAL = ChannelRef(platform="world", workspace="w", channel="general")
RANDOM = ChannelRef(platform="world", workspace="w", channel="random")
ADA = Person(id="ada", name="Ada")
BOB = Person(id="bob", name="Bob")
MALLORY = Person(id="mallory", name="Mallory")


@dataclass(slots=True, kw_only=True)
class Weather:
    """How likely each thing goes wrong while it can, from 0 to 1: a statement of a file, a call of
    the platform, of the model, a step of a sandbox; and how far the clock jumps, in seconds."""

    disk: float = 0.0
    platform: float = 0.0
    model: float = 0.0
    sandbox: float = 0.0
    jump_s: float = 0.0

    @property
    def calm(self) -> bool:
        """Whether nothing keeps a command from being answered at once."""
        return not (self.disk or self.platform)


def weather(chance: Random) -> Weather:
    """What a seed has in store: mostly one or two kinds of trouble, sometimes none or all."""

    def some(most: float) -> float:
        return most * chance.random() if chance.random() < 0.4 else 0.0

    return Weather(
        disk=some(0.08),
        platform=some(0.5),
        model=some(0.4),
        sandbox=some(0.1),
        jump_s=chance.choice((0.0, 0.0, 3_600.0, 90_000.0)),
    )


@dataclass(slots=True, kw_only=True)
class Shown:
    """An item as the platform shows it: the newest version, when it came, how often, in which life
    of the bot; `sure`: the bot was told that it is there."""

    item: Outbound
    place: int
    times: int
    life: int
    sure: bool


class World:
    """One seed's world. `dead`: the bot is, and nothing that it says on its way out counts. `quick`
    is how long people and the model take, against what is usual, `alike` how often people ask for
    the same. `broken` gathers what broke a
    promise, as it happens. `paid` are the tokens that the model's server was paid for, `on_shown`
    hears of each item that people see, `damaged` are channels whose memory was lost once."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = Random(f"{seed} world")
        self.order = Random(f"{seed} order")
        self.faults = Random(f"{seed} faults")
        self.life = 0
        self.weather = Weather()
        self.stormy = weather(self.chance)
        # Some begin just before a day ends in UTC, and on the hour half the other zones' days do.
        self.skew = self.chance.choice((0.0, 0.0, MIDNIGHT - EPOCH - 60 * self.chance.random()))
        self.now = 0.0
        self.shown: dict[tuple[ChannelRef, str], Shown] = {}
        self.refused: set[tuple[ChannelRef, str]] = set()
        self.seen: set[str] = set()
        self.edited: set[str] = set()
        self.sent: dict[str, ChannelRef] = {}
        self.calm = self.dead = False
        self.on_shown: Callable[[Outbound], None] = lambda item: None
        self.paid = 0
        self.damaged: set[ChannelRef] = set()
        self.quick = 1.0
        self.alike = self.chance.choice((0.1, 0.1, 0.9))
        self.unseen: dict[str, tuple[int, float]] = {}
        self._owed: dict[str, tuple[int, float]] = {}
        self.broken: list[str] = []
        self._trace = hashlib.sha256()
        self.lines: list[str] = []
        self._places = 0

    def clock(self) -> float:
        """Unix seconds, as the machine has them: they may jump."""
        with suppress(RuntimeError):  # nothing runs: it is as late as it was
            self.now = asyncio.get_running_loop().time()
        return EPOCH + self.now + self.skew

    def trace(self, line: str) -> None:
        """Take down what happens: two runs of one seed must not differ in it."""
        self.clock()
        # A file that is set aside has the machine's own time in its name.
        self.lines.append(f"{self.life} {self.now:.6f} {_STAMP.sub('', line)}")
        self._trace.update(self.lines[-1].encode())

    @property
    def digest(self) -> str:
        """All that has happened, in short."""
        return self._trace.hexdigest()

    def breaks(self, what: str) -> None:
        """A promise is broken."""
        self.trace(f"BROKEN {what}")
        self.broken.append(what)

    def strikes(self, likely: float) -> bool:
        """Whether something goes wrong now."""
        return likely > 0.0 and self.faults.random() < likely

    async def deliver(self, item: Outbound) -> None:
        """Implements core.ports.Adapter."""
        await asyncio.sleep(self.chance.random() * 0.05)
        if self.strikes(self.weather.platform):
            match self.faults.randrange(8):
                case 0 | 1 | 2:
                    raise DeliveryFailed("the platform is down")
                case 3:
                    raise DeliveryFailed("slower", retry_after_s=self.faults.random() * 30)
                case 4:
                    await asyncio.sleep(self.faults.random() * 100)
                case 5 | 6:
                    self._show(item, sure=False)
                    raise DeliveryFailed("the platform's answer was lost")
                case _:
                    if self.strikes(0.1):
                        self.refused.add((item.thread.channel, item.id))
                        raise DeliveryRefused("no such thread")
                    raise TypeError("a library's bug")
        self._show(item, sure=True)

    async def show(self, hint: Hint) -> None:
        """Implements core.ports.Adapter."""
        self.trace(f"hint {type(hint).__name__}")
        if isinstance(hint, Seen):
            self.seen.add(hint.message_id)
            self._in_time(hint.message_id, self.unseen)

    def owe(self, id: str) -> None:
        """A person has commanded or pressed something, which is to be answered at once."""
        self.clock()
        self._owed[f"reply:{id}"] = (self.life, self.now)

    def expect(self, id: str) -> None:
        """A message was taken: it is to be acknowledged at once."""
        self.clock()
        if id not in self.seen:
            self.unseen[id] = (self.life, self.now)

    def _in_time(self, id: str, since: dict[str, tuple[int, float]]) -> None:
        life, began = since.pop(id, (0, 0.0))
        if self.calm and life == self.life and self.now - began > AT_ONCE_S:
            self.breaks(f"{id} had to wait for {self.now - began:.1f} s")

    def _show(self, item: Outbound, *, sure: bool) -> None:
        self.trace(f"shown {item.thread} {item.id} {sure}")
        self._in_time(item.id, self._owed)
        self.on_shown(item)
        key = (item.thread.channel, item.id)
        before = self.shown.get(key)
        self._places += 1
        if before is None:
            self.shown[key] = Shown(
                item=item, place=self._places, times=1, life=self.life, sure=sure
            )
            return
        if before.item == item and before.sure and before.life == self.life:
            self.breaks(f"{item.id} is posted again though it stands there")
        old, new = before.item, item
        if isinstance(old, Card) and isinstance(new, Card) and new.version < old.version:
            self.breaks(f"{item.id} goes back from version {old.version} to {new.version}")
        before.item, before.life, before.sure = item, self.life, sure
        before.times += 1

    def lose(self, channel: ChannelRef) -> None:
        """The bot remembers too little of the channel: what it has shown is no measure."""
        self.damaged.add(channel)
        self.shown = {key: one for key, one in self.shown.items() if key[0] != channel}
        self.refused = {key for key in self.refused if key[0] != channel}
        self.unseen.clear()

    def post(self, channel: ChannelRef, id: str) -> Post | None:
        """A post, as people see it."""
        found = self.shown.get((channel, id))
        return found.item if found is not None and isinstance(found.item, Post) else None

    def buttons(self) -> list[tuple[ThreadRef, str, bool]]:
        """What can be pressed: where, the action, whether it asks for words."""
        return [
            (one.item.thread, button.action, button.asks is not None)
            for one in self.shown.values()
            for button in one.item.buttons
        ]
