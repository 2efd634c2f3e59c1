import pytest

from core.errors import BadRequest
from core.messages import Person
from core.state.apply import Merged
from core.state.operations import Kind
from core.state.person import person_put, pin, pinned, unpin
from core.state.rules import Rule, Rules
from tests.core.state.board import (
    ANN,
    BEN,
    Board,
    add,
    append,
    delete,
    include,
    patch,
    put,
    text,
    write,
)

BY_ANN = Person(id="u1", name="Ann")


def test_setting_a_counter_adds_the_difference_to_what_was_seen(board: Board) -> None:
    board.job(1, add("n", 10))
    board.job(2, add("n", 5))
    merged = board.set("n", "12", base=1)
    assert board.value("n") == 17
    assert merged.receipt[0].text == "`n` 15 + 2 = 17"


def test_setting_a_set_includes_and_excludes_what_differs(board: Board) -> None:
    board.job(1, include("tags", ["a", "b"]))
    board.job(2, include("tags", "c"))
    board.set("tags", '["b", "d"]', base=1)
    assert board.value("tags") == ["b", "c", "d"]


def test_setting_by_a_rule_makes_the_kind(board: Board) -> None:
    board.rules = Rules(rules=(Rule(keys="*.count", kind=Kind.COUNTER),))
    board.set("x.count", "3")
    entry = board.entry("x.count")
    assert entry is not None
    assert (entry.kind, entry.value) == (Kind.COUNTER, 3)


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("n", "many", "`n` is a counter: set it to a number"),
        ("tags", "a", "`tags` is a set: set it to a list"),
        ("log", "a", "`log` is a log: lines are appended"),
        ("", "a", "printable"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_do(
    board: Board, key: str, text: str, says: str
) -> None:
    board.job(1, add("n", 1), include("tags", "a"), append("log", "a"))
    with pytest.raises(BadRequest, match=says):
        board.set(key, text)


def test_one_message_sets_once(board: Board) -> None:
    def once() -> Merged:
        return person_put(
            board.tx, "n", "5", author=ANN, at=1.0, source="message:1", rules=board.rules
        )

    once()
    board.job(1, put("n", 9))
    assert once().already
    assert board.value("n") == 9


def test_setting_outranks_the_jobs_that_run_also_with_the_same_value(board: Board) -> None:
    board.job(1, put("k", "a"))
    board.set("k", "a")
    assert board.job(2, put("k", "b"), base=1).conflicts == ()
    assert board.value("k") == "a"


def test_setting_a_counter_that_is_in_conflict_settles_it(board: Board) -> None:
    board.job(1, add("n", 1))
    board.job(2, add("n", 1))
    board.job(3, delete("n"), base=1)
    assert len(board.conflicts()) == 1
    board.set("n", "7")
    assert (board.value("n"), board.conflicts()) == (7, ())


def test_unsetting_deletes_and_outranks(board: Board) -> None:
    board.job(1, add("n", 1))
    board.unset("n")
    assert board.job(2, add("n", 1), base=1).conflicts == ()
    assert board.entry("n") is None
    with pytest.raises(BadRequest, match="there is no `n`"):
        board.unset("n")


def test_two_persons_who_edit_one_page_have_a_conflict(board: Board) -> None:
    board.set("k", "a")
    board.set("k", "ann's", base=1)
    board.set("k", "ben's", base=1, author=BEN)
    assert len(board.conflicts()) == 1


def test_pins_are_kept_once_and_only_of_what_there_is(board: Board) -> None:
    board.job(1, put("a", 1), put("b", 2))
    assert pin(board.tx, "b", BY_ANN, 1.0)
    assert not pin(board.tx, "b", BY_ANN, 2.0)
    assert pin(board.tx, "a", BY_ANN, 1.0)
    assert [entry.key for entry in pinned(board.tx)] == ["a", "b"]
    board.job(2, delete("a"))
    assert [entry.key for entry in pinned(board.tx)] == ["b"]
    assert unpin(board.tx, "b")
    assert not unpin(board.tx, "b")
    with pytest.raises(BadRequest, match="no `zz` to pin"):
        pin(board.tx, "zz", BY_ANN, 1.0)


def test_two_persons_who_set_the_same_agree(board: Board) -> None:
    board.set("k", "a")
    board.set("k", "a", base=0, author=BEN)
    assert (board.value("k"), board.conflicts()) == ("a", ())
    board.set("k", "b", base=0, author=BEN)
    assert [found.candidates for found in board.conflicts()] == [(3,)]


def test_setting_a_record_patches_what_differs_from_what_was_seen(board: Board) -> None:
    board.job(1, patch("k", owner="Ann", date="May", place="hall"))
    board.job(2, patch("k", place="park"))
    board.set("k", '{"owner": "Ben", "place": "hall"}', base=1)
    assert board.value("k") == {"owner": "Ben", "place": "park"}
    with pytest.raises(BadRequest, match="is a record: set it to an object"):
        board.set("k", "text")
    assert board.set("k", '{"owner": "Ben", "place": "park"}').commit is None


def test_setting_a_text_takes_what_was_typed_as_it_is(board: Board) -> None:
    board.job(1, text("k", "a"))
    board.set("k", "12")
    assert board.value("k") == "12"
    board.set("k", '"in\\nlines"')
    assert board.value("k") == "in\nlines"


def test_a_person_deletes_a_file_by_its_path_and_can_undo_it(board: Board) -> None:
    board.job(1, write("notes.md", b"x\n"))
    gone = board.unset("notes.md")
    assert board.file("notes.md") is None
    assert [line.text for line in gone.receipt] == ["`notes.md` deleted"]
    assert gone.commit is not None
    board.undo(gone.commit)
    assert board.file("notes.md") == b"x\n"


def test_a_key_goes_before_a_file_of_the_same_name(board: Board) -> None:
    board.job(1, write("notes", b"x\n"), put("notes", 1))
    board.unset("notes")
    assert (board.value("notes"), board.file("notes")) == (None, b"x\n")
    board.unset("notes")
    assert board.file("notes") is None


def test_a_file_in_the_way_of_a_choice_is_deleted_first(board: Board) -> None:
    board.job(1, write("d/f", b"inside\n"))
    board.job(2, write("d", b"outside\n"), base=0)
    with pytest.raises(BadRequest, match="/unset d/f"):
        board.resolve(1, None, 1)
    board.unset("d/f")
    board.resolve(1, None, 1)
    assert (board.file("d"), board.file("d/f")) == (b"outside\n", None)
    assert board.conflicts() == ()


def test_deleting_a_file_settles_what_waits_for_it(board: Board) -> None:
    board.job(1, write("a.bin", b"\0one"))
    board.job(2, write("a.bin", b"\0two"), base=0)
    assert len(board.conflicts()) == 1
    board.unset("a.bin")
    assert (board.file("a.bin"), board.conflicts()) == (None, ())


def test_a_file_cannot_be_pinned(board: Board) -> None:
    board.job(1, write("notes.md", b"x\n"))
    with pytest.raises(BadRequest, match="only keys can be pinned"):
        pin(board.tx, "notes.md", BY_ANN, 1.0)


def test_the_line_break_at_the_end_of_a_text_outlives_being_typed_anew(board: Board) -> None:
    board.job(1, text("note", "a\nb\n"))
    board.set("note", "A\nb")
    board.job(2, text("note", "a\nb\nc\n"), base=1)
    assert (board.value("note"), board.conflicts()) == ("A\nb\nc\n", ())


@pytest.mark.parametrize(
    ("before", "typed", "after"),
    [("a", "b", "b"), ("a\n", '"b"', "b"), ("a\n", "12", "12\n"), ("a\n", '""', "")],
)
def test_a_text_in_quotes_or_without_a_last_line_break_is_as_it_was_typed(
    board: Board, before: str, typed: str, after: str
) -> None:
    board.job(1, text("note", before))
    board.set("note", typed)
    assert board.value("note") == after
