"""The rows of a job's file as data, read back. Writes nothing."""

import json
from dataclasses import dataclass
from enum import StrEnum

from core.jobs.job import Outcome
from core.model.chat import ModelReply
from core.records import codec
from core.state.database import Transaction
from core.state.operations import Op, Operation


class StepKind(StrEnum):
    """What a step is. STEERING also holds what the bot itself had to say to the model; the
    response of a BREAKDOWN is how the sandbox ended. A SUMMARY is made where the transcript had
    grown too long: its response stands for all up to the result of the call `request`, or is ""
    where the oldest results were cut instead."""

    ATTEMPT = "attempt"
    MODEL = "model"
    TOOL = "tool"
    STEERING = "steering"
    BREAKDOWN = "breakdown"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. `response` is None while it runs, and for ever when it was cut off.

    Of an attempt, `response` is what the model was told of the interruption before it, "" if
    there was nothing to tell. `shortened` is how often the transcript was made shorter for a
    MODEL step, because the server took no longer one. Times are Unix seconds.
    """

    number: int
    kind: StepKind
    name: str
    title: str
    call: str | None
    request: str
    response: str | None
    tokens: int
    began_at: float
    ended_at: float | None
    shortened: int = 0

    @property
    def reply(self) -> ModelReply | None:
        """What the model said; None when the call was cut off."""
        if self.kind is not StepKind.MODEL or self.response is None:
            return None
        return codec.reply.validate_json(self.response)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """An accepted `finish`: the step that made it, its result and the files it named."""

    step: int
    result: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A changed workspace file; `sha256` None: deleted. Its content is in the workspace."""

    path: str
    sha256: str | None
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """All that earlier attempts left behind. `told` is the `seq` of the newest steering shown."""

    steps: tuple[Step, ...]
    operations: tuple[Operation, ...]
    told: int
    frozen: Frozen | None
    outcome: Outcome | None
    notes: tuple[str, ...]


def read_past(tx: Transaction) -> Past:
    """The whole file but for the manifest and the reads."""
    told: int | None = tx.execute("SELECT max(seq) FROM steps").fetchone()[0]
    row = tx.execute("SELECT step, result, outcome, notes FROM ending").fetchone()
    step, result, outcome, notes = row or (0, None, None, "[]")
    frozen = None
    if result is not None:
        text, files = json.loads(result)
        frozen = Frozen(step=step, result=text, files=tuple(files))
    return Past(
        steps=read_steps(tx),
        operations=read_operations(tx),
        told=told or 0,
        frozen=frozen,
        outcome=None if outcome is None else codec.outcome.validate_json(outcome),
        notes=tuple(json.loads(notes)),
    )


def read_steps(tx: Transaction) -> tuple[Step, ...]:
    """All steps, in the order they began."""
    rows = tx.execute(
        "SELECT number, kind, name, title, call, request, response, tokens, began_at, ended_at"
        " FROM steps ORDER BY number"
    )
    return tuple(
        Step(
            number=number,
            kind=StepKind(kind),
            name=name,
            title=title,
            call=call,
            request=request,
            response=response,
            tokens=tokens,
            began_at=began_at,
            ended_at=ended_at,
            shortened=int(request or 0) if kind == StepKind.MODEL else 0,
        )
        for number, kind, name, title, call, request, response, tokens, began_at, ended_at in rows
    )


def read_operations(tx: Transaction) -> tuple[Operation, ...]:
    """What the job wants of the state, in its order."""
    rows = tx.execute("SELECT key, op, argument FROM operations ORDER BY number")
    return tuple(
        Operation(key=key, op=Op(op), argument=json.loads(argument)) for key, op, argument in rows
    )


def read_files(tx: Transaction) -> tuple[FileRow, ...]:
    """The changed workspace files, by path."""
    rows = tx.execute("SELECT path, sha256, executable FROM files ORDER BY path")
    return tuple(
        FileRow(path=path, sha256=sha256, executable=bool(executable))
        for path, sha256, executable in rows
    )
