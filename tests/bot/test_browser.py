import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from bot.browser import at_hand

ROOT = Path(__file__).parents[2]
SCREEN = {"DISPLAY": ":0"}
SHOW = """
import threading
from bot.browser import show
show("http://127.0.0.1:8484/")
for thread in threading.enumerate():
    if thread.name == "browser":
        thread.join()
"""


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stream:
        yield stream
    os.close(ours)


def test_a_terminal_beside_a_screen_is_a_desktop(terminal: TextIO) -> None:
    assert at_hand(SCREEN, terminal, terminal)
    assert at_hand({"WAYLAND_DISPLAY": "wayland-0"}, terminal)


def test_without_a_terminal_on_both_ends_nobody_looks(terminal: TextIO) -> None:
    assert not at_hand(SCREEN, terminal, io.StringIO())
    assert not at_hand(SCREEN, None, terminal)


@pytest.mark.parametrize(
    "environment",
    [{}, {"DISPLAY": ""}, SCREEN | {"CI": "true"}, SCREEN | {"SSH_CONNECTION": "a 1 b 2"}],
)
def test_nothing_is_opened_where_nobody_sits(
    terminal: TextIO, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert not at_hand(environment, terminal, terminal)


def shown(tmp_path: Path, program: str, **environment: str) -> tuple[str, str]:
    """What the only browser of a machine was told to open, and what all said on the way."""
    told, bin_ = tmp_path / "told", tmp_path / "bin"
    bin_.mkdir()
    (bin_ / program).write_text(f'#!/bin/sh\necho "$1" > {told}\n')
    (bin_ / program).chmod(0o755)
    # The end of the output is the end of all who hold it: also of a browser in the background.
    ended = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=ROOT, env={"PATH": str(bin_), "TERM": "xterm"} | environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True, timeout=60,
    )  # fmt: skip
    return told.read_text() if told.exists() else "", ended.stdout


def test_the_desktops_browser_is_shown_the_page(tmp_path: Path) -> None:
    assert shown(tmp_path, "xdg-open", DISPLAY=":0") == ("http://127.0.0.1:8484/\n", "")


def test_a_browser_of_the_terminal_is_left_alone(tmp_path: Path) -> None:
    assert shown(tmp_path, "w3m", DISPLAY=":0") == ("", "")


def test_without_any_browser_nothing_happens(tmp_path: Path) -> None:
    assert shown(tmp_path, "no-browser", DISPLAY=":0") == ("", "")
