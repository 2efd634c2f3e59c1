"""What each action of a job is in tool calls, and what the report says of it."""

import json
import math
import re
from typing import assert_never

from core.model.offline import words
from core.model.offline.ci import ci_steps
from core.model.offline.desk import Desk, Steps, tell
from core.model.offline.intents import (
    Action,
    Ask,
    Change,
    LaunchText,
    LookUp,
    Run,
    RunPython,
    Show,
    ShowFile,
    Tell,
    Unclear,
    Wait,
    WhyCi,
    WriteFile,
)
from core.model.offline.launch import launch_steps
from core.model.offline.talk import Call, change_call, search_call, show_call
from core.state.operations import Json, Op

_TIMEOUT_S = 1800
_PIECE_S = 5.0
_MOST_PIECES = 12
_HIT = re.compile(r"^(?P<source>[\w.-]+)/(?P<path>[^:\n]+):(?P<line>\d+): ", re.MULTILINE)


def perform(action: Action, desk: Desk) -> Steps:
    """Make the calls of one action and note what came of them."""
    match action:
        case Run(command=command):
            yield from _command(Call(tool="shell", arguments={"command": command}), command, desk)
        case RunPython(code=code):
            yield from _command(Call(tool="python", arguments={"code": code}), code, desk)
        case Wait(seconds=seconds):
            yield from _wait(seconds, desk)
        case WriteFile():
            yield from _write(action, desk)
        case ShowFile(path=path):
            yield from _show_file(path, desk)
        case LookUp():
            yield from _look_up(action, desk)
        case Change():
            yield from _change(action, desk)
        case Show(key=key):
            call, done = show_call(action), f"Read {words.code(key or 'the state')}"
            yield from _simple(call, done, f"reading {words.code(key or 'the state')}", desk)
        case LaunchText():
            yield from launch_steps(action, desk)
        case WhyCi():
            yield from ci_steps(action, desk)
        case Ask():
            yield from _ask(action, desk)
        case Tell(words=said):
            desk.note(said)
        case Unclear():
            yield from _unclear(action, desk)
        case _ as unreachable:
            assert_never(unreachable)


def _command(call: Call, text: str, desk: Desk) -> Steps:
    name = words.code(text)
    if desk.lacks(call.tool, f"running {name}"):
        return
    told = yield Call(tool=call.tool, arguments={**call.arguments, "timeout": _TIMEOUT_S})
    if told.failed:
        desk.failed(f"running {name}", told)
    else:
        desk.note(f"Ran {name}:", told.text)


def _wait(seconds: float, desk: Desk) -> Steps:
    """Wait in pieces, so that people see it move and their words are heard."""
    if desk.lacks("shell", f"waiting {seconds:g} s"):
        return
    pieces = max(1, min(_MOST_PIECES, math.ceil(seconds / _PIECE_S)))
    piece = seconds / pieces
    waited = 0.0
    for number in range(pieces):
        if desk.hurried or desk.heard:
            break
        yield tell(f"Waiting: {round(waited, 1):g} of {seconds:g} s")
        sleep: dict[str, Json] = {"command": f"sleep {piece:g}", "timeout": piece + 60}
        told = yield Call(tool="shell", arguments=sleep)
        if told.failed:
            desk.failed(f"waiting {seconds:g} s", told)
            return
        waited = seconds * (number + 1) / pieces
    if waited < seconds and not desk.hurried:
        # Somebody spoke: what is left is waited after their words are dealt with.
        desk.queue.appendleft(Wait(seconds=seconds - waited))
    if waited:
        desk.note(f"Waited {round(waited, 1):g} s.")


def _write(action: WriteFile, desk: Desk) -> Steps:
    told = yield Call(tool="write_file", arguments={"path": action.path, "content": action.content})
    if told.failed:
        desk.failed(f"writing {words.code(action.path)}", told)
        return
    desk.note(f"Wrote {words.code(action.path)} ({len(action.content.encode())} bytes).")
    if action.path not in desk.files:
        desk.files.append(action.path)


def _show_file(path: str, desk: Desk) -> Steps:
    if not path:
        call = Call(tool="list_files", arguments={})
        yield from _simple(call, "The workspace's files", "listing the files", desk)
        return
    call = Call(tool="read_file", arguments={"path": path})
    yield from _simple(call, f"Read {words.code(path)}", f"reading {words.code(path)}", desk)


def _look_up(action: LookUp, desk: Desk) -> Steps:
    place = f" in {words.code(action.source)}" if action.source else ""
    told = yield search_call(action)
    if told.failed:
        desk.failed(f"looking up {words.code(action.query)}{place}", told)
        return
    desk.note(f"Looked up {words.code(action.query)}{place}:", told.text)
    hit = _HIT.search(told.text)
    if hit is not None:
        path, line = f"/sources/{hit['source']}/{hit['path']}", int(hit["line"])
        call = Call(
            tool="read_file", arguments={"path": path, "start": max(1, line - 2), "lines": 5}
        )
        around = f"Around the first hit, {words.code(path)} line {line}"
        yield from _simple(call, around, f"reading {words.code(path)}", desk)


def _change(action: Change, desk: Desk) -> Steps:
    told = yield change_call(action)
    if told.failed:
        desk.failed(f"changing {words.code(action.key)}", told)
        return
    value = "" if action.op is Op.DELETE else f" {words.code(json.dumps(action.value))}"
    desk.note(f"Changed {words.code(action.key)}: {action.op.value}{value}.")


def _ask(action: Ask, desk: Desk) -> Steps:
    name = words.code(action.question)
    if desk.lacks("ask", f"asking {name}"):
        return
    arguments: dict[str, Json] = {"question": action.question, "choices": [*action.choices]}
    yield from _simple(
        Call(tool="ask", arguments=arguments), f"Asked {name}", f"asking {name}", desk
    )


def _simple(call: Call, done: str, attempt: str, desk: Desk) -> Steps:
    told = yield call
    if told.failed:
        desk.failed(attempt, told)
    else:
        desk.note(f"{done}:", told.text)


def _unclear(action: Unclear, desk: Desk) -> Steps:
    """Admit it, and look the words up: that much can be done for anything."""
    desk.failed(f"I have no rule for {words.code(action.words)}. {words.WHO}")
    query = " ".join(re.findall(r"\w{4,}", action.words)[:8])
    if query:
        told = yield search_call(LookUp(query=query))
        if not told.failed:
            desk.note("What a search for its words finds:", told.text)
