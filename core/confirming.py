"""Many jobs of one message wait for a click: the post that says how many, which, and what they may
cost. Runs inside a write of the channel; starts nothing."""

from collections.abc import Sequence
from dataclasses import replace

from core.messages import Button, Message, Post, PostKind
from core.messages.money import usage_words
from core.model.amounts import NO_LIMIT, Limit
from core.posts import plain
from core.records import jobs, messages, outbox
from core.records.jobs import JobRow
from core.records.plans import PlanRow
from core.state.database import Transaction

EXPIRES_S = 86_400.0
"""How long they wait; nothing has to run for it, a later click is told that it is too late."""


def plan_post(tx: Transaction, plan: PlanRow, message: Message, at: float) -> Post:
    """What is asked, with its two buttons."""
    rows = jobs.promised(tx, message.thread.channel, plan.message)
    return Post(
        id=_id(plan),
        thread=message.thread,
        kind=PostKind.NOTICE,
        text=f"**{len(rows)} jobs wait for your word.** Nothing of them has started.\n\n"
        f"{_list(rows)}\n\n{_cost(tx, rows)} Without a click within a day none is started.",
        at=at,
        mention=message.author,
        reply_to=message.id,
        buttons=(
            Button(action=f"start.{plan.number}", label=f"Start {len(rows)} jobs", style="primary"),
            Button(action=f"drop.{plan.number}", label="Not now"),
        ),
    )


def close_post(tx: Transaction, plan: PlanRow, rows: Sequence[JobRow], words: str) -> None:
    """The buttons go, and what came of it stands in their place."""
    post = messages.post(tx, _id(plan))
    if post is not None and post.buttons:
        text = f"**{len(rows)} jobs were to wait for a word.**\n\n{_list(rows)}\n\n{words}"
        outbox.show_again(tx, replace(post, text=text, buttons=(), mention=None))


def _id(plan: PlanRow) -> str:
    return f"plan:{plan.number}"


def _list(rows: Sequence[JobRow]) -> str:
    return "\n".join(f"- job {row.number}: {plain(row.title)}" for row in rows)


def _cost(tx: Transaction, rows: Sequence[JobRow]) -> str:
    most = _most([row.budget for row in rows])
    bound = f"; together they may use {most.words()} at most" if most != NO_LIMIT else ""
    seen, tokens, cost = jobs.mean_use(tx)
    if not seen:
        return f"No job has worked here yet, so what they will cost is not known{bound}."
    likely = usage_words(len(rows) * tokens, len(rows) * cost)
    return f"They are likely to use about {likely}, as the last {seen} here did{bound}."


def _most(budgets: Sequence[Limit]) -> Limit:
    """What all of them may use, in what each of them has a limit of."""
    tokens = [one.tokens for one in budgets if one.tokens is not None]
    nanos = [one.nanos for one in budgets if one.nanos is not None]
    return Limit(
        tokens=sum(tokens) if len(tokens) == len(budgets) else None,
        nanos=sum(nanos) if len(nanos) == len(budgets) else None,
    )
