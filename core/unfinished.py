"""What a channel's file says of its unfinished work. Reads only; takes nothing up."""

from dataclasses import dataclass

from core.records import forgettings, inbox, jobs, outbox, questions
from core.records.questions import Waits
from core.settings import ChannelSettings, effective
from core.state.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """All of it, each kind in the order it came. A pause is some: it has to be known before any
    job is there to hold back.

    `forgets` are numbers of wishes, `shown` threads with something to show, `wanted` number and
    requester's id of jobs that want a place, `owed` thread and inbox id of events.
    """

    paused: bool
    forgets: tuple[int, ...]
    shown: tuple[str, ...]
    waits: tuple[Waits, ...]
    wanted: tuple[tuple[int, str], ...]
    owed: tuple[tuple[str, str], ...]

    @property
    def nothing(self) -> bool:
        """Whether the channel needs no look at the next start."""
        some = (self.forgets, self.shown, self.waits, self.wanted, self.owed)
        return not (self.paused or any(some))


def look(tx: Transaction, defaults: ChannelSettings) -> Unfinished:
    """Everything that is unfinished in the channel."""
    waits = questions.waiting(tx)
    waiting = {one.job for one in waits}
    return Unfinished(
        paused=effective(tx, defaults).paused,
        forgets=tuple(one.number for one in forgettings.under_way(tx)),
        shown=outbox.waiting_threads(tx),
        waits=waits,
        wanted=tuple(job for job in jobs.wanted(tx) if job[0] not in waiting),
        owed=inbox.open_ids(tx),
    )


def nothing_left(tx: Transaction, defaults: ChannelSettings) -> bool:
    """Whether nothing is; sooner known than everything that is."""
    return not (
        effective(tx, defaults).paused
        or inbox.owed(tx, limit=1)
        or jobs.wanted(tx, limit=1)
        or outbox.waiting_threads(tx)
        or forgettings.under_way(tx)
    )
