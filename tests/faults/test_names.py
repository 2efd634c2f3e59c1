"""No name of any host can be looked up, as when the machine's DNS is gone: people and the operator
are told in plain words, commands go on, and it heals by itself when names are known again."""

import asyncio
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from tests.emulators.script import Received, Reply
from tests.harness.bot import BotProcess
from tests.harness.page import Page
from tests.harness.people import PATIENCE_S, one
from tests.harness.town import town

PLATFORMS = ("slack", "discord", "telegram")
NAMES = {name: f"{name}.test" for name in ("model", *PLATFORMS)}
ALONE = ("unshare", "--mount", "--propagation", "private")
# What the bot looks names up in is its own: nobody answers where it is to ask.
OWN_NAMES = (
    'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@"'
)
NOBODY = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    """The names that the bot knows. Skips where it cannot have its own."""
    if shutil.which(ALONE[0]) is None or subprocess.run([*ALONE, "true"], check=False).returncode:
        pytest.skip("needs the right to mount, to take names from the bot alone")
    file = tmp_path / "hosts"
    file.write_text("127.0.0.1 localhost\n")
    return file


def known(hosts: Path) -> None:
    """The names are known again."""
    hosts.write_text(f"127.0.0.1 localhost {' '.join(NAMES.values())}\n")


async def readiness(bot: BotProcess, fits: Callable[[str], bool]) -> None:
    """Return when the bot's readiness is as wanted; each platform finds out for itself."""
    async with asyncio.timeout(PATIENCE_S), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{bot.url}readyz") as answer:
                if fits(await answer.text()):
                    return
            await asyncio.sleep(0.1)


def lacks_names(said: str) -> bool:
    return all(f"the name {name}.test cannot be looked up" in said for name in PLATFORMS)


async def test_it_is_told_plainly_and_heals_by_itself(tmp_path: Path, hosts: Path) -> None:
    resolver = tmp_path / "resolv.conf"
    resolver.write_text(NOBODY)
    through = (*ALONE, "sh", "-c", OWN_NAMES, "sh", str(hosts), str(resolver))

    def script(received: Received) -> Reply:
        return Reply(text=f"heard {received.asked}")

    async with town(tmp_path, script, through=through, names=NAMES) as t:
        asked = await t.sides[2].ask("before", 0)  # Telegram keeps it until the bot comes
        await t.bot.start()
        async with Page(t.bot.url) as page:
            told = await page.ask("hello")
            assert "could not get an answer" in told.text
            assert "Nothing can be reached at http://model.test" in told.text
            assert "the name model.test cannot be looked up" in told.text
            assert "/jobs" in (await page.ask("/help")).text
            await readiness(t.bot, lacks_names)
            known(hosts)
            for side in t.sides:
                await side.connected()
            await one(t.sides[2], asked, "heard before")
            for side in t.sides:
                await one(side, await side.ask("now", 0), "heard now")
            assert (await page.ask("hello")).text == "heard hello"
            await readiness(t.bot, "ready\n".__eq__)
