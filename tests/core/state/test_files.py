import hashlib
import os

from core.state.files import PIECE, add_blob, find_file, list_files, read_file, read_pieces
from core.state.operations import FileChange, Stored
from tests.core.state.board import Board, remove, write


def test_a_file_is_read_as_it_was_at_every_commit(board: Board) -> None:
    board.job(1, write("notes/a.txt", b"one"))
    board.job(2, write("notes/a.txt", b""))
    board.job(3, remove("notes/a.txt"))
    assert [read_file(board.tx, "notes/a.txt", at) for at in range(4)] == [None, b"one", b"", None]
    assert read_file(board.tx, "notes/a.txt") is None


def test_files_are_listed_by_path_with_their_bits(board: Board) -> None:
    board.job(1, write("b", b"x"), write("a/run.sh", b"#!", executable=True), write("a/x", b""))
    board.job(2, remove("a/x"))
    found = list_files(board.tx)
    assert [(file.path, file.size, file.executable) for file in found] == [
        ("a/run.sh", 2, True),
        ("b", 1, False),
    ]
    assert [file.path for file in list_files(board.tx, "a/", 1)] == ["a/run.sh", "a/x"]


def test_a_large_file_is_kept_in_pieces_and_once(board: Board) -> None:
    content = os.urandom(2 * PIECE + 5)
    board.job(1, write("big", content), write("copy", content))
    file = find_file(board.tx, "copy")
    assert file is not None
    assert [len(piece) for piece in read_pieces(board.tx, file)] == [PIECE, PIECE, 5]
    assert read_file(board.tx, "big") == content
    assert board.tx.execute("SELECT count(*) FROM blobs").fetchone() == (3,)


def test_a_file_and_an_entry_may_have_one_name(board: Board) -> None:
    board.set("name", "entry")
    board.job(1, write("name", b"file"), base=0)
    assert (board.value("name"), board.file("name"), board.conflicts()) == ("entry", b"file", ())


def test_a_content_that_is_stored_first_becomes_a_file_by_its_hash(board: Board) -> None:
    for path, content in (("new", b"one" + bytes(PIECE)), ("empty", b"")):
        digest = hashlib.sha256(content).hexdigest()
        add_blob(
            board.tx, digest, (content[at : at + PIECE] for at in range(0, len(content), PIECE))
        )
        add_blob(board.tx, digest, (_ for _ in [b"never asked for"]))
        stored = Stored(sha256=digest, size=len(content))
        board.job(1 if content else 2, FileChange(path=path, content=stored))
        assert read_file(board.tx, path) == content
        found = find_file(board.tx, path)
        assert found is not None
        assert found.size == len(content)
