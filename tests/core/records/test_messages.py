"""What was said."""

from core.messages import Message, Person, Post, PostKind, ThreadRef
from core.records import messages
from core.state.database import Transaction
from tests.core.records.conftest import CHANNEL


def say(tx: Transaction, id: str, thread: str, text: str, at: float) -> int:
    where = ThreadRef(channel=CHANNEL, thread=thread)
    author = Person(id="ada", name="Ada")
    return messages.add_message(tx, Message(id=id, thread=where, author=author, text=text, at=at))


def test_a_page_is_read_forwards_from_a_mark_and_backwards_below_one(tx: Transaction) -> None:
    for number in range(1, 8):
        say(tx, f"m{number}", "a" if number % 2 else "b", f"text {number}", float(number))
    assert [line.id for line in messages.read(tx, CHANNEL, after=4)] == ["m5", "m6", "m7"]
    assert [line.id for line in messages.read(tx, CHANNEL, before=4, limit=2)] == ["m2", "m3"]
    assert [line.id for line in messages.read(tx, CHANNEL, thread="b")] == ["m2", "m4", "m6"]


def test_threads_are_listed_last_active_first_by_how_they_began(tx: Transaction) -> None:
    say(tx, "m1", "a", "how a began", 1.0)
    say(tx, "m2", "b", "how b began", 2.0)
    say(tx, "m3", "a", "later", 3.0)
    lines = messages.threads(tx, CHANNEL)
    assert [(line.thread.thread, line.title, line.messages) for line in lines] == [
        ("a", "how a began", 2),
        ("b", "how b began", 1),
    ]
    assert messages.newest(tx) == 3


def test_a_thread_is_called_after_the_message_it_hangs_on(tx: Transaction) -> None:
    say(tx, "m1", "", "the root", 1.0)
    say(tx, "m2", "m1", "a reply", 2.0)
    assert [line.title for line in messages.threads(tx, CHANNEL)] == ["the root", "the root"]
    root = messages.root(tx, CHANNEL, "m1")
    assert root is not None
    assert (root.id, root.seq, root.thread.thread) == ("m1", 1, "")
    say(tx, "m3", "m3", "its own root", 3.0)
    assert messages.root(tx, CHANNEL, "m3") is None


def test_a_tail_is_the_newest_of_a_thread_and_tells_whose_each_is(tx: Transaction) -> None:
    where = ThreadRef(channel=CHANNEL, thread="a")
    for number in range(1, 4):
        say(tx, f"m{number}", "a", f"text {number}", float(number))
    say(tx, "m4", "b", "elsewhere", 4.0)
    result = Post(id="result:7", thread=where, kind=PostKind.RESULT, text="found", at=5.0, job=7)
    upto = messages.add_post(tx, result)
    say(tx, "m5", "a", "too late", 6.0)
    found = messages.tail(tx, "a", before=upto + 1, upto=upto, limit=3)
    assert [(said.author_id, said.text, said.kind, said.job) for said in found] == [
        ("ada", "text 2", None, None),
        ("ada", "text 3", None, None),
        ("", "found", PostKind.RESULT, 7),
    ]


def test_a_tail_of_a_message_that_waited_is_what_came_before_it_and_what_was_answered(
    tx: Transaction,
) -> None:
    where = ThreadRef(channel=CHANNEL, thread="a")
    say(tx, "m0", "a", "before", 1.0)
    waited = say(tx, "m1", "a", "the message", 2.0)
    for number in range(2, 60):
        say(tx, f"m{number}", "a", "after", 3.0)
    answer = Post(id="answer:m0", thread=where, kind=PostKind.ANSWER, text="answered", at=4.0)
    upto = messages.add_post(tx, answer)
    found = messages.tail(tx, "a", before=waited, upto=upto, limit=40)
    assert [said.text for said in found] == ["before", "answered"]


def test_a_page_of_long_texts_has_fewer_lines_and_the_rest_is_read_from_there(
    tx: Transaction,
) -> None:
    for number in range(1, 101):
        say(tx, f"m{number}", "a", "x" * 100_000, 1.0)
    page = messages.read(tx, CHANNEL)
    assert 0 < len(page) < 100
    assert messages.read(tx, CHANNEL, after=page[-1].seq)[0].seq == page[-1].seq + 1
    newest = messages.read(tx, CHANNEL, before=2**53)
    assert newest[-1].id == "m100"
    assert len(newest) == len(page)
