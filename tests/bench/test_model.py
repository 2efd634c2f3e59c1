import json
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import pytest

from bench.model import PING_S, STEP_S, STEPS, Script
from tests.emulators.script import Received

START = {"type": "function", "function": {"name": "start_job"}}
FINISH = {"type": "function", "function": {"name": "finish"}}


def received(tool: Mapping[str, Any], messages: Sequence[tuple[str, str]]) -> Received:
    said = [{"role": role, "content": content} for role, content in messages]
    return Received(at=1.0, body={"messages": said, "tools": [tool]}, headers={})


@pytest.fixture
def log() -> StringIO:
    return StringIO()


@pytest.fixture
def script(log: StringIO) -> Script:
    return Script(log)


def test_a_request_for_jobs_starts_so_many_and_then_names_them(script: Script) -> None:
    asked = [("user", "start 3 five")]
    first = script(received(START, asked))
    assert [name for name, _ in first.calls] == ["start_job"] * 3
    answered = [*asked, ("assistant", ""), *[("tool", f"Job {n} starts") for n in (4, 5, 6)]]
    assert script(received(START, answered)).text == "Started Job 4, Job 5, Job 6."


def test_a_job_of_five_runs_a_command_after_each_call_but_the_last(script: Script) -> None:
    messages, tools = [("user", "kind=five")], []
    for _ in range(STEPS):
        reply = script(received(FINISH, messages))
        assert reply.latency_s == STEP_S
        tools += [name for name, _ in reply.calls]
        messages += [("assistant", ""), ("tool", "step")]
    assert tools == ["shell"] * (STEPS - 1) + ["finish"]


def test_the_log_tells_when_an_answer_was_sent_and_to_what(script: Script, log: StringIO) -> None:
    request = received(START, [("user", "ping 7.")])
    reply = script(request)
    assert reply.latency_s == PING_S
    assert log.getvalue() == ""
    reply.completion(request)
    line = json.loads(log.getvalue())
    assert (line["tag"], line["arrived"]) == ("ping 7.", 1.0)
    assert line["sent"] > 1.0


def test_a_thread_can_be_left_hanging(script: Script) -> None:
    assert script(received(START, [("user", "hang, please")])).hang
