"""Moments of the past as people name them, and the commit that stood then. Reads no state."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from core.errors import BadRequest
from core.state.database import Transaction
from core.state.facts import head
from core.state.kept import check_readable, floor

WAYS = "a commit's number, 2026-11-17, 2026-11-17 14:30, 14:30, yesterday, last tuesday, 3 days ago"

_COMMIT = re.compile(r"(?:commit )?#?(\d{1,15})")
_CLOCK = re.compile(r"(?:(?P<day>.+?) )?(?:at )?(?P<clock>\d{1,2}:\d\d(?::\d\d)?)")
_AGO = re.compile(r"(\d{1,6}|an?) (minute|hour|day|week)s? ago")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A commit, and in words how it was asked for and when it was made, with the time zone."""

    commit: int
    words: str


def moment(tx: Transaction, text: str, now: float, zone: tzinfo | None = None) -> Moment:
    """The commit that stood at the moment that `text` names (see WAYS).

    A day alone means its end. Times are of `zone` (None: the machine's own) unless they carry
    their own. Raises BadRequest for what is no moment, is still to come, or lies before the first
    commit.
    """
    asked = " ".join(text.split()).casefold()
    found = _COMMIT.fullmatch(asked)
    if found is not None or asked in ("now", "head"):
        return _of_commit(tx, int(found[1]) if found else head(tx), zone)
    try:
        wanted = _wanted(asked, now, zone)
        timed = None if wanted is None else _timed(wanted, zone)
    except (ValueError, OverflowError, OSError):  # of a date that is none, or of the year 1
        wanted = timed = None
    if timed is None:
        raise BadRequest(f"{asked[:60]!r} is no moment that I understand; say {WAYS}")
    when, at = timed
    if isinstance(wanted, datetime):
        ahead = at > now
        said = f"{when:%Y-%m-%d %H:%M} {when.tzname()}"
    else:
        ahead = when.date() > datetime.fromtimestamp(now, zone).date()
        said = f"the end of {when:%A} {when.date()} {when.tzname()}"
    if ahead:
        raise BadRequest(f"{said} is still to come")
    commit = commit_at(tx, at)
    return Moment(commit=commit, words=f"{said}: {_made(tx, commit, zone)}")


def commit_at(tx: Transaction, at: float) -> int:
    """The newest commit that had been made at a time (Unix seconds).

    Where the clock was set back it is one at which it passed that time. Raises BadRequest when
    the time lies before the first commit.
    """
    (oldest,) = tx.execute("SELECT min(number) FROM commits").fetchone()
    low, high = max(oldest or 0, floor(tx)), head(tx)
    first = _upto(tx, low)
    if first is None:
        raise BadRequest("nothing was changed here yet, so there is no past to look at")
    if first[1] > at:
        raise BadRequest(
            f"there was nothing then: the first commit is of {stamp(first[1])}" if low == 1 else
            f"states that old are not kept any more: the oldest is that of commit {low},"
            f" of {stamp(first[1])}"
        )  # fmt: skip
    while low < high:
        middle = (low + high + 1) // 2
        found = _upto(tx, middle)
        assert found is not None
        if found[1] <= at:
            low = middle
        else:
            high = found[0] - 1
    return low


def check_commit(tx: Transaction, number: int) -> int:
    """The number, if the state of such a commit can be read; 0 is before the first.

    Raises BadRequest otherwise.
    """
    check_readable(tx, number)
    newest = head(tx)
    if number > newest:
        last = f"the newest is {newest}" if newest else "nothing was changed here yet"
        raise BadRequest(f"there is no commit {number}; {last}")
    return number


def stamp(at: float, zone: tzinfo | None = None) -> str:
    """A time as it is written for people: 2026-11-17 14:30 CET."""
    when = datetime.fromtimestamp(at).astimezone(zone)
    return f"{when:%Y-%m-%d %H:%M} {when.tzname()}"


def _of_commit(tx: Transaction, number: int, zone: tzinfo | None) -> Moment:
    check_commit(tx, number)
    words = _made(tx, number, zone) if number else "before the first commit"
    return Moment(commit=number, words=words)


def _made(tx: Transaction, commit: int, zone: tzinfo | None) -> str:
    row = tx.execute("SELECT at FROM commits WHERE number = ?", (commit,)).fetchone()
    return f"commit {commit}" if row is None else f"commit {commit}, of {stamp(row[0], zone)}"


def _upto(tx: Transaction, commit: int) -> tuple[int, float] | None:
    """The newest commit there is up to this one, and its time."""
    found: tuple[int, float] | None = tx.execute(
        "SELECT number, at FROM commits WHERE number <= ? ORDER BY number DESC LIMIT 1", (commit,)
    ).fetchone()
    return found


def _wanted(asked: str, now: float, zone: tzinfo | None) -> datetime | date | None:
    """A time, a whole day, or None. Raises ValueError or its like for a date that is none."""
    ago = _AGO.fullmatch(asked)
    if ago is not None:
        count = int(ago[1]) if ago[1].isdecimal() else 1
        return datetime.fromtimestamp(now - count * _SECONDS[ago[2]]).astimezone(zone)
    today = datetime.fromtimestamp(now, zone).date()
    whole_day = _day(asked, today)
    if whole_day is not None:
        return whole_day
    clock = _CLOCK.fullmatch(asked)
    day = _day(clock["day"] or "today", today) if clock else None
    if clock and day:
        return _at(day, time.fromisoformat(f"{clock['clock']:0>5}"), zone)
    exact = datetime.fromisoformat(asked.upper())
    return exact if exact.tzinfo else _at(exact.date(), exact.time(), zone)


def _timed(wanted: datetime | date, zone: tzinfo | None) -> tuple[datetime, float]:
    """The time itself, of a day its end, also in Unix seconds. Raises as `_wanted` does."""
    when = wanted if isinstance(wanted, datetime) else _at(wanted, time.max, zone)
    return when, when.timestamp()


def _day(word: str, today: date) -> date | None:
    if word in ("today", "yesterday"):
        return today - timedelta(days=word == "yesterday")
    if word == "last week":
        return today - timedelta(days=7)
    name = word.removeprefix("last ")
    for number, day in enumerate(_DAYS):
        if name in (day, day[:3]):
            return today - timedelta(days=(today.weekday() - number - 1) % 7 + 1)
    return date.fromisoformat(word) if re.fullmatch(r"\d{4}-\d\d-\d\d", word) else None


def _at(day: date, clock: time, zone: tzinfo | None) -> datetime:
    naive = datetime.combine(day, clock)
    return naive.astimezone() if zone is None else naive.replace(tzinfo=zone)
