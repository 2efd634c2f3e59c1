"""Who may run next: limits and fairness as a pure data structure. Starts nothing."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TypeVar

from core.messages import ChannelRef

# A person, told apart from those of other platforms.
Someone = tuple[str, str, str]
# How many of the channel run, when it was last served, since when it waits.
_Rank = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most jobs that run at once: overall, in one channel, for one person."""

    max_running: int
    per_channel: int
    per_person: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A job that wants a place. `person` is the requester's id on the channel's platform."""

    channel: ChannelRef
    number: int
    person: str

    @property
    def someone(self) -> Someone:
        """The person, told apart from those of other platforms."""
        return (self.channel.platform, self.channel.workspace, self.person)


@dataclass(slots=True, kw_only=True)
class _Line:
    """One channel's waiting tickets: each person's in their order, with when each came."""

    since: int
    count: int = 0
    of: dict[Someone, OrderedDict[Ticket, int]] = field(default_factory=dict)

    def __contains__(self, ticket: Ticket) -> bool:
        return ticket in self.of.get(ticket.someone, ())

    def add(self, ticket: Ticket, came: int) -> None:
        self.of.setdefault(ticket.someone, OrderedDict())[ticket] = came
        self.count += 1

    def remove(self, ticket: Ticket) -> None:
        del self.of[ticket.someone][ticket]
        if not self.of[ticket.someone]:
            del self.of[ticket.someone]
        self.count -= 1

    def first(self, may: Callable[[Someone], bool]) -> Ticket | None:
        """The one that came first among those of people who may."""
        heads = (next(iter(tickets.items())) for who, tickets in self.of.items() if may(who))
        return min(heads, key=lambda head: head[1], default=(None, 0))[0]


class Admission:
    """Places for jobs. Between channels the one with the fewest running goes first, then the one
    served longest ago; within a channel it is first come, first served, except that a person at
    the limit is passed over.

    The channels that may be served stand in a heap, entries that no longer hold are passed over:
    a place is given in the same time however many jobs wait.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lines: dict[ChannelRef, _Line] = {}
        self._waiting = 0
        self._running: set[Ticket] = set()
        self._in_channel: Counter[ChannelRef] = Counter()
        self._of_person: Counter[Someone] = Counter()
        self._paused: set[ChannelRef] = set()
        self._served: dict[ChannelRef, int] = {}
        self._heap: list[tuple[_Rank, ChannelRef]] = []
        self._ranks: dict[ChannelRef, _Rank] = {}
        self._held: dict[Someone, set[ChannelRef]] = {}
        self._count = 0

    @property
    def standing(self) -> tuple[int, int]:
        """How many jobs have a place, and how many wait for one."""
        return len(self._running), self._waiting

    def add(self, ticket: Ticket) -> None:
        """The job waits for a place; no effect when it waits or runs already."""
        line = self._lines.get(ticket.channel)
        if ticket in self._running or (line is not None and ticket in line):
            return
        self._count += 1
        if line is None:
            line = self._lines[ticket.channel] = _Line(since=self._count)
        line.add(ticket, self._count)
        self._waiting += 1
        self._offer(ticket.channel)

    def withdraw(self, ticket: Ticket) -> bool:
        """The job wants no place any more; False when it was not waiting."""
        line = self._lines.get(ticket.channel)
        if line is None or ticket not in line:
            return False
        self._leave(line, ticket)
        self._tidy(ticket.channel)
        return True

    def next(self) -> Ticket | None:
        """Give a place to the job whose turn it is; None when none may start now."""
        if len(self._running) >= self._limits.max_running:
            return None
        while self._heap:
            rank, channel = heappop(self._heap)
            if self._ranks.get(channel) != rank:
                continue
            del self._ranks[channel]
            ticket = self._first_in(channel)
            if ticket is not None:
                self._place(ticket)
                return ticket
        return None

    def release(self, ticket: Ticket) -> None:
        """The job gives its place back."""
        if ticket not in self._running:
            return
        self._running.remove(ticket)
        _decrease(self._in_channel, ticket.channel)
        _decrease(self._of_person, ticket.someone)
        self._tidy(ticket.channel)
        for channel in (ticket.channel, *self._held.pop(ticket.someone, ())):
            self._offer(channel)

    def pause(self, channel: ChannelRef) -> None:
        """No job of the channel gets a place until `resume`; running ones keep theirs."""
        self._paused.add(channel)

    def resume(self, channel: ChannelRef) -> None:
        """The channel's jobs get places again."""
        self._paused.discard(channel)
        self._offer(channel)

    def obstacle(self, ticket: Ticket, more: int = 0) -> str | None:
        """Why a further job would wait, in words, or None if it would start at once.

        `more` counts jobs that are asked for together with it and come before it.
        """
        limits, channel = self._limits, ticket.channel
        line = self._lines.get(channel)
        ahead = (line.count if line else 0) + more
        if channel in self._paused:
            return "this channel is paused"
        if self._of_person[ticket.someone] + more >= limits.per_person:
            return f"you have {limits.per_person} jobs running, the most at once"
        if self._in_channel[channel] + ahead >= limits.per_channel:
            return f"this channel has {limits.per_channel} jobs running, the most at once"
        if len(self._running) + self._waiting + more >= limits.max_running:
            return f"all {limits.max_running} places are taken"
        return None

    def _offer(self, channel: ChannelRef) -> None:
        """The channel may be served, as far as is known: it takes its place among the others."""
        line = self._lines.get(channel)
        if line is None:
            return
        rank = (self._in_channel[channel], self._served.get(channel, 0), line.since)
        if self._ranks.get(channel) != rank:
            self._ranks[channel] = rank
            heappush(self._heap, (rank, channel))

    def _first_in(self, channel: ChannelRef) -> Ticket | None:
        line = self._lines.get(channel)
        if line is None or channel in self._paused:
            return None
        if self._in_channel[channel] >= self._limits.per_channel:
            return None
        ticket = line.first(lambda who: self._of_person[who] < self._limits.per_person)
        if ticket is None:
            # Whoever of them gets a place back offers the channel again.
            for someone in line.of:
                self._held.setdefault(someone, set()).add(channel)
        return ticket

    def _place(self, ticket: Ticket) -> None:
        self._leave(self._lines[ticket.channel], ticket)
        self._running.add(ticket)
        self._in_channel[ticket.channel] += 1
        self._of_person[ticket.someone] += 1
        self._count += 1
        self._served[ticket.channel] = self._count
        self._tidy(ticket.channel)
        self._offer(ticket.channel)

    def _leave(self, line: _Line, ticket: Ticket) -> None:
        line.remove(ticket)
        self._waiting -= 1

    def _tidy(self, channel: ChannelRef) -> None:
        # Nothing is remembered of channels with neither waiting nor running jobs.
        line = self._lines.get(channel)
        if line is not None and not line.count:
            del self._lines[channel]
            self._ranks.pop(channel, None)
            line = None
        if line is None and not self._in_channel[channel]:
            self._served.pop(channel, None)


_Key = TypeVar("_Key")


def _decrease(counter: Counter[_Key], key: _Key) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
