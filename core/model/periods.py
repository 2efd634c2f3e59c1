"""Days and months by the clocks of a place, and when they end. Pure but for the zones' own data."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

_MINUTE_S = 60


def known_zone(name: str) -> str:
    """The time zone as it is written: "europe/berlin" is Europe/Berlin. Raises ValueError, which
    says what can be written."""
    if _zone(name) is not None:
        return name
    wanted = name.strip().replace(" ", "_").casefold()
    for known in available_timezones() if len(wanted) <= 64 else ():
        if known.casefold() == wanted:
            return known
    raise ValueError(f"must be a time zone such as Europe/Berlin or UTC, not {name[:40]!r}")


def day_of(at: float, zone: str) -> str:
    """The day of a time in Unix seconds, "2026-11-22"."""
    return _date(int(at // _MINUTE_S), zone)


def month_of(at: float, zone: str) -> str:
    """The month of a time, "2026-11"."""
    return day_of(at, zone)[: len("2026-11")]


def day_renews(at: float, zone: str) -> str:
    """When the day after begins, in words. It may be 23 or 25 hours long."""
    day = _local(at, zone).date() + timedelta(days=1)
    minutes = max(0, int(_begins(day, zone) - at)) // 60
    return f"at midnight {zone}, in {minutes // 60} h {minutes % 60} min"


def month_renews(at: float, zone: str) -> str:
    """When the month after begins, in words."""
    now = _local(at, zone)
    year, month = (now.year + 1, 1) if now.month == 12 else (now.year, now.month + 1)
    return f"on {date(year, month, 1)} {zone}"


def _begins(day: date, zone: str) -> float:
    # Where midnight is skipped, its older offset gives the very moment of the change.
    return datetime.combine(day, time(), _zone(zone) or ZoneInfo("UTC")).timestamp()


@lru_cache(64)
def _date(minute: int, zone: str) -> str:
    # Asked several times for each call to a model. No day begins within a minute.
    return _local(minute * _MINUTE_S, zone).strftime("%Y-%m-%d")


def _local(at: float, zone: str) -> datetime:
    return datetime.fromtimestamp(at, _zone(zone) or ZoneInfo("UTC"))


@lru_cache(256)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    # A folder of zones, a path that leaves them, what no file can be called.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
