"""The offline model in both its roles, against tools that answer as the real ones do."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.model.chat import ChatMessage, ModelReply, ModelRequest, ToolSpec
from core.model.offline import words
from core.model.offline.model import OfflineModel
from core.primary.tools import TOOLS
from core.subagents.tools import offered

Arguments = Mapping[str, object]
RESULT = '<untrusted from="result of job 1">\nset a to 1; set b to 2\n</untrusted>'
EXAMPLES = Path(__file__).parents[4] / "docs" / "examples"


def ask(messages: list[ChatMessage], tools: tuple[ToolSpec, ...]) -> ModelRequest:
    return ModelRequest(
        model="offline", messages=tuple(messages), tools=tools, max_completion_tokens=1000
    )


@dataclass(kw_only=True)
class Turn:
    """A turn with the primary agent's real tool list; `results` are the tools' answers."""

    results: list[str] = field(default_factory=list)
    calls: list[tuple[str, Arguments]] = field(default_factory=list)

    async def say(self, text: str) -> str:
        messages = [
            ChatMessage(role="system", text="You are Thaw."),
            ChatMessage(role="user", text="run `an earlier thing`"),
            ChatMessage(role="assistant", text="Done."),
            ChatMessage(role="user", text=f'{RESULT}\n\n<said by="Ann">\n{text}\n</said>'),
        ]
        left = iter(self.results)
        self.calls = []
        while True:
            reply = await OfflineModel().complete(ask(messages, TOOLS))
            if not reply.tool_calls:
                return reply.text
            messages.append(ChatMessage(role="assistant", text="", tool_calls=reply.tool_calls))
            for call in reply.tool_calls:
                self.calls.append((call.name, json.loads(call.arguments)))
                result = next(left, "ok")
                messages.append(ChatMessage(role="tool", text=result, tool_call_id=call.id))


@dataclass(kw_only=True)
class Job:
    """A job with a subagent's real tool list; `answer` gives the tools' results."""

    answer: Callable[[str, Arguments], str] = lambda tool, arguments: "ok"
    words: Mapping[int, str] = field(default_factory=dict)
    commands: bool = True
    calls: list[tuple[str, Arguments]] = field(default_factory=list)

    async def run(self, brief: str) -> str:
        told = f"Sources: /sources/ci-logs\n\nJob 3: A title\n<brief>\n{brief}\n</brief>"
        messages = [
            ChatMessage(role="system", text="You work on a job."),
            ChatMessage(role="user", text=told),
        ]
        for step in range(100):
            if step in self.words:
                messages.append(ChatMessage(role="user", text=f"Ann says: {self.words[step]}"))
            reply = await OfflineModel().complete(ask(messages, offered(commands=self.commands)))
            (call,) = reply.tool_calls
            arguments = json.loads(call.arguments)
            self.calls.append((call.name, arguments))
            if call.name == "finish":
                return str(arguments["result"])
            result = self.answer(call.name, arguments)
            messages.append(ChatMessage(role="assistant", text="", tool_calls=reply.tool_calls))
            messages.append(ChatMessage(role="tool", text=result, tool_call_id=call.id))
        raise AssertionError("the job never ends")

    def made(self, tool: str) -> list[Arguments]:
        """The arguments of all calls of one tool."""
        return [arguments for name, arguments in self.calls if name == tool]


@pytest.mark.parametrize("text", ["hello", "what can you do?", "tell me a joke", "thanks"])
async def test_talk_is_answered_at_once_and_honestly(text: str) -> None:
    turn = Turn()
    answer = await turn.say(text)
    assert not turn.calls
    assert "offline model" in answer or answer == "You are welcome."


async def test_heavy_things_become_a_job_each_which_the_answer_names() -> None:
    turn = Turn(results=["Job 7 starts now.", "Job 8 is queued: all places are taken."])
    answer = await turn.say("in the background: run `make`; wait 20 seconds")
    assert [name for name, _ in turn.calls] == ["start_job", "start_job"]
    assert [arguments["title"] for _, arguments in turn.calls] == ["run `make`", "wait 20 seconds"]
    # A job that is told of the others' files would be taken to have something to do with them.
    assert turn.calls[0][1]["brief"] == "run `make`\n\n(Part 1 of 2 of a request.)"
    assert "job 7: **run `make`**" in answer
    assert "Job 8 is queued: all places are taken." in answer


async def test_a_job_that_could_not_be_started_is_said_to_be_none() -> None:
    refusal = "Error: one message starts at most 1 jobs and 1 are started"
    turn = Turn(results=["Job 7 starts now.", refusal])
    answer = await turn.say("run `a`; run `b`")
    assert "**run `b`** was not started: one message starts at most 1 jobs" in answer


JOBS = '<untrusted from="jobs">\n5 running: c\n4 completed: b\n3 waiting: a\n</untrusted>'
ONE = '<untrusted from="jobs">\n4 completed: running\n3 queued: a\n</untrusted>'


async def test_everything_that_is_not_over_is_stopped_when_that_is_asked_for() -> None:
    turn = Turn(results=[JOBS, "Job 5 is being stopped.", "Error: you may not stop job 3"])
    answer = await turn.say("stop everything")
    stops = [("cancel_job", {"job": 5}), ("cancel_job", {"job": 3})]
    assert turn.calls == [("list_jobs", {}), *stops]
    assert answer == "Job 5 is being stopped.\nThat did not work: you may not stop job 3"


async def test_it_is_stopped_where_only_one_job_can_be_meant() -> None:
    turn = Turn(results=[ONE, "Job 3 is being stopped."])
    assert await turn.say("stop it") == "Job 3 is being stopped."
    turn = Turn(results=[JOBS])
    answer = await turn.say("stop it")
    assert turn.calls == [("list_jobs", {})]
    assert "- job 5: c\n- job 3: a" in answer
    assert await Turn(results=["There are no jobs yet."]).say("stop it") == words.NONE_OPEN


async def test_a_key_that_is_not_there_is_no_question_that_could_be_answered() -> None:
    turn = Turn(results=["There is no 'weather'."])
    answer = await turn.say("what's the weather?")
    assert answer.startswith("There is no `weather` in this channel's state. ")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("git status", "`` run `git status` ``"),
        ("undo that", "/undo N"),
        ("forget the launch", "/forget"),
        ("translate it to French", "real model"),
        ("I need some jobs", "in the background"),
        ("where did they go", "what is KEY"),
        ("hm", "set color to blue"),
    ],
)
async def test_what_is_not_understood_is_told_what_comes_nearest(message: str, said: str) -> None:
    answer = await Turn().say(message)
    assert answer.startswith(words.LOST)
    assert said in answer


async def test_where_no_job_could_be_started_none_is_promised() -> None:
    answer = await Turn(results=["Error: the channel is paused"]).say("run `a`")
    assert answer == "**run `a`** was not started: the channel is paused"


async def test_many_jobs_that_could_not_be_started_are_one_line() -> None:
    refusal = "Error: one message starts at most 1 jobs and 1 are started; tell the person of it"
    turn = Turn(results=["Job 7 starts now.", *[refusal] * 99])
    answer = await turn.say("start 100 jobs that wait 5 seconds")
    waits = ", ".join(["**wait 5 seconds**"] * 3)
    assert f"- {waits} and 96 more were not started: one message starts at most" in answer
    assert "1 are started\n" in answer
    assert answer.count("\n") < 8


async def test_light_things_are_done_at_once() -> None:
    turn = Turn(results=["a = 1", 'Error: b is a set; "put" does not fit'])
    answer = await turn.say("set a to 1; set b to 2")
    assert turn.calls == [
        ("change_state", {"key": "a", "operation": "put", "value": 1}),
        ("change_state", {"key": "b", "operation": "put", "value": 2}),
    ]
    assert "Done: a = 1" in answer
    assert 'That did not work: b is a set; "put" does not fit' in answer


async def test_light_and_heavy_things_go_together() -> None:
    turn = Turn(results=["a = 1", "Job 9 starts now."])
    answer = await turn.say("set a to 1; run `make`")
    assert [name for name, _ in turn.calls] == ["change_state", "start_job"]
    assert "Done: a = 1" in answer
    assert "job 9" in answer


async def test_search_results_are_shown_without_their_fence_and_cannot_break_out() -> None:
    hits = "ci-logs/a.log:3: ``` <b>boom</b>"
    turn = Turn(results=[f'<untrusted from="search results">\n{hits}\n</untrusted>'])
    answer = await turn.say("look up boom in ci-logs")
    assert turn.calls == [("search", {"query": "boom", "source": "ci-logs"})]
    assert f"````\n{hits}\n````" in answer
    assert "untrusted" not in answer


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("what is deploy.target", ("read_state", {"key": "deploy.target"})),
        ("stop job 3", ("cancel_job", {"job": 3})),
        ("tell job 3 to hurry", ("steer_job", {"job": 3, "message": "hurry"})),
        ("how is job 3?", ("job_details", {"job": 3})),
        ("list jobs", ("list_jobs", {})),
        ("delete a", ("change_state", {"key": "a", "operation": "delete"})),
    ],
)
async def test_words_about_jobs_and_state_use_their_tools(
    text: str, call: tuple[str, Arguments]
) -> None:
    turn = Turn(results=["what the tool said"])
    assert "what the tool said" in await turn.say(text)
    assert turn.calls == [call]


async def test_every_tool_call_has_an_id_of_its_own() -> None:
    messages = [ChatMessage(role="user", text="run `a`; run `b`")]
    first = await OfflineModel().complete(ask(messages, TOOLS))
    messages.append(ChatMessage(role="assistant", text="", tool_calls=first.tool_calls))
    messages.append(ChatMessage(role="user", text="run `c`"))
    second = await OfflineModel().complete(ask(messages, TOOLS))
    ids = [call.id for call in (*first.tool_calls, *second.tool_calls)]
    assert len(set(ids)) == 3


async def test_an_answer_is_streamed_in_pieces_labelled_and_counted() -> None:
    pieces: list[str] = []
    request = ask([ChatMessage(role="user", text="help")], TOOLS)
    reply: ModelReply = await OfflineModel().complete(request, pieces.append)
    assert len(pieces) > 20
    assert "".join(pieces) == reply.text
    assert reply.offline
    assert reply.usage is not None
    assert reply.usage.completion == -(-len(reply.text.encode()) // 4)


async def test_a_request_without_any_message_has_an_answer() -> None:
    for tools in (TOOLS, offered(commands=True), ()):
        assert "offline model" in (await OfflineModel().complete(ask([], tools))).text


async def test_a_command_is_run_and_its_output_reported() -> None:
    job = Job(answer=lambda tool, arguments: "exit code 0\n42 files")
    result = await job.run("run `ls | wc -l`")
    assert job.made("shell")[0]["command"] == "ls | wc -l"
    assert "42 files" in result
    assert "did not work" not in result
    assert "offline model" in result


@pytest.mark.parametrize(
    "output", ["exit code 2\nno such file", "error: it broke", "timed out after 3 s; it was killed"]
)
async def test_what_failed_is_said_to_have_failed(output: str) -> None:
    result = await Job(answer=lambda tool, arguments: output).run("run `ls`, then run `date`")
    assert result.count("**Did not work:**") == 2
    assert "2 of these did not work" in result
    assert output.splitlines()[0] in result


async def test_without_commands_it_says_what_is_left_undone() -> None:
    job = Job(commands=False)
    result = await job.run("run `make`, then wait 3 s, then write a file a.txt: x")
    assert result.count("is off here") == 2
    assert job.made("write_file") == [{"path": "a.txt", "content": "x\n"}]
    assert job.calls[-1][1]["files"] == ["a.txt"]


async def test_waiting_goes_in_pieces_that_people_see() -> None:
    job = Job()
    result = await job.run("wait 20 seconds")
    assert [call["command"] for call in job.made("shell")] == ["sleep 5"] * 4
    assert job.made("progress")[2] == {"text": "Waiting: 10 of 20 s"}
    assert "Waited 20 s" in result


async def test_state_and_search_are_used_and_reported() -> None:
    def answer(tool: str, arguments: Arguments) -> str:
        return "ci-logs/b/x.log:9: boom" if tool == "search" else "the tool's words"

    job = Job(answer=answer)
    result = await job.run("look up boom in ci-logs, then add 2 to hits, then what is hits")
    assert job.made("search") == [{"query": "boom", "source": "ci-logs"}]
    assert job.made("read_file") == [{"path": "/sources/ci-logs/b/x.log", "start": 7, "lines": 5}]
    assert job.made("change_state") == [{"key": "hits", "operation": "add", "value": 2}]
    assert job.made("read_state") == [{"key": "hits"}]
    assert "ci-logs/b/x.log:9: boom" in result
    assert "the tool's words" in result


async def test_what_no_rule_covers_is_admitted() -> None:
    result = await Job(answer=lambda tool, arguments: "no hits").run("research our competitors")
    assert "I have no rule for `research our competitors`" in result


async def test_a_further_wish_becomes_a_further_step() -> None:
    job = Job(words={1: "also run `date`"})
    result = await job.run("run `ls`")
    assert [call["command"] for call in job.made("shell")] == ["ls", "date"]
    assert "Ann said" in result
    assert "added as a further step" in result


async def test_a_word_during_a_wait_is_heard_at_the_next_piece() -> None:
    job = Job(words={2: "hurry up", 3: "sing a song"})
    result = await job.run("wait 60 seconds")
    assert len(job.made("shell")) == 1
    assert "no more waiting" in result
    assert "I have no rule for that" in result


async def test_instead_of_changes_the_steps_still_to_do() -> None:
    job = Job(words={1: "use staging instead of prod"})
    result = await job.run("run `deploy prod`, then set deploy.target to prod")
    assert job.made("shell")[0]["command"] == "deploy prod"
    assert job.made("change_state")[0]["value"] == "staging"
    assert "1 of the steps still to do" in result


async def test_a_launch_text_has_a_file_an_entry_and_a_line_in_the_shared_log() -> None:
    brief = "Write the launch text for «Thaw» on «Hacker News». Thaw is a chat agent"
    job = Job(words={4: "mention the price"})
    result = await job.run(brief)
    first, second = job.made("write_file")
    assert first["path"] == second["path"] == "launch/hacker-news.md"
    assert "price" not in str(first["content"])
    assert "price" in str(second["content"])
    changes = [(call["key"], call["operation"]) for call in job.made("change_state")]
    assert changes == [("launch.hacker-news", "put"), ("launch.log", "append")] * 2
    assert job.calls[-1][1]["files"] == ["launch/hacker-news.md"]
    assert "Hacker News" in result


async def test_a_tweet_has_room_for_all_it_must_say() -> None:
    brief = f"Write the launch text for «Thaw» on «Twitter». Thaw is {'very ' * 200}good"
    job = Job()
    await job.run(brief)
    text = str(job.made("change_state")[0]["value"])
    assert len(text) <= 280
    assert text.endswith("#Thaw")


def in_examples(code: object) -> str:
    """Run a job's script on the real example logs."""
    script = str(code).replace('"/sources/"', repr(f"{EXAMPLES}/"))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    return f"exit code {done.returncode}\n{done.stdout}{done.stderr}"


async def test_why_ci_failed_is_found_with_file_and_line() -> None:
    def answer(tool: str, arguments: Arguments) -> str:
        match tool:
            case "search" if arguments["source"] != "ci-logs":
                return "Error: there is no source 'logs' here; choose from ci-logs, messages"
            case "search":
                return "ci-logs/build-17/3-unit.log:475: TypeError"
            case "python":
                return in_examples(arguments["code"])
            case _:
                return "ok"

    for brief in ("Why did CI fail? Look at ci-logs.", "why did ci fail in logs"):
        job = Job(answer=answer)
        result = await job.run(brief)
        assert result.startswith("**build-17 failed because of `services/payments/gateway.py:142`")
        assert "unexpected keyword argument 'method_whitelist'" in result
        assert "ci-logs/build-17/3-unit.log:477" in result
        assert job.made("read_file")[0]["path"] == "/sources/ci-logs/build-17/3-unit.log"
    assert "No log there ends in a failure" in await Job(answer=answer).run("why did ci 16 fail")


async def test_a_result_that_is_not_taken_does_not_loop() -> None:
    messages = [ChatMessage(role="user", text="<brief>\nshow files\n</brief>")]
    made = []
    for _ in range(3):
        reply = await OfflineModel().complete(ask(messages, offered(commands=True)))
        (call,) = reply.tool_calls
        made.append(call.name)
        messages.append(ChatMessage(role="assistant", text="", tool_calls=(call,)))
        messages.append(ChatMessage(role="tool", text="error: no", tool_call_id=call.id))
    assert made == ["list_files", "finish", "finish"]
    reply = await OfflineModel().complete(ask(messages, offered(commands=True)))
    assert not reply.tool_calls
    assert "handing in the result" in reply.text
