"""Does what commands and presses ask, inside the transaction that answers them."""

from collections.abc import Callable
from functools import partial
from typing import assert_never

from core.jobs.supervisor import Jobs
from core.messages import Asking, ChannelRef, Person
from core.model.budget import Ledger
from core.pairing import Pairing
from core.ports import Finder
from core.primary import (
    acts,
    answer_acts,
    approval_acts,
    channel_acts,
    forget_acts,
    job_acts,
    look_acts,
    plan_acts,
    state_acts,
    thread_acts,
)
from core.primary.acts import Act
from core.primary.budget_text import budget_text
from core.primary.doing import Doing, Done
from core.primary.pair_acts import Pairer
from core.rights import Rights
from core.settings import ChannelSettings, effective
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.rules import Rules


class Performer:
    """All acts. `look_up` asks what lies outside the channel's file, then `do` runs in it."""

    def __init__(
        self,
        *,
        rights: Rights,
        pairing: Pairing,
        rules: Rules,
        defaults: ChannelSettings,
        jobs: Jobs,
        finder: Finder,
        ledger: Ledger,
        channels: Channels,
        clock: Callable[[], float],
    ) -> None:
        self._rights = rights
        self._pairer = Pairer(pairing, rights)
        self._rules = rules
        self._defaults = defaults
        self._jobs = jobs
        self._finder = finder
        self._ledger = ledger
        self._channels = channels
        self._clock = clock

    async def look_up(self, act: Act, channel: ChannelRef, person: Person) -> str:
        """What the act needs from outside the channel's file, as text; "" for most."""
        match act:
            case acts.Find(query=query):
                return (await self._finder.find(channel, query)).text
            case acts.ShowBudget():
                return await self._budget(channel, person)
            case acts.Pair() | acts.Unpair() | acts.ShowPairs():
                return await self._pairer.do(act, channel, person)
            case _:
                return ""

    async def _budget(self, channel: ChannelRef, person: Person) -> str:
        now = self._defaults
        if await self._channels.exists(channel):
            now = await self._channels.look(channel, partial(effective, defaults=self._defaults))
        spend = await self._ledger.spend(channel, person.id, self._clock(), now.timezone)
        return budget_text(spend, now.per_job)

    def do(self, act: Act, event: Asking, person: Person, looked_up: str, tx: Transaction) -> Done:
        """Do it. Raises BadRequest or NotAllowed, and then nothing of it is kept."""
        doing = Doing(
            tx=tx,
            event=event,
            person=person,
            rights=self._rights,
            rules=self._rules,
            defaults=self._defaults,
            jobs=self._jobs,
            clock=self._clock,
        )
        match act:
            case acts.Find() | acts.ShowBudget() | acts.Pair() | acts.Unpair() | acts.ShowPairs():
                return Done(text=looked_up)
            case acts.StopThread():
                return thread_acts.stop(doing, looked_up)
            case _:
                return _do(doing, act)


_OfChannel = (
    acts.Pause
    | acts.ShowSettings
    | acts.ChangeSetting
    | acts.ShowApprovals
    | acts.WithdrawApproval
    | acts.ShowHelp
)


def _of_channel(doing: Doing, act: _OfChannel) -> Done:
    match act:
        case acts.Pause(paused=paused):
            return channel_acts.pause(doing, paused)
        case acts.ShowSettings():
            return channel_acts.show_settings(doing)
        case acts.ChangeSetting(name=name, text=text):
            return channel_acts.change_setting(doing, name, text)
        case acts.ShowApprovals():
            return approval_acts.show(doing)
        case acts.WithdrawApproval(number=number):
            return approval_acts.withdraw(doing, number)
        case acts.ShowHelp():
            return channel_acts.show_help(doing)
        case _ as unreachable:
            assert_never(unreachable)


def _end(doing: Doing, act: acts.StopJob | acts.LeaveJob) -> Done:
    match act:
        case acts.StopJob(job=job):
            return job_acts.stop(doing, job)
        case acts.LeaveJob(job=job):
            return job_acts.leave(doing, job)
        case _ as unreachable:
            assert_never(unreachable)


def _say(
    doing: Doing, act: acts.SteerJob | acts.AnswerJob | acts.DecideLeave | acts.DecidePlan
) -> Done:
    match act:
        case acts.DecideLeave():
            return approval_acts.decide(doing, act)
        case acts.SteerJob():
            return job_acts.steer(doing, act)
        case acts.AnswerJob():
            return answer_acts.answer(doing, act)
        case acts.DecidePlan(plan=plan, start=start):
            return plan_acts.decide(doing, plan, start)
        case _ as unreachable:
            assert_never(unreachable)


def _do(doing: Doing, act: Act) -> Done:
    match act:
        case acts.StopJob() | acts.LeaveJob():
            return _end(doing, act)
        case acts.SteerJob() | acts.AnswerJob() | acts.DecideLeave() | acts.DecidePlan():
            return _say(doing, act)
        case acts.RunAgain(job=job):
            return job_acts.run_again(doing, job)
        case acts.ShowJobs():
            return job_acts.show_jobs(doing)
        case acts.ShowJob(job=job):
            return job_acts.show_job(doing, job)
        case acts.ShowState(key=key, when=when):
            return look_acts.show_state(doing, key, when)
        case acts.SetKey(key=key, text=text):
            return state_acts.put(doing, key, text)
        case acts.UnsetKey(key=key):
            return state_acts.unset(doing, key)
        case acts.PinKey(key=key, pinned=pinned):
            return state_acts.pin(doing, key, pinned)
        case acts.ShowHistory(key=key, before=before):
            return look_acts.show_history(doing, key, before)
        case acts.ShowCommit(commit=commit):
            return look_acts.show_commit(doing, commit)
        case acts.UndoCommit(commit=commit):
            return state_acts.undo(doing, commit)
        case acts.ShowConflicts():
            return state_acts.show_conflicts(doing)
        case acts.Resolve():
            return state_acts.resolve(doing, act)
        case acts.TakeLost(commit=commit, line=line):
            return state_acts.take_lost(doing, commit, line)
        case acts.Find() | acts.ShowBudget() | acts.Pair() | acts.Unpair() | acts.ShowPairs():
            raise AssertionError("these were looked up before")
        case acts.StopThread():
            raise AssertionError("this was done before")
        case acts.Forget(what=what, name=name):
            return forget_acts.ask(doing, what, name)
        case acts.ConfirmForget(number=number):
            return forget_acts.confirm(doing, number)
        case _:
            return _of_channel(doing, act)
