"""Does what commands and presses ask, inside the transaction that answers them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from core import settings
from core.errors import BadRequest
from core.jobs.admission import Ticket
from core.jobs.job import JobState
from core.jobs.supervisor import Jobs
from core.messages import Button, ChannelRef, InboundEvent, Message, Person, ThreadRef
from core.model.ledger import Ledger
from core.ports import Finder
from core.posts import card_state, conflict_text, details_button, outcome_words, steer_button
from core.posts import stop_button
from core.primary import acts
from core.primary.acts import Act
from core.records import jobs
from core.records.inbox import inbox_id
from core.records.jobs import JobRow, NewJob
from core.rights import Right, Rights
from core.settings import ChannelSettings
from core.state import entries, views
from core.state.database import Transaction
from core.state.merging import Merged, Stale, merge, nothing_merged, resolve, undo
from core.state.operations import Author, AuthorKind, Delta, Json, Op, Operation
from core.state.people import person_put
from core.state.rules import Rules

_LISTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an act did: words, what was merged, and what must follow the commit."""

    text: str
    merged: Merged = field(default_factory=nothing_merged)
    buttons: tuple[Button, ...] = ()
    started: tuple[JobRow, ...] = ()
    stops: tuple[tuple[Ticket, ThreadRef], ...] = ()
    paused: bool | None = None


class Performer:
    """All acts. `look_up` asks what lies outside the channel's file, then `do` runs in it."""

    def __init__(
        self,
        *,
        rights: Rights,
        rules: Rules,
        defaults: ChannelSettings,
        jobs: Jobs,
        finder: Finder,
        ledger: Ledger,
        clock: Callable[[], float],
    ) -> None:
        self._rights = rights
        self._rules = rules
        self._defaults = defaults
        self._jobs = jobs
        self._finder = finder
        self._ledger = ledger
        self._clock = clock
