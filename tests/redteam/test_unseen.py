"""Letters that nobody sees, that turn others around, or that a terminal acts on: by every way that
somebody's words reach a name, a title, a receipt, a list, a log or a terminal."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from bot.inspect import jobs_of, state_of
from bot.past import history_of
from core.approvals.request import shown
from core.jobs.job import Completed, Gathered
from core.messages import Person
from core.state.operations import Op, Operation
from tests.core.room import CHANNEL, Room, room, says, starts

SIGNS: Mapping[str, str] = {
    "turning what follows around": "\u202e",
    "an isolate that is never closed": "\u2067",
    "a blank without width": "\u200b",
    "a joiner of words": "\u2060",
    "a mark of byte order": "\ufeff",
    "a hyphen that is not there": "\u00ad",
    "letters that tag": "\U000e0041\U000e0042",
    "clearing the screen": "\x1b[2J",
    "a new title for the window": "\x1b]0;mine\x07",
    "the same in one byte": "\x9b2J",
    "going back over what was written": "\b\b\b\b",
    "a new line where there is none": "\u2028",
    "half a letter": "\ud800",
}
KEPT = "\u200c\u200d\n\t"


def hidden(text: str) -> str:
    """What of a text cannot be seen."""
    return "".join(one for one in text if not (one.isprintable() or one in KEPT))


def words(item: object) -> Iterator[str]:
    """Every text in a post or card."""
    if isinstance(item, str):
        yield item
    elif isinstance(item, tuple):
        for part in item:
            yield from words(part)
    elif is_dataclass(item):
        for field in fields(item):
            yield from words(getattr(item, field.name))


async def everywhere(here: Room, evil: str) -> None:
    """Somebody with an evil name starts a job with an evil title, which leaves evil values."""
    eve = Person(id="eve", name=f"Eve {evil}")
    here.script.replies = [starts(f"count {evil}"), says("started")]
    await here.say("m1", "go", by=eve)
    await here.platform.post("answer:m1")
    await here.hands.running(1)
    here.hands.gather[1] = Gathered(
        operations=(
            Operation(key="value", op=Op.PUT, argument=f"a{evil}"),
            Operation(key="log", op=Op.APPEND, argument=f"b{evil}"),
            Operation(key="team", op=Op.INCLUDE, argument=f"c{evil}"),
            Operation(key="record", op=Op.PATCH, argument={"field": f"d{evil}"}),
        )
    )
    here.hands.end(1, Completed(result="done"))
    await here.platform.post("result:1")
    for number, command in enumerate(
        (
            f"/set mine e{evil}", f"/set k{evil}k 1", "/state", "/state value", "/history",
            "/history mine", "/history commit 1", "/jobs", "/job 1", f"/job {evil}",
            f"/settings instructions f{evil}", "/settings", f"/state {evil}k", "/conflicts",
        )
    ):  # fmt: skip
        await here.say(f"c{number}", command, by=eve)
        await here.platform.post(f"reply:message:c{number}")


@pytest.mark.parametrize("sign", SIGNS)
async def test_nothing_that_people_are_shown_holds(tmp_path: Path, sign: str) -> None:
    evil = SIGNS[sign].encode("utf-8", "replace").decode()
    async with room(tmp_path) as here:
        await everywhere(here, evil)
        found = {text for item in here.platform.shown for text in words(item) if hidden(text)}
    assert found == set()
    name = str(CHANNEL)
    past = history_of(tmp_path, name, None, None, 20, in_json=False)
    for lines in (jobs_of(tmp_path, None), state_of(tmp_path, name), past):
        assert [line for line in lines if hidden(line)] == []


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("tool", ["shell", "python", "fetch", "mcp__s__t"])
def test_what_a_person_s_word_is_asked_for_holds(tool: str, sign: str) -> None:
    name = {"shell": "command", "python": "code", "fetch": "url"}.get(tool, "other")
    asked = shown(tool, {name: f"rm{SIGNS[sign]} -rf", f"more{SIGNS[sign]}": SIGNS[sign]})
    assert hidden(asked) == ""
    assert "rm -rf" not in asked


LOGGING = """
import json, sys, structlog
from bot.logs import configure
configure("text")
for evil in json.loads(sys.argv[1]):
    structlog.get_logger("redteam").warning("not sent", thread="C1" + evil, error="no " + evil)
"""


def test_no_line_of_the_log_holds_any() -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOGGING, json.dumps(list(SIGNS.values()))],
        capture_output=True, check=True, cwd=Path(__file__).parents[2],
    ).stderr.decode()  # fmt: skip
    assert told.count("not sent") == len(SIGNS) == len(told.splitlines())
    assert hidden(told) == ""
