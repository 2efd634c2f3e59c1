import json

from core.state.by_lines import OVERLAP, Lines, by_lines, file_body, hash_of
from core.state.operations import Kind
from core.state.standing import NOTHING, Standing
from core.state.write import WRITE, Item, Write, compose

OLD = "".join(f"line {n}\n" for n in range(9))


def changed(number: int, word: str, text: str = OLD) -> str:
    return text.replace(f"line {number}\n", f"{word}\n")


def a_text(text: str, commit: int = 1, cleared: int = 0) -> Standing:
    return Standing(kind=Kind.TEXT, body=json.dumps(text), changed=commit, cleared=cleared)


def a_write(op: str, body: str, base: int = 1) -> Write:
    return compose("k", [Item(1, op, body)], commit=3, base=base, order=(base, 1), person=False)


def texts(seen: str | None, now: str, wanted: str) -> Lines | None:
    was = NOTHING if seen is None else a_text(seen)
    return by_lines(a_text(now, 2), a_write("text", json.dumps(wanted)), was, {})


def files(
    seen: tuple[bytes, bool] | None, now: tuple[bytes, bool], wanted: tuple[bytes, bool]
) -> tuple[bytes | None, bool] | None:
    """The merged content (None: it is one of the three) and executable bit; None: an overlap."""
    sides = [side for side in (seen, now, wanted) if side is not None]
    bodies = {side: file_body(side[0], executable=side[1]) for side in sides}
    standing = Standing(kind=Kind.FILE, body=bodies[now], changed=2)
    was = NOTHING if seen is None else Standing(kind=Kind.FILE, body=bodies[seen], changed=1)
    contents = {hash_of(bodies[side]): side[0] for side in sides}
    found = by_lines(standing, a_write(WRITE, bodies[wanted]), was, contents)
    assert found is not None
    if found.body is None:
        return None
    facts = json.loads(found.body)
    if found.content is None:
        (content,) = {side[0] for side in sides if hash_of(bodies[side]) == facts["sha256"]}
        return content, facts["executable"]
    assert facts["size"] == len(found.content)
    return found.content, facts["executable"]


def test_changes_in_different_lines_both_stand() -> None:
    found = texts(OLD, changed(1, "ours"), changed(7, "theirs"))
    assert found == Lines(json.dumps(changed(7, "theirs", changed(1, "ours"))))


def test_changes_of_one_line_overlap() -> None:
    assert texts(OLD, changed(1, "ours"), changed(1, "theirs")) is OVERLAP


def test_a_persons_lines_stand_where_both_changed_them_and_the_others_beside() -> None:
    now, wanted = changed(1, "ours", changed(7, "other")), changed(1, "mine")
    items = [Item(1, "text", json.dumps(wanted))]
    mine = compose("k", items, commit=3, base=1, order=(2, 9), person=True)
    found = by_lines(a_text(now, 2), mine, a_text(OLD), {})
    assert found == Lines(json.dumps(changed(1, "mine", changed(7, "other"))), overlap=True)


def test_two_new_texts_are_compared_with_nothing() -> None:
    assert texts(None, "a\n", "a\n") == Lines('"a\\n"')
    assert texts(None, "a\n", "b\n") is OVERLAP


def test_a_text_that_is_as_it_was_seen_is_replaced() -> None:
    assert texts("a\n", "a\n", "b\n") == Lines('"b\\n"')


def test_where_the_write_saw_what_stands_lines_have_no_say() -> None:
    now = a_text("a\n")
    assert by_lines(now, a_write("text", '"b"'), now, {}) is None


def test_a_text_that_was_deleted_meanwhile_or_is_of_another_kind_is_none_of_lines() -> None:
    fresh = a_text("b\n", 2, cleared=2)
    assert by_lines(fresh, a_write("text", '"c"'), a_text("a\n"), {}) is None
    value = Standing(kind=Kind.VALUE, body='"x"', changed=2)
    assert by_lines(value, a_write("text", '"c"'), NOTHING, {}) is None


def test_an_edit_of_what_is_undone_overlaps_with_that() -> None:
    gone = Standing(changed=0)
    assert by_lines(gone, a_write("text", '"a\\nb"'), a_text("a\n"), {}) is OVERLAP


def test_a_text_with_a_nul_is_merged_by_no_lines() -> None:
    assert texts("a\0", "b\0", "c\0") is None


def test_texts_that_are_too_large_together_wait() -> None:
    half = "x" * 600_000
    middle = "".join(f"{n}\n" for n in range(50))
    assert texts(middle, f"{half}\n{middle}", f"{middle}{half}\n") is OVERLAP


def test_bytes_and_line_endings_of_files_are_kept() -> None:
    old = b"one\r\ntwo\r\nthree\r\nfour\r\nfive \xff"
    ours, theirs = old.replace(b"one", b"1"), old.replace(b"five", b"5")
    merged = b"1\r\ntwo\r\nthree\r\nfour\r\n5 \xff"
    assert files((old, False), (ours, False), (theirs, False)) == (merged, False)


def test_the_executable_bit_is_a_field_of_its_own() -> None:
    old, ours, theirs = (text.encode() for text in (OLD, changed(1, "a"), changed(8, "b")))
    both = changed(8, "b", changed(1, "a")).encode()
    assert files((old, False), (ours, True), (theirs, False)) == (both, True)
    assert files((old, True), (ours, True), (theirs, False)) == (both, False)
    assert files((old, False), (ours, False), (old, True)) == (ours, True)
    assert files(None, (old, False), (old, True)) == (old, True)


def test_a_binary_file_takes_a_change_of_its_bit_but_not_two_contents() -> None:
    assert files((b"\0a", False), (b"\0b", False), (b"\0a", True)) == (b"\0b", True)
    bodies = [file_body(content, executable=False) for content in (b"\0a", b"\0b", b"\0c")]
    was, now = (Standing(kind=Kind.FILE, body=body) for body in bodies[:2])
    contents = {hash_of(body): b"\0" + bytes([n]) for n, body in enumerate(bodies)}
    assert by_lines(now, a_write(WRITE, bodies[2]), was, contents) is None
    assert by_lines(now, a_write(WRITE, bodies[2]), was, {}) is None
