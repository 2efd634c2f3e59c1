import json
from pathlib import Path
from typing import Any

import pytest

from bot import past
from core.errors import BadRequest, StoreError
from core.state.channels import Channels
from tests.core.room import CHANNEL, room

ESCAPES = "\x1b[2J\x9b2J\u202e"


@pytest.fixture
async def root(tmp_path: Path) -> Path:
    """The data of a bot that has stopped: three commits."""
    async with room(tmp_path) as running:
        await running.ask("m1", "/set key one")
        await running.ask("m2", '/set "other key" 1')
        await running.ask("m3", f"/set key two{ESCAPES}")
    return tmp_path


def history(root: Path, key: str | None = None, before: int | None = None) -> list[str]:
    return list(past.history_of(root, "general", key, before, 20, in_json=False))


def parsed(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def test_history_is_told_newest_first(root: Path) -> None:
    lines = history(root)
    assert [line[0] for line in lines if not line.startswith(" ")] == ["3", "2", "1"]
    assert lines[-2].startswith("1  1970-01-01 ")
    assert lines[-2].endswith("  Ada: set key (based on commit 0)")
    assert lines[-1] == '      `key` = "one"'
    assert all(line.isprintable() for line in lines)


def test_one_keys_history_and_pages(root: Path) -> None:
    assert [line[0] for line in history(root, "key") if line[0] != " "] == ["3", "1"]
    assert [line[0] for line in history(root, None, 3) if line[0] != " "] == ["2", "1"]
    assert history(root, f"none{ESCAPES}") == [
        "nothing was changed under none\\u001b[2J\\u009b2J\\u202e"
    ]
    (newest, *_, more) = past.history_of(root, "general", None, None, 1, in_json=False)
    assert (newest[0], more) == ("3", "older ones: --before 3")


def test_one_commit_is_told_in_full(root: Path) -> None:
    first, by, empty, *changes = past.commit_of(root, "general", 3, in_json=False)
    assert first.startswith("commit 3, 1970-01-01 ")
    assert (by, empty) == ("by Ada: set key (based on commit 2)", "")
    assert changes[0].startswith('`key` "one" → "two')
    with pytest.raises(BadRequest, match="there is no commit 4; the newest is 3"):
        list(past.commit_of(root, "general", 4, in_json=False))


def test_history_is_told_in_json(root: Path) -> None:
    lines = parsed(list(past.history_of(root, "general", "key", None, 20, in_json=True)))
    assert [line["number"] for line in lines] == [3, 1]
    assert lines[1]["changes"] == [
        {"key": "key", "file": False, "text": '`key` = "one"', "diff": []}
    ]
    (one,) = parsed(list(past.commit_of(root, "general", 1, in_json=True)))
    assert (one["author"], one["base"], one["undone_by"]) == ("Ada", 0, None)


def test_undo_says_what_it_did_and_how_to_take_it_back(root: Path) -> None:
    lines = list(past.undo_of(root, "general", 1, "ops", in_json=False))
    assert lines[0] == f"{CHANNEL}: undid commit 1; this is commit 4, by ops (operator)"
    assert lines[1].startswith("  `key` stays ")
    assert lines[2] == f"take it back with: thaw undo {CHANNEL} 4"
    assert "undone by commit 4" in "\n".join(history(root))
    (told,) = parsed(list(past.undo_of(root, str(CHANNEL), 4, None, in_json=True)))
    assert (told["type"], told["commit"], told["undoes"]) == ("undo", 5, 4)
    assert told["author"].endswith(" (operator)")


def test_what_cannot_be_undone_is_told(root: Path) -> None:
    list(past.undo_of(root, "general", 1, "ops", in_json=False))
    with pytest.raises(BadRequest, match="commit 1 is undone already, by commit 4"):
        list(past.undo_of(root, "general", 1, "ops", in_json=False))
    with pytest.raises(BadRequest, match="the channels are: world/w/general"):
        list(past.undo_of(root, "genral", 1, "ops", in_json=False))
    with pytest.raises(BadRequest, match="the channels are: none yet"):
        list(past.undo_of(root / "elsewhere", "general", 1, "ops", in_json=False))
    Channels(root).path(CHANNEL).unlink()
    with pytest.raises(StoreError, match=r"general\.db is not there"):
        list(past.undo_of(root, "general", 2, "ops", in_json=False))


@pytest.mark.parametrize("name", ["", "x" * 500, ESCAPES, "two\nlines"])
def test_whatever_the_operator_is_called_is_one_short_line(root: Path, name: str) -> None:
    first, *_ = past.undo_of(root, "general", 1, name, in_json=False)
    assert first.isprintable()
    assert len(first) < 200
