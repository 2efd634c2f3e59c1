import json
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.checks import printable
from bot.logs import _Lines

ROOT = Path(__file__).parents[2]
SAID = """
import logging, sys, warnings
import structlog
from bot.logs import configure
configure(sys.argv[1])
log = structlog.get_logger("own")
log.debug("too much")
log.info("ours", channel="web/\\x1b[2J", number=3)
logging.getLogger("library").info("maybe what people wrote")
logging.getLogger("library").error("theirs \\x1b[2J")
warnings.warn("careful")
def broken(key="sk-hush"):
    said = "a private word"
    raise ValueError("a bug \\x1b[2J")
try:
    broken()
except ValueError:
    log.exception("own trouble")
    logging.getLogger("asyncio").exception("its trouble")
"""


def said(form: str) -> str:
    """All that a process writes that logs in this form."""
    ended = subprocess.run(
        [sys.executable, "-c", SAID, form],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert ended.stdout == ""
    return ended.stderr


def test_every_json_line_is_json_whoever_says_it() -> None:
    lines = [json.loads(line) for line in said("json").splitlines()]
    assert [(line["level"], line["event"].split("\x1b")[0]) for line in lines] == [
        ("info", "ours"),
        ("error", "theirs "),
        ("warning", lines[2]["event"]),
        ("error", "own trouble"),
        ("error", "its trouble"),
    ]
    assert "careful" in lines[2]["event"]
    assert lines[0]["number"] == 3
    assert lines[1]["logger"] == "library"
    assert lines[3]["exception"][0]["exc_type"] == "ValueError"
    assert all(line["timestamp"].endswith("Z") for line in lines)


def test_text_tells_the_same_in_words() -> None:
    text = said("text")
    for part in ("ours", "number=3", "theirs", "careful", "ValueError: a bug", "in broken"):
        assert part in text
    assert "too much" not in text


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_people_wrote_and_no_secret_is_logged(form: str) -> None:
    text = said(form)
    for hidden in ("sk-hush", "a private word", "maybe what people wrote"):
        # A traceback shows the source's lines, and here they hold what variables would.
        assert hidden not in "".join(line for line in text.splitlines() if "said =" not in line)


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_escape_reaches_a_terminal(form: str) -> None:
    assert all(line.isprintable() for line in said(form).splitlines())


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_log_that_cannot_be_written_stops_nothing(form: str) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        ended = subprocess.run(
            [sys.executable, "-c", f"{SAID}\nprint('went on')", form],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=full, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert "went on" in ended.stdout


values = st.text(max_size=20) | st.integers() | st.booleans() | st.none() | st.floats()
names = st.sampled_from(["channel", "number", "Zebra", "a", "exception", "logger"])


@given(st.text(max_size=40), st.sampled_from(["info", "critical"]), st.dictionaries(names, values))
def test_a_line_is_the_one_that_structlog_would_write(
    event: str, level: str, more: dict[str, object]
) -> None:
    for name in ("exception", "logger"):
        if name in more:
            more[name] = str(more[name])
    fields = {"timestamp": "2026-11-23T04:00:00Z", "level": level, "event": event, **more}
    legible = {k: printable(v) if isinstance(v, str) else v for k, v in fields.items()}
    console = structlog.dev.ConsoleRenderer(colors=False)
    assert _Lines()(None, level, fields) == console(None, level, legible)
