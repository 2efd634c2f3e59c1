"""Answers what a subagent asks, and journals it. Trusts nothing from the pipe; starts nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import assert_never

from core.calm import calm
from core.errors import BadRequest
from core.jobs.job import Asked, Completed, Failed, FailureKind, JobSpec, Steering
from core.model.arguments import parse_arguments
from core.model.chat import ToolCall
from core.state.operations import Json
from core.subagents import broker_questions, broker_results
from core.subagents.broker_approvals import Approvals, Refusal
from core.subagents.broker_asking import Asking, sound
from core.subagents.broker_partial import so_far
from core.subagents.broker_resume import Taken
from core.subagents.broker_room import Room
from core.subagents.broker_tools import Done, HostTools, one_line
from core.subagents.file_reads import FileReads
from core.subagents.journal import Journal
from core.subagents.protocol import (
    VERSION,
    Answer,
    AskModel,
    Begin,
    CallTool,
    End,
    Finish,
    Frame,
    Hello,
    Proceed,
    ProtocolError,
    Refused,
    Reply,
    Result,
    Welcome,
)
from core.subagents.tools import ASK, FINISH, MAY_WRITE, READ_RESULT, is_outward
from core.subagents.transcript import steered
from core.subagents.web_tool import shown_call
from core.subagents.workspace import missing, product

SteeringSource = Callable[[JobSpec, int], Awaitable[tuple[Steering, ...]]]

LONGEST_RESULT = 100_000
"""Characters of a tool's result, and of the job's own, that are taken."""
WRAP_UP = (
    "Your budget is nearly used up: {left}. Wrap up now: call finish with what you have, and say "
    "in the result what is missing. Nothing of a job that runs out of budget is merged."
)
_HELD_BACK = "*(The model's provider held back the rest of this answer.)*"
_MOST_EMPTY = 3


class Broker:
    """One attempt's host side. A frame that does not fit where the work stands is a ProtocolError:
    a subagent may only do what the model's last answer calls for, each call once and in order."""

    def __init__(
        self,
        *,
        job: JobSpec,
        journal: Journal,
        taken: Taken,
        asking: Asking,
        approvals: Approvals,
        tools: HostTools,
        files: FileReads,
        steering: SteeringSource,
        told: int,
        workspace: Path,
        commands_off: str,
        step: Callable[[str, int, int, int], None],
    ) -> None:
        """`told` is the newest steering shown; `step` takes words, answers so far, new tokens and
        their cost in nanodollars."""
        self._job = job
        self._journal = journal
        self._transcript = taken.transcript
        self._again = taken.again
        self._answers = taken.answers
        self._asking = asking
        self._approvals = approvals
        self._tools = tools
        self._files = files
        self._steering = steering
        self._told = told
        self._workspace = workspace
        self._commands_off = commands_off
        self._step = step
        self._room = Room(journal=journal, asking=asking)
        self._last = 0
        self._greeted = False
        self._running: tuple[int, ToolCall] | None = None
        self._ended = ""  # why the last answer did, in its server's word
        self._empty = 0
        self._warned = False
        self.finished: Completed | None = None
        """What `finish` said, once it is accepted."""

    @property
    def running(self) -> bool:
        """Whether a tool runs inside, so that silence is to be expected."""
        return self._running is not None

    def tell_lost(self, lost: Callable[[float], None]) -> None:
        """`lost` is to hear of the seconds that go by while the model cannot be reached."""
        self._asking.lost = lost

    async def answer(self, frame: Frame) -> Reply | Failed | Asked | None:
        """Do what the frame asks; Failed and Asked end the attempt. Raises ProtocolError,
        StoreError."""
        self._check_order(frame)
        match frame:
            case Hello():
                return self._hello(frame)
            case AskModel():
                return await self._model()
            case Begin():
                return await self._begin(frame)
            case End():
                await self._end(frame)
                return None
            case CallTool() if is_outward(frame.tool):
                return await self._outward(frame)
            case CallTool():
                return await self._tool(frame)
            case Finish():
                return await self._finish(frame)
            case _ as unreachable:
                assert_never(unreachable)

    def _check_order(self, frame: Frame) -> None:
        if self.finished is not None:
            raise ProtocolError("the subagent went on after it had finished")
        if frame.id <= self._last:
            raise ProtocolError("the subagent used the number of a frame twice")
        self._last = frame.id
        if self._greeted == isinstance(frame, Hello):
            raise ProtocolError("the subagent did not begin with a greeting, or greeted twice")
        if (self._running is not None) != isinstance(frame, End):
            raise ProtocolError("the subagent spoke while a tool was to run, or ended none")

    def _hello(self, frame: Hello) -> Reply:
        if frame.version != VERSION:
            raise ProtocolError(f"the subagent speaks version {frame.version}, not {VERSION}")
        self._greeted = True
        return Welcome(shell=not self._commands_off, reason=self._commands_off)

    async def _model(self) -> Reply | Failed:
        if self._again is not None:
            again, self._again = self._again, None
            return again
        if self._transcript.unanswered or self._transcript.ends_plain:
            raise ProtocolError("the subagent asked for the next answer before acting on the last")
        if self._answers >= self._job.max_steps:
            reason = f"it was not done after {self._job.max_steps} steps, the most it may take"
            return Failed(kind=FailureKind.STEPS, reason=reason)
        await calm()
        await self._room.make(self._transcript, self._spent)
        steering = (*await self._steering(self._job, self._told), *await self._warning())
        number = await self._journal.begin_model(steering)
        self._show(steering)
        shortened = partial(self._journal.shortened, number)
        reply = await self._asking.ask(self._transcript, shortened)
        if isinstance(reply, Failed):
            if reply.kind is not FailureKind.BUDGET:
                return reply
            return replace(reply, partial=so_far(self._transcript, self._answers))
        kept, note = sound(reply, self._transcript.knows)
        names = ", ".join(call.name for call in kept.tool_calls)
        await self._journal.end_model(number, kept, f"calls {names}" if names else "answers")
        self._answers += 1
        self._step("", self._answers, kept.usage.total if kept.usage else 0, kept.cost or 0)
        self._transcript.said(kept.text, kept.tool_calls)
        self._ended = kept.finish
        self._empty = 0 if kept.text.strip() or kept.tool_calls else self._empty + 1
        if note:
            await self._tell(note)
        return Answer(text=kept.text, calls=kept.tool_calls)

    def _spent(self, tokens: int, cost: int) -> None:
        self._step("", self._answers, tokens, cost)

    async def _warning(self) -> tuple[Steering, ...]:
        """That the budget is nearly used up, once: what it is not told, it cannot act on."""
        left = None if self._warned else await self._asking.scarce(self._transcript)
        if left is None:
            return ()
        self._warned = True
        return (Steering(seq=0, by="", text=WRAP_UP.format(left=left)),)

    async def _begin(self, frame: Begin) -> Reply | Asked:
        call = self._called(frame.call, frame.tool)
        held = await self._approvals.look(call, tainted=self._transcript.tainted)
        if isinstance(held, Asked):
            return held
        if held is not None:
            return Refused(error=await self._not_run(call, held))
        title = one_line(f"{call.name}: {frame.detail}")
        number = await self._journal.begin_tool(call, title)
        self._running = number, call
        self._step(title, self._answers, 0, 0)
        return Proceed()

    async def _end(self, frame: End) -> None:
        assert self._running is not None  # _check_order saw to it
        number, call = self._running
        if frame.call != call.id:
            raise ProtocolError("the subagent ended a call that was not running")
        result = bounded(frame.result)
        workspace = self._workspace if call.name in MAY_WRITE else None
        reads = await self._files.look(call, result)
        await self._journal.end_tool(number, result, workspace, reads)
        self._transcript.answered(call.id, result)
        self._running = None

    async def _tool(self, frame: CallTool) -> Reply | Asked:
        call = self._called(frame.call, frame.tool)
        held = await self._approvals.look(call, tainted=self._transcript.tainted)
        if isinstance(held, Asked):
            return held
        if held is not None:
            return Result(text=await self._not_run(call, held))
        done = await self._done(call)
        if isinstance(done, Asked):
            # Not journaled: the next attempt comes to this call again, with the answer.
            return done
        if done.title:
            self._step(done.title, self._answers, 0, 0)
        text = bounded(done.text)
        await self._journal.add_tool(
            call,
            one_line(f"{call.name}: {done.title}"),
            text,
            operation=done.operation,
            reads=done.reads,
        )
        self._tools.kept(done)
        self._transcript.answered(call.id, text)
        return Result(text=text)

    async def _done(self, call: ToolCall) -> Done | Asked:
        if call.name == ASK.name:
            return broker_questions.put(self._job, call, self._transcript.last_calls)
        if call.name == READ_RESULT.name:
            return await broker_results.show(call, self._transcript, self._journal)
        return await self._tools.run(call)

    async def _outward(self, frame: CallTool) -> Reply | Asked:
        """Journaled before it runs: what may have had an effect out there is not done again."""
        call = self._called(frame.call, frame.tool)
        held = await self._approvals.look(call, tainted=self._transcript.tainted)
        if isinstance(held, Asked):
            return held
        if held is not None:
            return Result(text=await self._not_run(call, held))
        title = one_line(f"{call.name}: {shown_call(call)}")
        number = await self._journal.begin_tool(call, title)
        self._step(title, self._answers, 0, 0)
        text = bounded((await self._tools.run(call)).text)
        await self._journal.end_tool(number, text, None)
        self._transcript.answered(call.id, text)
        return Result(text=text)

    async def _not_run(self, call: ToolCall, refusal: Refusal) -> str:
        """The call has its result without having run; what somebody said to that follows it."""
        await self._journal.add_tool(call, one_line(f"{call.name}: not allowed"), refusal.text)
        self._transcript.answered(call.id, refusal.text)
        self._step(one_line(f"{call.name}: not allowed"), self._answers, 0, 0)
        if refusal.said:
            await self._journal.tell((Steering(seq=0, by=refusal.by, text=refusal.said),))
            self._transcript.told(steered(refusal.by, refusal.said))
        return refusal.text

    async def _finish(self, frame: Finish) -> Reply | Failed:
        call = None
        if frame.call is not None:
            call = self._called(frame.call, "finish")
        elif not self._transcript.ends_plain:
            raise ProtocolError("the subagent finished without being told to")
        if self._empty >= _MOST_EMPTY:
            reason = f"the model gave {_MOST_EMPTY} empty answers one after another"
            return Failed(kind=FailureKind.MODEL, reason=reason)
        try:
            self._check_last()
            result, named = self._products(call)
            await self._check_products(named)
            await self._check_heard()
        except BadRequest as error:
            return await self._refuse(call, f"error: {error}")
        await self._journal.freeze(call, result, named)
        self.finished = Completed(result=result, files=named)
        self._step("finishing", self._answers, 0, 0)
        return Proceed()

    def _products(self, call: ToolCall | None) -> tuple[str, tuple[str, ...]]:
        """Result and files as the model wrote them: what the frame repeats is not needed."""
        given: dict[str, Json] = {"result": self._transcript.last_text}
        if call is not None:
            given = parse_arguments(FINISH, call.arguments)
        elif self._ended == "length":
            raise BadRequest("your answer was cut off at its greatest length; make it shorter")
        elif self._ended == "content_filter" and self._transcript.last_text:
            given["result"] = f"{self._transcript.last_text}\n\n{_HELD_BACK}"
        result, files = str(given["result"]), given.get("files")
        if not result.strip():
            raise BadRequest("the result is empty; say what you did and found")
        if len(result) > LONGEST_RESULT:
            raise BadRequest(
                f"the result is longer than {LONGEST_RESULT} characters; write it to a file, "
                "name that in files, and sum it up"
            )
        named = files if isinstance(files, list) else []
        return result, tuple(dict.fromkeys(product(str(name)) for name in named))

    async def _check_products(self, named: tuple[str, ...]) -> None:
        if not named:
            return
        lost = await asyncio.to_thread(missing, self._workspace, named)
        if lost:
            raise BadRequest(f"there is no file {', '.join(lost)} in the workspace")

    def _check_last(self) -> None:
        """What was called behind `finish` would otherwise never run, and nobody would know."""
        behind = list(self._transcript.unanswered.values())[1:]
        if behind:
            names = ", ".join(call.name for call in behind)
            raise BadRequest(f"not finished yet: {names} came after it and runs now; finish last")

    async def _check_heard(self) -> None:
        """Nobody's word may be left unread at the end."""
        steering = await self._steering(self._job, self._told)
        if steering:
            await self._journal.tell(steering)
            self._show(steering)
            raise BadRequest("not finished yet: somebody has said something since; read it first")

    async def _refuse(self, call: ToolCall | None, error: str) -> Reply:
        if call is None:
            await self._tell(error)
        else:
            await self._journal.add_tool(call, "finish: not accepted", error)
            self._transcript.answered(call.id, error)
        return Refused(error=error)

    async def _tell(self, text: str) -> None:
        await self._journal.tell((Steering(seq=0, by="", text=text),))
        self._transcript.told(text)

    def _show(self, steering: tuple[Steering, ...]) -> None:
        for one in steering:
            self._told = max(self._told, one.seq)
            self._transcript.told(steered(one.by, one.text))

    def _called(self, id: str, tool: str) -> ToolCall:
        call = next(iter(self._transcript.unanswered.values()), None)
        if call is None or call.id != id or call.name != tool:
            raise ProtocolError(f"the subagent began {one_line(tool)!r}, which nobody called for")
        return call


def bounded(text: str) -> str:
    """A tool's result without what no model could use."""
    if len(text) <= LONGEST_RESULT:
        return text
    return f"{text[:LONGEST_RESULT]}\n[{len(text) - LONGEST_RESULT} more characters were cut here]"
