"""Contents that wait for their messages."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from core.attachments import limits
from core.attachments.spool import PIECE, Content, Spool
from core.messages import Attachment
from core.messages.limits import LARGEST_FILE, LARGEST_FILES
from tests.core.attachments.contents import once


async def take(spool: Spool, name: str, content: bytes, *after: Attachment) -> Attachment:
    return await spool.take(name, once(content), size=None, after=after)


class Source:
    """A content without an end that knows how much of it was asked for."""

    def __init__(self) -> None:
        self.given = 0
        self.closed = False

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        try:
            while True:
                self.given += 100_000
                yield bytes(100_000)
        finally:
            self.closed = True


def waiting(data: Path) -> list[str]:
    return sorted(path.name for path in (data / "spool").iterdir())


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1])
async def test_what_was_taken_is_found_whole(tmp_path: Path, size: int) -> None:
    spool, content = Spool(tmp_path), os.urandom(size)
    found = spool.find(await take(spool, "a", content))
    assert isinstance(found, Content)
    assert b"".join(found.pieces()) == content
    assert (found.size, found.sha256) == (size, hashlib.sha256(content).hexdigest())


async def test_a_size_that_lies_is_found_out_and_nothing_stays(tmp_path: Path) -> None:
    spool, source = Spool(tmp_path), Source()
    file = await spool.take("a", source.pieces(), size=1000, after=())
    assert file.problem == "it has more than 20 MB; 20 MB are the most for one file"
    assert source.given < LARGEST_FILE + 200_000
    assert source.closed
    assert waiting(tmp_path) == []


async def test_what_says_it_is_too_much_is_not_asked_for(tmp_path: Path) -> None:
    spool, source = Spool(tmp_path), Source()
    big = await spool.take("a", source.pieces(), size=2**40, after=())
    assert "20 MB are the most" in big.problem
    ten = [Attachment(name="x", size=1)] * 10
    assert "10 files" in (await spool.take("a", source.pieces(), size=1, after=ten)).problem
    large = [Attachment(name="x", size=LARGEST_FILES)]
    assert "50 MB" in (await spool.take("a", source.pieces(), size=1, after=large)).problem
    refused = [Attachment(name="x", problem="no")] * 10
    assert not (await take(spool, "a", b"1", *refused)).problem
    assert source.given == 0


async def test_a_source_that_breaks_off_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncGenerator[bytes, None]:
        yield b"half"
        raise ConnectionResetError("the other side")

    spool = Spool(tmp_path)
    with pytest.raises(ConnectionResetError):
        await spool.take("a", broken(), size=None, after=())
    assert waiting(tmp_path) == []


async def test_taking_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncGenerator[bytes, None]:
        yield b"half"
        begun.set()
        await asyncio.Event().wait()

    spool = Spool(tmp_path)
    task = asyncio.create_task(spool.take("a", endless(), size=None, after=()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert waiting(tmp_path) == []


async def test_a_folder_that_cannot_be_written_is_told_as_no_room(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file is in its way")
    spool = Spool(tmp_path)
    await spool.sweep()
    assert (await take(spool, "a", b"1")).problem == limits.NO_ROOM


async def test_too_many_that_wait_are_no_danger_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.attachments.spool.MOST_WAITING", 10)
    spool = Spool(tmp_path)
    first = await take(spool, "a", b"123456789")
    assert (await spool.take("b", once(b"12"), size=2, after=())).problem == limits.WAITING
    again = Spool(tmp_path)
    await again.sweep()
    assert (await again.take("b", once(b"12"), size=2, after=())).problem == limits.WAITING
    await again.discard([first, first])
    assert not (await again.take("b", once(b"12"), size=2, after=())).problem


async def test_a_start_keeps_whole_files_for_a_day_and_removes_what_was_cut_off(
    tmp_path: Path,
) -> None:
    spool = Spool(tmp_path)
    young, old = await take(spool, "a", b"young"), await take(spool, "a", b"old")
    (tmp_path / "spool" / "cut.part").write_bytes(b"half")
    os.utime(tmp_path / "spool" / old.handle, (1, 1))
    await Spool(tmp_path).sweep()
    assert waiting(tmp_path) == [young.handle]


@pytest.mark.parametrize(
    "handle", ["", "x", "../x", "a" * 97, "0" * 32 + "-" + "0" * 64, "0" * 32 + "-" + "0" * 65]
)
async def test_a_handle_that_is_none_leads_nowhere(tmp_path: Path, handle: str) -> None:
    spool = Spool(tmp_path)
    await spool.sweep()
    (tmp_path / "x").write_text("not to be read")
    file = Attachment(name="a", handle=handle)
    assert spool.find(file) == limits.GONE
    await spool.discard([file])
    assert (tmp_path / "x").exists()
