"""What a bot that cannot start says, and what it leaves alone."""

import socket
import sqlite3
from pathlib import Path

import pytest

from tests.harness import files
from tests.harness.bot import BotProcess, EndedAtStart, Sections
from tests.harness.page import Page


def aside(data: Path) -> list[Path]:
    return list(data.glob("control.db.damaged-*"))


async def refusal(bot: BotProcess) -> str:
    """What a bot says that must not start."""
    with pytest.raises(EndedAtStart) as ended:
        await bot.start()
    assert ended.value.code == 1, ended.value.said
    assert "Traceback" not in ended.value.said
    await bot.nothing_left()
    return ended.value.said


async def test_a_second_bot_on_the_same_data_names_the_first_and_leaves_it_running(
    tmp_path: Path,
) -> None:
    async with BotProcess(tmp_path) as first, BotProcess(tmp_path, data=first.data) as second:
        await first.start()
        said = await refusal(second)
        assert "another bot" in said
        assert str(first.pid) in said
        assert "data_dir" in said
        async with Page(first.url) as page:
            assert "/jobs" in (await page.ask("/help")).text


async def test_a_port_in_use_is_named_with_what_to_set(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with BotProcess(tmp_path, sections={"web": {"port": port}}) as bot:
            said = await refusal(bot)
            assert str(port) in said
            assert "[web] port" in said
            # What it had opened before is free again.
            bot.sections = {}
            await bot.start()


@pytest.mark.parametrize("name", ["control.db", "channels/web/local/general.db"])
async def test_a_newer_file_is_left_untouched(tmp_path: Path, name: str) -> None:
    async with BotProcess(tmp_path) as bot:
        await bot.start()
        async with Page(bot.url) as page:
            await page.ask("/set a 1")
        await bot.stop()
        path = bot.data / name if name == "control.db" else files.channel_file(bot.data)
        _pragma(path, "user_version = 999")
        before = path.read_bytes()
        if name == "control.db":
            said = await refusal(bot)
            assert "control.db has version 999" in said
            assert "start the newer program" in said
        else:
            await bot.start()
            async with Page(bot.url) as page, Page(bot.url, channel="other") as other:
                id_ = page.say("hello")
                await page.until(lambda: id_ in page.refused)
                assert "version 999" in page.refused[id_]
                assert "start the newer program" in page.refused[id_]
                assert "a" in (await other.ask("/set a 2")).text
            await bot.stop()
        assert path.read_bytes() == before


async def test_a_file_of_another_program_is_left_untouched(tmp_path: Path) -> None:
    async with BotProcess(tmp_path) as bot:
        bot.data.mkdir()
        with sqlite3.connect(bot.data / "control.db") as connection:
            connection.execute("CREATE TABLE music (title TEXT)")
        connection.close()
        before = (bot.data / "control.db").read_bytes()
        assert "another program" in await refusal(bot)
        assert (bot.data / "control.db").read_bytes() == before


async def test_a_damaged_index_is_set_aside_told_and_rebuilt(tmp_path: Path) -> None:
    async with BotProcess(tmp_path) as bot:
        await bot.start()
        async with Page(bot.url) as page:
            await page.ask("/set a 1")
        await bot.stop()
        (bot.data / "control.db").write_bytes(b"no database at all" * 1000)
        await bot.start()
        assert "control.db was lost" in bot.log()
        assert aside(bot.data)
        async with Page(bot.url) as page:
            assert "a = 1" in (await page.ask("/state a")).text


async def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    async with BotProcess(tmp_path, data=Path("/proc/thaw")) as bot:
        said = await refusal(bot)
        assert "/proc/thaw" in said
        assert "data_dir" in said


async def test_every_wrong_line_of_the_configuration_is_named_at_once(tmp_path: Path) -> None:
    sections: Sections = {
        "web": {"port": "high", "prot": 1},
        "subagents": {"max_running": 0, "sandbox": "none"},
        "modle": {"name": "x"},
    }
    async with BotProcess(tmp_path, sections=sections) as bot:
        with pytest.raises(EndedAtStart) as ended:
            await bot.start()
        assert ended.value.code == 2
        for part in (
            "[web] port:", "[web] prot:", "[subagents] max_running:", "[subagents] sandbox:",
            "[modle]:", "did you mean model",
        ):  # fmt: skip
            assert part in ended.value.said
        assert not bot.data.exists()


def _pragma(path: Path, text: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA {text}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
