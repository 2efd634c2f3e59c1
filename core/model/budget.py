"""The ledger of tokens: reserved before a call, settled after it. Knows no model and no prices.

A call counts against several pots at once: its piece of work, its person's day, its channel's
day, the month of all, and its model's month. Each has one row, so that the tables stay small
and a reservation costs the same however many calls there were.
"""

import json
from collections.abc import Iterable
from functools import partial

from core.errors import BudgetExceeded
from core.messages import ChannelRef
from core.messages.views import SpendLine
from core.model.account import Account
from core.model.pots import (
    Level,
    Limits,
    Pot,
    channel_pot,
    day_of,
    exceeded_words,
    level_words,
    month_of,
    person_pot,
    pots_of,
    renews_words,
)
from core.state.database import Database, Transaction

# Pots untouched for so long can no longer be drawn on, except a job's that slept for months.
KEEP_S = 90 * 86_400


class Ledger:
    """Keeps the pots in control.db. All limits hold together, exactly, at any concurrency."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self._limits = limits
        self._swept = ""

    async def recover(self, at: float) -> int:
        """At start, before any call: charge what a dead process left reserved, at its bound.

        Returns how many reservations that were.
        """
        return await self._database.write(partial(_recover, at))

    async def reserve(self, account: Account, model: str, bound: int, at: float) -> int:
        """Set `bound` tokens aside on all levels and return the reservation's id.

        Raises BudgetExceeded, which says in words which limit is in the way; then nothing was
        reserved.
        """
        pots = pots_of(account, model, at, self._limits)
        if day_of(at) != self._swept:
            self._swept = day_of(at)
            await self._database.write(partial(_sweep, at))
        return await self._database.write(partial(_reserve, pots, bound, at))

    async def settle(self, reservation: int, tokens: int | None) -> None:
        """Replace a reservation by what was used; None (unknown) charges all that was reserved.

        A second time it has no effect.
        """
        await self._database.write(partial(_settle, reservation, tokens))

    async def charged(self, work: str) -> int:
        """Tokens used by and still reserved for a turn or job."""
        return sum(await self._database.read(partial(_standing, Level.WORK, work, "")))

    async def spend(
        self, channel: ChannelRef, person_id: str | None, at: float
    ) -> tuple[SpendLine, ...]:
        """The levels that a person (if given) in a channel draws on, and this month's models."""
        limits, day, month = self._limits, day_of(at), month_of(at)
        pots = [Pot(level=Level.ALL, name="", period=month, limit=limits.per_month)]
        pots.insert(0, channel_pot(channel, day, limits))
        if person_id is not None:
            pots.insert(0, person_pot(channel, person_id, day, limits))
        return await self._database.read(partial(_spend, pots, at))


def _standing(level: Level, name: str, period: str, tx: Transaction) -> tuple[int, int]:
    """A pot's used and reserved tokens."""
    row: tuple[int, int] | None = tx.execute(
        "SELECT used, reserved FROM spent WHERE level = ? AND name = ? AND period = ?",
        (level, name, period),
    ).fetchone()
    return row or (0, 0)


def _reserve(pots: tuple[Pot, ...], bound: int, at: float, tx: Transaction) -> int:
    for pot in pots:
        used, reserved = _standing(pot.level, pot.name, pot.period, tx)
        if pot.limit is not None and used + reserved + bound > pot.limit:
            raise BudgetExceeded(exceeded_words(pot, pot.limit, used, reserved, bound, at))
    keys = [(pot.level, pot.name, pot.period) for pot in pots]
    _add(keys, 0, bound, at, tx)
    row = tx.execute(
        "INSERT INTO reservations (pots, bound, at) VALUES (?, ?, ?) RETURNING id",
        (json.dumps(keys), bound, at),
    ).fetchone()
    return int(row[0])


def _add(
    keys: Iterable[tuple[str, str, str]], used: int, reserved: int, at: float, tx: Transaction
) -> None:
    tx.executemany(
        "INSERT INTO spent (level, name, period, used, reserved, at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET used = used + excluded.used,"
        " reserved = reserved + excluded.reserved, at = max(at, excluded.at)",
        [(*key, used, reserved, at) for key in keys],
    )


def _settle(reservation: int, tokens: int | None, tx: Transaction) -> None:
    row = tx.execute(
        "DELETE FROM reservations WHERE id = ? RETURNING pots, bound, at", (reservation,)
    ).fetchone()
    if row is not None:
        pots, bound, at = row
        _add(json.loads(pots), bound if tokens is None else tokens, -bound, at, tx)


def _recover(at: float, tx: Transaction) -> int:
    tx.execute("UPDATE spent SET used = used + reserved, reserved = 0 WHERE reserved > 0")
    _sweep(at, tx)
    return tx.execute("DELETE FROM reservations").rowcount


def _sweep(at: float, tx: Transaction) -> None:
    tx.execute("DELETE FROM spent WHERE at < ? AND reserved = 0", (at - KEEP_S,))


def _spend(pots: Iterable[Pot], at: float, tx: Transaction) -> tuple[SpendLine, ...]:
    models = tx.execute(
        "SELECT name FROM spent WHERE level = ? AND period = ? ORDER BY name",
        (Level.MODEL, month_of(at)),
    )
    seen = [Pot(level=Level.MODEL, name=row[0], period=month_of(at)) for row in models]
    return tuple(_line(pot, at, tx) for pot in (*pots, *seen))


def _line(pot: Pot, at: float, tx: Transaction) -> SpendLine:
    used, reserved = _standing(pot.level, pot.name, pot.period, tx)
    return SpendLine(
        level=level_words(pot),
        used=used,
        reserved=reserved,
        limit=pot.limit,
        renews=renews_words(pot, at),
    )
