"""What every act has at hand while it is done, and what it leaves. Does nothing itself."""

from collections.abc import Callable
from dataclasses import dataclass

from core.jobs.supervisor import Jobs, Stop
from core.messages import Asking, Button, ChannelRef, Person, Post
from core.records.inbox import inbox_id
from core.records.jobs import JobRow
from core.rights import Right, Rights
from core.settings import ChannelSettings
from core.state.apply import Merged
from core.state.database import Transaction
from core.state.operations import Author, AuthorKind
from core.state.rules import Rules

_NOTHING = Merged(commit=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an act did: words, what was merged, and what must follow the commit.

    `others` are posts beside the answer, for other threads; `forgets` is a confirmed forgetting,
    `ended` the inbox id of a message of this thread whose turn was ended. `refused`: nothing was
    done.
    """

    text: str
    merged: Merged = _NOTHING
    buttons: tuple[Button, ...] = ()
    started: tuple[JobRow, ...] = ()
    stops: tuple[Stop, ...] = ()
    paused: bool | None = None
    forgets: int | None = None
    ended: str | None = None
    others: tuple[Post, ...] = ()
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """One act being done: the transaction, who does it and where, and the core's parts."""

    tx: Transaction
    event: Asking
    person: Person
    rights: Rights
    rules: Rules
    defaults: ChannelSettings
    jobs: Jobs
    clock: Callable[[], float]

    @property
    def channel(self) -> ChannelRef:
        """Where it is done."""
        return self.event.thread.channel

    @property
    def source(self) -> str:
        """The name of the event for ever: what it merges, merges once."""
        return inbox_id(self.event)

    @property
    def author(self) -> Author:
        """The person, as the author of a commit."""
        return Author(kind=AuthorKind.PERSON, person_id=self.person.id, name=self.person.name)

    @property
    def own_rules(self) -> Rules:
        """The rules of this channel."""
        return self.rules.for_channel(self.channel)

    def require(self, right: Right, owner: str | None = None) -> None:
        """Raise NotAllowed unless the person may."""
        self.rights.require(right, self.person, self.channel, owner)
