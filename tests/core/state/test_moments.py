from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from core.errors import BadRequest
from core.state.moments import Moment, check_commit, commit_at, moment
from tests.core.state.board import Board, put

BERLIN = ZoneInfo("Europe/Berlin")
# A Tuesday. On 25 October the clocks had gone back.
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=BERLIN).timestamp()


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


@pytest.fixture
def past(board: Board) -> Board:
    """Commits 1 to 6 at known times."""
    times = (
        "10-24 12:00",
        "11-16 09:00",
        "11-17 08:00",
        "11-17 18:00",
        "11-23 23:59",
        "11-24 12:00",
    )
    for number, when in enumerate(times, 1):
        board.job(number, put("k", number))
        board.tx.execute("UPDATE commits SET at = ? WHERE number = ?", (at(f"2026-{when}"), number))
    return board


@pytest.mark.parametrize(
    ("text", "commit"),
    [
        ("3", 3),
        ("#3", 3),
        ("commit 3", 3),
        ("now", 6),
        ("0", 0),
        ("2026-11-17", 4),
        ("2026-11-17 14:30", 3),
        ("2026-11-17T14:30", 3),
        ("  2026-11-17   8:00 ", 3),
        ("2026-11-17 at 18:00", 4),
        ("2026-11-17T13:30:00Z", 3),
        ("2026-11-17T17:00:00.000Z", 4),
        ("2026-11-17T17:59+01:00", 3),
        ("2026-11-18", 4),
        ("today", 6),
        ("11:59", 5),
        ("today 12:00", 6),
        ("yesterday", 5),
        ("yesterday at 14:30", 4),
        ("last tuesday", 4),
        ("Tuesday", 4),
        ("last Tue 09:00", 3),
        ("monday", 5),
        ("last week", 4),
        ("3 hours ago", 6),
        ("4 hours ago", 5),
        ("an hour ago", 6),
        ("7 days ago", 3),
        ("2 weeks ago", 1),
        # 30 days of 24 hours, over the end of summer time.
        ("31 days ago", 1),
    ],
)
def test_people_name_a_moment_in_many_ways(past: Board, text: str, commit: int) -> None:
    assert moment(past.tx, text, NOW, BERLIN).commit == commit


def test_the_answer_says_what_was_understood_with_the_time_zone(past: Board) -> None:
    assert moment(past.tx, "last tuesday", NOW, BERLIN) == Moment(
        commit=4, words="the end of Tuesday 2026-11-17 CET: commit 4, of 2026-11-17 18:00 CET"
    )
    exact = moment(past.tx, "2026-10-24 13:00", NOW, BERLIN)
    assert exact.words == "2026-10-24 13:00 CEST: commit 1, of 2026-10-24 12:00 CEST"
    assert moment(past.tx, "2", NOW, BERLIN).words == "commit 2, of 2026-11-16 09:00 CET"
    assert moment(past.tx, "0", NOW, BERLIN).words == "before the first commit"


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-13-01", "2026-11-17 25:00", "14:61", "99999999999999999999", "9:99 monday",
     "999999 weeks ago", "0000-01-01", "yesterday yesterday", "x" * 100_000, "last", "-3", "1e3"],
)  # fmt: skip
def test_what_is_no_moment_is_refused_with_the_ways_to_say_one(past: Board, text: str) -> None:
    with pytest.raises(BadRequest, match="say a commit's number") as told:
        moment(past.tx, text, NOW, BERLIN)
    assert len(str(told.value)) < 250


@pytest.mark.parametrize("text", ["2026-11-25", "2026-11-24 15:01", "15:01", "2027-01-01 10:00"])
def test_the_future_is_refused(past: Board, text: str) -> None:
    with pytest.raises(BadRequest, match="is still to come"):
        moment(past.tx, text, NOW, BERLIN)


@pytest.mark.parametrize("text", ["2026-10-23", "2026-10-24 11:59", "10 weeks ago", "0001-01-02"])
def test_before_the_first_commit_there_was_nothing(past: Board, text: str) -> None:
    with pytest.raises(
        BadRequest, match="there was nothing then: the first commit is of 2026-10-24"
    ):
        moment(past.tx, text, NOW, BERLIN)


@pytest.mark.parametrize(
    "text", ["0001-01-01", "0001-01-01 00:00", "0001-01-01T00:00+14:00", "9999-12-31 23:59"]
)
@pytest.mark.parametrize("zone", [None, BERLIN, ZoneInfo("Pacific/Kiritimati")])
def test_the_ends_of_the_calendar_are_refused_in_words(
    past: Board, text: str, zone: ZoneInfo | None
) -> None:
    with pytest.raises(BadRequest, match=r"there was nothing|is no moment|is still to come"):
        moment(past.tx, text, NOW, zone)


def test_a_channel_without_commits_has_no_past(board: Board) -> None:
    with pytest.raises(BadRequest, match="nothing was changed here yet"):
        moment(board.tx, "yesterday", NOW, BERLIN)
    with pytest.raises(BadRequest, match="nothing was changed here yet"):
        moment(board.tx, "1", NOW, BERLIN)


def test_a_commit_that_is_not_there_yet_is_refused(past: Board) -> None:
    assert check_commit(past.tx, 6) == 6
    with pytest.raises(BadRequest, match="there is no commit 7; the newest is 6"):
        moment(past.tx, "7", NOW, BERLIN)


def test_what_was_before_the_oldest_kept_commit_is_said_to_be_gone(past: Board) -> None:
    past.tx.execute("DELETE FROM commits WHERE number IN (1, 3)")
    past.tx.execute("INSERT INTO pruned (one, floor, listed, operation) VALUES (1, 2, 2, 0)")
    with pytest.raises(BadRequest, match="the oldest is that of commit 2"):
        commit_at(past.tx, at("2026-11-01"))
    assert commit_at(past.tx, at("2026-11-17 12:00")) in (2, 3)
    with pytest.raises(BadRequest, match="is not kept any more"):
        moment(past.tx, "1", NOW, BERLIN)


def test_a_clock_that_was_set_back_hides_no_commit(past: Board) -> None:
    past.tx.execute("UPDATE commits SET at = ? WHERE number = 5", (at("2026-11-01"),))
    assert commit_at(past.tx, NOW) == 6
    found = commit_at(past.tx, at("2026-11-17 12:00"))
    assert found in (3, 5)
