import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NewerDatabase, StoreError
from core.messages import ChannelRef
from core.state.channels import Channels, file_name
from core.state.database import Transaction
from core.state.facts import head


def ref(channel: str) -> ChannelRef:
    return ChannelRef(platform="web", workspace="local", channel=channel)


def add_setting(tx: Transaction) -> None:
    tx.execute("INSERT INTO settings VALUES (hex(randomblob(8)), '1', 'me', 1.0)")


def count_settings(tx: Transaction) -> int:
    return int(tx.execute("SELECT count(*) FROM settings").fetchone()[0])


@pytest.fixture
async def channels(tmp_path: Path) -> AsyncIterator[Channels]:
    opened = Channels(tmp_path, max_open=3)
    yield opened
    await opened.close()


def opened(channels: Channels) -> int:
    return len(channels._slots)


async def only(channels: Channels, *names: ChannelRef) -> None:
    """Return when these files are open and no others."""
    async with asyncio.timeout(30):
        while set(channels._slots) != set(names):  # noqa: ASYNC110 - the loop's own turn closes
            await asyncio.sleep(0)


@given(st.text(st.characters(), max_size=200), st.text(st.characters(), max_size=200))
def test_file_names_are_distinct_and_safe(one: str, other: str) -> None:
    for part in (one, other):
        name = file_name(part)
        assert 0 < len(name) <= 190
        assert name == name.lower()
        assert not set(name) & set("/\\. \0:")
    assert (file_name(one) == file_name(other)) == (one == other)


def test_long_names_differ_by_their_ends() -> None:
    assert file_name("x" * 500) != file_name("x" * 501)
    assert file_name("") != file_name("%")
    assert file_name("..") == "%2e%2e"


async def test_what_was_written_is_read_after_reopening(tmp_path: Path) -> None:
    first = Channels(tmp_path)
    await first.write(ref("a"), add_setting)
    await first.close()
    second = Channels(tmp_path)
    assert await second.exists(ref("a"))
    assert not await second.exists(ref("b"))
    assert await second.read(ref("a"), count_settings) == 1
    await second.close()


async def test_at_most_so_many_idle_files_stay_open(channels: Channels) -> None:
    for name in "abcdef":
        await channels.write(ref(name), add_setting)
    assert opened(channels) == 3
    assert await channels.read(ref("a"), count_settings) == 1


async def test_the_file_that_was_used_last_stays_open(channels: Channels) -> None:
    for name in "abc":
        await channels.read(ref(name), head)
    await channels.read(ref("a"), head)
    await channels.read(ref("d"), head)
    assert set(channels._slots) == {ref("c"), ref("a"), ref("d")}


async def test_a_file_in_use_is_not_closed(channels: Channels) -> None:
    names = [ref(name) for name in "abcdefgh"]
    await asyncio.gather(*(channels.write(name, add_setting) for name in names for _ in range(5)))
    assert opened(channels) <= 3
    for name in names:
        assert await channels.read(name, count_settings) == 5


async def test_many_first_uses_make_one_connection(channels: Channels) -> None:
    await asyncio.gather(*(channels.write(ref("a"), add_setting) for _ in range(20)))
    assert opened(channels) == 1
    assert await channels.read(ref("a"), count_settings) == 20


async def test_a_cancelled_caller_takes_nothing_from_the_others(channels: Channels) -> None:
    first = asyncio.create_task(channels.write(ref("a"), add_setting))
    second = asyncio.create_task(channels.write(ref("a"), add_setting))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert await channels.read(ref("a"), count_settings) >= 1


async def test_a_damaged_file_is_an_error_for_its_channel_only(channels: Channels) -> None:
    path = channels.path(ref("bad"))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database" * 1000)
    for _ in range(2):
        with pytest.raises(StoreError, match=r"bad\.db"):
            await channels.read(ref("bad"), head)
    assert await channels.read(ref("good"), head) == 0
    assert path.read_bytes() == b"this is no database" * 1000


async def test_a_newer_file_is_left_alone(channels: Channels) -> None:
    await channels.write(ref("a"), add_setting)
    await channels.close()
    with closing(sqlite3.connect(channels.path(ref("a")))) as connection:
        connection.execute("PRAGMA user_version = 999")
    later = Channels(channels._root.parent)
    with pytest.raises(NewerDatabase, match="999"):
        await later.read(ref("a"), head)
    await later.close()


async def test_a_repaired_file_is_used_again(channels: Channels) -> None:
    path = channels.path(ref("a"))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no" * 1000)
    with pytest.raises(StoreError):
        await channels.read(ref("a"), head)
    path.unlink()
    assert await channels.read(ref("a"), head) == 0


async def test_nothing_is_opened_after_closing(channels: Channels) -> None:
    await channels.read(ref("a"), head)
    await channels.close()
    with pytest.raises(RuntimeError, match="closed"):
        await channels.read(ref("a"), head)


async def test_closing_while_files_are_used_waits_for_them(tmp_path: Path) -> None:
    busy = Channels(tmp_path)
    writes = [asyncio.create_task(busy.write(ref(name), add_setting)) for name in "abc"]
    await asyncio.sleep(0)
    await busy.close()
    await asyncio.gather(*writes)
    again = Channels(tmp_path)
    for name in "abc":
        assert await again.read(ref(name), count_settings) == 1
    await again.close()


async def test_a_file_that_is_not_used_is_closed_after_a_while(tmp_path: Path) -> None:
    channels, held = Channels(tmp_path, idle_s=0), threading.Event()
    at_work = asyncio.create_task(channels.write(ref("a"), lambda tx: held.wait(30)))
    await channels.write(ref("b"), add_setting)
    await only(channels, ref("a"))
    held.set()
    assert await at_work
    await only(channels)
    assert await channels.read(ref("b"), count_settings) == 1
    await channels.close()


async def test_a_look_sees_what_was_written_and_opens_the_file_once(channels: Channels) -> None:
    writing = asyncio.create_task(channels.write(ref("a"), add_setting))
    await asyncio.sleep(0)
    assert await channels.look(ref("a"), count_settings) == 1
    await writing
    database = channels._slots[ref("a")].opening.result()
    assert database._reader is None
    assert await channels.read(ref("a"), count_settings) == 1
    assert database._reader is not None


async def test_a_visit_closes_what_it_opened_and_leaves_open_what_was(channels: Channels) -> None:
    await channels.write(ref("known"), add_setting)
    async with channels.visit(ref("known")):
        await channels.write(ref("known"), add_setting)
    async with channels.visit(ref("other")):
        await channels.write(ref("other"), add_setting)
        assert opened(channels) == 2
    assert await channels.aside(ref("other"), count_settings) == 1
    assert opened(channels) == 1
    assert await channels.read(ref("known"), count_settings) == 2


async def test_a_visit_leaves_the_file_to_whoever_uses_it(channels: Channels) -> None:
    began, end = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> int:
        began.set()
        assert end.wait(60)
        return count_settings(tx)

    async with channels.visit(ref("one")):
        await channels.write(ref("one"), add_setting)
        reading = asyncio.create_task(channels.look(ref("one"), slow))
        assert await asyncio.to_thread(began.wait, 60)
    end.set()
    assert await reading == 1
    assert opened(channels) == 1


async def test_what_is_asked_aside_leaves_nothing_open_and_makes_no_file(
    channels: Channels,
) -> None:
    await channels.write(ref("one"), add_setting)
    assert await channels.aside(ref("one"), count_settings) == 1
    assert opened(channels) == 1
    with pytest.raises(StoreError, match="is not there"):
        await channels.aside(ref("never"), count_settings)
    assert not channels.path(ref("never")).exists()
