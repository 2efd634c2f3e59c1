"""What a job sends its model: against a loop that sends everything, and how much of each request is
the one before. Asks no real model; a token is taken for four bytes."""

import asyncio
import json
import logging
import subprocess
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import structlog

from bench.figures import Figure
from core.jobs.job import Completed
from core.model.account import Account
from core.model.chat import ChatMessage, ModelReply, ModelRequest
from core.model.wire import message_bytes, tools_bytes
from core.state.operations import FileChange, Json
from core.subagents.transcript import LONG
from core.summaries.request import OPENING
from core.summaries.threads import Summaries
from tests.core.room import DEFAULTS, Script, room
from tests.core.room import says as answers
from tests.core.subagents.engine.bench import Bench, bench
from tests.core.subagents.scripted import calls, finishes, job, says

NAIVE_CUT = 30_000
"""Characters of a result that the naive loop sends, so that it is not a straw man."""
_BYTES = 4
_MODULES = 6
_MESSAGES = 200


async def measure(folder: Path) -> list[Figure]:
    """Two jobs of one channel, in real processes, by one script of some forty steps."""
    async with bench(folder, "process") as made:
        commit = await made.commit(files=_files())
        await _played(made, 1, commit)
        ours = list(made.model.requests)
        made.model.requests.clear()
        await _played(made, 2, commit)
        second = made.model.requests[0]
        naive = await _naive(ours, folder / "naive")
    sent, plain = sum(map(_size, ours)), sum(naive)
    # Of a summary's call, which begins like no other, nothing is cached.
    steps = [request for request in ours if request.tools]
    shares = [100 * _shared(a, b) / _size(b) for a, b in pairwise(steps)]
    whole = 100 * sum(_shared(a, b) for a, b in pairwise(steps)) / sum(map(_size, ours[1:]))
    summaries = len(ours) - len(steps)
    return [
        *await _conversation(folder / "thread"),
        Figure(
            name="prompt tokens of a job, of those of a naive loop", unit="%",
            values=(100 * sent / plain,), worst_below=50.001,
            note=f"{len(steps)} calls and {summaries} for a summary,"
            f" {sent / _BYTES / 1000:.0f} of {plain / _BYTES / 1000:.0f}"
            f" thousand tokens; the naive loop sends each result again, up to {NAIVE_CUT:,}"
            f" characters of it, ours at most {LONG:,}, and a summary of the oldest later",
        ),
        Figure(
            name="prompt tokens that are not the call's before", unit="%",
            values=(100 - whole,), worst_below=10.001,
            note=f"all calls of the job; of one call at the worst {100 - min(shares):.0f} %",
        ),
        Figure(
            name="the same of a job's first call, after another job of the channel", unit="%",
            values=(100 - 100 * _shared(ours[0], second) / _size(second),), worst_below=10.001,
        ),
    ]  # fmt: skip


class _Talker(Script):
    """Answers in a few sentences, and sums up in some more."""

    async def complete(
        self, account: Account, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        self.asked.append(request)
        summing = request.messages[0].text.startswith(OPENING)
        return answers("what was said, wanted and decided; " * (60 if summing else 15))


async def _conversation(folder: Path) -> list[Figure]:
    """A thread of many messages, against a chat that sends all of it each time."""
    talker = _Talker()
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=quiet)
    async with room(folder, script=talker) as here:
        here.desk.on_answered = Summaries(
            channels=here.channels, model=talker, defaults=DEFAULTS, max_completion_tokens=1000,
            above=40_000, spawn=here.tasks.spawn,
        ).look  # fmt: skip
        for number in range(_MESSAGES):
            await here.ask(f"m{number}", f"{number}: {'a question in some words ' * 12}")
    ours = talker.asked
    turns = [request for request in ours if request.tools]
    said = [_message_size(request.messages[-1]) for request in turns[:1]]
    grows = said[0] + len("what was said, wanted and decided; ") * 15
    naive = sum(_size(turns[0]) + number * grows for number in range(len(turns)))
    fresh = 100 - 100 * sum(_shared(a, b) for a, b in pairwise(turns)) / sum(map(_size, ours[1:]))
    sent = sum(map(_size, ours))
    return [
        Figure(
            name="prompt tokens of a long conversation, of those of one that sends all of it",
            unit="%", values=(100 * sent / naive,), worst_below=50.001,
            note=f"{len(turns)} messages and {len(ours) - len(turns)} summaries,"
            f" {sent / _BYTES / 1000:.0f} of {naive / _BYTES / 1000:.0f} thousand tokens",
        ),
        Figure(
            name="prompt tokens of the same that are not the call's before", unit="%",
            values=(fresh,), worst_below=10.001,
        ),
    ]  # fmt: skip


async def _played(made: Bench, number: int, commit: int) -> None:
    steps = list(_script())

    async def line(request: ModelRequest) -> ModelReply:
        if steps[1:] or not request.tools:
            made.model.lines.append(line)
        return steps.pop(0) if request.tools else says("what was seen, done and found; " * 70)

    made.model.lines.append(line)
    brief = "Find out why the nightly build fails and mend it."
    spec = job(number, brief=brief, base_commit=commit, max_steps=100)
    outcome = await made.run(spec)
    if not isinstance(outcome, Completed):
        raise RuntimeError(f"the scripted job did not complete: {outcome}")


def _files() -> tuple[FileChange, ...]:
    log = "".join(
        f"12:{n // 60 % 60:02}:{n % 60:02} step {n}: compiled unit {n * 7919 % 1000}, ok\n"
        for n in range(6_000)
    )
    code = (
        "".join(
            f"def part_{n}(x: int) -> int:\n    return x * {n} + {n}\n\n\n" for n in range(500)
        ),
    ) * _MODULES
    modules = [
        FileChange(path=f"src/m{n}.py", content=text.encode()) for n, text in enumerate(code)
    ]
    return (FileChange(path="build.log", content=log.encode()), *modules)


def _script() -> list[ModelReply]:
    """A job that looks into a long log and long files, tries, edits, tests, and finishes."""
    steps = [
        calls("list_files"),
        calls("shell", command="cat build.log"),
        calls("shell", command="grep -n 'unit 77' build.log | head -50"),
    ]
    for n in range(_MODULES):
        steps += [
            calls("read_file", path=f"src/m{n}.py"),
            calls("shell", command=f"grep -n 'part_4' src/m{n}.py"),
            calls("python", code=f"import ast; ast.parse(open('src/m{n}.py').read()); print('ok')"),
            calls("edit_file", path=f"src/m{n}.py", old="x * 7 + 7\n", new="x * 7 + 8\n"),
            calls("shell", command=f"tail -n 40 src/m{n}.py"),
        ]
    steps += [
        calls("shell", command="tail -n 300 build.log"),
        calls("write_file", path="notes.md", content="What was wrong: part_7.\n" * 100),
        calls("shell", command="wc -l src/*.py notes.md"),
        finishes("Mended part_7 in every module.", ["notes.md"]),
    ]
    return steps


async def _naive(ours: Sequence[ModelRequest], workspace: Path) -> list[int]:
    """Bytes of each request of a loop that makes the same calls and sends all it knows."""
    size = _size(ours[0])
    sizes = [size]
    await asyncio.to_thread(_lay_out, workspace)
    for reply in _script()[:-1]:
        (call,) = reply.tool_calls
        said = ChatMessage(role="assistant", text="", tool_calls=reply.tool_calls)
        text = await asyncio.to_thread(_whole, call.name, json.loads(call.arguments), workspace)
        answered = ChatMessage(role="tool", text=text[:NAIVE_CUT], tool_call_id="call00001")
        size += len(message_bytes(said)) + len(message_bytes(answered))
        sizes.append(size)
    return sizes


def _lay_out(workspace: Path) -> None:
    for file in _files():
        path = workspace / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content if isinstance(file.content, bytes) else b"")


def _whole(tool: str, given: Mapping[str, Json], workspace: Path) -> str:
    """What a call returns when nothing is cut."""
    match tool:
        case "read_file":
            return (workspace / str(given["path"])).read_text()
        case "shell" | "python":
            run = "sh" if tool == "shell" else "python3"
            text = str(given.get("command", given.get("code")))
            return subprocess.run(
                [run, "-c", text], cwd=workspace, capture_output=True, text=True, check=False
            ).stdout
        case _:
            return f"{tool} has done it."


def _size(request: ModelRequest) -> int:
    return len(tools_bytes(request.tools)) + sum(map(_message_size, request.messages))


def _message_size(message: ChatMessage) -> int:
    return len(message_bytes(message))


def _shared(before: ModelRequest, after: ModelRequest) -> int:
    """Bytes at the start of a request that are those of the request before; tools come first."""
    if before.tools != after.tools:
        return 0
    size = len(tools_bytes(after.tools))
    for old, new in zip(before.messages, after.messages, strict=False):
        one, other = message_bytes(old), message_bytes(new)
        if one != other:
            return size + next(
                n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b
            )
        size += len(one)
    return size
