import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import bot
from tests.core.room import room

ROOT = Path(__file__).parents[2]
FULL = Path("/dev/full")


def thaw(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, without a key and from another folder."""
    kept = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd="/",
        env=kept | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_version_says_which() -> None:
    ended = thaw("version")
    assert (ended.returncode, ended.stdout) == (0, f"thaw {bot.__version__}\n")


def test_help_names_the_commands() -> None:
    ended = thaw("--help")
    assert ended.returncode == 0
    for command in ("run", "doctor", "version"):
        assert f"\n  {command} " in ended.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["rnu"],
        ["run", "--confg", "x"],
        ["run", "x"],
        ["undo", "general", "x"],
        ["undo", "general", "0"],
        ["history", "general", "key", "--commit", "3"],
    ],
)
def test_what_is_no_command_is_refused(arguments: list[str]) -> None:
    ended = thaw(*arguments)
    assert ended.returncode == 2
    assert "Usage: thaw" in ended.stderr


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_a_wrong_configuration_is_told_in_full_and_starts_nothing(
    tmp_path: Path, command: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[web]\nport = 'x'\nhots = 'y'\n")
    ended = thaw(command, "--config", str(file))
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.splitlines() == [
        f"{file} cannot be used:",
        '  [web] port: must be a whole number from 0 to 65535, got "x"',
        "  [web] hots: there is no such setting; did you mean host?",
    ]


def test_the_doctor_ends_well_if_nothing_keeps_the_bot_from_working(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[bot]\ndata_dir = "data"\n[web]\nport = 0\n')
    ended = thaw("doctor", "--config", str(file))
    assert ended.returncode == 0
    assert f"ok       settings  read from {file}" in ended.stdout
    assert "note     model     OPENAI_API_KEY is not set" in ended.stdout


def test_the_doctor_fails_if_something_does(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[bot]\ndata_dir = "data"\n[subagents]\nsandbox = "bubblewrap"\n')
    ended = thaw("doctor", "--config", str(file), PATH=str(tmp_path))
    assert ended.returncode == 1
    assert "problem  sandbox   no job can run: bubblewrap is not installed" in ended.stdout


@pytest.fixture
async def talked(tmp_path: Path) -> Path:
    """The configuration of a bot whose channel has heard something long and something foreign."""
    async with room(tmp_path / "data") as running:
        await running.ask("m1", "/set key 日本 😀")
        for number in range(3):
            await running.ask(f"long{number}", "/help " + "x" * 90_000)
    config = tmp_path / "config.toml"
    config.write_text('[bot]\ndata_dir = "data"\n')
    return config


def test_a_reader_that_goes_away_ends_the_export_without_a_word(talked: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "export", "general", "--config", str(talked)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as export:  # fmt: skip
        assert export.stdout is not None
        assert export.stderr is not None
        assert json.loads(export.stdout.readline())["type"] == "channel"
        export.stdout.close()
        assert export.stderr.read() == b""
        assert export.wait(60) == 1


def test_an_output_without_room_is_told_and_not_half_a_success(talked: Path) -> None:
    with FULL.open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "bot", "export", "general", "--config", str(talked)],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr == "the output cannot be written: No space left on device\n"


def test_an_export_is_utf_8_whatever_the_terminal_speaks(talked: Path) -> None:
    ended = thaw("export", "general", "--config", str(talked), PYTHONIOENCODING="latin-1")
    # What was read as the machine's own encoding is UTF-8 there as here.
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert "/set key 日本 😀" in [line.get("text") for line in lines]


def test_what_a_terminal_cannot_show_is_escaped(talked: Path) -> None:
    ended = thaw("state", "general", "--config", str(talked), PYTHONIOENCODING="latin-1")
    assert r"key = \u65e5\u672c" in ended.stdout.replace('"', "")


def test_trouble_goes_to_standard_error_with_exit_code_1(talked: Path) -> None:
    ended = thaw("state", "\x1b[2Jx", "--config", str(talked))
    assert (ended.returncode, ended.stdout) == (1, "")
    channels = "the channels are: world/w/general"
    assert ended.stderr == f'there is no channel "\\u001b[2Jx"; {channels}\n'


def test_what_it_was_started_without_is_no_number_for_files() -> None:
    code = (
        "import os; from bot import cli; os.close(0); os.close(2)\n"
        "cli.thaw = lambda **_: print(*(os.readlink(f'/proc/self/fd/{n}') for n in (0, 2)))\n"
        "cli.main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
        timeout=60,
    )  # fmt: skip
    assert ended.stdout.split() == ["/dev/null", "/dev/null"]


def test_the_command_line_loads_nothing_heavy() -> None:
    loaded = loaded_with("bot.cli")
    assert "bot.config" in loaded
    assert loaded & {"aiohttp", "openai", "pydantic", "rich", "structlog"} == set()


def test_the_bot_loads_only_what_every_configuration_needs() -> None:
    loaded = loaded_with("bot.wiring")
    assert "adapters.web.adapter" in loaded
    libraries = {"discord", "slack_bolt", "slack_sdk", "telegram", "openai", "httpx2", "mcp"}
    read_elsewhere = {"trafilatura", "genai_prices", "jsonschema"}
    of_some = {"core.model.offline.model", "core.fetch.fetcher", "core.mcp.servers"}
    assert loaded & (libraries | read_elsewhere | of_some) == set()


def loaded_with(module: str) -> set[str]:
    """All modules that are there when this one is imported."""
    code = f"import sys, {module}; print(*sorted(sys.modules))"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(ended.stdout.split())
