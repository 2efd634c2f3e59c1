from pathlib import Path

import pytest

from core.search.folder import Entry
from core.search.pieces import End, Piece, batches, found, grown


def pieces(root: Path, old: dict[str, tuple[bytes, ...]] | None = None) -> list[Piece]:
    entries = sorted(found(root, "", lambda _: None).values(), key=lambda one: one.path)
    return [piece for batch in batches(root, entries, old or {}, {}) for piece in batch]


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
    some = [piece for batch in batches(tmp_path, entries, {}, {}) for piece in batch]
    assert {piece.entry.path for piece in some} == {"gone", "link", "folder"}
    for piece in some:
        assert piece.entry.skipped is not None
        assert (piece.chunks, piece.keep, piece.whole) == ((), 0, True)


@pytest.mark.parametrize("count", [1, 1200])
def test_many_small_files_share_batches(tmp_path: Path, count: int) -> None:
    for n in range(count):
        (tmp_path / f"{n}.log").write_text("short\n")
    entries = list(found(tmp_path, "", lambda _: None).values())
    made = list(batches(tmp_path, entries, {}, {}))
    assert [len(batch) for batch in made] == ([1] if count == 1 else [500, 500, 200])


LARGE = 120_000


def entry_of(root: Path) -> Entry:
    return found(root, "", lambda _: None)["a.log"]


def end_of(root: Path) -> End:
    end = pieces(root)[-1].end
    assert end is not None
    return end


def test_only_the_end_of_a_large_file_that_grew_is_read(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(lines(LARGE * 2))
    every, end = digests(pieces(tmp_path)), end_of(tmp_path)
    assert end.chunks > len(every) - 100
    with log.open("a") as file:
        file.write("one more\n")
    entry = entry_of(tmp_path)
    assert grown(tmp_path, entry, end)
    ((piece,),) = batches(tmp_path, [entry], {"a.log": every[end.chunks :]}, {"a.log": end})
    assert piece.keep == len(every) - 1
    assert piece.chunks[-1].text.endswith("one more")
    fresh = pieces(tmp_path)
    assert (*every[: piece.keep], *digests([piece])) == digests(fresh)
    assert piece.end == fresh[-1].end


def test_a_small_file_has_no_end(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("short\n")
    assert pieces(tmp_path)[-1].end is None


@pytest.mark.parametrize("change", ["head", "middle", "shorter", "same", "new", "gone"])
def test_a_large_file_that_did_more_than_grow_is_no_grown_one(tmp_path: Path, change: str) -> None:
    log = tmp_path / "a.log"
    log.write_text(lines(LARGE * 2))
    end, text = end_of(tmp_path), log.read_text()
    entry = entry_of(tmp_path)
    match change:
        case "head":
            log.write_text("X" + text[1:] + "more\n")
        case "middle":
            half = len(text) // 2
            log.write_text(text[:half] + "inserted\n" + text[half:])
        case "shorter":
            log.write_text(text[:-100])
        case "new":
            log.rename(tmp_path / "b.log")
            log.write_text(text + "more\n")
        case "gone":
            log.write_text(text + "more\n")
            entry = entry_of(tmp_path)
            log.unlink()
    assert not grown(tmp_path, entry if change == "gone" else entry_of(tmp_path), end)
