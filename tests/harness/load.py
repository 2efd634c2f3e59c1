"""Many people on all platforms at once: what they send and what they see of it. Judges nothing.

The model has to answer with the words that it was asked: an answer is known by them.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import Any

from tests.emulators.discord.server import Call as DiscordCall
from tests.emulators.slack.calls import Call as SlackCall
from tests.harness.people import Asked, Side
from tests.harness.town import Town

SAID = re.compile(r"ping (\d+)!")
_REACTION = re.compile(r"/messages/(\d+)/reactions/")


@dataclass(slots=True, eq=False)
class Talk:
    """One conversation: `sent` are the numbers of its messages in the order they were sent."""

    side: Side
    place: int
    sent: list[int] = field(default_factory=list)
    asked: Asked | None = None
    begun: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def say(self, number: int) -> None:
        """Write one message more; the first begins the conversation."""
        async with self.turn:
            self.sent.append(number)
            # A message that its platform gave up to deliver is seen as one that has no answer.
            with suppress(TimeoutError):
                await self._say(f"ping {number}!")

    async def _say(self, text: str) -> None:
        if self.asked is None:
            self.asked = await self.side.ask(text, self.place)
            return
        # Nobody writes more in a conversation before it is there: Discord's are threads of the bot.
        if not self.begun:
            await self.side.until(lambda: self.said)
            self.begun = True
        await self.side.more(self.asked, text)

    def answered(self) -> bool:
        """Whether there is an answer to every message."""
        return not self.owed()

    def owed(self) -> list[int]:
        """The numbers that have no answer yet."""
        said = set(self.said) if self.sent else set()
        return [number for number in self.sent if number not in said]

    @property
    def said(self) -> list[int]:
        """The numbers that the bot has answered, in the order in which people see the answers."""
        if self.asked is None:
            return []
        shown = self.side.shown(self.asked)
        return [int(number) for one in shown for number in SAID.findall(one.text)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of it: numbers of messages, and seconds from a message to its sign, by platform
    (`bare`: messages that got no sign but their answer).
    """

    sent: int
    lost: int
    doubled: int
    disordered: int
    signs_s: Mapping[str, Sequence[float]]
    bare: Mapping[str, int]


class _Signs(list[Any]):
    """Takes the place of an emulator's log of calls: keeps when each message was first seen."""

    def __init__(self, found: Callable[[Any], str]) -> None:
        super().__init__()
        self._found = found
        self.at: dict[str, float] = {}

    def append(self, call: Any) -> None:
        """Note the call if it is a sign for a message; nothing else is kept."""
        if message := self._found(call):
            self.at.setdefault(message, time.time())


class Load:
    """`count` conversations; message n goes to the platform `order[n % len(order)]`, there to each
    conversation in turn. Makes its own places, numbered from 0, on every platform.
    """

    def __init__(self, town: Town, count: int, order: Sequence[str]) -> None:
        self._town = town
        self._sides = {side.name: side for side in town.sides}
        names = list(dict.fromkeys(order))
        self._talks: dict[str, list[Talk]] = {name: [] for name in names}
        for number in range(count):
            name = names[number % len(names)]
            self._talks[name].append(Talk(self._sides[name], number // len(names)))
        self._order = order
        self._next: Counter[str] = Counter()
        self.sent = 0
        self.late_s: list[float] = []
        self._slack, self._discord, self._telegram = (
            _Signs(_of_slack), _Signs(_of_discord), _Signs(_of_telegram),
        )  # fmt: skip
        town.slack.called = self._slack
        town.discord.calls = self._discord
        town.telegram.calls = self._telegram

    async def begin(self, rate: float) -> None:
        """The first message of every conversation, so many a second, on all platforms in turn."""
        first = list(chain.from_iterable(zip_longest(*self._talks.values())))
        await self._send([talk for talk in first if talk is not None], rate)

    async def run(self, rate: float, seconds: float, order: Sequence[str] = ()) -> None:
        """Send so many messages a second, in another order than at first if one is given; returns
        when the last is sent (not when it is seen)."""
        self._order = order or self._order
        await self._send((self._one() for _ in range(round(rate * seconds))), rate)

    async def _send(self, talks: Iterable[Talk], rate: float) -> None:
        began, self.late_s = time.monotonic(), []
        async with asyncio.TaskGroup() as group:
            for number, talk in enumerate(talks):
                due = began + number / rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                self.late_s.append(time.monotonic() - due)
                group.create_task(talk.say(self.sent), name=f"ping {self.sent}")
                self.sent += 1

    async def answered(self, within_s: float) -> bool:
        """Wait until every message has an answer; whether that was so in time."""
        try:
            async with asyncio.timeout(within_s):
                for talk in self._every():
                    while not talk.answered():
                        with suppress(TimeoutError):
                            await talk.side.until(talk.answered)
        except TimeoutError:
            return False
        return True

    async def owed(self) -> dict[str, list[int]]:
        """What has no answer yet, by platform; gives way, so that it delays no sign."""
        found: dict[str, list[int]] = {}
        for name, talks in self._talks.items():
            found[name] = []
            for talk in talks:
                found[name] += talk.owed()
                await asyncio.sleep(0)
        return found

    def seen(self, numbers: range | None = None) -> Seen:
        """What people have seen so far; with `numbers` of these messages alone."""
        numbers = range(self.sent) if numbers is None else numbers
        lost = doubled = disordered = 0
        for talk in self._every():
            sent = [number for number in talk.sent if number in numbers]
            every = [number for number in talk.said if number in numbers]
            said = list(dict.fromkeys(every))
            lost += len(set(sent) - set(said))
            doubled += len(every) - len(said)
            disordered += said != [number for number in sent if number in set(said)]
        signs, bare = self._waited(numbers)
        return Seen(
            sent=len(numbers), lost=lost, doubled=doubled, disordered=disordered,
            signs_s=signs, bare=bare,
        )  # fmt: skip

    def violations(self) -> list[str]:
        """The limits that the bot broke."""
        town = self._town
        return [
            *town.slack.limits.violations,
            *town.discord.limits.violations,
            *town.telegram.meter.violations,
        ]

    def _one(self) -> Talk:
        name = self._order[self.sent % len(self._order)]
        talks = self._talks[name]
        self._next[name] += 1
        return talks[self._next[name] % len(talks)]

    def _every(self) -> Iterator[Talk]:
        for talks in self._talks.values():
            yield from talks

    def _waited(self, numbers: range) -> tuple[dict[str, list[float]], dict[str, int]]:
        signs: dict[str, list[float]] = {name: [] for name in self._talks}
        bare = dict.fromkeys(self._talks, 0)
        for name, message, text, at in self._messages():
            found = SAID.search(text)
            if found is None or int(found[1]) not in numbers:
                continue
            log = {"slack": self._slack, "discord": self._discord}.get(name, self._telegram)
            if message in log.at:
                signs[name].append(log.at[message] - at)
            else:
                bare[name] += 1
        return signs, bare

    def _messages(self) -> Iterator[tuple[str, str, str, float]]:
        """What people wrote: platform, id, text, when (Unix seconds)."""
        town, shift = self._town, time.time() - time.monotonic()
        for room in town.slack.workspace.channels.values():
            for one in room.messages.values():
                if not one.bot:
                    yield "slack", f"{one.channel} {one.ts}", one.text, float(one.ts)
        for place in town.discord.world.channels.values():
            for posted in place.messages.values():
                if not posted.author.bot:
                    yield "discord", posted.id, posted.content, posted.at
        for chat in town.telegram.world.chats.values():
            for shown in chat.messages.values():
                if shown.author == chat.id:
                    yield "telegram", f"{chat.id} {shown.id}", shown.text, shown.at + shift


async def storm(town: Town, every_s: float) -> None:
    """Cut what events come by, on all platforms at once, again and again until cancelled."""
    while True:
        await asyncio.sleep(every_s)
        await town.slack.socket.cut()
        town.discord.gateway.cut()
        await town.telegram.cut()


def _of_slack(call: SlackCall) -> str:
    if call.method != "reactions.add":
        return ""
    return f"{call.text('channel')} {call.text('timestamp')}"


def _of_discord(call: DiscordCall) -> str:
    found = _REACTION.search(call.path)
    return found[1] if found and call.method == "PUT" else ""


def _of_telegram(call: tuple[str, Mapping[str, Any]]) -> str:
    method, fields = call
    if method != "setMessageReaction":
        return ""
    return f"{fields['chat_id']} {fields['message_id']}"
