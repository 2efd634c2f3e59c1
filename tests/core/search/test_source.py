import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from core.search import folder, index
from core.search.hits import FileHit
from core.search.query import parse
from core.search.source import Source


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "logs"
    root.mkdir()
    return root


@pytest.fixture
async def source(root: Path, tmp_path: Path) -> AsyncIterator[Source]:
    source = Source("logs", root, tmp_path / "index" / "logs.db")
    yield source
    await source.stop()


def run(tmp_path: Path, statement: str) -> list[tuple[object, ...]]:
    """One statement on the index's file, from outside."""
    with closing(sqlite3.connect(tmp_path / "index" / "logs.db")) as database, database:
        return database.execute(statement).fetchall()


def move(path: Path, to: Path) -> None:
    path.rename(to)


async def found(source: Source, query: str) -> list[str]:
    """path:line of every hit, once all that changed is indexed."""
    await source.settled()
    hits = (await source.search(parse(query), 50)).hits
    return sorted(f"{hit.path}:{hit.line}" for hit in hits if isinstance(hit, FileHit))


async def skipped(source: Source) -> dict[str, str]:
    await source.settled()
    return dict((await source.status()).reasons)


async def test_a_line_is_found_with_its_number(source: Source, root: Path) -> None:
    lines = [f"line {n} of the build" for n in range(1, 2001)]
    lines[1422] = "src/pay.py:17: AssertionError: needle"
    (root / "build-17").mkdir()
    (root / "build-17" / "test.log").write_text("\n".join(lines))
    await source.start()
    await source.settled()
    (hit,) = (await source.search(parse("needle"), 20)).hits
    assert isinstance(hit, FileHit)
    assert (hit.source, hit.path, hit.line) == ("logs", "build-17/test.log", 1423)
    assert hit.snippet == "src/pay.py:17: AssertionError: «needle»"
    assert hit.at == (root / "build-17" / "test.log").stat().st_mtime


async def test_files_that_come_change_move_and_go_are_followed(source: Source, root: Path) -> None:
    await source.start()
    (root / "a.log").write_text("apple\n")
    assert await found(source, "apple") == ["a.log:1"]
    (root / "a.log").write_text("pear\n")
    assert await found(source, "apple") == []
    assert await found(source, "pear") == ["a.log:1"]
    (root / "a.log").rename(root / "b.log")
    assert await found(source, "pear") == ["b.log:1"]
    (root / "b.log").unlink()
    assert await found(source, "pear") == []


async def test_a_change_that_leaves_size_and_time_as_they_were_is_followed(
    source: Source, root: Path
) -> None:
    log = root / "a.log"
    log.write_text("apple\n")
    await source.start()
    assert await found(source, "apple") == ["a.log:1"]
    before = log.stat()
    log.write_text("peach\n")
    os.utime(log, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert await found(source, "peach") == ["a.log:1"]
    assert await found(source, "apple") == []


async def test_a_whole_tree_that_appears_is_followed_from_its_first_file(
    source: Source, root: Path
) -> None:
    await source.start()
    await source.settled()
    deep = root / "one" / "two" / "three"
    deep.mkdir(parents=True)
    (deep / "x.log").write_text("first\n")
    assert await found(source, "first") == ["one/two/three/x.log:1"]
    (deep / "y.log").write_text("second\n")
    assert await found(source, "second") == ["one/two/three/y.log:1"]
    (root / "one").rename(root / "moved")
    assert await found(source, "first OR second") == [
        "moved/two/three/x.log:1",
        "moved/two/three/y.log:1",
    ]
    (root / "moved" / "two" / "three" / "x.log").write_text("third\n")
    assert await found(source, "third") == ["moved/two/three/x.log:1"]


async def test_a_folder_moved_out_is_no_longer_followed(
    source: Source, root: Path, tmp_path: Path
) -> None:
    (root / "part").mkdir()
    (root / "part" / "x.log").write_text("inside\n")
    await source.start()
    assert await found(source, "inside") == ["part/x.log:1"]
    (root / "part").rename(tmp_path / "elsewhere")
    assert await found(source, "inside") == []
    (tmp_path / "elsewhere" / "y.log").write_text("outside\n")
    assert await found(source, "outside") == []


async def test_a_restart_reads_only_what_changed(
    source: Source, root: Path, tmp_path: Path
) -> None:
    (root / "same.log").write_text("same words\n")
    (root / "changed.log").write_text("old words\n")
    (root / "gone.log").write_text("gone words\n")
    await source.start()
    await source.settled()
    await source.stop()
    # A file that is read again gets its digest back.
    run(tmp_path, "UPDATE chunks SET digest = x'00' WHERE text LIKE 'same%'")
    (root / "changed.log").write_text("new words, longer\n")
    (root / "gone.log").unlink()
    again = Source("logs", root, tmp_path / "index" / "logs.db")
    await again.start()
    assert await found(again, "words") == ["changed.log:1", "same.log:1"]
    assert await found(again, "old OR gone") == []
    await again.stop()
    assert run(tmp_path, "SELECT text FROM chunks WHERE digest = x'00'") == [("same words",)]


async def test_a_log_that_grows_is_indexed_from_where_it_ended(
    source: Source, root: Path, tmp_path: Path
) -> None:
    log = root / "live.log"
    log.write_text("".join(f"step {n} done\n" for n in range(5000)))
    await source.start()
    await source.settled()

    before = run(tmp_path, "SELECT id FROM chunks ORDER BY id")
    with log.open("a") as file:
        file.write("finished\n")
    assert await found(source, "finished") == ["live.log:5001"]
    assert await found(source, '"step 4321"') == ["live.log:4322"]
    after = run(tmp_path, "SELECT id FROM chunks ORDER BY id")
    assert after[: len(before) - 1] == before[:-1]


async def test_what_cannot_be_indexed_is_listed_with_its_reason(
    source: Source, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "LARGEST", 2**20)
    (tmp_path / "secret.txt").write_text("treasure\n")
    (root / "image.bin").write_bytes(b"treasure\0\x01\x02")
    (root / "huge.log").write_bytes(b"treasure " * 2**20)
    (root / "link.log").symlink_to(tmp_path / "secret.txt")
    (root / "out").symlink_to(tmp_path)
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe")
    (root / os.fsdecode(b"caf\xe9.log")).write_text("treasure\n")
    await source.start()
    assert await found(source, "treasure") == []
    assert await skipped(source) == {
        "image.bin": "is not text",
        "huge.log": "is larger than 1 MB",
        "link.log": "is a symbolic link; links are not followed",
        "out": "is a symbolic link; links are not followed",
        "loop": "is a symbolic link; links are not followed",
        "pipe": "is not a regular file",
        "caf\\xe9.log": "its name is not UTF-8",
    }
    (root / os.fsdecode(b"caf\xe9.log")).unlink()
    (root / "image.bin").write_text("treasure\n")
    assert await found(source, "treasure") == ["image.bin:1"]
    assert "caf\\xe9.log" not in await skipped(source)


async def test_a_link_that_becomes_a_file_is_indexed(source: Source, root: Path) -> None:
    (root / "a.log").symlink_to("/etc/passwd")
    await source.start()
    assert await found(source, "root") == []
    (root / "a.log").unlink()
    (root / "a.log").write_text("root\n")
    assert await found(source, "root") == ["a.log:1"]
    (root / "a.log").unlink()
    (root / "a.log").symlink_to("/etc/passwd")
    assert await found(source, "root") == []


async def test_searching_goes_on_while_a_large_folder_is_indexed(
    source: Source, root: Path
) -> None:
    for n in range(40):
        text = "".join(f"line {line} of file {n}\n" for line in range(4000))
        (root / f"{n}.log").write_text(text)
    await source.start()
    seen = set()
    settled = asyncio.create_task(source.settled())
    while not settled.done():
        result = await source.search(parse("line"), 5)
        seen.add(any("still being indexed" in note for note in result.notes))
    await settled
    assert True in seen
    assert len(await found(source, '"line 3999"')) == 40
    assert (await source.search(parse("line"), 5)).notes == (
        "logs: such common words that only the newest 5000 matches were ranked",
    )


async def test_a_folder_that_vanishes_keeps_its_index_and_comes_back(
    source: Source, root: Path, tmp_path: Path
) -> None:
    (root / "a.log").write_text("words\n")
    await source.start()
    await source.settled()
    move(root, tmp_path / "away")
    await source.settled()
    result = await source.search(parse("words"), 5)
    assert len(result.hits) == 1
    assert any("No such file" in note for note in result.notes)
    move(tmp_path / "away", root)
    (root / "b.log").write_text("words\n")
    assert await found(source, "words") == ["a.log:1", "b.log:1"]
    assert (await source.status()).trouble is None


async def test_a_damaged_index_is_made_anew(source: Source, root: Path, tmp_path: Path) -> None:
    (root / "a.log").write_text("words\n")
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "logs.db").write_bytes(b"not a database" * 1000)
    await source.start()
    assert await found(source, "words") == ["a.log:1"]


async def test_an_index_of_a_newer_program_is_left_alone(source: Source, tmp_path: Path) -> None:
    await source.start()
    await source.stop()
    run(tmp_path, f"PRAGMA user_version = {len(index.migrations(False)) + 1}")
    again = Source("logs", tmp_path / "logs", tmp_path / "index" / "logs.db")
    await again.start()
    await again.settled()
    result = await again.search(parse("words"), 5)
    assert result.hits == ()
    assert "start the newer program" in result.notes[0]
    assert "start the newer program" in ((await again.status()).trouble or "")
    await again.stop()
    assert run(tmp_path, "PRAGMA user_version") == [(len(index.migrations(False)) + 1,)]


async def test_an_index_damaged_while_in_use_says_what_to_do(
    source: Source, root: Path, tmp_path: Path
) -> None:
    (root / "a.log").write_text("".join(f"word{n} and more\n" for n in range(20_000)))
    await source.start()
    await source.settled()
    await source.stop()
    run(tmp_path, "DELETE FROM words_data WHERE id > 10")
    again = Source("logs", root, tmp_path / "index" / "logs.db")
    await again.start()
    await again.settled()
    result = await again.search(parse("word77"), 5)
    assert result.hits == ()
    assert f"delete {tmp_path / 'index' / 'logs.db'}" in result.notes[0]
    await again.stop()


async def test_a_large_tree_that_vanishes_is_forgotten_in_steps(
    source: Source, root: Path, tmp_path: Path
) -> None:
    for n in range(300):
        (root / f"{n}.log").write_text("".join(f"line {line}\n" for line in range(400)))
    await source.start()
    await source.settled()
    move(root, tmp_path / "away")
    (root / "kept").mkdir(parents=True)
    (root / "kept" / "a.log").write_text("line\n")
    assert await found(source, "line") == ["kept/a.log:1"]
    await source.stop()
    assert run(tmp_path, "SELECT count(*) FROM chunks") == [(1,)]


async def test_a_deletion_of_many_lines_leaves_nothing_behind(
    source: Source, root: Path, tmp_path: Path
) -> None:
    (root / "big.log").write_text("".join(f"word{n} padding\n" * 8 for n in range(20000)))
    await source.start()
    assert len(await found(source, "word19999")) == 8
    (root / "big.log").write_text("short\n")
    assert await found(source, "word19999") == []
    (root / "big.log").unlink()
    await source.settled()
    await source.stop()
    run(tmp_path, "INSERT INTO words (words) VALUES ('integrity-check')")
    assert run(tmp_path, "SELECT count(*) FROM chunks") == [(0,)]


async def test_a_large_log_that_grows_shrinks_and_is_replaced_stays_searchable(
    source: Source, root: Path, tmp_path: Path
) -> None:
    log = root / "big.log"
    log.write_text("".join(f"word{n} padding to make it long enough\n" for n in range(100_000)))
    await source.start()
    await source.settled()
    for n in range(3):
        with log.open("a") as file:
            file.write(f"grown{n}\n")
        assert await found(source, f"grown{n}") == [f"big.log:{100_001 + n}"]
    log.write_text("short now\n")
    assert await found(source, "grown1") == []
    assert await found(source, "short") == ["big.log:1"]
    await source.stop()
    run(tmp_path, "INSERT INTO words (words) VALUES ('integrity-check')")
