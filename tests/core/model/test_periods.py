from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from core.model.periods import day_of, day_renews, known_zone, month_of, month_renews


def at(zone: str, text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("zone", "now", "words"),
    [
        ("UTC", "2026-11-15T12:00", "in 12 h 0 min"),
        # A day of 23 hours, one of 25, one whose midnight is skipped, one whose clock goes back
        # at the next midnight, and an offset of three quarters.
        ("Europe/Berlin", "2026-03-29T00:00", "in 23 h 0 min"),
        ("Europe/Berlin", "2026-10-25T00:00", "in 25 h 0 min"),
        ("Africa/Cairo", "2026-04-23T23:30", "in 0 h 30 min"),
        ("Africa/Cairo", "2026-10-29T22:00", "in 3 h 0 min"),
        ("Asia/Kathmandu", "2026-11-15T23:15", "in 0 h 45 min"),
    ],
)
def test_a_day_renews_at_the_midnight_of_its_place(zone: str, now: str, words: str) -> None:
    moment = at(zone, now)
    assert day_renews(moment, zone) == f"at midnight {zone}, {words}"
    hours, minutes = (int(part) for part in words.split() if part.isdigit())
    next_one = moment + 3600 * hours + 60 * minutes
    assert day_of(next_one - 1, zone) == day_of(moment, zone) == now[:10]
    assert day_of(next_one, zone) > now[:10]


def test_a_month_begins_where_the_zone_is() -> None:
    moment = at("UTC", "2026-12-31T23:30")
    assert (month_of(moment, "UTC"), month_of(moment, "Asia/Tokyo")) == ("2026-12", "2027-01")
    assert month_renews(moment, "UTC") == "on 2027-01-01 UTC"
    assert month_renews(moment, "Asia/Tokyo") == "on 2027-02-01 Asia/Tokyo"


def test_zones_are_known_however_they_are_written() -> None:
    assert known_zone("Europe/Berlin") == known_zone(" europe/berlin") == "Europe/Berlin"
    assert known_zone("america/new york") == "America/New_York"


@pytest.mark.parametrize(
    "name", ["", "Europe", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "a\0b", "x" * 5000]
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="Europe/Berlin"):
        known_zone(name)


def test_a_zone_that_is_gone_counts_as_utc() -> None:
    assert day_of(0.0, "No/Such") == "1970-01-01"
