"""A disk that is full for a while: people are told, nothing accepted is lost, it goes on later."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.script import Reply
from tests.harness.play import Play, change, finish, say, starting
from tests.harness.room import room

SIZE = "24m"
LONG = "hello " + "x" * 60_000

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk of this size")


class SmallDisk:
    """A folder on a disk of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = path / "data"
        self._filler = path / "filler"

    def fill(self) -> None:
        """Leave not a byte."""
        with self._filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue

    def free(self) -> None:
        """Make room again."""
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "thaw-test", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    yield SmallDisk(path)
    subprocess.run(["umount", "--lazy", str(path)], check=True)


async def test_a_message_that_cannot_be_kept_is_refused_and_taken_when_there_is_room(
    tmp_path: Path, disk: SmallDisk
) -> None:
    async with room(tmp_path, Play({"hello": [say("hi")]}), data=disk.data) as r:
        await r.page.ask("hello")
        disk.fill()
        id_ = r.page.say(LONG)
        await r.page.until(lambda: id_ in r.page.refused)
        assert "no room on the disk" in r.page.refused[id_]
        disk.free()
        r.page.retry(id_)
        assert (await r.page.answer(id_)).text == "hi"
        await r.page.sync()
        assert len(r.page.posts) == 2


async def test_an_answer_that_cannot_be_kept_is_told_of_and_comes_when_there_is_room(
    tmp_path: Path, disk: SmallDisk
) -> None:
    gate = asyncio.Event()
    long = "word " * 20_000
    play = Play({"tell": [Reply(calls=[("change_state", {
        "key": "n", "operation": "add", "value": 1,
    })]), Reply(text=long, gate=gate)]})  # fmt: skip
    async with room(tmp_path, play, data=disk.data) as r:
        id_ = r.page.say("tell")
        await r.model.arrived(2)
        disk.fill()
        gate.set()
        await r.page.until(lambda: r.page.troubles != [] or len(play.requests) > 4)
        assert "no room" in r.page.troubles[0]
        assert len(play.requests) <= 3  # an answer that cannot be kept is not bought over and over
        disk.free()
        assert (await r.page.answer(id_)).text == long.strip()
        assert "1" in (await r.page.ask("/state n")).text
        await r.page.sync()
        assert len(r.page.posts) == 2


@pytest.mark.needs_system("bubblewrap")
async def test_a_job_on_a_full_disk_ends_with_the_reason_and_the_bot_goes_on(
    tmp_path: Path, disk: SmallDisk
) -> None:
    gate = asyncio.Event()
    put = Reply(calls=[("change_state", {
        "key": "big", "operation": "put", "value": "x" * 60_000,
    })], gate=gate)  # fmt: skip
    play = Play({"go": starting("heavy")}, {"heavy": [put, change("n", "add", 1), finish("done")]})
    async with room(tmp_path, play, data=disk.data) as r:
        await r.page.ask("go")
        await r.model.arrived(3)
        disk.fill()
        gate.set()
        await r.page.until(lambda: r.page.troubles != [])
        assert "no room" in r.page.troubles[0]
        disk.free()
        result = await r.page.result(1)
        # Either it could not go on, and says why, or it waited and is whole: never half of it.
        if result.text == "done":
            assert "1" in (await r.page.ask("/state n")).text
        else:
            assert "no room on the disk" in result.text
            assert "Nothing of it was merged" in result.text
        assert "/jobs" in (await r.page.ask("/help")).text
