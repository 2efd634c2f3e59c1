"""Turns and their journal: what the primary agent did about one message."""

from dataclasses import dataclass
from itertools import count

from core.records import codec, jobs, plans, watchers
from core.state.database import Transaction
from core.state.operations import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStep:
    """One journaled step. `kind` is "model" (response: a reply as JSON) or "tool" (its result).

    `request` is "" for a model call and the call's id for a tool. That a model call is about to
    be made is kept by its reservation.
    """

    number: int
    kind: str
    request: str
    response: str
    operation: Operation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRow:
    """A turn: `base` is the head commit when it started, `base_message` the newest message."""

    id: str
    message: str
    base: int
    base_message: int
    steps: tuple[TurnStep, ...]


def begin(
    tx: Transaction, turn: str, message: str, thread: str, base: int, base_message: int, at: float
) -> TurnRow:
    """Start a turn, or find it as far as it came before the process died. One that has done nothing
    yet starts from what is there now.

    One that begins anew, because its message was edited, has another id than `turn`.
    """
    known = running_about(tx, message)
    if known is not None:
        tx.execute(
            "UPDATE turns SET base = ?2, base_message = ?3 WHERE id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM turn_steps WHERE turn = ?1)",
            (known, base, base_message),
        )
        return _as_it_stands(tx, known, message)
    turn = _unused(tx, turn)
    tx.execute(
        "INSERT INTO turns (id, message, thread, base, base_message, state, started_at)"
        " VALUES (?, ?, ?, ?, ?, 'running', ?)",
        (turn, message, thread, base, base_message, at),
    )
    return TurnRow(id=turn, message=message, base=base, base_message=base_message, steps=())


def _as_it_stands(tx: Transaction, turn: str, message: str) -> TurnRow:
    row = tx.execute("SELECT base, base_message FROM turns WHERE id = ?", (turn,)).fetchone()
    steps = tx.execute(
        "SELECT number, kind, request, response, operation FROM turn_steps"
        " WHERE turn = ? ORDER BY number",
        (turn,),
    )
    return TurnRow(
        id=turn,
        message=message,
        base=row[0],
        base_message=row[1],
        steps=tuple(
            TurnStep(
                number=number,
                kind=kind,
                request=request,
                response=response,
                operation=codec.load_operation(operation) if operation else None,
            )
            for number, kind, request, response, operation in steps
        ),
    )


def _unused(tx: Transaction, turn: str) -> str:
    kind, _, rest = turn.partition(":")
    for again in count(2):
        if tx.execute("SELECT 1 FROM turns WHERE id = ?", (turn,)).fetchone() is None:
            break
        turn = f"{kind}.{again}:{rest}"
    return turn


def running_about(tx: Transaction, message: str) -> str | None:
    """The turn under way about the message of that inbox id."""
    row = tx.execute(
        "SELECT id FROM turns WHERE message = ? AND state = 'running'", (message,)
    ).fetchone()
    return None if row is None else str(row[0])


def is_running(tx: Transaction, turn: str) -> bool:
    """False when the turn is over, by itself or because nobody wants it any more."""
    found = tx.execute("SELECT 1 FROM turns WHERE id = ? AND state = 'running'", (turn,))
    return found.fetchone() is not None


def replies(tx: Transaction, turn: str) -> tuple[str, ...]:
    """The model's replies that the turn has journaled, as JSON, in order."""
    rows = tx.execute(
        "SELECT response FROM turn_steps WHERE turn = ? AND kind = 'model' ORDER BY number", (turn,)
    )
    return tuple(response for (response,) in rows)


def running_in(tx: Transaction, thread: str) -> tuple[str, str] | None:
    """The turn under way in a thread, and the inbox id of its message."""
    row = tx.execute(
        "SELECT id, message FROM turns WHERE state = 'running' AND thread = ? LIMIT 1", (thread,)
    ).fetchone()
    return None if row is None else (row[0], row[1])


def has_plans(tx: Transaction, turn: str, message: str) -> bool:
    """Whether there is something that the turn's end would start or change."""
    row = tx.execute(
        "SELECT EXISTS (SELECT 1 FROM turn_steps WHERE turn = ? AND operation IS NOT NULL)"
        " OR EXISTS (SELECT 1 FROM jobs WHERE message = ? AND state = 'promised')",
        (turn, message),
    ).fetchone()
    return bool(row[0])


def add_step(tx: Transaction, turn: str, step: TurnStep) -> None:
    """Journal a step, in the same transaction as its effects: a crash repeats none of them. Of a
    turn that was ended meanwhile nothing is kept."""
    operation = codec.dump_operation(step.operation) if step.operation else None
    tx.execute(
        "INSERT INTO turn_steps (turn, number, kind, request, response, operation)"
        " SELECT id, ?, ?, ?, ?, ? FROM turns WHERE id = ? AND state = 'running'",
        (step.number, step.kind, step.request, step.response, operation, turn),
    )


def end(tx: Transaction, turn: str) -> None:
    """The turn is over; its journal goes with it, what it did stays."""
    tx.execute("UPDATE turns SET state = 'ended' WHERE id = ?", (turn,))
    tx.execute("DELETE FROM turn_steps WHERE turn = ?", (turn,))


def running(tx: Transaction) -> tuple[tuple[str, str, str], ...]:
    """The turns under way: id, inbox id of their message, thread."""
    return tuple(tx.execute("SELECT id, message, thread FROM turns WHERE state = 'running'"))


def give_up(tx: Transaction, turn: str, message: str) -> None:
    """The turn is over and nothing comes of it, nor of the jobs that it has promised or joined."""
    end(tx, turn)
    jobs.drop_promised(tx, message)
    watchers.drop(tx, message)
    plans.remove(tx, message)


def bases(tx: Transaction) -> tuple[int, ...]:
    """The commits that turns under way began with."""
    rows = tx.execute("SELECT DISTINCT base FROM turns WHERE state = 'running'")
    return tuple(base for (base,) in rows)


_OLD = "SELECT id FROM turns WHERE state = 'ended' AND started_at < ? LIMIT ?"


def prune(tx: Transaction, before: float, most: int) -> bool:
    """Remove some turns that ended long ago; False when there are no more."""
    gone = tx.execute(
        f"DELETE FROM turns WHERE id IN ({_OLD})",  # noqa: S608 - constants
        (before, most),
    ).rowcount
    return gone == most


def any_old(tx: Transaction, before: float) -> bool:
    """Whether `prune` has something to remove."""
    return tx.execute(_OLD, (before, 1)).fetchone() is not None
