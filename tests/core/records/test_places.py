"""Which messages show an item."""

from math import inf

from core.jobs.job import JobState
from core.messages import Person, Post, PostKind
from core.model.amounts import NO_LIMIT
from core.records import jobs, outbox, places
from core.records.jobs import NewJob
from core.state.database import Transaction
from tests.core.records.conftest import THREAD


def kept(tx: Transaction) -> list[str]:
    rows = tx.execute("SELECT DISTINCT item FROM places ORDER BY item")
    return [item for (item,) in rows]


def pruned(tx: Transaction, before: float) -> None:
    after: str | None = ""
    while after is not None:
        after = places.prune(tx, after, before, most=2)


def test_an_item_is_shown_by_what_was_kept_last_and_by_nothing_else(tx: Transaction) -> None:
    places.keep(tx, "p", ("1", "2", "3"), 1.0)
    places.keep(tx, "p", ("1", "?p:1"), 2.0)
    assert places.of(tx, "p") == ("1", "?p:1")
    assert places.item(tx, "?p:1") == "p"
    assert places.item(tx, "2") is None
    assert places.item(tx, "3") is None


def test_an_item_is_emptied(tx: Transaction) -> None:
    places.keep(tx, "p", ("1",), 1.0)
    places.keep(tx, "p", (), 2.0)
    assert places.of(tx, "p") == ()
    assert places.item(tx, "1") is None


def test_of_two_items_in_one_message_the_newer_is_meant(tx: Transaction) -> None:
    places.keep(tx, "b", ("1",), 1.0)
    places.keep(tx, "a", ("1",), 2.0)
    assert places.item(tx, "1") == "a"
    places.keep(tx, "c", ("1",), 3.0)
    assert places.item(tx, "1") == "c"


def test_what_shows_no_post_and_no_job_goes_with_age(tx: Transaction) -> None:
    outbox.put(tx, Post(id="answer:1", thread=THREAD, kind=PostKind.ANSWER, text="hi", at=1.0))
    new = NewJob(
        id="j", thread=THREAD, title="t", brief="b", requester=Person(id="ada", name="Ada"),
        message="message:m", rules_revision=0, budget=NO_LIMIT, at=0.0,
    )  # fmt: skip
    assert jobs.promise(tx, new, JobState.QUEUED) == 1
    stay = ["answer:1", "answer:1#files", "card:1", "moved:to"]
    go = ["answer:2", "answer:2#files", "ask:steer.1", "card:2", "card:1x", "details:1", "no#files"]
    for item in (*stay, *go):
        places.keep(tx, item, ("1", "2"), 10.0)
    places.keep(tx, "details:new", ("1",), 30.0)
    pruned(tx, 20.0)
    assert kept(tx) == sorted([*stay, "details:new"])
    pruned(tx, inf)
    assert kept(tx) == stay
