import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from core.errors import StoreError
from core.messages import ChannelRef
from core.state.control import Control, known_channels, owner

HOLD = """
import asyncio, sys
from pathlib import Path
from core.state.control import Control
async def main():
    await Control.open(Path(sys.argv[1]))
    print("held", flush=True)
    sys.stdin.readline()
asyncio.run(main())
"""


def ref(channel: str, platform: str = "web") -> ChannelRef:
    return ChannelRef(platform=platform, workspace="w", channel=channel)


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    opened = await Control.open(tmp_path)
    yield opened
    await opened.close()


async def test_a_marked_channel_is_unfinished_until_it_is_cleared(control: Control) -> None:
    await control.mark(ref("a"))
    await control.mark(ref("b"))
    await control.clear(ref("a"), control.given(ref("a")))
    assert await control.unfinished() == (ref("b"),)
    await control.mark(ref("a"))
    assert set(await control.unfinished()) == {ref("a"), ref("b")}


async def test_work_that_is_given_after_somebody_looked_keeps_its_mark(control: Control) -> None:
    looked = control.given(ref("a"))
    async with control.giving(ref("a")):
        # Whoever looks now does not see it yet.
        looked_meanwhile = control.given(ref("a"))
        await control.clear(ref("a"), looked_meanwhile)
        assert await control.unfinished() == (ref("a"),)
    await control.clear(ref("a"), looked)
    assert await control.unfinished() == (ref("a"),)
    await control.clear(ref("a"), control.given(ref("a")))
    assert await control.unfinished() == ()


async def test_a_look_from_before_another_clearing_clears_nothing(control: Control) -> None:
    async with control.giving(ref("a")):
        pass
    looked = control.given(ref("a"))
    await control.clear(ref("a"), looked)
    async with control.giving(ref("a")):
        pass
    await control.clear(ref("a"), looked)
    assert await control.unfinished() == (ref("a"),)


async def test_work_that_is_given_while_it_is_cleared_is_marked_in_the_end(
    control: Control,
) -> None:
    await control.mark(ref("a"))
    clearing = asyncio.create_task(control.clear(ref("a"), control.given(ref("a"))))
    await asyncio.sleep(0)
    async with control.giving(ref("a")):
        pass
    await clearing
    assert await control.unfinished() == (ref("a"),)


async def test_marks_outlive_the_process(tmp_path: Path) -> None:
    first = await Control.open(tmp_path)
    await first.mark(ref("a"))
    await first.close()
    second = await Control.open(tmp_path)
    assert await second.unfinished() == (ref("a"),)
    await second.close()


async def test_marking_again_writes_nothing(control: Control) -> None:
    await control.mark(ref("a"))
    before = await control.database.run(lambda tx: tx.total_changes)
    await control.mark(ref("a"))
    assert await control.database.run(lambda tx: tx.total_changes) == before


async def test_the_known_channels_of_a_platform_stay_known(control: Control) -> None:
    await control.mark(ref("a"))
    await control.mark(ref("b", "slack"))
    await control.clear(ref("a"), control.given(ref("a")))
    assert await control.known("web") == (ref("a"),)
    assert await control.known("telegram") == ()


async def test_a_second_bot_is_told_who_has_the_directory(control: Control, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=rf"another bot \(pid {os.getpid()}\) is using"):
        await Control.open(tmp_path)


async def test_a_killed_bot_leaves_the_directory_free(tmp_path: Path) -> None:
    held = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(tmp_path),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert held.stdout is not None
    assert await held.stdout.readline() == b"held\n"
    with pytest.raises(StoreError, match=f"pid {held.pid}"):
        await Control.open(tmp_path)
    held.kill()
    await held.wait()
    await (await Control.open(tmp_path)).close()


@contextmanager
def killed_while_it_starts_a_child(data: Path) -> Iterator[IO[bytes]]:
    """The child of a dead bot shares the lock until the end of this, its input."""
    script = HOLD.replace("print(", "import os; os.fork() and print(")
    with subprocess.Popen(
        [sys.executable, "-c", script, str(data)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3],
    ) as held:  # fmt: skip
        assert held.stdin is not None
        assert held.stdout is not None
        assert held.stdout.readline() == b"held\n"
        held.kill()
        held.wait()
        yield held.stdin


async def test_what_a_killed_bot_was_just_starting_is_waited_for(tmp_path: Path) -> None:
    with killed_while_it_starts_a_child(tmp_path) as given:
        opening = asyncio.create_task(Control.open(tmp_path))
        done, _ = await asyncio.wait({opening}, timeout=0.3)
        assert not done
        given.close()
        await (await opening).close()


async def test_what_a_killed_bot_left_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.state.control._DEAD_S", 0.1)
    with (
        killed_while_it_starts_a_child(tmp_path),
        pytest.raises(StoreError, match="is using"),
    ):
        await Control.open(tmp_path)


async def test_who_has_a_directory_is_known_to_others(tmp_path: Path) -> None:
    assert owner(tmp_path / "missing") is None
    control = await Control.open(tmp_path)
    assert owner(tmp_path) == str(os.getpid())
    await control.close()
    assert owner(tmp_path) is None


async def test_the_channels_are_known_to_others_while_the_bot_runs(tmp_path: Path) -> None:
    assert known_channels(tmp_path) == ()
    control = await Control.open(tmp_path)
    await control.mark(ref("a"))
    await control.mark(ref("b", "slack"))
    assert set(known_channels(tmp_path)) == {ref("a"), ref("b", "slack")}
    await control.close()
    (tmp_path / "control.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match=r"control\.db is damaged or not a database"):
        known_channels(tmp_path)


async def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file.* data_dir"):
        await Control.open(tmp_path / "file")


async def test_a_control_file_of_another_program_gives_the_lock_back(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "control.db")
    connection.execute("CREATE TABLE music (title)")
    connection.close()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"control\.db"):
            await Control.open(tmp_path)
