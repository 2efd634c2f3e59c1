"""Who may run next: limits and fairness as a pure data structure. Starts nothing."""

from collections import Counter, deque
from dataclasses import dataclass

from core.messages import ChannelRef


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
    def someone(self) -> tuple[str, str, str]:
        """The person, told apart from those of other platforms."""
        return (self.channel.platform, self.channel.workspace, self.person)


class Admission:
    """Places for jobs. Between channels the one with the fewest running goes first, then the one
    served longest ago; within a channel it is first come, first served, except that a person at
    the limit is passed over."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: dict[ChannelRef, deque[Ticket]] = {}
        self._running: set[Ticket] = set()
        self._in_channel: Counter[ChannelRef] = Counter()
        self._of_person: Counter[tuple[str, str, str]] = Counter()
        self._paused: set[ChannelRef] = set()
        self._served: dict[ChannelRef, int] = {}
        self._turn = 0

    def add(self, ticket: Ticket) -> None:
        """The job waits for a place."""
        self._waiting.setdefault(ticket.channel, deque()).append(ticket)

    def withdraw(self, ticket: Ticket) -> bool:
        """The job wants no place any more; False when it was not waiting."""
        line = self._waiting.get(ticket.channel)
        if line is None or ticket not in line:
            return False
        line.remove(ticket)
        self._tidy(ticket.channel)
        return True

    def next(self) -> Ticket | None:
        """Give a place to the job whose turn it is; None when none may start now."""
        if len(self._running) >= self._limits.max_running:
            return None
        for channel in sorted(self._waiting, key=self._precedence):
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
        self._decrease(ticket)

    def pause(self, channel: ChannelRef) -> None:
        """No job of the channel gets a place until `resume`; running ones keep theirs."""
        self._paused.add(channel)

    def resume(self, channel: ChannelRef) -> None:
        """The channel's jobs get places again."""
        self._paused.discard(channel)

    def obstacle(self, ticket: Ticket, more: int = 0) -> str | None:
        """Why a further job would wait, in words, or None if it would start at once.

        `more` counts jobs that are asked for together with it and come before it.
        """
        limits, channel = self._limits, ticket.channel
        line = len(self._waiting.get(channel, ())) + more
        if channel in self._paused:
            return "this channel is paused"
        if self._of_person[ticket.someone] + more >= limits.per_person:
            return f"you have {limits.per_person} jobs running, the most at once"
        if self._in_channel[channel] + line >= limits.per_channel:
            return f"this channel has {limits.per_channel} jobs running, the most at once"
        waiting = sum(len(tickets) for tickets in self._waiting.values()) + more
        if len(self._running) + waiting >= limits.max_running:
            return f"all {limits.max_running} places are taken"
        return None

    def _precedence(self, channel: ChannelRef) -> tuple[int, int]:
        return (self._in_channel[channel], self._served.get(channel, 0))

    def _first_in(self, channel: ChannelRef) -> Ticket | None:
        if channel in self._paused or self._in_channel[channel] >= self._limits.per_channel:
            return None
        for ticket in self._waiting[channel]:
            if self._of_person[ticket.someone] < self._limits.per_person:
                return ticket
        return None

    def _place(self, ticket: Ticket) -> None:
        self._waiting[ticket.channel].remove(ticket)
        self._running.add(ticket)
        self._in_channel[ticket.channel] += 1
        self._of_person[ticket.someone] += 1
        self._turn += 1
        self._served[ticket.channel] = self._turn
        self._tidy(ticket.channel)

    def _decrease(self, ticket: Ticket) -> None:
        self._in_channel[ticket.channel] -= 1
        self._of_person[ticket.someone] -= 1
        self._in_channel += Counter()  # drops what has come to zero
        self._of_person += Counter()
        self._tidy(ticket.channel)

    def _tidy(self, channel: ChannelRef) -> None:
        # Nothing is remembered of channels with neither waiting nor running jobs.
        if not self._waiting.get(channel):
            self._waiting.pop(channel, None)
            if not self._in_channel[channel]:
                self._served.pop(channel, None)
