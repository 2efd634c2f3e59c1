import math

from core.search.hits import (
    LONGEST_SNIPPET,
    FileHit,
    Hit,
    MessageHit,
    SearchResult,
    combined,
    excerpt,
    marked_lines,
    render,
)


def message(seq: int, *, at: float = 0.0, author: str = "Ann") -> MessageHit:
    return MessageHit(seq=seq, thread="", author=author, at=at, line=1, snippet=f"said {seq}")


def line(number: int, *, path: str = "a.log") -> FileHit:
    return FileHit(source="logs", path=path, line=number, at=0.0, snippet=f"line {number}")


def result(*hits: Hit, partial: bool = False, notes: tuple[str, ...] = ()) -> SearchResult:
    return SearchResult(hits=hits, partial=partial, notes=notes)


def test_the_lines_with_matches_have_their_numbers_and_different_matches() -> None:
    marked = "nothing\n\x02Error\x03 and \x02error\x03\nnothing\n\x02error\x03 in \x02build\x03"
    found = [(one.number, one.different, one.snippet) for one in marked_lines(marked)]
    assert found == [(1, 1, "Error and error"), (3, 2, "error in build")]


def test_an_excerpt_stands_around_the_match_and_is_bounded() -> None:
    cut = excerpt("x" * 5000 + " \x02needle\x03 " + "y" * 5000)
    assert "needle" in cut
    assert len(cut) <= LONGEST_SNIPPET + 2
    assert (cut[0], cut[-1]) == ("…", "…")
    assert excerpt("a short \x02line\x03") == "a short line"


def test_an_excerpt_has_nothing_that_steers_a_terminal_or_turns_text_round() -> None:
    assert excerpt("\x02a\x03\x1b[31m\r\t\u202eb\x00\u2028c") == "a [31m b c"


def test_results_are_taken_in_turn_and_bounded() -> None:
    both = combined([result(message(1), message(2), message(3)), result(line(1))], 3)
    assert both.hits == (message(1), line(1), message(2))


def test_hits_with_all_words_put_hits_with_some_aside() -> None:
    both = combined([result(message(1), partial=True), result(line(1), notes=("note",))], 3)
    assert both == result(line(1), notes=("note",))
    assert combined([result(message(1), partial=True), result()], 3).partial


def test_a_result_is_told_a_line_a_hit() -> None:
    told = render(
        SearchResult(
            hits=(line(1423, path="build-17/test.log"), message(45, at=1762162920.0)),
            notes=("a note",),
            partial=True,
        )
    )
    assert told.splitlines() == [
        "logs/build-17/test.log:1423: line 1423",
        "#45 Ann, 2025-11-03 09:42 UTC: said 45",
        "(nothing has all of these words; these have some of them)",
        "(a note)",
    ]
    assert render(result()) == "no hits"


def test_names_and_times_from_outside_cannot_break_the_telling() -> None:
    hostile = [
        message(n, at=at, author="A\nB" * 99)
        for n, at in enumerate([math.nan, math.inf, -math.inf, 1e300, -5.0, 1.7e12])
    ]
    assert len(render(result(*hostile, line(1, path="a\n(fake)\x1b.log"))).splitlines()) == 7
