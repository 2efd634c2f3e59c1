"""A ledger on a real file of its own. No assertions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

from core.model.amounts import Amount, Limit
from core.model.budget import Ledger
from core.model.pots import Limits
from core.state.database import Database

# 2026-11-15 12:00:00 UTC
NOON = 1_794_744_000.0
SCHEMA = (files("core.state.schema") / "budget.sql").read_text()


def tokens(count: int) -> Amount:
    """So many tokens of a model without a known price."""
    return Amount(tokens=count, nanos=None)


def money(count: int, nanos: int) -> Amount:
    """So many tokens, which cost so many nanodollars."""
    return Amount(tokens=count, nanos=nanos)


def most(count: int) -> Limit:
    """A limit in tokens."""
    return Limit(tokens=count)


@asynccontextmanager
async def filed(path: Path) -> AsyncIterator[Database]:
    """The ledger's file in `path`, which may have been used before."""
    database = await Database.open(path / "control.db", 0x1234, (SCHEMA,))
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def keeping(path: Path, limits: Limits | None = None) -> AsyncIterator[Ledger]:
    """A ledger on such a file."""
    async with filed(path) as database:
        yield Ledger(database, limits or Limits())
