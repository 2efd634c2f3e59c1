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

    async def look_up(self, act: Act, channel: ChannelRef, person: Person) -> str:
        """What the act needs from outside the channel's file, as text; "" for most."""
        match act:
            case acts.Find(query=query):
                return await self._finder.find(channel, query, None, None)
            case acts.ShowBudget():
                spend = await self._ledger.spend(channel, person.id, self._clock())
                return "\n".join(views.spend_text(line) for line in spend)
            case _:
                return ""

    def do(
        self, act: Act, event: InboundEvent, person: Person, looked_up: str, tx: Transaction
    ) -> Done:
        """Do it. Raises BadRequest or NotAllowed, and then nothing of it is kept."""
        doing = Doing(performer=self, event=event, person=person, tx=tx)
        match act:
            case acts.StopJob(job=job):
                return doing.stop(job)
            case acts.SteerJob(job=job, text=text):
                return doing.steer(job, text)
            case acts.RunAgain(job=job):
                return doing.run_again(job)
            case acts.ShowJobs():
                return doing.show_jobs()
            case acts.ShowJob(job=job):
                return doing.show_job(job)
            case acts.ShowState(prefix=prefix):
                return doing.show_state(prefix)
            case acts.SetKey(key=key, text=text):
                return doing.set(key, text)
            case acts.UnsetKey(key=key):
                return doing.unset(key)
            case acts.PinKey(key=key, pinned=pinned):
                return doing.pin(key, pinned)
            case acts.ShowHistory(key=key):
                return doing.show_history(key)
            case acts.UndoCommit(commit=commit):
                return doing.undo(commit)
            case acts.ShowConflicts():
                return doing.show_conflicts()
            case acts.Resolve():
                return doing.resolve(act)
            case acts.Find() | acts.ShowBudget():
                return Done(text=looked_up or "Nothing found.")
            case acts.Pause(paused=paused):
                return doing.pause(paused)
            case acts.ShowSettings():
                return doing.show_settings()
            case acts.ChangeSetting(name=name, text=text):
                return doing.change_setting(name, text)
            case acts.ShowHelp():
                return Done(text=acts.help_text())
            case _ as unreachable:
                assert_never(unreachable)
