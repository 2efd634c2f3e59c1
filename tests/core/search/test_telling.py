import math

from core.search.hits import FileHit, MessageHit, SearchResult, StateHit, WorkspaceHit
from core.search.telling import (
    LONGEST_SNIPPET,
    best_line,
    best_lines,
    excerpt,
    marked_lines,
    told,
)

AT = 1762162920.0


def message(seq: int, *, at: float = 0.0, author: str = "Ann") -> MessageHit:
    return MessageHit(seq=seq, thread="", author=author, at=at, line=1, snippet=f"said {seq}")


def line(number: int, *, path: str = "a.log") -> FileHit:
    return FileHit(
        source="logs", path=path, line=number, at=AT, snippet=f"line {number}", digest="d"
    )


def entry(key: str) -> StateHit:
    return StateHit(key=key, commit=3, author="Ann", at=AT, line=1, snippet="«prod»")


def file(path: str, *, line: int = 7, also: int = 0) -> WorkspaceHit:
    return WorkspaceHit(
        path=path, sha256="ab", commit=3, author="job 2, asked by Ann", at=AT, line=line,
        snippet="a «plan»", also=also,
    )  # fmt: skip


def test_what_the_bot_has_said_is_told_as_its_own() -> None:
    found = told(SearchResult(hits=(message(1, author=""),)))
    assert found.text == "#1 the bot, 1970-01-01 00:00 UTC: said 1"


def test_the_lines_with_matches_have_their_numbers_and_different_matches() -> None:
    marked = "nothing\n\x02Error\x03 and \x02error\x03\nnothing\n\x02error\x03 in \x02build\x03"
    found = [(one.number, one.different, one.snippet) for one in marked_lines(marked)]
    assert found == [(1, 1, "«Error» and «error»"), (3, 2, "«error» in «build»")]
    assert best_line(marked).number == 3


def test_a_text_in_which_nothing_is_marked_is_shown_from_its_beginning() -> None:
    best = best_line("plain\ntext")
    assert (best.number, best.snippet) == (0, "plain text")


def test_where_the_name_alone_matched_its_first_line_is_told_once() -> None:
    texts = [("a.log", 1, "first\nsecond"), ("a.log", 33, "third"), ("b.log", 7, "other")]
    found = [(one.place, one.line, one.snippet) for one in best_lines(texts, 10)]
    assert found == [(0, 1, "first second"), (2, 7, "other")]


def test_lines_with_most_of_the_words_come_first() -> None:
    texts = [("a.log", 1, "x\n\x02one\x03"), ("b.log", 1, "\x02one\x03 \x02two\x03")]
    assert [(one.place, one.line) for one in best_lines(texts, 1)] == [(1, 1)]
    assert [(one.place, one.line) for one in best_lines(texts, 2)] == [(1, 1), (0, 2)]


def test_an_excerpt_stands_around_the_match_and_is_bounded() -> None:
    cut = excerpt("x" * 5000 + " \x02needle\x03 " + "y" * 5000)
    assert "«needle»" in cut
    assert len(cut) <= LONGEST_SNIPPET + 2
    assert (cut[0], cut[-1]) == ("…", "…")
    assert excerpt("a short \x02line\x03") == "a short «line»"


def test_a_mark_that_is_cut_off_is_closed() -> None:
    cut = excerpt("\x02" + "z" * (LONGEST_SNIPPET + 60) + "\x03 and more")
    assert (cut.count("«"), cut.count("»")) == (1, 1)


def test_an_excerpt_has_nothing_that_steers_a_terminal_or_turns_text_round() -> None:
    assert excerpt("\x02a\x03\x1b[31m\r\t\u202eb\x00\u2028c") == "«a» [31m b c"


def test_a_result_is_told_a_line_a_hit_with_place_author_and_time() -> None:
    result = SearchResult(
        hits=(
            line(1423, path="build-17/test.log"),
            message(45, at=AT),
            entry("deploy.target"),
            file("notes/plan.md", also=2),
            file("plan.md", line=0),
        ),
        notes=("a note",),
        partial=True,
    )
    found = told(result)
    assert found.hits == result.hits
    assert found.text.splitlines() == [
        "logs/build-17/test.log:1423: line 1423 (2025-11-03 09:42 UTC)",
        "#45 Ann, 2025-11-03 09:42 UTC: said 45",
        "state/deploy.target:1 Ann, 2025-11-03 09:42 UTC: «prod»",
        (
            "files/notes/plan.md:7 job 2, asked by Ann, 2025-11-03 09:42 UTC: a «plan»"
            " (the same in 2 more)"
        ),
        "files/plan.md job 2, asked by Ann, 2025-11-03 09:42 UTC: a «plan»",
        "(nothing has all of these words; these have some of them)",
        "(a note)",
    ]
    assert told(SearchResult(hits=())).text == "no hits"


def test_names_and_times_from_outside_cannot_break_the_telling() -> None:
    hostile = [
        message(n, at=at, author="A\nB" * 99)
        for n, at in enumerate([math.nan, math.inf, -math.inf, 1e300, -5.0, 1.7e12])
    ]
    odd = line(1, path="a\n(fake)\x1b.log")
    result = SearchResult(hits=(*hostile, odd, entry("a\nb"), file("c\nd")))
    assert len(told(result).text.splitlines()) == 9
