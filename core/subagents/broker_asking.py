"""A job's model calls: patience with servers, and answers made fit to act on. Journals nothing."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count

import structlog

from core.errors import (
    BudgetExceeded,
    ContextTooLong,
    ModelError,
    ModelRefused,
    ModelUnreachable,
)
from core.jobs.job import Failed, FailureKind, JobSpec, account_of
from core.model.amounts import Amount
from core.model.chat import ModelReply, ModelRequest, ToolCall, ToolSpec
from core.model.wire import sendable_name
from core.ports import MeteredModel
from core.subagents.summing import Outgrown
from core.subagents.transcript import Transcript
from core.summaries.request import request, summary_in

log = structlog.get_logger(__name__)

MOST_CALLS = 32
"""Calls of one answer that are run; the model is told of the rest."""
LONGEST_TEXT = 200_000
LONGEST_ARGUMENTS = 2_000_000
"""Characters of an answer's text, and of the arguments of all its calls, that are taken."""
MOST_LOST_S = 86_400.0
"""So long an outage of the model is not the job's own time."""
_LONGEST_WAIT_S = 60.0
_MOST_PATIENCE_S = 600.0
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class Asking:
    """Asks one job's model. `say` shows people what is going on."""

    def __init__(
        self,
        *,
        model: MeteredModel,
        job: JobSpec,
        tools: tuple[ToolSpec, ...],
        say: Callable[[str], None],
    ) -> None:
        self._model = model
        self._job = job
        self._tools = tools
        self._say = say
        self._account = account_of(job)
        self._lost_s = 0.0
        self.lost: Callable[[float], None] = _ignore
        """Hears of seconds that went by without the job being to blame, before they go by."""

    async def charged(self) -> Amount:
        """What all attempts were charged so far."""
        return await self._model.charged(self._account.work)

    async def scarce(self, transcript: Transcript) -> str | None:
        """What is left, in words, when few more answers fit into a budget."""
        return await self._model.scarce(self._account, self._request(transcript))

    async def ask(
        self, transcript: Transcript, shortened: Callable[[int], Awaitable[None]]
    ) -> ModelReply | Failed:
        """The next answer. While the server cannot be reached it waits; `lost` hears how long.

        What is too long for the server is made shorter; `shortened` hears how often by then.
        """
        failed, times, clock = 0, 0, asyncio.get_running_loop().time
        while True:
            self._say("thinking")
            began = clock()
            try:
                return await self._model.complete(self._account, self._request(transcript))
            except ModelUnreachable as error:
                failed += 1
                self._lose(clock() - began)
                await self._wait(error, failed)
            except ContextTooLong as error:
                if not transcript.shrink():
                    reason = f"the job grew longer than the model can read: {error}"
                    return Failed(kind=FailureKind.MODEL, reason=reason)
                times += 1
                await shortened(times)
            except ModelRefused as error:
                return Failed(kind=FailureKind.MODEL, reason=str(error))
            except BudgetExceeded as error:
                return Failed(kind=FailureKind.BUDGET, reason=str(error))

    async def sum_up(self, oldest: Outgrown) -> tuple[str, ModelReply | None]:
        """A summary of the job's oldest steps, and the answer that has it; "" where there is none:
        then the job goes on without."""
        self._say("summing up")
        asked = request(
            "a long piece of work", oldest.so_far, oldest.pieces, self._job.model,
            self._job.max_completion_tokens,
        )  # fmt: skip
        try:
            reply = await self._model.complete(replace(self._account, kind="summary"), asked)
        except (ModelError, BudgetExceeded) as error:
            log.info("a job has no summary", number=self._job.number, why=type(error).__name__)
            return "", None
        return summary_in(reply, asked), reply

    async def _wait(self, error: ModelUnreachable, failed: int) -> None:
        wait_s = min(_LONGEST_WAIT_S, 2.0 ** min(failed, 10)) * random.uniform(0.5, 1.0)  # noqa: S311
        wait_s = min(_MOST_PATIENCE_S, max(wait_s, error.retry_after_s or 0.0))
        self._say(f"the model cannot be reached, trying again in {wait_s:.0f} s ({error})")
        self._lose(wait_s)
        await asyncio.sleep(wait_s)

    def _lose(self, seconds: float) -> None:
        seconds = min(seconds, MOST_LOST_S - self._lost_s)
        self._lost_s += seconds
        self.lost(seconds)

    def _request(self, transcript: Transcript) -> ModelRequest:
        return ModelRequest(
            model=self._job.model,
            messages=transcript.messages(),
            tools=self._tools,
            max_completion_tokens=self._job.max_completion_tokens,
        )


def sound(reply: ModelReply, known: Callable[[str], bool]) -> tuple[ModelReply, str]:
    """The answer as it is kept, and what the model has to be told about it ("" mostly).

    Calls get ids that no earlier call had (`known`) and names that servers take back.
    """
    calls: list[ToolCall] = []
    taken: set[str] = set()
    left = LONGEST_ARGUMENTS
    # Nine letters and digits: the one form that all servers take.
    fresh = map("call{:05d}".format, count(1))
    for call in reply.tool_calls[:MOST_CALLS]:
        id = call.id
        if not _ID.fullmatch(id) or id in taken or known(id):
            id = next(one for one in fresh if one not in taken and not known(one))
        taken.add(id)
        arguments = _text(call.arguments)
        if len(arguments) > left:
            arguments = f"({len(arguments)} characters, too many)"
        left -= len(arguments)
        calls.append(ToolCall(id=id, name=sendable_name(call.name), arguments=arguments))
    dropped = len(reply.tool_calls) - len(calls)
    note = f"Only the first {MOST_CALLS} calls were run; {dropped} were dropped." if dropped else ""
    text = _text(reply.text[:LONGEST_TEXT])
    return replace(reply, text=text, tool_calls=tuple(calls)), note


def _text(text: str) -> str:
    """Without lone surrogates, which can be neither stored nor sent."""
    return text.encode("utf-8", "replace").decode()


def _ignore(_: float) -> None:
    """Nobody counts."""
