"""Searching at a commit finds what reading at that commit shows, and nothing else."""

from contextlib import closing, suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadRequest
from core.search.hits import StateHit, WorkspaceHit
from core.search.memory import advance
from core.search.query import parse
from core.search.state import search_state, search_workspace
from core.search.values import pieces
from core.state.entries import read_prefix
from core.state.files import list_files, read_file
from core.state.operations import FileChange, Operation
from tests.core.state.board import (
    Board,
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

WORDS = ("apple", "pear", "plum")
KEYS = ("k", "m")

words = st.sampled_from(WORDS)
keys = st.sampled_from(KEYS)
changes: st.SearchStrategy[Operation | FileChange] = st.one_of(
    st.builds(put, keys, words),
    st.builds(append, keys, words),
    st.builds(include, keys, words),
    st.builds(exclude, keys, words),
    st.builds(text, keys, words),
    st.builds(lambda key, word: patch(key, field=word), keys, words),
    st.builds(delete, keys),
    st.builds(lambda path, word: write(path, f"{word} {path}".encode()), keys, words),
    st.builds(remove, keys),
)
# Each file has contents of its own, because a content is told once.
# What a job wants and how far behind its snapshot is; a commit to undo; or a step of indexing.
steps = st.lists(
    st.one_of(
        st.tuples(st.just("job"), changes, st.integers(0, 3)),
        st.tuples(st.just("undo"), st.integers(1, 12), st.none()),
        st.tuples(st.just("index"), st.none(), st.none()),
    ),
    max_size=14,
)


def found(board: Board, word: str, at: int) -> set[str]:
    query = parse(word)
    hits = (
        *search_state(board.tx, query, at, 100).hits,
        *search_workspace(board.tx, query, at, 100).hits,
    )
    return {
        hit.key if isinstance(hit, StateHit) else f"file {hit.path}"
        for hit in hits
        if isinstance(hit, StateHit | WorkspaceHit)
    }


def read(board: Board, word: str, at: int) -> set[str]:
    keys = {
        entry.key
        for entry in read_prefix(board.tx, "", at)
        if any(word in piece for _, piece in pieces(entry.value))
    }
    files = {
        f"file {file.path}"
        for file in list_files(board.tx, "", at)
        if word.encode() in (read_file(board.tx, file.path, at) or b"")
    }
    return keys | files


@settings(max_examples=200)
@given(steps)
def test_a_search_at_a_commit_finds_what_reading_there_shows(
    history: list[tuple[str, Operation | FileChange | int | None, int | None]],
) -> None:
    board = Board()
    with closing(board.tx):
        for number, (what, thing, back) in enumerate(history):
            with suppress(BadRequest):
                match what, thing:
                    case "job", Operation() | FileChange():
                        board.job(number + 1, thing, base=max(0, board.head - (back or 0)))
                    case "undo", int():
                        board.undo(thing)
                    case _:
                        advance(board.tx)
        while advance(board.tx):
            pass
        for at in range(board.head + 1):
            for word in WORDS:
                assert found(board, word, at) == read(board, word, at), (at, word)
