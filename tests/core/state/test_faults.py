"""Bytes that are no text, in a file's rows and in what names its tables."""

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import DamagedFile, StoreError
from core.messages import ChannelRef
from core.state.backup import FileKind, copy_database
from core.state.channels import Channels
from core.state.control import Control
from core.state.damaged import Mended, Mender, no_copies, trouble
from core.state.database import Transaction
from core.state.faults import FAULTS, of_the_world
from core.state.reading import reading
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations

KIND = FileKind(application_id=CHANNEL_APPLICATION_ID, newest=len(channel_migrations()))
GENERAL = ChannelRef(platform="web", workspace="local", channel="general")
SAID = "quokka"  # in a row, and never to be told
# The name of a table and how what makes it begins.
TABLE = rb"(?<=table)[a-z_]+..?CREATE TABLE"


def put(tx: Transaction) -> None:
    tx.execute("REPLACE INTO settings VALUES ('name', ?, 'me', 1.0)", (SAID,))


def get(tx: Transaction) -> str:
    return str(tx.execute("SELECT value FROM settings").fetchone()[0])


async def spoiled(root: Path, old: bytes) -> Path:
    """A channel's file in which the first that fits `old` is no text."""
    channels = Channels(root)
    await channels.write(GENERAL, put)
    await channels.close()
    path = channels.path(GENERAL)
    spoil(path, old)
    return path


def spoil(path: Path, old: bytes) -> None:
    content, count = re.subn(old, lambda found: b"\xa5" * len(found[0]), path.read_bytes(), count=1)
    assert count == 1
    path.write_bytes(content)


async def without_tables(root: Path) -> Path:
    return await spoiled(root, TABLE)


async def without_text(root: Path) -> Path:
    return await spoiled(root, rb"(?<=quo)kka")


async def test_a_file_whose_tables_cannot_be_named_is_damaged_and_mended(tmp_path: Path) -> None:
    path = await without_tables(tmp_path)
    assert trouble(path, KIND) == "its text is no text"
    told: list[Mended] = []
    mender = Mender(tmp_path, KIND, no_copies)
    mender.on_mended = told.append
    channels = Channels(tmp_path, mender=mender)
    await channels.write(GENERAL, put)
    assert await channels.read(GENERAL, get) == SAID
    await channels.close()
    assert len(told) == 1


async def test_it_is_no_copy_and_keeps_no_bot_from_starting(tmp_path: Path) -> None:
    path = await without_tables(tmp_path)
    with pytest.raises(DamagedFile, match="its text is no text"):
        copy_database(path, tmp_path / "copy.db", KIND)
    control = await Control.open(tmp_path)
    assert await control.unfinished() == (GENERAL,)
    await control.close()


async def test_accounts_whose_tables_cannot_be_named_are_rebuilt(tmp_path: Path) -> None:
    channels = Channels(tmp_path)
    await channels.write(GENERAL, put)
    await channels.close()
    await (await Control.open(tmp_path)).close()
    spoil(tmp_path / "control.db", TABLE)
    control = await Control.open(tmp_path)
    assert await control.unfinished() == (GENERAL,)
    await control.close()


async def test_a_text_that_cannot_be_read_is_told_without_what_is_left_of_it(
    tmp_path: Path,
) -> None:
    path = await without_text(tmp_path)
    channels = Channels(tmp_path, mender=Mender(tmp_path, KIND, no_copies))
    for look in (channels.read, channels.look, channels.glance):
        with pytest.raises(sqlite3.OperationalError, match=r"^its text is no text$") as damaged:
            await look(GENERAL, get)
        assert damaged.value.__suppress_context__
    await channels.close()
    with (
        pytest.raises(StoreError, match="is damaged: its text is no text") as found,
        reading(path, CHANNEL_APPLICATION_ID, len(channel_migrations())) as tx,
    ):
        get(tx)
    assert "quo" not in str(found.value)


async def test_a_log_that_is_cut_while_it_is_in_use_keeps_nobody_out_for_long(
    tmp_path: Path,
) -> None:
    channels = Channels(tmp_path, mender=Mender(tmp_path, KIND, no_copies))
    await channels.write(GENERAL, put)
    path = channels.path(GENERAL)
    os.truncate(path.with_name(f"{path.name}-wal"), 0)
    # Another connection has none of its pages yet.
    with pytest.raises(DamagedFile):
        await channels.read(GENERAL, get)
    await channels.write(GENERAL, put)
    assert await channels.read(GENERAL, get) == SAID
    await channels.close()


def test_what_is_wrong_with_our_own_code_stays_a_bug(tmp_path: Path) -> None:
    ours: list[Callable[[], object]] = [b"\xa5".decode]
    with closing(sqlite3.connect(tmp_path / "x.db")) as file:
        ours.append(lambda: file.execute("SELECT 1 FROM nothing"))
        for function in ours:
            with pytest.raises(FAULTS) as found:
                function()
            assert isinstance(found.value, FAULTS)
            assert not of_the_world(found.value)
