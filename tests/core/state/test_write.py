import pytest

from core.errors import BadRequest
from core.state.operations import Author, AuthorKind, Kind
from core.state.write import Item, Write, as_items, compose, place
from tests.core.state.board import ANN, append, delete, job_author, put

AGENT = Author(kind=AuthorKind.AGENT, person_id="u1", name="Ann")


def composed(*items: tuple[str, str | None], person: bool = False) -> Write:
    rows = [Item(number, op, text) for number, (op, text) in enumerate(items)]
    return compose("k", rows, commit=1, base=0, order=(0, 1), person=person)


def test_a_list_is_several_lines_and_a_put_is_one_value() -> None:
    assert as_items(append("k", ["a", "b"]), 7) == [
        Item(7, "append", '"a"'),
        Item(8, "append", '"b"'),
    ]
    assert as_items(put("k", ["a", "b"]), 7) == [Item(7, "put", '["a","b"]')]
    assert as_items(delete("k"), 7) == [Item(7, "delete", None)]


def test_of_several_puts_the_last_counts() -> None:
    write = composed(("put", "1"), ("put", "2"))
    assert (write.value, len(write.items)) == ("2", 1)


def test_what_comes_before_a_delete_does_not_count() -> None:
    write = composed(("add", "1"), ("delete", None), ("append", '"x"'))
    assert (write.clears, write.kind, len(write.items)) == (True, Kind.LOG, 1)
    assert not write.combines
    gone = composed(("add", "1"), ("delete", None))
    assert (gone.clears, gone.kind, gone.value) == (True, None, None)


def test_mixed_kinds_are_refused() -> None:
    with pytest.raises(BadRequest, match="as a counter and as a log"):
        composed(("add", "1"), ("append", '"x"'))


def test_only_a_person_who_replaces_settles() -> None:
    assert composed(("put", "1"), person=True).settles
    assert composed(("delete", None), person=True).settles
    assert not composed(("add", "1"), person=True).settles
    assert composed(("settle", None), person=True).settles
    assert not composed(("put", "1")).settles


def test_the_order_is_base_then_turns_then_jobs_then_people() -> None:
    turn = place(AGENT, "turn:1", 4, 9)
    job = place(job_author(1), "job:1", 4, 9)
    later_job = place(job_author(2), "job:2", 4, 8)
    person = place(ANN, "message:1", 4, 5)
    assert turn < job < later_job < person < place(job_author(1), "job:3", 5, 6)


def test_turns_that_began_together_have_places_of_their_own() -> None:
    assert place(AGENT, "turn:1", 4, 9) != place(AGENT, "turn:2", 4, 9)
    assert place(AGENT, "turn:1", 4, 9) == place(AGENT, "turn:1", 4, 10)
