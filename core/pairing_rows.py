"""Who waits to be let in and who was: the two tables in control.db. Decides nothing."""

# ruff: noqa: S608 - the names of columns are constants

from collections.abc import Sequence
from dataclasses import dataclass

from core.messages import ChannelRef, Person
from core.state.database import Transaction

CODE_LIFE_S = 3600.0
_MOST_WAITING = 100
_WISH = "person, name, platform, workspace, channel, code, until"
_PAIRED = "person, name, platform, workspace, channel, code, by, at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Somebody who wrote to the bot in `channel`; the code is good until then (Unix seconds)."""

    person: Person
    channel: ChannelRef
    code: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Somebody who was let in; `by` is the name of who did it."""

    person: Person
    channel: ChannelRef
    code: str
    by: str
    at: float


def wish(tx: Transaction, person: Person, channel: ChannelRef, code: str, at: float) -> Wish | None:
    """Keep that the person asks to be let in. Who waits already keeps their code; None when too
    many wait."""
    tx.execute("DELETE FROM pairing_wishes WHERE until <= ?", (at,))
    key = (channel.platform, person.id)
    found = tx.execute(
        f"SELECT {_WISH} FROM pairing_wishes WHERE platform = ? AND person = ?",
        key,
    ).fetchone()
    if found is not None:
        return _wish(found)
    if tx.execute("SELECT COUNT(*) FROM pairing_wishes").fetchone()[0] >= _MOST_WAITING:
        return None
    row = (
        person.id, person.name, channel.platform, channel.workspace, channel.channel,
        code, at + CODE_LIFE_S,
    )  # fmt: skip
    tx.execute(f"INSERT INTO pairing_wishes ({_WISH}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return _wish(row)


def approve(
    tx: Transaction, code: str, by: str, at: float, platform: str | None = None
) -> Paired | None:
    """Let in who has the code (of one platform, if given); None if nobody has."""
    where = (code, platform, platform)
    row = tx.execute(
        f"SELECT {_WISH} FROM pairing_wishes"
        " WHERE code = ? AND (? IS NULL OR platform = ?) AND until > ?",
        (*where, at),
    ).fetchone()
    if row is not None:
        tx.execute("DELETE FROM pairing_wishes WHERE code = ?", (code,))
        tx.execute(
            f"INSERT OR REPLACE INTO paired ({_PAIRED}, told) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            (*row[:-1], by, at),
        )
    # A crash may have come between this and the answer: then the command is done again.
    done = tx.execute(
        f"SELECT {_PAIRED} FROM paired WHERE code = ? AND (? IS NULL OR platform = ?)",
        where,
    ).fetchone()
    return None if done is None else _paired(done)


def remove(tx: Transaction, person: str, platform: str | None = None) -> Paired | None:
    """Let somebody in no more (on one platform, if given), by their id; None if nobody was."""
    row = tx.execute(
        f"DELETE FROM paired WHERE person = ? AND (? IS NULL OR platform = ?) RETURNING {_PAIRED}",
        (person, platform, platform),
    ).fetchone()
    return None if row is None else _paired(row)


def waiting(tx: Transaction, at: float) -> tuple[Wish, ...]:
    """Who waits, whoever's code ends first before the others."""
    query = f"SELECT {_WISH} FROM pairing_wishes WHERE until > ? ORDER BY until"
    return tuple(map(_wish, tx.execute(query, (at,))))


def paired(tx: Transaction) -> tuple[Paired, ...]:
    """Who was let in, in that order."""
    return tuple(map(_paired, tx.execute(f"SELECT {_PAIRED} FROM paired ORDER BY at, person")))


def untold(tx: Transaction) -> tuple[Paired, ...]:
    """Who was let in and does not know it yet."""
    return tuple(map(_paired, tx.execute(f"SELECT {_PAIRED} FROM paired WHERE told = 0")))


def told(tx: Transaction, code: str) -> None:
    """Who had this code knows it now."""
    tx.execute("UPDATE paired SET told = 1 WHERE code = ?", (code,))


def _wish(row: tuple[str, str, str, str, str, str, float]) -> Wish:
    *who, code, until = row
    return Wish(person=_person(who), channel=_channel(who), code=str(code), until=float(until))


def _paired(row: tuple[str, str, str, str, str, str, str, float]) -> Paired:
    *who, code, by, at = row
    return Paired(
        person=_person(who), channel=_channel(who), code=str(code), by=str(by), at=float(at)
    )


def _person(row: Sequence[object]) -> Person:
    return Person(id=str(row[0]), name=str(row[1]))


def _channel(row: Sequence[object]) -> ChannelRef:
    return ChannelRef(platform=str(row[2]), workspace=str(row[3]), channel=str(row[4]))
