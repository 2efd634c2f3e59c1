"""What DESIGN 1 promises at every moment, asked of a file after each write to it; and that nothing
is left over in memory."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from core.model.pots import Level
from tests.simulation.life import Frame, Life
from tests.simulation.world import World


class Watching:
    """Looks at every file after what was done to it: commits only grow (4), what has ended stays
    so (2), no budget is ever exceeded (5)."""

    def __init__(self, world: World, given: Frame) -> None:
        self._world = world
        self._frame = given
        self._heads: dict[Path, int] = {}
        self._ended: dict[Path, dict[int, str]] = {}

    def lose(self, path: Path) -> None:
        """The file is damaged: what comes after it begins anew."""
        self._heads.pop(path, None)
        self._ended.pop(path, None)

    def look(self, path: Path, file: sqlite3.Connection) -> None:
        """The file is as somebody has just left it."""
        if file.in_transaction or not path.exists():
            return
        tables = file.execute("PRAGMA user_version").fetchone()[0]
        if tables and path.name == "control.db":
            self._money(file)
        elif tables and path.name != "job.db":
            self._channel(path, file)

    def _channel(self, path: Path, file: sqlite3.Connection) -> None:
        head = file.execute("SELECT coalesce(max(number), 0) FROM commits").fetchone()[0]
        if self._frame.forgets:
            return  # what has ended may go
        if head < self._heads.get(path, 0):
            self._world.breaks(f"{path.name} goes back to commit {head}")
        self._heads[path] = head
        before = self._ended.setdefault(path, {})
        rows = file.execute(
            "SELECT number, outcome FROM jobs WHERE state = 'ended' ORDER BY number"
        )
        now: dict[int, str] = dict(rows.fetchall())
        for number, outcome in before.items():
            if now.get(number) != outcome:
                self._world.breaks(f"job {number} ended as {outcome}, now {now.get(number)}")
        self._ended[path] = now

    def _money(self, file: sqlite3.Connection) -> None:
        budgets = self._frame.budgets
        limits = {
            "person": budgets.per_person_day, "channel": budgets.per_channel_day,
            "all": budgets.per_month,
        }  # fmt: skip
        rows = file.execute(
            "SELECT level, name, tokens + reserved_tokens, nanos + reserved_nanos,"
            " min(reserved_tokens, reserved_nanos) FROM spent"
        )
        sums = file.execute(
            "SELECT sum(tokens), sum(nanos), sum(reserved_tokens), sum(reserved_nanos) FROM spent"
            " GROUP BY level"
        ).fetchall()
        if sums and (len(set(sums)) > 1 or len(sums) < len(Level)):
            self._world.breaks("not every level has the same charged")
        for level, name, tokens, nanos, least in rows:
            limit = limits.get(level)
            if level == "work" and name.startswith("job:"):
                limit = self._frame.per_job
            if least < 0:
                self._world.breaks(f"{level} {name} has less than nothing reserved")
            if limit is None:
                continue
            if limit.tokens is not None and tokens > limit.tokens:
                self._world.breaks(f"{level} {name} is over its budget: {tokens}")
            if limit.nanos is not None and nanos > limit.nanos:
                self._world.breaks(f"{level} {name} is over its budget: {nanos} nanodollars")


def at_rest(life: Life) -> Iterator[str]:
    """What is left over in memory though nothing is to be done."""
    left = {
        "tasks": life.tasks._tasks,
        "conversations": life.conversations._active,
        "outboxes": life.outbox.backlog()[0],
        "turns": life.desk.turns,
        "jobs with a place": life.admission.standing[0],
        "live jobs": life.jobs._running,
        "resting jobs": life.jobs._resting,
        "folders at work": life.jobs._engine._at_work,  # type: ignore[attr-defined]
        "leases": [str(ref) for ref, slot in life.channels._slots.items() if slot.users],
        "ledger writes": [*life._metered._writes, *life._purse._writes],
    }
    yield from (f"left over: {what} {found}" for what, found in left.items() if found)
