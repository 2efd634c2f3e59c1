"""A job's own file while an attempt runs: every step before and after it. Decides nothing."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from core.commit_points import CommitPoint, reached
from core.jobs.job import Outcome, Steering
from core.model.chat import ModelReply, ToolCall
from core.records import codec
from core.state import schema
from core.state.database import Database, Transaction
from core.state.operations import Operation
from core.state.reads import Read
from core.subagents.journal_file import as_written, claim
from core.subagents.journal_reads import add_reads
from core.subagents.journal_rows import FileRow, Frozen, Past, read_past
from core.subagents.workspace_manifest import Facts, Manifest, changed, walk

T = TypeVar("T")

# "ThwJ": marks the file as a job's.
JOB_APPLICATION_ID = 0x5468774A
FILE_NAME = "job.db"


@cache
def job_migrations() -> tuple[str, ...]:
    """SQL scripts; the n-th brings version n-1 to version n."""
    return (files(schema).joinpath("job.sql").read_text(),)


class Journal:
    """The file of one job. Everything runs on the file's one writing thread.

    A job has one attempt at a time, so the numbers of its steps are counted here.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._last = 0
        self._manifest: Manifest = {}

    @classmethod
    async def open(
        cls,
        folder: Path,
        clock: Callable[[], float] = time.time,
        created_at: float | None = None,
    ) -> "Journal":
        """Open or make the file in the folder named by the job's id. A new one says when its job
        was created. Raises StoreError."""
        path = folder / FILE_NAME
        database = await Database.open(path, JOB_APPLICATION_ID, job_migrations())
        try:
            await database.write(partial(as_written, path, partial(claim, path, created_at)))
        except BaseException:
            await database.close()
            raise
        return cls(database, clock)

    async def close(self) -> None:
        """Close the file."""
        await self._database.close()

    async def past(self) -> Past:
        """What earlier attempts left; to be called once, first."""

        def read(tx: Transaction) -> tuple[Past, Manifest]:
            rows = tx.execute("SELECT path, size, mtime_ns, inode FROM manifest")
            return read_past(tx), {row[0]: Facts(*row[1:]) for row in rows}

        past, self._manifest = await self.look(read)
        self._last = past.steps[-1].number if past.steps else 0
        return past

    async def look(self, function: Callable[[Transaction], T]) -> T:
        """Run a reading function on the file's thread. Raises StoreError, also for rows that the
        bot would not write."""
        return await self._database.run(partial(as_written, self._database.path, function))

    async def moved(self, workspace: Path) -> tuple[str, ...]:
        """Paths that are not as the last step left them."""

        def compare(_: Transaction) -> tuple[str, ...]:
            return changed(self._manifest, walk(workspace))

        return await self._database.run(compare)

    async def result(self, call: str) -> str:
        """All that a call returned; "" when it has not ended. Raises StoreError."""

        def read(tx: Transaction) -> str:
            row = tx.execute(
                "SELECT response FROM steps WHERE kind = 'tool' AND call = ?"
                " AND response IS NOT NULL",
                (call,),
            ).fetchone()
            return str(row[0]) if row else ""

        return await self.look(read)

    async def begin_attempt(
        self,
        attempt: int,
        workspace: Path,
        *,
        told: str = "",
        cut_off: Mapping[str, str],
        thaw: Frozen | None = None,
    ) -> None:
        """An attempt begins: what the model is told, and results for calls that never got any.

        `cut_off` maps calls to results: of steps that began and did not end, or did not begin.
        `thaw` is a finish of an earlier attempt whose exit was not seen: it is to be earned again.
        """
        number = self._next()
        answered = [(self._next(), call, text) for call, text in cut_off.items()]
        at = self._clock()

        def write(tx: Transaction) -> None:
            self._note(tx, workspace)
            if thaw is not None:
                tx.execute("DELETE FROM steps WHERE number = ?", (thaw.step,))
                tx.execute("DELETE FROM ending")
            for new, call, text in answered:
                ended = tx.execute(
                    "UPDATE steps SET response = ?, ended_at = ?"
                    " WHERE call = ? AND response IS NULL",
                    (text, at, call),
                )
                if not ended.rowcount:
                    tx.execute(_ENDED_STEP, (new, "tool", "", "not run", call, "", text, at, at))
            title = f"attempt {attempt}"
            tx.execute(
                _ENDED_STEP, (number, "attempt", str(attempt), title, None, "", told, at, at)
            )

        await self._database.write(write)

    async def begin_model(self, steering: Sequence[Steering]) -> int:
        """A model call begins, which is shown `steering` first; returns its step."""
        said = [(self._next(), one) for one in steering]
        number = self._next()
        at = self._clock()

        def write(tx: Transaction) -> None:
            _tell(tx, said, at)
            tx.execute(_OPEN_STEP, (number, "model", "model", "asking the model", None, "", at))

        await self._database.write(write)
        reached(CommitPoint.STEP_BEGUN)
        return number

    async def end_model(self, number: int, reply: ModelReply, title: str) -> None:
        """The model has answered."""
        response = codec.reply.dump_json(reply).decode()
        tokens = reply.usage.total if reply.usage else 0
        values = (title, response, tokens, self._clock(), number)

        def write(tx: Transaction) -> None:
            tx.execute(
                "UPDATE steps SET title = ?, response = ?, tokens = ?, ended_at = ?"
                " WHERE number = ?",
                values,
            )

        await self._database.write(write)
        reached(CommitPoint.STEP_ENDED)

    async def shortened(self, number: int, times: int) -> None:
        """The server has found what the model call shows too long; it was made shorter so often."""
        values = (str(times), number)
        await self._database.write(
            lambda tx: tx.execute("UPDATE steps SET request = ? WHERE number = ?", values)
        )

    async def begin_summary(self) -> int:
        """The transcript has grown too long; returns the step of what is done about it."""
        number = self._next()
        values = (number, "summary", "summary", "summing up", None, "", self._clock())
        await self._database.write(lambda tx: tx.execute(_OPEN_STEP, values))
        reached(CommitPoint.STEP_BEGUN)
        return number

    async def end_summary(
        self, number: int, upto: str, text: str, title: str, tokens: int = 0
    ) -> None:
        """`text` stands for all up to the result of the call `upto`; "": the oldest was cut."""
        values = (upto, text, title, tokens, self._clock(), number)
        await self._database.write(
            lambda tx: tx.execute(
                "UPDATE steps SET request = ?, response = ?, title = ?, tokens = ?, ended_at = ?"
                " WHERE number = ?",
                values,
            )
        )
        reached(CommitPoint.STEP_ENDED)

    async def begin_tool(self, call: ToolCall, title: str) -> int:
        """A tool inside the sandbox is about to run; returns its step."""
        number = self._next()
        values = (number, "tool", call.name, title, call.id, call.arguments, self._clock())
        await self._database.write(lambda tx: tx.execute(_OPEN_STEP, values))
        reached(CommitPoint.STEP_BEGUN)
        return number

    async def end_tool(
        self, number: int, result: str, writes_to: Path | None, reads: Sequence[Read] = ()
    ) -> None:
        """The tool has run; `writes_to` is the workspace if it may have written there."""
        values = (result, self._clock(), number)

        def write(tx: Transaction) -> None:
            if writes_to is not None:
                self._note(tx, writes_to)
            tx.execute("UPDATE steps SET response = ?, ended_at = ? WHERE number = ?", values)
            add_reads(tx, number, reads)

        await self._database.write(write)
        reached(CommitPoint.STEP_ENDED)

    async def add_tool(
        self,
        call: ToolCall,
        title: str,
        result: str,
        *,
        operation: Operation | None = None,
        reads: Sequence[Read] = (),
    ) -> None:
        """A tool of the host has run: its step, its operation and its reads, at once.

        It is not journaled before, because nothing but this row comes of it.
        """
        number, at = self._next(), self._clock()
        values = (number, "tool", call.name, title, call.id, call.arguments, result, at, at)

        def write(tx: Transaction) -> None:
            tx.execute(_ENDED_STEP, values)
            if operation is not None:
                tx.execute(
                    "INSERT INTO operations (step, key, op, argument) VALUES (?, ?, ?, ?)",
                    (number, operation.key, operation.op.value, json.dumps(operation.argument)),
                )
            add_reads(tx, number, reads)

        await self._database.write(write)
        reached(CommitPoint.STEP_ENDED)

    async def tell(self, steering: Sequence[Steering]) -> None:
        """The model has been told something outside a model call of its own."""
        said = [(self._next(), one) for one in steering]
        at = self._clock()
        await self._database.write(lambda tx: _tell(tx, said, at))

    async def freeze(self, call: ToolCall | None, result: str, named: tuple[str, ...]) -> None:
        """`finish` is accepted: nothing can be added to the delta any more."""
        number, at = self._next(), self._clock()
        arguments = "" if call is None else call.arguments
        name = None if call is None else call.id
        step = (number, "tool", "finish", "finish", name, arguments, "accepted", at, at)

        def write(tx: Transaction) -> None:
            tx.execute(_ENDED_STEP, step)
            tx.execute(
                "INSERT INTO ending (one, step, result, at) VALUES (1, ?, ?, ?)",
                (number, json.dumps([result, named]), at),
            )

        await self._database.write(write)
        reached(CommitPoint.DELTA_FROZEN)

    async def broke_down(self, how: str) -> None:
        """The sandbox has ended where it should not have, and everything in it is gone."""
        number, at = self._next(), self._clock()
        step = (number, "breakdown", "", "the sandbox broke down", None, "", how, at, at)
        await self._database.write(lambda tx: tx.execute(_ENDED_STEP, step))

    async def end(
        self, outcome: Outcome, files: Sequence[FileRow] = (), notes: Sequence[str] = ()
    ) -> None:
        """Everything in the sandbox is gone, and this is how it ended."""
        values = (codec.outcome.dump_json(outcome).decode(), json.dumps(notes), self._clock())

        def write(tx: Transaction) -> None:
            tx.execute(
                "INSERT INTO ending (one, outcome, notes, at) VALUES (1, ?, ?, ?)"
                " ON CONFLICT (one) DO UPDATE"
                " SET outcome = excluded.outcome, notes = excluded.notes, at = excluded.at",
                values,
            )
            tx.executemany(
                "INSERT INTO files VALUES (?, ?, ?)",
                ((file.path, file.sha256, file.executable) for file in files),
            )

        await self._database.write(write)

    def _next(self) -> int:
        self._last += 1
        return self._last

    def _note(self, tx: Transaction, workspace: Path) -> None:
        now = walk(workspace)
        if now is None:
            return
        gone = [(path,) for path in self._manifest if path not in now]
        new = [
            (path, facts.size, facts.mtime_ns, facts.inode)
            for path, facts in now.items()
            if self._manifest.get(path) != facts
        ]
        tx.executemany("DELETE FROM manifest WHERE path = ?", gone)
        tx.executemany("INSERT OR REPLACE INTO manifest VALUES (?, ?, ?, ?)", new)
        self._manifest = now


_OPEN_STEP = (
    "INSERT INTO steps (number, kind, name, title, call, request, began_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_ENDED_STEP = (
    "INSERT INTO steps (number, kind, name, title, call, request, response, began_at, ended_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _tell(tx: Transaction, said: Sequence[tuple[int, Steering]], at: float) -> None:
    tx.executemany(
        "INSERT INTO steps (number, kind, name, title, request, response, seq, began_at, ended_at)"
        " VALUES (?, 'steering', ?, ?, ?, '', ?, ?, ?)",
        (
            (number, one.by, one.text[:200], one.text, one.seq or None, at, at)
            for number, one in said
        ),
    )
