"""Archives that people send: bombs, names that climb, links. They are bytes, which nobody opens."""

import gzip
import io
import tarfile
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from core.state.database import Transaction
from core.state.files import list_files, read_file
from tests.core.room import CHANNEL, room

UNPACKED = 256 << 20
CLIMBED = Path("/var/tmp/thaw-climbed")


def gzip_bomb() -> bytes:
    """A megabyte that unpacks to as much as `UNPACKED`."""
    return gzip.compress(bytes(8 << 20), 6) * (UNPACKED // (8 << 20))


def zip_bomb() -> bytes:
    """Three archives in one another, each of many copies of the next."""
    inner = gzip.compress(bytes(8 << 20), 6)
    for _ in range(3):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
            for number in range(30):
                packed.writestr(f"{number}.zip", inner)
        inner = held.getvalue()
    return inner


def climbing_zip() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        packed.writestr("../" * 30 + "var/tmp/thaw-climbed", "x")
        packed.writestr("/var/tmp/thaw-climbed", "x")
    return held.getvalue()


def linking_tar() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as packed:
        link = tarfile.TarInfo("way")
        link.type, link.linkname = tarfile.SYMTYPE, "/var/tmp"
        packed.addfile(link)
        packed.addfile(tarfile.TarInfo("way/thaw-climbed"))
        device = tarfile.TarInfo("disk")
        device.type, device.devmajor, device.devminor = tarfile.BLKTYPE, 254, 0
        packed.addfile(device)
    return held.getvalue()


ARCHIVES: Mapping[str, Callable[[], bytes]] = {
    "bomb.gz": gzip_bomb,
    "bomb.txt.gz": gzip_bomb,
    "bomb.zip": zip_bomb,
    "climbs.zip": climbing_zip,
    "links.tar.gz": linking_tar,
    "looks-like-a-text.log": gzip_bomb,
    "../../climbs.tar": linking_tar,
    "/var/tmp/thaw-climbed": climbing_zip,
}


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def kept(tx: Transaction) -> dict[str, bytes | None]:
    return {file.path: read_file(tx, file.path) for file in list_files(tx)}


@pytest.mark.parametrize("name", ARCHIVES)
async def test_an_archive_is_kept_as_it_came_below_the_inbox_and_never_opened(
    tmp_path: Path, name: str
) -> None:
    content = ARCHIVES[name]()
    async with room(tmp_path) as here:
        began = time.thread_time()
        await here.say("m1", "look at this", files=[(name, content)])
        await here.platform.post("answer:m1")
        ((path, held),) = (await here.channels.read(CHANNEL, kept)).items()
        assert time.thread_time() - began < 1
    assert (path, held) == (f"inbox/{Path(name).name}", content)
    assert not CLIMBED.exists()  # noqa: ASYNC240 - a test may wait for the disk
    assert size(tmp_path) < 4 * len(content) + (8 << 20)
