"""What is to be shown."""

from dataclasses import replace

from core.messages import Card, Person, Post, PostKind
from core.records import messages, outbox
from core.state.database import Transaction
from tests.core.records.conftest import CHANNEL, THREAD

POST = Post(id="p1", thread=THREAD, kind=PostKind.ANSWER, text="hi", at=1.0)
CARD = Card(
    id="card:1", thread=THREAD, job=1, title="a job", requester=Person(id="ada", name="Ada"),
    state="queued", step="", version=1, tokens=0, steps=0, created_at=1.0, started_at=None,
    ended_at=None,
)  # fmt: skip


def waiting(tx: Transaction) -> list[outbox.Waiting]:
    return list(outbox.waiting(tx, THREAD.thread))


def test_items_wait_in_order_and_posts_become_messages(tx: Transaction) -> None:
    outbox.put(tx, POST)
    outbox.put(tx, CARD)
    assert [one.item for one in waiting(tx)] == [POST, CARD]
    assert [line.post for line in messages.read(tx, CHANNEL)] == [POST]
    assert outbox.waiting_threads(tx) == (THREAD.thread,)


def test_a_sent_item_waits_no_more(tx: Transaction) -> None:
    outbox.put(tx, POST)
    outbox.sent(tx, waiting(tx)[0])
    assert waiting(tx) == []
    assert outbox.waiting_threads(tx) == ()


def test_a_card_put_while_the_earlier_is_being_sent_is_still_to_be_sent(tx: Transaction) -> None:
    outbox.put(tx, CARD)
    being_sent = waiting(tx)[0]
    outbox.put(tx, replace(CARD, state="running", version=2))
    outbox.sent(tx, being_sent)
    assert [one.item for one in waiting(tx)] == [replace(CARD, state="running", version=2)]


def test_what_is_shown_again_without_a_change_is_not_sent_again(tx: Transaction) -> None:
    outbox.put(tx, POST)
    outbox.sent(tx, waiting(tx)[0])
    outbox.show_again(tx, POST)
    assert waiting(tx) == []
    outbox.show_again(tx, replace(POST, text="bye"))
    assert [one.item for one in waiting(tx)] == [replace(POST, text="bye")]


def test_what_was_just_put_is_known_without_reading_it_again(tx: Transaction) -> None:
    outbox.put(tx, CARD)
    moved = replace(CARD, state="running", version=2)
    for item in (POST, moved):
        outbox.put(tx, item)
    found = outbox.only(tx, THREAD.thread, (POST, moved))
    assert found == outbox.waiting(tx, THREAD.thread)
    for one in found:
        outbox.sent(tx, one)
    assert waiting(tx) == []


def test_where_more_waits_than_was_just_put_nothing_is_known(tx: Transaction) -> None:
    outbox.put(tx, CARD)
    outbox.put(tx, POST)
    assert outbox.only(tx, THREAD.thread, (POST,)) == ()


def test_what_was_put_for_another_thread_is_not_among_what_waits_here(tx: Transaction) -> None:
    elsewhere = replace(POST, id="p2", thread=replace(THREAD, thread="elsewhere"))
    outbox.put(tx, POST)
    outbox.put(tx, elsewhere)
    every = (POST, elsewhere)
    assert [one.item for one in outbox.only(tx, THREAD.thread, every)] == [POST]
    assert [one.item for one in outbox.only(tx, "elsewhere", every)] == [elsewhere]


def test_a_refused_item_does_not_block_the_ones_behind_it(tx: Transaction) -> None:
    outbox.put(tx, POST)
    outbox.put(tx, CARD)
    outbox.failed(tx, waiting(tx)[0], "gone", final=True)
    assert [one.item for one in waiting(tx)] == [CARD]


def test_a_failed_item_stays_first(tx: Transaction) -> None:
    outbox.put(tx, POST)
    outbox.put(tx, CARD)
    outbox.failed(tx, waiting(tx)[0], "busy", final=False)
    assert [(one.item, one.attempts) for one in waiting(tx)] == [(POST, 1), (CARD, 0)]


def test_an_item_that_cannot_be_read_waits_without_one(tx: Transaction) -> None:
    outbox.put(tx, POST)
    outbox.put(tx, CARD)
    tx.execute("UPDATE outbox SET payload = '{}' WHERE id = 'p1'")
    assert [(one.id, one.item) for one in waiting(tx)] == [("p1", None), (CARD.id, CARD)]


def test_what_was_shown_leaves_no_row_and_what_was_refused_no_text(tx: Transaction) -> None:
    outbox.put(tx, POST)
    (item,) = waiting(tx)
    outbox.sent(tx, item)
    assert tx.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
    changed = replace(POST, text="bye")
    outbox.show_again(tx, changed)
    (item,) = waiting(tx)
    assert item.item == changed
    outbox.failed(tx, item, "no such place", final=True)
    assert tx.execute("SELECT state, payload FROM outbox").fetchall() == [("refused", "")]


def test_a_posts_text_is_kept_once(tx: Transaction) -> None:
    outbox.put(tx, POST)
    (text, post) = tx.execute("SELECT text, post FROM messages").fetchone()
    assert text == POST.text
    assert f'"text":"{POST.text}"' not in post.replace(" ", "")
