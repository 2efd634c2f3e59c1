import pytest
from hypothesis import given, settings

from core.errors import BadRequest
from core.state import text
from core.state.text import (
    Clean,
    Conflicted,
    Hunk,
    Indivisible,
    Part,
    Take,
    is_text,
    merge_text,
    resolve,
)
from core.state.text_regions import lines
from tests.core.state.agreement import COMPARED, all_of, disagreements
from tests.core.state.git import Triple, merge_branches, merge_file
from tests.core.state.texts import made_up, replayed, triples

BASE = b"one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n"


def hunks(base: bytes, ours: bytes, theirs: bytes) -> list[tuple[bytes, bytes, bytes]]:
    merge = merge_text(base, ours, theirs)
    assert isinstance(merge, Conflicted)
    return [(hunk.base.text, hunk.ours.text, hunk.theirs.text) for hunk in merge.hunks]


def test_changes_of_different_lines_are_both_kept() -> None:
    ours, theirs = BASE.replace(b"two", b"2"), BASE.replace(b"seven", b"7")
    both = BASE.replace(b"two", b"2").replace(b"seven", b"7")
    assert merge_text(BASE, ours, theirs) == Clean(content=both)


def test_the_same_change_by_both_is_no_conflict() -> None:
    ours = BASE.replace(b"two", b"2") + b"nine\n"
    theirs = BASE.replace(b"two", b"2").replace(b"five", b"5") + b"nine\n"
    assert merge_text(BASE, ours, theirs) == Clean(content=theirs)


@pytest.mark.parametrize("changed", [b"", b"x", b"\0binary", b"x" * (text.LARGEST_TEXT + 1)])
def test_where_one_side_changed_nothing_the_other_is_the_result(changed: bytes) -> None:
    assert merge_text(BASE, changed, BASE) == Clean(content=changed)
    assert merge_text(BASE, BASE, changed) == Clean(content=changed)
    assert merge_text(BASE, changed, changed) == Clean(content=changed)
    assert merge_text(None, changed, changed) == Clean(content=changed)


def test_a_hunk_says_where_it_is_in_all_three_versions() -> None:
    ours = b"new\n" + BASE.replace(b"five\n", b"5\nfive and a half\n")
    theirs = BASE.replace(b"two\n", b"").replace(b"five", b"V")
    expected = Hunk(
        base=Part(line=5, text=b"five\n"),
        ours=Part(line=6, text=b"5\nfive and a half\n"),
        theirs=Part(line=4, text=b"V\n"),
    )
    assert merge_text(BASE, ours, theirs) == Conflicted(hunks=(expected,))


def test_a_conflict_is_seen_without_looking_for_its_hunks() -> None:
    assert merge_text(b"a\n", b"b\n", b"c\n", located=False) == Conflicted(hunks=())
    assert merge_text(b"a\n", b"b\n", b"a\n", located=False) == Clean(content=b"b\n")


def test_lines_added_by_both_at_one_place_have_an_empty_base() -> None:
    merge = merge_text(b"a\nz\n", b"a\nours\nz\n", b"a\ntheirs\nz\n")
    expected = Hunk(
        base=Part(line=2, text=b""),
        ours=Part(line=2, text=b"ours\n"),
        theirs=Part(line=2, text=b"theirs\n"),
    )
    assert merge == Conflicted(hunks=(expected,))


def test_a_change_of_a_line_next_to_a_changed_one_is_a_conflict() -> None:
    assert hunks(b"a\nb\nc\n", b"A\nb\nc\n", b"a\nB\nc\n") == [(b"a\nb\n", b"A\nb\n", b"a\nB\n")]


def test_what_both_sides_have_in_common_is_left_out_of_a_conflict() -> None:
    common = b"1\n2\n3\n4\n5\n"
    found = hunks(b"x\n", b"A\n" + common + b"C\n", b"B\n" + common + b"D\n")
    assert found == [(b"x\n", b"A\n", b"B\n"), (b"x\n", b"C\n", b"D\n")]


def test_conflicts_at_most_three_lines_apart_are_one() -> None:
    def edited(mark: bytes, between: int) -> bytes:
        return b"%b1\n" % mark + b"same\n" * between + b"%b2\n" % mark

    near = edited(b"", 3), edited(b"o", 3), edited(b"t", 3)
    assert hunks(*near) == [near]
    assert len(hunks(edited(b"", 4), edited(b"o", 4), edited(b"t", 4))) == 2


def test_two_texts_made_of_nothing_share_what_is_equal() -> None:
    assert hunks(b"", b"title\nours\n", b"title\ntheirs\n") == [(b"", b"ours\n", b"theirs\n")]
    assert merge_text(None, b"a\n", b"b\n") == merge_text(b"", b"a\n", b"b\n")


def test_lines_that_look_like_markers_are_lines_like_any_other() -> None:
    base = b"<<<<<<< HEAD\na\n=======\nb\n>>>>>>> theirs\n"
    found = hunks(base, base.replace(b"a\n", b"=======\n"), base.replace(b"a\n", b">>>>>>> x\n"))
    assert found == [(b"a\n", b"=======\n", b">>>>>>> x\n")]


def test_an_open_last_line_is_another_line_than_an_ended_one() -> None:
    assert merge_text(b"a\nb\n", b"x\nb\n", b"a\nb") == Conflicted(
        hunks=(
            Hunk(
                base=Part(line=1, text=b"a\nb\n"),
                ours=Part(line=1, text=b"x\nb\n"),
                theirs=Part(line=1, text=b"a\nb"),
            ),
        )
    )
    assert merge_text(BASE, b"0\n" + BASE, BASE[:-1]) == Clean(content=b"0\n" + BASE[:-1])


def test_line_ends_and_odd_bytes_are_kept() -> None:
    base = b"\xef\xbb\xbftitle\r\n1\r\n2\n3\r4\n\xff\xfe\r\nend"
    ours = base.replace(b"title", b"TITLE")
    theirs = base.replace(b"end", b"the end\r\n")
    both = ours.replace(b"end", b"the end\r\n")
    assert merge_text(base, ours, theirs) == Clean(content=both)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", True),
        (b"\xff\xfe latin or worse", True),
        (b"x" * 8000 + b"\0", True),
        (b"x" * 7999 + b"\0", False),
        (b"x" * text.LARGEST_TEXT, True),
        (b"x" * (text.LARGEST_TEXT + 1), False),
        (b"\n" * text.MOST_LINES, True),
        (b"\n" * (text.MOST_LINES + 1), False),
    ],
)
def test_a_text_has_no_nul_near_its_beginning_and_is_bounded(
    content: bytes, expected: bool
) -> None:
    assert is_text(content) is expected


@pytest.mark.parametrize("at", range(3))
def test_what_is_no_text_is_not_merged_by_lines(at: int) -> None:
    versions = [BASE, BASE + b"ours\n", b"theirs\n" + BASE]
    versions[at] += b"\0"
    base, ours, theirs = versions
    assert merge_text(base, ours, theirs) == Indivisible()
    with pytest.raises(BadRequest, match="choose one version"):
        resolve(base, ours, theirs, [])


def test_a_nul_far_behind_is_kept() -> None:
    base = b"x\n" * 5000 + b"\0\n"
    merge = merge_text(base, b"ours\n" + base, base + b"theirs\0\n")
    assert merge == Clean(content=b"ours\n" + base + b"theirs\0\n")


def test_each_hunk_takes_its_own_choice() -> None:
    far = b"".join(b"%d\n" % n for n in range(9))
    base, ours, theirs = b"a\n" + far + b"b\n", b"A\n" + far + b"B\n", b"1\n" + far + b"2\n"
    assert resolve(base, ours, theirs, [Take.THEIRS, Take.BOTH]) == b"1\n" + far + b"B\n2\n"
    assert resolve(base, ours, theirs, [b"typed", Take.OURS]) == b"typed\n" + far + b"B\n"
    assert resolve(base, ours, theirs, [b"", b"open"]) == far + b"open"


def test_what_only_one_side_changed_stays_whatever_is_chosen() -> None:
    ours, theirs = BASE.replace(b"two", b"2"), BASE.replace(b"two", b"II").replace(b"six", b"6")
    assert resolve(BASE, ours, theirs, [Take.OURS]) == ours.replace(b"six", b"6")


@pytest.mark.parametrize("count", [0, 2])
def test_a_wrong_number_of_choices_is_refused_with_the_right_one(count: int) -> None:
    with pytest.raises(BadRequest, match=f"there are 1 overlaps to decide, and {count} choices"):
        resolve(b"a\n", b"b\n", b"c\n", [Take.OURS] * count)


def test_a_choice_that_ends_open_is_ended_as_the_text_is() -> None:
    assert resolve(b"a\r\n", b"b\r\nc", b"d\r\n", [Take.BOTH]) == b"b\r\nc\r\nd\r\n"
    assert resolve(b"a\n", b"b\nc", b"d", [Take.BOTH]) == b"b\nc\nd"
    assert resolve(b"a\n", b"b\r\nc", b"d\n", [Take.BOTH]) == b"b\r\nc\nd\n"


@given(triples())
def test_parts_of_hunks_are_the_lines_that_they_name(triple: Triple) -> None:
    merge = merge_text(*triple)
    for hunk in merge.hunks if isinstance(merge, Conflicted) else ():
        for part, whole in zip((hunk.base, hunk.ours, hunk.theirs), triple, strict=True):
            count = len(lines(part.text))
            assert lines(whole)[part.line - 1 :][:count] == lines(part.text)


@pytest.mark.needs_system("git")
@settings(max_examples=150)
@given(triples())
def test_verdict_and_bytes_are_those_of_git_merge_file(triple: Triple) -> None:
    judged = merge_file(triple)
    merge = merge_text(*triple)
    assert isinstance(merge, Clean) is judged.clean
    if isinstance(merge, Clean):
        assert merge.content == judged.content


@pytest.mark.needs_system("git")
@settings(max_examples=40)
@given(triples())
def test_one_side_for_all_hunks_is_what_git_makes_with_that_side(triple: Triple) -> None:
    assert all_of(Take.OURS, triple) == merge_file(triple, "--ours").content
    assert all_of(Take.THEIRS, triple) == merge_file(triple, "--theirs").content


@pytest.mark.needs_system("git")
def test_both_sides_for_all_hunks_is_gits_own_union_where_every_line_is_ended() -> None:
    ended = [triple for triple in made_up(seed=7, count=300) if all(map(_is_ended, triple))]
    judged = merge_branches(ended, *COMPARED, attributes="* merge=union")
    assert [all_of(Take.BOTH, triple) for triple in ended] == [git.content for git in judged]


def _is_ended(content: bytes) -> bool:
    return not content or content.endswith(b"\n")


@pytest.mark.needs_system("git")
def test_git_merge_finds_the_same_hunks_in_texts_made_up_to_be_mean() -> None:
    assert disagreements(made_up(seed=1, count=400)) == []


@pytest.mark.needs_system("git")
def test_git_merge_finds_the_same_hunks_in_this_projects_own_history() -> None:
    found = replayed(seed=1, most=300)
    if not found:
        pytest.skip("there is no history of this project here, or a short one")
    assert disagreements(found) == []
