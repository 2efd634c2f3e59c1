from pathlib import Path

import pytest

from core.search.pieces import Piece, batches, found


def pieces(root: Path, old: dict[str, tuple[bytes, ...]] | None = None) -> list[Piece]:
    entries = sorted(found(root, "", lambda _: None).values(), key=lambda one: one.path)
    return [piece for batch in batches(root, entries, old or {}) for piece in batch]


def digests(some: list[Piece]) -> tuple[bytes, ...]:
    return tuple(chunk.digest for piece in some for chunk in piece.chunks)


def lines(count: int) -> str:
    return "".join(f"line {n} of the log\n" for n in range(count))


def test_a_file_comes_in_pieces_of_which_the_last_makes_it_whole(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(lines(100_000))
    some = pieces(tmp_path)
    assert len(some) > 3
    assert [piece.keep for piece in some] == [0, *[None] * (len(some) - 1)]
    assert [piece.whole for piece in some] == [*[False] * (len(some) - 1), True]


def test_what_a_file_began_with_before_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(lines(10_000))
    before = digests(pieces(tmp_path))
    (tmp_path / "a.log").write_text(lines(10_000) + "one more\n")
    (piece,) = pieces(tmp_path, {"a.log": before})
    assert piece.keep == len(before) - 1
    assert piece.chunks[-1].text.endswith("one more")
    (piece,) = pieces(tmp_path, {"a.log": digests(pieces(tmp_path))})
    assert (piece.keep, piece.chunks, piece.whole) == (len(before), (), True)


def test_a_file_that_shrank_keeps_what_is_left(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(lines(10_000))
    before = digests(pieces(tmp_path))
    (tmp_path / "a.log").write_text(lines(5_000))
    some = pieces(tmp_path, {"a.log": before})
    assert 0 < (some[0].keep or 0) < len(before)
    (tmp_path / "a.log").write_text("")
    (piece,) = pieces(tmp_path, {"a.log": before})
    assert (piece.keep, piece.chunks, piece.whole) == (0, (), True)


def test_a_file_that_is_gone_or_swapped_after_it_was_seen_is_skipped(tmp_path: Path) -> None:
    for name in ("gone", "link", "folder"):
        (tmp_path / name).write_text("words\n")
    entries = list(found(tmp_path, "", lambda _: None).values())
    for name in ("gone", "link", "folder"):
        (tmp_path / name).unlink()
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder").mkdir()
    some = [piece for batch in batches(tmp_path, entries, {}) for piece in batch]
    assert {piece.entry.path for piece in some} == {"gone", "link", "folder"}
    for piece in some:
        assert piece.entry.skipped is not None
        assert (piece.chunks, piece.keep, piece.whole) == ((), 0, True)


@pytest.mark.parametrize("count", [1, 1200])
def test_many_small_files_share_batches(tmp_path: Path, count: int) -> None:
    for n in range(count):
        (tmp_path / f"{n}.log").write_text("short\n")
    entries = list(found(tmp_path, "", lambda _: None).values())
    made = list(batches(tmp_path, entries, {}))
    assert [len(batch) for batch in made] == ([1] if count == 1 else [500, 500, 200])
