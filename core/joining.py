"""Equal requests are one job: what makes them equal, and what those who joined are told. Pure but
for the rows that it reads."""

import hashlib
import json
import re
from dataclasses import replace

from core.jobs.job import Cancelled, Completed, Failed
from core.messages import Post, PostKind
from core.model.amounts import Limit
from core.posts import plain
from core.records import watchers
from core.records.jobs import JobRow
from core.records.watchers import Watcher
from core.settings import ChannelSettings
from core.state.database import Transaction

_BLANKS = re.compile(r"(?<=\S)[^\S\n]+")


def wish(brief: str, budget: Limit, settings: ChannelSettings, rules: int) -> str:
    """The same for briefs that say the same, under the same settings; blanks do not count."""
    lines = [_BLANKS.sub(" ", line).rstrip() for line in brief.strip().splitlines()]
    named = [
        "\n".join(lines), budget.tokens, budget.nanos, settings.subagent_model,
        settings.instructions, settings.max_steps, rules,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def posts(tx: Transaction, row: JobRow, result: Post) -> tuple[Post, ...]:
    """The end of a job for those who joined it: its result in other threads, a word in its own."""
    found = watchers.of(tx, row.thread.channel, row.number)
    return tuple(_post(row, result, one, place) for place, one in enumerate(found, 1))


def _post(row: JobRow, result: Post, watcher: Watcher, place: int) -> Post:
    told = f"**Job {row.number}** ({plain(row.title)}), which you asked for too, {_end(row)}"
    mine = replace(
        result,
        id=f"{result.id}.{place}",
        thread=watcher.thread,
        reply_to=watcher.reply_to,
        mention=watcher.person,
        buttons=(),
        receipt=(),
    )
    if watcher.thread == row.thread:
        text = told + (": its result is here." if isinstance(row.outcome, Completed) else ".")
        return replace(mine, kind=PostKind.NOTICE, text=text, files=())
    return replace(mine, text=f"{told}.\n\n{result.text}")


def _end(row: JobRow) -> str:
    again = f"; `/run {row.number}` does it again"
    match row.outcome:
        case Failed():
            return f"has failed{again}"
        case Cancelled(by=by):
            return f"was stopped by {plain(by)}{again}"
        case _:
            return "has ended"
