"""Whether a subagent's call may run now, by rules and by what people said. Runs nothing."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.approvals.request import shown
from core.approvals.rules import ApprovalRules
from core.errors import BadRequest
from core.jobs.job import Asked, JobSpec, Leave
from core.mcp.server import NOTHING, Offer, meaning
from core.model.chat import ToolCall
from core.ports import Web
from core.posts import plain
from core.records import approvals, jobs, questions
from core.records.questions import Decision, QuestionRow
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.operations import Json
from core.subagents.bound_to import digest
from core.subagents.tools import ASK, FETCH, FINISH, PROGRESS, READ_RESULT
from core.subagents.web_tool import is_written

MOST_ASKED = 20
"""Requests of one job that people are asked about: more would be pressed away unread."""
_FREE = frozenset({ASK.name, FINISH.name, PROGRESS.name, READ_RESULT.name})
# Longer commands take their time to be looked at; a thread takes as much as a short one.
_SHORT = 300
_QUERY = "its URL has a query that nobody wrote, which can carry out what the job has read"
_ALLOWS = frozenset({Decision.ONCE, Decision.JOB, Decision.ALWAYS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The call does not run: what the model is told of it, and what `by` said to that, if so."""

    text: str
    by: str = ""
    said: str = ""


class Approvals:
    """The word about each call of one attempt."""

    def __init__(
        self,
        *,
        job: JobSpec,
        channels: Channels,
        rules: ApprovalRules,
        workspace: Path,
        web: Web | None = None,
        offer: Offer = NOTHING,
    ) -> None:
        """`offer` is what servers of tools have for the attempt: a word holds for a tool as it was
        described when it was given, so that none is given to what it turns into."""
        self._meant = {tool.name: meaning(tool) for tool in offer.tools}
        self._job = job
        self._channels = channels
        self._rules = rules
        self._workspace = workspace
        self._web = web

    async def look(self, call: ToolCall, *, tainted: bool) -> Asked | Refusal | None:
        """None: it may run. `tainted`: the job has read what others wrote. Raises StoreError."""
        if call.name in _FREE:
            return None
        try:
            arguments = _arguments(call)
        except BadRequest as error:
            return Refusal(text=f"error: {error}")
        tainted = tainted or self._job.former is not None
        short = len(call.arguments) <= _SHORT
        reason = await self._reason(call.name, arguments, tainted=tainted, short=short)
        if reason is None:
            return None
        try:
            text = shown(call.name, arguments)
        except BadRequest as error:
            return Refusal(text=f"error: not run: {error}")
        bound = await asyncio.to_thread(
            digest, call.name, arguments, self._workspace, self._meant.get(call.name, "")
        )
        leave = Leave(tool=call.name, digest=bound, reason=reason)
        asked = Asked(call=call.id, text=text, leave=leave)

        def read(tx: Transaction) -> Asked | Refusal | None:
            return _said(tx, self._job.number, asked, leave)

        return await self._channels.read(self._job.thread.channel, read)

    async def _derived(self) -> bool:
        """Whether its brief may come of what others wrote in the chat, in state, in files."""
        look = partial(jobs.is_derived, number=self._job.number)
        return await self._channels.read(self._job.thread.channel, look)

    async def _reason(
        self, tool: str, arguments: Mapping[str, Json], *, tainted: bool, short: bool
    ) -> str | None:
        channel = self._job.thread.channel

        def look() -> tuple[str | None, str | None]:
            """As it is, and if the job had read what others wrote."""
            why = self._rules.reason(channel, tool, arguments, tainted=tainted)
            if why is not None or tainted:
                return why, why
            return None, self._rules.reason(channel, tool, arguments, tainted=True)

        why, could = look() if short else await asyncio.to_thread(look)
        if could is not None and why is None and await self._derived():
            why = could
        if why is None and tool == FETCH.name and self._web is not None:
            url = str(arguments.get("url", "")).strip()
            if not self._web.free(channel, url):
                written = await is_written(self._job, self._channels, url)
                return None if written else _QUERY
        return why


def _said(tx: Transaction, job: int, asked: Asked, leave: Leave) -> Asked | Refusal | None:
    """What people have said about just this, or that they are to be asked."""
    rows = [one for one in questions.of(tx, job) if one.leave is not None]
    same = [one for one in rows if one.leave is not None and one.leave.digest == leave.digest]
    own = next((one for one in same if one.call == asked.call and one.ended_at), None)
    if own is not None:
        return None if own.decision in _ALLOWS else _refusal(own)
    if approvals.standing(tx, leave.digest) or any(q.decision is Decision.JOB for q in same):
        return None
    refused = next((one for one in same if one.decision is Decision.NO), None)
    if refused is not None:
        return _refusal(refused)
    if len(rows) >= MOST_ASKED and not any(one.ended_at is None for one in rows):
        return Refusal(
            text=f"error: not run: it needs a person's word, and they were asked {MOST_ASKED} times"
            " by this job, the most; go on without it, and say in the result that you did"
        )
    return asked


def _refusal(row: QuestionRow) -> Refusal:
    if row.decision is None:
        return Refusal(
            text="error: not run: it needs a person's word, and nobody gave it in time. Go on"
            " without it, and say in the result what was not done"
        )
    return Refusal(
        text=f"error: not run: {plain(row.by)} did not allow it. Do not try the same in another"
        " way; go on without it, and say in the result what was not done",
        by=row.by,
        said=row.answer or "",
    )


def _arguments(call: ToolCall) -> Mapping[str, Json]:
    """The arguments as the one object that they are. Raises BadRequest for what can be read in
    two ways: people would be shown one of them."""
    try:
        found = json.loads(call.arguments or "{}", object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the arguments of {call.name} are not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadRequest(f"the arguments of {call.name} must be one JSON object")
    return found


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found
