from core.messages import Button
from core.messages.views import CandidateLine
from core.state.questions import conflicts_view
from core.state.rules import Merging, Rule, Rules
from tests.core.state.board import Board, delete, patch, put, text, write


def version(number: int, label: str, value: str, job: int) -> CandidateLine:
    author = f"job {job}, asked by Ann"
    return CandidateLine(
        number=number, label=label, value=value, author=author, base=0, about=author
    )


def test_a_conflict_shows_what_stands_and_what_waits_with_buttons(board: Board) -> None:
    board.job(1, put("k", "a"))
    board.job(4, put("k", "b"), base=0)
    (line,) = conflicts_view(board.tx).lines
    assert line.candidates == (
        version(0, "now", '"a"', 1),
        version(1, "job 4", '"b"', 4),
    )
    assert line.buttons == (
        Button(action="pick.1.1.0", label='Keep "a"'),
        Button(action="pick.1.1.1", label='Take "b" (job 4)'),
        Button(action="edit.1.1", label="Something else", asks="What should k be?"),
    )


def test_a_conflict_about_what_never_was_still_shows(board: Board) -> None:
    board.job(1, write("a/b", b"x"))
    board.job(2, write("a", b"y"), base=0)
    (line,) = conflicts_view(board.tx).lines
    assert [(one.value, one.author) for one in line.candidates] == [
        ("absent", ""),
        ("1 byte", "job 2, asked by Ann"),
    ]
    assert line.buttons == (
        Button(action="pick.1.1.0", label="Keep nothing there"),
        Button(action="pick.1.1.1", label="Take the version of job 2 (1 byte)"),
    )


OLD = "".join(f"line {n}\n" for n in range(9))


def changed(number: int, word: str) -> str:
    return OLD.replace(f"line {number}\n", f"{word}\n")


def test_a_version_of_a_text_is_shown_by_what_taking_it_would_change(board: Board) -> None:
    board.set("note", "x")
    board.job(1, text("other", OLD))
    board.job(2, text("other", changed(0, "two").replace("line 8", "last")), base=2)
    board.job(3, text("other", changed(0, "three")), base=2)
    (line,) = conflicts_view(board.tx).lines
    assert [one.value for one in line.candidates] == ["9 lines", "9 lines"]
    assert line.candidates[1].diff == (
        "@@ -1,4 +1,4 @@", "-two", "+three", " line 1", " line 2", " line 3",
    )  # fmt: skip
    assert [button.action for button in line.buttons] == [
        "pick.1.1.0", "pick.1.1.1", "both.1.1.1", "edit.1.1",
    ]  # fmt: skip


def test_a_version_of_a_record_is_shown_field_by_field(board: Board) -> None:
    board.job(1, patch("k", owner="Ann", date="May"))
    board.job(2, patch("k", owner="Ben"), base=1)
    board.job(3, patch("k", owner="Eve", place="hall"), base=1)
    (line,) = conflicts_view(board.tx).lines
    assert line.candidates[1].value == 'owner = "Eve"'
    assert line.candidates[1].diff == (
        ' date: "May"', '-owner: "Ben"', '+owner: "Eve"', ' place: "hall"',
    )  # fmt: skip


def test_a_new_file_in_the_way_is_shown_whole_and_what_is_no_text_by_its_size(
    board: Board,
) -> None:
    board.job(1, write("a/b", b"x"), write("bin", b"\0old"))
    board.job(2, write("a", b"new\n"), write("bin", b"\0newer"), base=0)
    one, other = conflicts_view(board.tx).lines
    assert one.candidates[1].diff == ("@@ -0,0 +1 @@", "+new")
    assert other.candidates[1].diff == ("not shown: 4 bytes became 6 bytes",)
    assert "both" not in " ".join(button.action for button in other.buttons)


def test_an_undo_that_waits_is_named_as_one(board: Board) -> None:
    board.job(1, text("k", OLD))
    second = board.job(2, text("k", changed(3, "two")))
    board.job(3, text("k", changed(3, "three")))
    board.undo(second.commit)
    (line,) = conflicts_view(board.tx).lines
    assert line.candidates[1].label == "undo of commit 2"
    assert "+line 3" in line.candidates[1].diff


def test_a_delete_that_waits_has_no_difference_to_show(board: Board) -> None:
    board.job(1, text("k", OLD))
    board.job(2, text("k", changed(3, "two")))
    board.job(3, delete("k"), base=1)
    (line,) = conflicts_view(board.tx).lines
    assert (line.candidates[1].value, line.candidates[1].diff) == ("deleted", ())
    assert [button.label for button in line.buttons[:2]] == [
        "Keep the present version (9 lines)", "Delete it (job 3)",
    ]  # fmt: skip


def test_of_very_many_conflicts_the_oldest_are_listed_and_the_others_counted(board: Board) -> None:
    for number, value in ((1, "a"), (2, "b")):
        board.job(number, *(put(f"k{n}", value) for n in range(120)), base=0)
    view = conflicts_view(board.tx)
    assert ([line.number for line in view.lines], view.more) == ([*range(1, 101)], 20)


def test_a_conflict_of_very_many_keys_names_some_of_them() -> None:
    board = Board(Rules(rules=(Rule(keys="t*", rule=Merging.TOGETHER),)))
    for number, value in ((1, "a"), (2, "b")):
        board.job(number, *(put(f"t{n:03}", value) for n in range(50)), base=0)
    (line,) = conflicts_view(board.tx).lines
    board.close()
    assert line.key.endswith("t019, and 30 keys more")
    assert [one.value.split("; ")[-2:] for one in line.candidates] == [
        ['t019 = "a"', "and 30 keys more"],
        ['t019 = "b"', "and 30 keys more"],
    ]
