from core.messages.views import ChangeLine
from core.state.changes import MOST_KEYS, changes
from core.state.history import commit_info
from tests.core.state.board import (
    Board,
    add,
    append,
    delete,
    exclude,
    include,
    patch,
    put,
    remove,
    text,
    write,
)


def changed(board: Board, commit: int | None, key: str | None = None) -> tuple[ChangeLine, ...]:
    assert commit is not None
    info = commit_info(board.tx, commit)
    assert info is not None
    return changes(board.tx, info, key)[0]


def diff(board: Board, commit: int | None, key: str) -> tuple[str, ...]:
    (line,) = changed(board, commit, key)
    return line.diff


def test_each_kind_shows_its_difference(board: Board) -> None:
    board.job(1, put("v", "a"), add("n", 2), include("s", ["x", "y"]), append("l", ["one"]))
    merged = board.job(
        2, put("v", "b"), add("n", 3), include("s", ["z"]), exclude("s", ["x"]),
        append("l", ["two", {"three": 3}]),
    )  # fmt: skip
    assert {line.key: line.diff for line in changed(board, merged.commit)} == {
        "v": (),
        "n": (),
        "s": ("-x", "+z"),
        "l": ("+two", '+{"three":3}'),
    }
    assert [line.text for line in changed(board, merged.commit, "n")] == ["`n` 2 + 3 = 5"]


def test_a_long_value_shows_what_its_line_has_no_room_for(board: Board) -> None:
    board.job(1, put("v", "a" * 70), put("w", "short"))
    merged = board.job(2, put("v", "b" * 70), put("w", "short too"))
    assert diff(board, merged.commit, "v") == (f'-"{"a" * 70}"', f'+"{"b" * 70}"')
    assert diff(board, merged.commit, "w") == ()


def test_a_new_key_is_all_new_and_a_deleted_one_all_gone(board: Board) -> None:
    first = board.job(1, put("v", 1), include("s", ["x"]), append("l", ["one"]), write("f", b"a\n"))
    gone = board.job(2, delete("v"), delete("s"), delete("l"), remove("f"))
    assert {line.key: line.diff for line in changed(board, first.commit)} == {
        "v": (), "s": ("+x",), "l": ("+one",), "f": ("@@ -0,0 +1 @@", "+a"),
    }  # fmt: skip
    assert {line.key: line.diff for line in changed(board, gone.commit)} == {
        "v": (), "s": ("-x",), "l": ("-one",), "f": ("@@ -1 +0,0 @@", "-a"),
    }  # fmt: skip


def test_an_object_differs_by_its_fields_and_a_list_by_its_elements(board: Board) -> None:
    board.job(1, put("launch", {"date": "May", "who": ["Ann"], "size": 1}), put("list", ["a", "b"]))
    merged = board.job(
        2, put("launch", {"size": 1, "date": "June", "place": "x"}), put("list", ["a", "c"])
    )
    assert diff(board, merged.commit, "launch") == (
        '-date: "May"', '+date: "June"', '+place: "x"', '-who: ["Ann"]',
    )  # fmt: skip
    assert diff(board, merged.commit, "list") == ("-b", "+c")


def test_records_and_texts_show_what_a_merge_made_of_them(board: Board) -> None:
    board.job(1, patch("r", date="May", who=["Ann"]), text("t", "one\ntwo\nthree"))
    board.job(2, patch("r", date="June"), text("t", "one\n2\nthree"), write("f", b"a\nb\nc\n"))
    merged = board.job(
        3, patch("r", who=["Ann", "Ben"]), text("t", "one\ntwo\nthree\nfour"), base=1
    )
    assert diff(board, merged.commit, "r") == ('-who: ["Ann"]', '+who: ["Ann","Ben"]')
    board.resolve(1, None, 1)
    undone = board.undo(2)
    assert diff(board, undone.commit, "r") == ('-date: "June"', '+date: "May"')
    board.job(4, write("f", b"a\nB\nc\n"))
    other = board.job(5, write("f", b"a\nb\nc\nd\n"), base=2)
    assert diff(board, other.commit, "f")[1:] == (" a", " B", " c", "+d")


def test_a_text_of_lines_differs_as_a_unified_diff(board: Board) -> None:
    old = "".join(f"line {n}\n" for n in range(20))
    board.job(1, put("text", old), write("notes.md", old.encode()))
    new = old.replace("line 9\n", "line nine\n")
    merged = board.job(2, put("text", new), write("notes.md", new.encode()))
    expected = (
        "@@ -7,7 +7,7 @@", " line 6", " line 7", " line 8", "-line 9", "+line nine", " line 10",
        " line 11", " line 12",
    )  # fmt: skip
    assert diff(board, merged.commit, "text") == expected
    assert diff(board, merged.commit, "notes.md") == expected


def test_a_file_that_is_no_text_or_too_large_says_so(board: Board) -> None:
    board.job(1, write("b", b"\0\1"), write("large", b"x"))
    merged = board.job(2, write("b", b"\0\2"), write("large", b"y" * 1_000_001))
    assert diff(board, merged.commit, "b") == ("… not a text, so there is nothing to read",)
    assert diff(board, merged.commit, "large") == ("… too large to be compared here",)


def test_a_list_of_one_keys_commits_compares_less_than_one_commit(board: Board) -> None:
    board.job(1, write("f", b"x\n" * 80_000), text("t", "x\n" * 80_000))
    merged = board.job(2, write("f", b"x\n" * 80_001), text("t", "x\n" * 80_001))
    for key in ("f", "t"):
        assert diff(board, merged.commit, key) == ("… too large to be compared here",)
    assert [line.diff[-1] for line in changed(board, merged.commit)] == ["+x", "+x"]


def test_an_executable_bit_shows_in_words(board: Board) -> None:
    board.job(1, write("run.sh", b"x"))
    merged = board.job(2, write("run.sh", b"x", executable=True))
    (line,) = changed(board, merged.commit)
    assert (line.file, line.diff) == (True, ())
    assert "executable" in line.text


def test_an_undo_shows_what_it_brought_back(board: Board) -> None:
    board.job(1, put("v", "a"), append("l", ["one"]), include("s", ["x"]))
    second = board.job(2, put("v", "b"), append("l", ["two"]), include("s", ["y"]))
    board.job(3, append("l", ["three"]))
    undone = board.undo(second.commit)
    assert {line.key: line.diff for line in changed(board, undone.commit)} == {
        "v": (), "l": ("-two",), "s": ("-y",),
    }  # fmt: skip
    again = board.undo(undone.commit)
    assert {line.key: line.diff for line in changed(board, again.commit)} == {
        "v": (), "l": ("+two",), "s": ("+y",),
    }  # fmt: skip


def test_a_long_chain_of_undos_is_followed_to_its_end(board: Board) -> None:
    merged = board.job(1, append("l", ["a"]))
    for _ in range(60):
        merged = board.undo(merged.commit)
    assert diff(board, merged.commit, "l") == ("+a",)


def test_a_write_that_waits_or_lost_shows_why_and_no_difference(board: Board) -> None:
    board.job(1, put("k", "a"))
    waits = board.job(2, put("k", "b"), base=0)
    (line,) = changed(board, waits.commit)
    assert (line.text, line.diff) == ('`k` stays "a"; job 2 wanted "b": conflict #1', ())


def test_a_key_and_a_path_of_one_name_are_told_apart(board: Board) -> None:
    merged = board.job(1, put("a", 1), write("a", b"text\n"))
    entry, file = changed(board, merged.commit, "a")
    assert (entry.file, entry.text, file.file, file.text) == (
        False,
        "`a` = 1",
        True,
        "`a` = 5 bytes",
    )


def test_a_change_of_kind_shows_both(board: Board) -> None:
    board.job(1, append("k", ["one", "two"]))
    merged = board.job(2, delete("k"), put("k", "v"))
    assert diff(board, merged.commit, "k") == ("-one", "-two", '+"v"')


def test_what_is_shown_is_bounded_and_says_so(board: Board) -> None:
    wide = board.job(1, *(put(f"k{n:03}", n) for n in range(200)))
    info = commit_info(board.tx, wide.commit or 0)
    assert info is not None
    lines, left_out = changes(board.tx, info)
    assert (len(lines), left_out) == (MOST_KEYS, 200 - MOST_KEYS)
    assert lines[0].key == "k000"
    long = board.job(
        2, append("l", [f"{n} {'y' * 900}" for n in range(900)]), put("t", "x\n" * 9000),
        *(put(f"t{n}", "x\n" * 100) for n in range(40)),
    )  # fmt: skip
    log, *texts = changed(board, long.commit)
    assert log.diff[-1] == "… 860 more changed lines"
    assert len(log.diff) == 41
    assert all(len(line) < 250 for line in log.diff)
    assert texts[-1].diff == ("… left out here; /history shows one key",)
    assert sum(len(line.diff) for line in texts) < 500


def test_no_control_character_comes_out(board: Board) -> None:
    merged = board.job(1, append("l", ["a\x1b[2J\nb"]), put("k", "\u202e"), put("t", "a\x9b\n"))
    shown = "".join(line for one in changed(board, merged.commit) for line in one.diff)
    assert shown.isprintable()


def test_the_lines_of_one_commit_are_found_among_very_many(board: Board) -> None:
    board.job(1, append("l", [str(n) for n in range(5000)]))
    board.job(2, append("l", ["mine"]), base=0)
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    board.tx.set_progress_handler(count, 1000)
    assert diff(board, 2, "l") == ("+mine",)
    assert steps < 10
