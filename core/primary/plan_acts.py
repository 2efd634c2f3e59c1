"""Agreeing to many jobs of one message, or not, inside the transaction that answers the act."""

from core import confirming
from core.errors import BadRequest
from core.forgetting.traces import FORGOTTEN
from core.posts import plain
from core.primary.doing import Doing, Done
from core.records import jobs, plans
from core.records.plans import PlanRow, PlanState
from core.rights import Right


def decide(doing: Doing, number: int, start: bool) -> Done:
    """Start the jobs that wait for this word, or none of them."""
    plan = plans.read(doing.tx, number)
    if plan is None:
        raise BadRequest("These jobs wait no more; nothing was done.")
    doing.require(Right.ANSWER, owner=plan.person)
    if plan.state is not PlanState.WAITING:
        words = "started" if plan.state is PlanState.STARTED else "dropped"
        return Done(text=f"These jobs were {words} already.")
    if doing.clock() > plan.expires_at:
        return _drop(doing, plan, "Nobody agreed in time, so none was started.")
    rows = jobs.promised(doing.tx, doing.channel, plan.message)
    if any(row.brief == FORGOTTEN for row in rows):
        return _drop(doing, plan, "What they were to do is forgotten, so none was started.")
    if not start:
        return _drop(doing, plan, f"{plain(doing.person.name)} said not now; none was started.")
    return _start(doing, plan)


def _start(doing: Doing, plan: PlanRow) -> Done:
    plans.decide(doing.tx, plan.number, PlanState.STARTED)
    numbers = jobs.queue_promised(doing.tx, plan.message)
    found = [jobs.read(doing.tx, doing.channel, number) for number in numbers]
    rows = tuple(row for row in found if row is not None)
    words = f"{plain(doing.person.name)} agreed."
    confirming.close_post(doing.tx, plan, rows, words)
    return Done(text=f"Started {len(rows)} jobs: {', '.join(map(str, numbers))}.", started=rows)


def _drop(doing: Doing, plan: PlanRow, words: str) -> Done:
    rows = jobs.promised(doing.tx, doing.channel, plan.message)
    plans.decide(doing.tx, plan.number, PlanState.DROPPED)
    jobs.drop_promised(doing.tx, plan.message)
    confirming.close_post(doing.tx, plan, rows, words)
    return Done(text=words)
