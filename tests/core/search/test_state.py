from collections.abc import Iterator
from contextlib import closing

import pytest

from core.search import telling
from core.search.hits import StateHit, WorkspaceHit
from core.search.memory import advance
from core.search.query import parse
from core.search.ranked import NEWEST, SCANNED
from core.search.state import search_state, search_workspace
from tests.core.state.board import Board, append, exclude, include, patch, put, remove, text, write


@pytest.fixture
def board() -> Iterator[Board]:
    board = Board()
    with closing(board.tx):
        yield board


def entries(board: Board, query: str, at: int | None = None, limit: int = 20) -> list[StateHit]:
    while advance(board.tx):
        pass
    hits = search_state(board.tx, parse(query), at, limit).hits
    return [hit for hit in hits if isinstance(hit, StateHit)]


def told(board: Board, query: str, at: int | None = None) -> list[str]:
    return sorted(f"{hit.key}:{hit.line} {hit.snippet}" for hit in entries(board, query, at))


def files(board: Board, query: str, at: int | None = None) -> list[WorkspaceHit]:
    while advance(board.tx):
        pass
    hits = search_workspace(board.tx, parse(query), at, 20).hits
    return [hit for hit in hits if isinstance(hit, WorkspaceHit)]


def test_a_value_is_found_as_it_was_at_each_commit(board: Board) -> None:
    board.job(1, put("deploy.target", "staging"))
    board.set("deploy.target", "production")
    board.job(3, put("other", "x"))
    for at, word in ((1, "staging"), (2, "production"), (3, "production"), (None, "production")):
        assert told(board, word, at) == [f"deploy.target:1 «{word}»"]
    assert told(board, "staging", 2) == told(board, "production", 1) == []
    assert told(board, "staging", 0) == []


def test_a_hit_says_who_wrote_it_when_and_in_which_commit(board: Board) -> None:
    board.job(1, put("k", "word one"))
    board.job(2, append("log", "word two"))
    board.job(3, append("log", "word three"))
    (value,) = entries(board, "one")
    assert (value.key, value.commit, value.author, value.at) == ("k", 1, "job 1, asked by Ann", 1.0)
    assert [(hit.commit, hit.author) for hit in entries(board, "two")] == [
        (2, "job 2, asked by Ann")
    ]


def test_keys_and_their_text_are_searched_together(board: Board) -> None:
    board.job(1, put("deploy.target", "staging"), put("build", "staging"), append("deploy", "x"))
    assert [hit.key for hit in entries(board, "deploy staging")] == ["deploy.target"]
    assert told(board, "deploy") == ["deploy.target:1 staging", "deploy:1 x"]


def test_lines_and_elements_come_and_go_with_their_commits(board: Board) -> None:
    board.job(1, append("log", ["red line", "blue line"]), include("tags", ["red", "blue"]))
    second = board.job(2, append("log", "red again"), exclude("tags", "red"))
    assert told(board, "red", 1) == ["log:1 «red» line", "tags:1 «red»"]
    assert told(board, "red", 2) == ["log:1 «red» again", "log:1 «red» line"]
    board.undo(second.commit)
    assert told(board, "red") == ["log:1 «red» line", "tags:1 «red»"]
    assert told(board, "red", 2) == ["log:1 «red» again", "log:1 «red» line"]


def test_an_element_that_was_included_twice_is_told_once(board: Board) -> None:
    board.job(1, include("tags", "red"))
    board.job(2, include("tags", "red"))
    board.job(3, include("tags", "red"))
    assert len(entries(board, "red")) <= 3
    assert len({hit.snippet for hit in entries(board, "red", limit=1)}) == 1


def test_a_key_that_matches_by_name_alone_is_told_once(board: Board) -> None:
    board.job(1, append("launch", [f"line {n}" for n in range(30)]))
    assert len(entries(board, "launch")) == 1
    assert len(entries(board, "launch line", limit=50)) == 30


def test_the_lines_of_a_long_value_have_numbers(board: Board) -> None:
    board.job(1, put("notes", "\n".join(f"note {n}" for n in range(1, 500))))
    assert told(board, "321") == ["notes:321 note «321»"]


def test_versions_that_are_over_cost_no_living_hit(board: Board) -> None:
    board.job(1, put("kept", "common needle"))
    for n in range(30):
        board.set("moves", f"common {n}")
    assert sorted(hit.key for hit in entries(board, "common")) == ["kept", "moves"]
    assert SCANNED > NEWEST


def test_so_many_versions_that_not_all_are_looked_at_are_said(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.search.ranked.SCANNED", 10)
    for n in range(12):
        board.set("moves", f"common {n}")
    while advance(board.tx):
        pass
    result = search_state(board.tx, parse("common"), None, 5)
    assert len(result.hits) == 1
    assert "only the newest 10 matches" in result.notes[0]


def test_files_are_found_by_their_lines_and_names_at_each_commit(board: Board) -> None:
    board.job(1, write("notes/plan.md", b"first\nthe plan"))
    board.job(2, write("notes/plan.md", b"first\nthe scheme"))
    board.job(3, remove("notes/plan.md"))
    (line, name) = files(board, "plan", 1)
    assert (line.path, line.line, line.snippet) == ("notes/plan.md", 2, "the «plan»")
    assert (line.commit, line.author, len(line.sha256)) == (1, "job 1, asked by Ann", 64)
    assert (name.line, name.snippet) == (0, "notes/«plan».md")
    (name,) = files(board, "plan", 2)
    assert (name.line, name.commit) == (0, 2)
    assert name.sha256 == files(board, "scheme", 2)[0].sha256
    assert files(board, "plan") == files(board, "scheme") == []


def test_an_executable_bit_is_a_version_of_the_same_content(board: Board) -> None:
    board.job(1, write("run.sh", b"echo needle"))
    board.job(2, write("run.sh", b"echo needle", executable=True))
    assert [(hit.commit, hit.also) for hit in files(board, "needle")] == [(2, 0)]
    assert [(hit.commit, hit.also) for hit in files(board, "needle", 1)] == [(1, 0)]


def test_records_and_texts_are_found_by_their_lines_as_they_were(board: Board) -> None:
    board.job(1, patch("launch", date="monday", owner="Ann"), text("doc", "one\ntwo\nplan\n"))
    board.job(2, patch("launch", date="tuesday"), text("doc", "one\ntwo\nplan\nmore\n"))
    board.job(3, text("doc", "changed\ntwo\nplan\n"), base=1)
    assert told(board, "monday", 1) == ["launch:1 date: «monday»"]
    assert told(board, "monday") == []
    assert told(board, "ann") == ["launch:2 owner: «Ann»"]
    assert told(board, "more") == ["doc:4 «more»"]
    assert told(board, "changed") == ["doc:1 «changed»"]
    assert told(board, "changed", 2) == []


def test_what_is_being_forgotten_breaks_no_search(board: Board) -> None:
    board.job(1, put("a", "needle"), write("a.txt", b"needle"))
    board.job(2, put("b", "needle"), write("b.txt", b"needle too"))
    assert len(entries(board, "needle")) == len(files(board, "needle")) == 2
    board.tx.execute("DELETE FROM commits WHERE number = 1")
    assert [hit.key for hit in entries(board, "needle")] == ["b"]
    assert [hit.path for hit in files(board, "needle")] == ["b.txt"]


def test_a_long_key_is_found_and_cut_where_it_is_told(board: Board) -> None:
    key = "begin." + "x" * 900 + ".end"
    board.job(1, append(key, [f"needle {n}" for n in range(50)]))
    (hit, *_) = entries(board, "begin needle")
    assert hit.key == key
    assert len(telling.told(search_state(board.tx, parse("needle"), None, 20)).text) < 20 * 400
    board.tx.execute("DELETE FROM entries")
    board.tx.execute("INSERT INTO state_words (state_words) VALUES ('integrity-check')")


def test_one_content_in_many_files_is_told_once(board: Board) -> None:
    board.job(1, *(write(f"{n}/same.txt", b"a needle") for n in range(300)))
    (hit,) = files(board, "needle")
    assert (hit.path, hit.also) == ("0/same.txt", 299)
