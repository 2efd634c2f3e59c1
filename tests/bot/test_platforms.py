import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.platform_sections import DiscordSection, Platforms, SlackSection, TelegramSection

ROOT = Path(__file__).parents[2]
LIBRARIES = {"slack_sdk", "slack_bolt", "discord", "telegram", "httpx"}
# The whole bot, which says what it has loaded as soon as it is ready, and ends.
PROGRAM = """
import asyncio, json, os, signal, sys
from pathlib import Path
from bot.config import load
from bot.wiring import run
def ready(address):
    names = {name.split(".")[0] for name in sys.modules}
    print(json.dumps([address, sorted(names)]), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
sys.exit(asyncio.run(run(load(Path(sys.argv[1])), ready)))
"""


def ready(folder: Path, text: str) -> tuple[str | None, set[str]]:
    """The page's address and the packages that are loaded when the bot is ready."""
    file = folder / "config.toml"
    file.write_text(f'[bot]\ndata_dir = "data"\n{text}')
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(file)],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)} | secrets(),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    address, names = json.loads(ended.stdout)
    return address, set(names)


def secrets() -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "DISCORD_TOKEN": "abc",
        "TELEGRAM_TOKEN": "1:A",
    }  # fmt: skip


def test_with_the_page_alone_no_platform_s_library_is_loaded(tmp_path: Path) -> None:
    address, names = ready(tmp_path, "[web]\nport = 0\n")
    assert address is not None
    assert names & LIBRARIES == set()


def test_with_platforms_alone_there_is_no_page_and_nobody_waits_for_a_library(
    tmp_path: Path,
) -> None:
    nowhere = "http://127.0.0.1:9"
    address, names = ready(
        tmp_path,
        f'[slack]\napi_url = "{nowhere}/api/"\n[telegram]\napi_url = "{nowhere}"\n'
        f'[discord]\napi_url = "{nowhere}"\ngateway_url = "ws://127.0.0.1:9/"\n',
    )
    assert address is None
    # Ready is said before any of them is loaded: that takes a second and happens on a thread.
    assert not names >= LIBRARIES


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("SLACK_BOT_TOKEN", "[slack] bot_token_env: "),
        ("SLACK_APP_TOKEN", "[slack] app_token_env: "),
        ("DISCORD_TOKEN", "[discord] token_env: "),
        ("TELEGRAM_TOKEN", "[telegram] token_env: "),
    ],
)
def test_each_secret_that_is_missing_is_named_with_its_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, key: str
) -> None:
    for each, value in secrets().items():
        monkeypatch.setenv(each, value)
    every = Platforms(slack=SlackSection(), discord=DiscordSection(), telegram=TelegramSection())
    assert every.lacking(os.environ) == ()
    monkeypatch.delenv(name)
    (line,) = every.lacking(os.environ)
    assert line.startswith(f"{key}the environment variable {name} does not hold")
    assert Platforms().lacking(os.environ) == ()
