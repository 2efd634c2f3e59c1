"""`thaw pairs`, `thaw pair` and `thaw unpair`, beside a bot and without one."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.pairs import pair_of, pairs_of, unpair_of
from core.bell import FOLDER, Bell
from core.errors import BadRequest, StoreError
from core.messages import ChannelRef, Person
from core.pairing import Pairing, shown
from core.state.control import Control
from core.tasks import Tasks

HOME = ChannelRef(platform="telegram", workspace="chats", channel="7")
EVE = Person(id="7", name="Eve\x1b[2J")


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    """A bot has the data directory."""
    control = await Control.open(tmp_path)
    yield control
    await control.close()


async def code_of(control: Control) -> str:
    wish = await Pairing(control.database, time.time).ask(EVE, HOME)
    assert wish is not None
    return shown(wish.code)


async def test_a_bot_that_runs_lets_in_and_out_at_once(control: Control, tmp_path: Path) -> None:
    pairing, heard, tasks = Pairing(control.database, time.time), asyncio.Event(), Tasks()

    async def rung(channel: ChannelRef | None) -> None:
        assert channel is None
        await pairing.load()
        heard.set()

    bell = Bell(tmp_path, rung, tasks.spawn)
    await bell.start()
    code = await code_of(control)
    (line,) = await asyncio.to_thread(lambda: list(pairs_of(tmp_path)))
    assert line.startswith(f"telegram  7  Eve\\u001b[2J  waits: thaw pair {code}")
    first, then = await asyncio.to_thread(lambda: list(pair_of(tmp_path, code.lower(), "Root")))
    assert (first, then) == (
        "let in: telegram  7  Eve\\u001b[2J", "take it back with: thaw unpair 7",
    )  # fmt: skip
    async with asyncio.timeout(60):
        await heard.wait()
    assert pairing.people == {("telegram", "7")}
    (line,) = await asyncio.to_thread(lambda: list(pairs_of(tmp_path)))
    assert line.endswith("by Root (operator)")
    heard.clear()
    await asyncio.to_thread(lambda: list(unpair_of(tmp_path, "7")))
    async with asyncio.timeout(60):
        await heard.wait()
    assert pairing.people == set()
    bell.stop()
    await tasks.close()


async def test_without_a_bot_it_counts_from_the_next_start(tmp_path: Path) -> None:
    control = await Control.open(tmp_path)
    code = await code_of(control)
    await control.close()
    await asyncio.to_thread(lambda: list(pair_of(tmp_path, code, None)))
    control = await Control.open(tmp_path)
    pairing = Pairing(control.database, time.time)
    await pairing.load()
    assert pairing.people == {("telegram", "7")}
    assert [one.person.id for one in await pairing.untold()] == ["7"]
    await control.close()


async def test_what_is_wrong_is_said_with_what_to_do(control: Control, tmp_path: Path) -> None:
    def fails(do: object) -> str:
        with pytest.raises((BadRequest, StoreError)) as caught:
            list(do)  # type: ignore[call-overload]
        return str(caught.value)

    assert "ABCD-2345" in fails(pair_of(tmp_path, "x", None))
    assert "thaw pairs" in fails(pair_of(tmp_path, "ABCD-2345", None))
    assert "thaw pairs" in fails(unpair_of(tmp_path, "7"))
    assert "is not there" in fails(pairs_of(tmp_path / "none"))
    assert list(pairs_of(tmp_path)) == ["nobody waits, and nobody was let in"]


async def test_it_is_said_when_a_bot_cannot_be_told(control: Control, tmp_path: Path) -> None:
    code = await code_of(control)
    (tmp_path / FOLDER).write_text("in the way")
    with pytest.raises(StoreError, match="restart it"):
        await asyncio.to_thread(lambda: list(pair_of(tmp_path, code, None)))
