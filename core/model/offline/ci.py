"""The worked example of a failed build: search its logs, run a script over them, name the cause."""

import json
import re

from core.model.offline import words
from core.model.offline.desk import Desk, Steps, tell
from core.model.offline.intents import LookUp, WhyCi
from core.model.offline.talk import Call, Told, search_call

_HIT = re.compile(r"^(?P<source>[\w.-]+)/(?P<path>[^:\n]+):(?P<line>\d+): ", re.MULTILINE)
_CHOICES = re.compile(r"choose from (?P<names>[^;\n]+)")
_LOGS = ("ci-logs", "ci", "build-logs", "builds", "logs")

# Runs in the sandbox. The newest build with a failing log is looked at; in its failing logs, in
# their order, the first line that names an error with file and line is the cause: later ones
# mostly follow from it, and errors in logs that ended well were retried.
SCRIPT = r"""
import json, os, re
ROOT, BUILD = "/sources/" + (SOURCE or ""), WANTED
FAILED = re.compile(r"\bFAILED\b|\bfailed\b|exit (?:code|status) [1-9]|##\[error\]")
CAUSE = re.compile(r"(?P<file>[\w./-]+\.\w{1,5}):(?P<line>\d+)(?::\d+)?:?\s+"
                   r"(?P<error>(?:\w+\.)*\w*(?:Error|Exception)\b.*)")

def natural(text):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]

def logs():
    if FILE:
        yield FILE, FILE
        return
    for folder, _, names in os.walk(ROOT):
        for name in names:
            path = os.path.join(folder, name)
            yield path, os.path.relpath(path, ROOT).split(os.sep)[0]

builds = {}
for path, build in logs():
    with open(path, errors="replace") as file:
        lines = file.read(20_000_000).splitlines()
    end = [line for line in lines if line.strip()][-3:]
    if FILE or any(FAILED.search(line) for line in end):
        builds.setdefault(build, []).append((path, lines))
if BUILD:
    builds = {name: logs for name, logs in builds.items() if BUILD in re.findall(r"\d+", name)}
found = None
for build in sorted(builds, key=natural, reverse=True):
    for path, lines in sorted(builds[build], key=lambda log: natural(log[0])):
        for at, line in enumerate(lines):
            cause = CAUSE.search(line)
            if cause:
                log = FILE or os.path.join(SOURCE, os.path.relpath(path, ROOT))
                found = dict(cause.groupdict(), build=build, log=log, at=at + 1, head=lines[:2])
                break
        if found:
            break
    if found:
        break
print(json.dumps({"failing": sorted(builds, key=natural), "found": found}))
if found:
    for number in range(max(0, found["at"] - 12), min(len(lines), found["at"] + 2)):
        print(f"{number + 1:6} {lines[number]}")
"""


def ci_steps(wanted: WhyCi, desk: Desk) -> Steps:
    """Search, read around the best hit, run the script, say what it found."""
    if wanted.path:
        yield from _run(None, wanted, desk)
        return
    source = wanted.source or _guess(desk.sources)
    yield tell("Searching the logs")
    hits = yield search_call(LookUp(query="error failed", source=source))
    choices = _CHOICES.search(hits.text) if hits.failed else None
    if choices:
        source = _guess(tuple(name.strip() for name in choices["names"].split(",")))
        hits = yield search_call(LookUp(query="error failed", source=source))
    if hits.failed:
        desk.failed(f"searching {words.code(source)}", hits)
        return
    count = len(_HIT.findall(hits.text))
    desk.note(f"Searched {words.code(source)} for `error failed`: {count} hits.")
    yield from _read_around(hits, desk)
    yield from _run(source, wanted, desk)


def _run(source: str | None, wanted: WhyCi, desk: Desk) -> Steps:
    if desk.lacks("python", "running a script over the logs"):
        return
    yield tell("Running a script over the logs")
    build = None if wanted.path else wanted.build
    code = f"SOURCE, WANTED, FILE = {source!r}, {build!r}, {wanted.path!r}\n{SCRIPT}"
    _conclude((yield Call(tool="python", arguments={"code": code})), desk)


def _guess(names: tuple[str, ...]) -> str:
    """The source that most likely holds CI's logs."""
    known = [name for name in _LOGS if name in names]
    alike = [name for name in names if re.search(r"\b(ci|builds?)\b", name)]
    return next(iter((*known, *alike, *names)), _LOGS[0])


def _read_around(hits: Told, desk: Desk) -> Steps:
    hit = _HIT.search(hits.text)
    if hit is None:
        return
    path = f"/sources/{hit['source']}/{hit['path']}"
    start = max(1, int(hit["line"]) - 3)
    read = yield Call(tool="read_file", arguments={"path": path, "start": start, "lines": 7})
    if read.failed:
        desk.failed(f"reading {words.code(path)}", read)
    else:
        desk.note(f"Read around the first hit, {words.code(path)} line {hit['line']}.")


def _conclude(told: Told, desk: Desk) -> None:
    summary, _, context = told.text.partition("{")[2].partition("\n")
    try:
        report = json.loads("{" + summary)
        found, failing = report["found"], report["failing"]
        if found is None:
            desk.note(_nothing(failing))
            return
        cause = f"{found['file']}:{found['line']}"
        place = f"{found['log']}:{found['at']}"
        shown = "\n".join([*found["head"], "…", context])
    except (ValueError, KeyError, TypeError):
        desk.failed("the script over the logs", told)
        return
    desk.notes.insert(
        0,
        f"**{found['build']} failed because of {words.code(cause)}:"
        f" {words.code(found['error'], 300)}**\n\n"
        f"This is the first error with file and line in the first failing log of that build,"
        f" {words.code(place)}:\n\n{words.block(shown)}\n",
    )
    desk.note("Ran a script over the logs; errors in logs that ended well were left out.")


def _nothing(failing: list[str]) -> str:
    if not failing:
        return "**No log there ends in a failure.**"
    return f"**{', '.join(failing)} failed, but no line names an error with file and line.**"
