"""What the operator does from the command line, beside a core over the same files."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from core import bell, operator
from core.errors import BadRequest, StoreError
from core.jobs.job import Gathered
from core.messages import ChannelRef, Post, StateMoved
from core.state.channels import Channels
from core.state.control import Control
from core.state.operations import Op, Operation
from tests.core.room import CHANNEL, Room, room, starts

ROOT = operator.operator("root")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as opened:
        yield opened


def undo(root: Path, commit: int, source: str = "operator:1") -> int:
    merged = operator.undo(root, CHANNEL, commit, ROOT, 2.0, source)
    assert merged.commit is not None
    return merged.commit


def told(here: Room) -> list[Post]:
    return [post for post in here.platform.posts() if post.id.startswith("reply:operator:")]


async def test_it_is_written_beside_a_running_bot_which_then_shows_it(
    here: Room, tmp_path: Path
) -> None:
    await here.ask("m1", "/set k 1")
    await here.ask("m2", "/set k 2")
    assert undo(tmp_path, 2) == 3
    await here.desk.notice(CHANNEL)
    await here.platform.until(lambda: told(here))
    (post,) = told(here)
    assert post.text == "root (operator) undid commit 2 from the command line."
    assert (post.thread.thread, post.receipt) == ("", ("`k` 2 → 1",))
    assert [button.action for button in post.buttons] == ["undo.3"]
    assert StateMoved(channel=CHANNEL, commit=3) in here.platform.hints
    assert "Last written by Ada, " in (await here.ask("m3", "/state k")).text
    # The bot goes on from what it finds in the file.
    await here.press("p1", "undo.3")
    assert "k = 2" in (await here.ask("m4", "/state k")).text
    assert "root (operator): undo of commit 2" in (await here.ask("m5", "/history")).text


async def test_without_a_bot_the_channel_is_told_at_the_next_start(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.ask("m1", "/set k 1")
    control = await Control.open(tmp_path)
    await control.clear(CHANNEL, control.given(CHANNEL))
    await control.close()
    undo(tmp_path, 1)
    async with room(tmp_path) as here:
        await here.platform.until(lambda: told(here))
        assert told(here)[0].receipt == ("`k` is gone",)


async def test_a_conflict_that_it_opens_is_asked_about(here: Room, tmp_path: Path) -> None:
    await here.ask("m0", "/set k 0")
    here.script.replies.append(starts("one", "two"))
    await here.ask("m1", "go")
    for number, value in ((1, "a"), (2, "b")):
        await here.hands.running(number)
        put = Operation(key="k", op=Op.PUT, argument=value)
        here.hands.gather[number] = Gathered(operations=(put,))
        here.hands.end(number)
        await here.platform.post(f"result:{number}")
    await here.ask("m2", "/resolve 1 0")
    undo(tmp_path, 4)
    await here.desk.notice(CHANNEL)
    await here.platform.until(
        lambda: [post for post in here.platform.posts() if post.id.startswith("conflict:")][1:]
    )


@pytest.mark.parametrize("commit", [2, 10**15])
async def test_a_commit_that_is_not_there_changes_nothing(
    here: Room, tmp_path: Path, commit: int
) -> None:
    await here.ask("m1", "/set k 1")
    with pytest.raises(BadRequest, match=f"there is no commit {commit}"):
        undo(tmp_path, commit)
    undo(tmp_path, 1)
    with pytest.raises(BadRequest, match="is undone already, by commit 2"):
        undo(tmp_path, 1, "operator:2")
    assert await here.channels.read(
        CHANNEL, lambda tx: tx.execute("SELECT max(number) FROM commits").fetchone()
    ) == (2,)


async def test_a_channel_without_a_file_gets_none(here: Room, tmp_path: Path) -> None:
    other = ChannelRef(platform="world", workspace="w", channel="other")
    with pytest.raises(StoreError, match="is not there"):
        operator.undo(tmp_path, other, 1, ROOT, 1.0, "operator:1")
    await here.desk.notice(other)
    assert not Channels(tmp_path).path(other).exists()


async def test_a_ring_that_cannot_be_left_does_not_undo_the_undo(
    here: Room, tmp_path: Path
) -> None:
    await here.ask("m1", "/set k 1")
    (tmp_path / bell.FOLDER).write_text("in the way")
    assert undo(tmp_path, 1) == 2


async def test_it_waits_for_a_transaction_of_the_bot(here: Room, tmp_path: Path) -> None:
    await here.ask("m1", "/set k 1")
    path = Channels(tmp_path).path(CHANNEL)
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO settings VALUES ('model', '\"x\"', 'Ada', 1.0)")
        done = asyncio.create_task(asyncio.to_thread(undo, tmp_path, 1))
        await asyncio.wait([done], timeout=0.2)
        assert not done.done()
        other.execute("COMMIT")
        assert await done == 2
