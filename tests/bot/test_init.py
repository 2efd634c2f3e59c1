"""`thaw init`, by the real command line: at a terminal, through a pipe, with nobody to answer."""

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import Config, load

ROOT = Path(__file__).parents[2]
ENDS = {"PYTHONPATH": str(ROOT)}


def thaw(folder: Path, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run it there, with these lines on standard input."""
    return subprocess.run(
        [sys.executable, "-m", "bot", "init", *arguments],
        cwd=folder, env=os.environ | ENDS, input=said, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def at_a_terminal(folder: Path, *answers: str) -> tuple[int, str]:
    """Run it at a terminal, each answer typed when a question stands there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "init"],
        cwd=folder, env=os.environ | ENDS, stdin=theirs, stdout=theirs, stderr=theirs,
    ) as process:  # fmt: skip
        os.close(theirs)
        shown, left = b"", list(answers)
        while True:
            assert select.select([ours], [], [], 60)[0], shown
            try:
                piece = os.read(ours, 4096)
            except OSError:
                break  # the other end is closed
            if not piece:
                break
            shown += piece
            if left and shown.endswith((b": ",)):
                os.write(ours, f"{left.pop(0)}\n".encode())
        code = process.wait(60)
    os.close(ours)
    return code, shown.decode()


def written(folder: Path) -> Config:
    return load(folder / "config.toml")


def test_at_a_terminal_the_answers_make_a_configuration_that_loads(tmp_path: Path) -> None:
    code, shown = at_a_terminal(
        tmp_path,
        "y", "y", "n", "n",  # Slack, Discord, not Telegram, no page
        "", "", "MY_APP", "U012AB3CD, U0XY",  # socket mode; the secrets' variables; admins
        "1234567", "", "",  # the application, the token's variable, no admins
        "Ice", "", "", "", "",
    )  # fmt: skip
    assert code == 0, shown
    config = written(tmp_path)
    assert config.platforms.names == ("slack", "discord")
    assert (config.page, config.bot.name) == (False, "Ice")
    assert config.platforms.slack is not None
    assert config.platforms.slack.app_token_env == "MY_APP"
    assert config.access.slack.admins == {"U012AB3CD", "U0XY"}
    assert "client_id=1234567&permissions=309237763136" in shown
    assert "export SLACK_BOT_TOKEN=xoxb-..." in shown
    assert "export MY_APP=" in shown
    assert "export DISCORD_TOKEN=" in shown


def test_a_wrong_answer_is_explained_and_asked_for_again(tmp_path: Path) -> None:
    answers = ["push", "polling", "123:hush", "TELEGRAM_TOKEN", "@ann", "42", *[""] * 6]
    ended = thaw(tmp_path, "--platform", "telegram", said="\n".join(["y", *answers]))
    assert ended.returncode == 0, ended.stderr
    assert 'must be one of "polling", "webhook"' in ended.stdout + ended.stderr
    assert "not the secret" in ended.stdout + ended.stderr
    config = written(tmp_path)
    assert config.access.telegram.admins == {"42"}
    assert (config.page, config.platforms.names) == (True, ("telegram",))
    assert "hush" not in (tmp_path / "config.toml").read_text()


def test_all_comments_are_kept_and_only_what_was_chosen_differs(tmp_path: Path) -> None:
    assert thaw(tmp_path, "--yes", "--platform", "telegram").returncode == 0
    example = (ROOT / "config.example.toml").read_text("utf-8")
    made = (tmp_path / "config.toml").read_text("utf-8")
    assert made == example.replace("# [telegram]", "[telegram]")
    assert written(tmp_path).platforms.names == ("telegram",)


def test_the_manifest_that_is_printed_is_slack_s_and_has_the_bot_s_name(tmp_path: Path) -> None:
    ended = thaw(tmp_path, "--platform", "slack", said="\n" * 5 + "Ice\n" + "\n" * 5)
    shown = ended.stdout[ended.stdout.index("\n{\n") : ended.stdout.index("\n}\n") + 2]
    manifest = json.loads(shown)
    assert manifest["display_information"]["name"] == "Ice"
    known = json.loads((ROOT / "docs" / "slack-manifest.json").read_text("utf-8"))
    assert manifest["oauth_config"] == known["oauth_config"]
    assert manifest["settings"] == known["settings"]


@pytest.mark.parametrize("arguments", [["--yes"], []])
def test_a_file_that_is_there_is_left_alone(tmp_path: Path, arguments: list[str]) -> None:
    file = tmp_path / "config.toml"
    file.write_text("# mine")
    ended = thaw(tmp_path, *arguments, said="n\n")
    assert (ended.returncode, file.read_text()) == (1, "# mine")
    assert "config.toml" in ended.stderr
    assert thaw(tmp_path, "--yes", "--force").returncode == 0
    assert written(tmp_path).page


def test_with_nobody_to_answer_nothing_is_written_and_what_to_do_is_told(tmp_path: Path) -> None:
    ended = thaw(tmp_path, said="y\n")
    assert ended.returncode == 1
    assert "--yes" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    ended = thaw(tmp_path, "--yes", "--config", str(tmp_path / "no" / "such" / "c.toml"))
    assert ended.returncode == 1
    assert "cannot be written: No such file or directory" in ended.stderr
