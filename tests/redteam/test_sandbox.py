"""A job tries everything in `attempts.py` in one sandbox; each attempt has a verdict of its own."""

import asyncio
import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.jobs.job import Completed, Gathered, Outcome
from core.subagents.sandbox import Mount, Sandbox
from tests.core.subagents.engine.bench import Way, bench
from tests.core.subagents.scripted import calls, finishes, job
from tests.redteam.attempts import ATTEMPTS, PRELUDE, RUNNER, Attempt

pytestmark = pytest.mark.needs_system("bubblewrap")

CANARY = "c4n4ry-7f3a"

Make = Callable[[Path], Awaitable[Sandbox]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raid:
    """What came of one job: what each attempt saw, how it ended, what it would hand over, what is
    on the host now."""

    seen: dict[str, str]
    outcome: Outcome
    gathered: Gathered
    host: frozenset[str]
    bystander: int | None


class Ground:
    """The host's side: secrets, doors, a bystander."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        # In /var/tmp: a folder that every user reaches, and no sandbox has.
        self.host = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp")))
        self.host.chmod(0o777)
        (self.host / "secret").write_text(CANARY)
        self.data = root / "data"
        other = self.data / "jobs" / "job-9" / "workspace"
        other.mkdir(parents=True)
        (other / "secret").write_text(CANARY)
        self.source = root / "ci"
        self.source.mkdir()
        (self.source / "ci.log").write_text("a log\n")
        self.name = f"redteam-{os.getpid()}-{root.name}"
        port = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port = port.getsockname()[1]
        for place in (f"\0{self.name}", str(self.host / "door")):
            door = stack.enter_context(socket.socket(socket.AF_UNIX))
            door.bind(place)
            door.listen()
        (self.host / "door").chmod(0o777)
        self.bystander = subprocess.Popen(["sleep", "600"], env={**os.environ, "SECRET": CANARY})
        stack.callback(self.bystander.wait)
        stack.callback(self.bystander.kill)

    def code(self, attempt: Attempt) -> str:
        """The attempt's code with the places of this ground in it."""
        words = {
            "$HOST": self.host, "$PORT": self.port, "$DOOR": self.name,
            "$PID": self.bystander.pid, "$DATA": self.data,
        }  # fmt: skip
        code = attempt.code
        for word, value in words.items():
            code = code.replace(word, str(value))
        return code


async def raided(ground: Ground, way: Way | Make, attempts: tuple[Attempt, ...]) -> Raid:
    """Run a job that makes the attempts."""
    codes = json.dumps([ground.code(one) for one in attempts])
    script = f"CODES = {codes!r}\nPRELUDE = {PRELUDE!r}\nCANARY = {CANARY!r}\n{RUNNER}"
    mounts = (Mount(name="ci", path=ground.source),)
    sandbox = way if isinstance(way, str) else await way(ground.data / "run")
    async with bench(ground.data, sandbox, mounts=mounts) as made:
        made.model.lines.extend(
            [
                calls("python", code=script, timeout=300),
                calls("shell", command="kill -9 -1; kill -9 1"),
                calls("shell", command="echo still here"),
                finishes("done"),
            ]
        )
        if way == "process":  # where the second call would reach everything
            del made.model.lines[1]
        outcome = await made.engine.run(job(1, timeout_s=400.0), made.seen.append)
        assert not isinstance(outcome, tuple)
        gathered = await made.engine.gathered(job(1))
        said = json.loads((made.workspace(job()) / "seen.json").read_text())
    tries = [one.tries for one in attempts]
    return Raid(
        seen=dict(zip(tries, said, strict=True)),
        outcome=outcome,  # type: ignore[arg-type]
        gathered=gathered,
        host=frozenset(path.name for path in ground.host.iterdir()),
        bystander=ground.bystander.poll(),
    )


def raid(root: Path, way: Way | Make, attempts: tuple[Attempt, ...]) -> Raid:
    before = os.environ.get("OPENAI_API_KEY")
    os.environ["OPENAI_API_KEY"] = CANARY
    try:
        with ExitStack() as stack:
            return asyncio.run(raided(Ground(root, stack), way, attempts))
    finally:
        del os.environ["OPENAI_API_KEY"]
        if before is not None:
            os.environ["OPENAI_API_KEY"] = before


@pytest.fixture(scope="module")
def boxed(tmp_path_factory: pytest.TempPathFactory) -> Raid:
    return raid(tmp_path_factory.mktemp("raid"), "bubblewrap", ATTEMPTS)


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda one: one.tries.replace(" ", "-"))
def test_a_job_does_not_get(attempt: Attempt, boxed: Raid) -> None:
    seen = boxed.seen[attempt.tries]
    assert not seen.startswith(("WON", "CANARY")), f"{attempt.tries}: {seen}"


def test_there_are_forty_and_each_has_a_name_of_its_own() -> None:
    assert len({one.tries for one in ATTEMPTS}) == len(ATTEMPTS) >= 40


def test_what_the_job_left_has_names_that_can_be_seen_and_people_are_told_of_the_others(
    boxed: Raid,
) -> None:
    paths, notes = [one.path for one in boxed.gathered.files], boxed.gathered.notes
    assert "seen.json" in paths
    assert all(one.isprintable() for one in (*paths, *notes))
    assert not [path for path in paths if "mine" in path or "exe" in path or "report" in path]
    assert notes


def test_after_all_that_the_job_ends_as_its_model_said_and_the_host_is_as_it_was(
    boxed: Raid,
) -> None:
    assert boxed.outcome == Completed(result="done")
    assert boxed.host == {"secret", "door"}
    assert boxed.bystander is None


def test_without_a_sandbox_the_same_attempts_succeed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    bare = tuple(one for one in ATTEMPTS if one.bare)
    seen = raid(tmp_path_factory.mktemp("bare"), "process", bare).seen
    lost = {tries: said for tries, said in seen.items() if not said.startswith(("WON", "CANARY"))}
    assert lost == {}
