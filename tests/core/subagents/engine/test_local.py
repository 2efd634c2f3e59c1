import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import BudgetExceeded, ContextTooLong, ModelRefused, ModelUnreachable, StoreError
from core.jobs.job import Completed, Failed, FailureKind, Gathered, Steering
from core.model.amounts import Limit
from core.model.chat import ModelReply, ModelRequest
from core.state.operations import FileChange, Op, Operation
from core.subagents import broker_asking, workspace
from core.subagents.sandbox import Mount
from tests.core.subagents.engine.bench import Bench, bench
from tests.core.subagents.scripted import call, calls, finishes, job, last, results, says


def added(key: str, by: int) -> Operation:
    return Operation(key=key, op=Op.ADD, argument=by)


@pytest.mark.needs_system("bubblewrap")
async def test_a_job_in_bubblewrap_hands_over_its_result_its_files_and_its_operations(
    boxed: Bench,
) -> None:
    boxed.model.lines.extend(
        [
            calls("shell", command="id -u; echo made > made.txt"),
            calls("change_state", key="n.count", operation="add", value=2),
            finishes("all **good**", ["/workspace/made.txt"]),
        ]
    )
    assert await boxed.run(job()) == Completed(result="all **good**", files=("made.txt",))
    assert await boxed.engine.gathered(job()) == Gathered(
        operations=(added("n.count", 2),),
        files=(FileChange(path="made.txt", content=b"made\n"),),
        heard=0,
    )
    assert "exit code 0\n1000\n" in next(iter(results(boxed.model.requests[1]).values()))


@pytest.mark.needs_system("bubblewrap")
async def test_ctrl_c_in_the_bot_s_terminal_does_not_reach_its_sandboxes(boxed: Bench) -> None:
    # What other tests have started, such as a browser, is of no concern.
    others = dict(children())
    groups: list[int] = []

    async def look(request: ModelRequest) -> ModelReply:
        groups.extend(group for pid, group in children() if pid not in others)
        return finishes()

    boxed.model.lines.append(look)
    await boxed.run(job())
    assert groups
    assert os.getpgrp() not in groups


def children() -> Iterator[tuple[int, int]]:
    """The pid and the process group of what this process has started and what still runs."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            stat = path.read_text()
        except OSError:
            continue  # it has just ended
        parent, group = (int(field) for field in stat.rpartition(")")[2].split()[1:3])
        if parent == os.getpid():
            yield int(path.parent.name), group


async def test_a_plain_answer_is_the_result(plain: Bench) -> None:
    plain.model.lines.append(says("It is 42."))
    assert await plain.run(job()) == Completed(result="It is 42.")


async def test_what_was_called_behind_finish_is_run_before_the_job_ends(plain: Bench) -> None:
    hasty = finishes("too soon").tool_calls[0]
    change = calls("change_state", key="n", operation="add", value=1).tool_calls[0]
    plain.model.lines.extend([says("", hasty, change), finishes("now")])
    assert await plain.run(job()) == Completed(result="now")
    assert (await plain.engine.gathered(job())).operations == (added("n", 1),)
    told = results(plain.model.requests[1])
    assert "change_state came after it" in next(iter(told.values()))


async def test_an_attempt_that_has_ended_ends_the_same_way_without_another_model_call(
    plain: Bench,
) -> None:
    plain.model.lines.append(finishes("once"))
    first = await plain.run(job())
    used = plain.seen[-1]
    plain.seen.clear()
    assert await plain.run(job(attempt=2)) == first == Completed(result="once")
    # Nobody may have taken down what it had used.
    assert [(one.steps, one.tokens) for one in plain.seen] == [(used.steps, used.tokens)]
    assert used.tokens > 0
    assert len(plain.model.requests) == 1


async def test_a_job_starts_on_the_files_of_its_snapshot_and_tells_what_it_changed(
    plain: Bench,
) -> None:
    def file(path: str, content: str, *, executable: bool = False) -> FileChange:
        return FileChange(path=path, content=content.encode(), executable=executable)

    base = await plain.commit(
        files=(file("a/kept", "1"), file("a/gone", "2"), file("b", "3"), file("run", "4"))
    )
    await plain.commit(files=(file("a/later", "5"), file("b", "33")))
    plain.model.lines.extend(
        [
            calls("shell", command="cat a/* b; rm a/gone; echo 6 > new; echo 33 > b; chmod +x run"),
            finishes(),
        ]
    )
    assert isinstance(await plain.run(job(base_commit=base)), Completed)
    assert list(results(plain.model.requests[1]).values()) == ["exit code 0\n213"]
    assert (await plain.engine.gathered(job())).files == (
        FileChange(path="a/gone", content=None),
        file("b", "33\n"),
        file("new", "6\n"),
        file("run", "4", executable=True),
    )


async def test_a_source_is_read_only_and_named_to_the_model(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "one.log").write_text("it broke")
    async with bench(tmp_path / "data", "process", mounts=(Mount(name="ci", path=logs),)) as made:
        made.model.lines.extend([calls("read_file", path="/sources/ci/one.log"), finishes()])
        await made.run(job())
        assert "/sources/ci" in made.model.requests[0].messages[1].text
        assert "it broke" in last(made.model.requests[1]).text


async def test_finish_is_refused_for_files_that_are_not_there(plain: Bench) -> None:
    plain.model.lines.extend(
        [finishes("x", ["nope.md", "/etc/passwd"]), finishes("y", ["nope.md"]), finishes("z")]
    )
    assert await plain.run(job()) == Completed(result="z")
    assert "no path inside the workspace" in last(plain.model.requests[1]).text
    assert "there is no file nope.md" in last(plain.model.requests[2]).text


async def test_empty_and_cut_off_answers_are_no_results(plain: Bench) -> None:
    plain.model.lines.extend([says(" "), says("half a sen", finish="length"), says("whole")])
    assert await plain.run(job()) == Completed(result="whole")
    assert "empty" in last(plain.model.requests[1]).text
    assert "cut off" in last(plain.model.requests[2]).text


async def test_a_model_that_answers_nothing_again_and_again_fails_the_job(plain: Bench) -> None:
    plain.model.lines.extend([says(), says(), says()])
    outcome = await plain.run(job())
    assert isinstance(outcome, Failed)
    assert (outcome.kind, len(plain.model.requests)) == (FailureKind.MODEL, 3)


async def test_a_model_that_loops_for_ever_is_stopped_after_the_most_steps(plain: Bench) -> None:
    plain.model.lines.extend([calls("progress", text="again")] * 6)
    outcome = await plain.run(job(max_steps=5))
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.STEPS
    assert "5 steps" in outcome.reason
    assert len(plain.model.requests) == 5


async def test_a_job_over_its_time_is_ended_with_all_it_started(plain: Bench) -> None:
    plain.model.lines.append(calls("shell", command="sleep 1000"))
    outcome = await plain.run(job(timeout_s=2.0))
    assert outcome == Failed(
        kind=FailureKind.TIMEOUT, reason="it was stopped after 2 seconds, the longest it may run"
    )
    assert running_in(plain.workspace(job())) == []


async def test_a_cancelled_job_has_left_nothing_running_when_the_call_returns(
    plain: Bench,
) -> None:
    plain.model.lines.append(calls("shell", command="setsid sleep 1000 & wait"))
    begun = asyncio.Event()
    running = asyncio.create_task(
        plain.engine.run(job(), lambda seen: begun.set() if "shell" in seen.step else None)
    )
    await begun.wait()
    assert running_in(plain.workspace(job())) != []
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert running_in(plain.workspace(job())) == []


def running_in(folder: Path) -> list[Path]:
    """Processes that work in a folder."""
    return [link for link in Path("/proc").glob("[0-9]*/cwd") if leads_to(link, folder)]


def leads_to(link: Path, folder: Path) -> bool:
    """Whether a link leads into a folder; a process that has ended has none any more."""
    try:
        return link.readlink().is_relative_to(folder)
    except OSError:
        return False


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BudgetExceeded("over"), FailureKind.BUDGET),
        (ModelRefused("bad key"), FailureKind.MODEL),
        (ContextTooLong("too long"), FailureKind.MODEL),
    ],
)
async def test_what_no_patience_helps_against_fails_the_job_in_the_error_s_own_words(
    plain: Bench, error: Exception, kind: FailureKind
) -> None:
    plain.model.lines.append(error)
    outcome = await plain.run(job())
    assert isinstance(outcome, Failed)
    assert outcome.kind is kind
    assert str(error) in outcome.reason


async def test_a_server_out_of_reach_is_waited_for_and_people_are_told(
    plain: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_asking, "_LONGEST_WAIT_S", 1.0)
    plain.model.lines.extend([ModelUnreachable("refused"), finishes("in the end")])
    assert await plain.run(job()) == Completed(result="in the end")
    assert any("cannot be reached" in seen.step and "refused" in seen.step for seen in plain.seen)


async def test_a_request_that_is_too_long_is_made_shorter_once_more_is_known_to_be_too_much(
    plain: Bench,
) -> None:
    big = [calls("shell", command=f"head -c 20000 /dev/zero | tr '\\0' {n}") for n in range(6)]
    plain.model.lines.extend([*big, ContextTooLong("8000"), finishes("fits")])
    assert await plain.run(job()) == Completed(result="fits")
    before, after = plain.model.requests[-2:]
    sizes = [sum(len(m.text) for m in request.messages) for request in (before, after)]
    assert sizes[1] < sizes[0] * 0.6
    assert [m.role for m in before.messages] == [m.role for m in after.messages]


async def test_steering_is_shown_once_before_the_next_model_call(plain: Bench) -> None:
    async def steered(request: ModelRequest) -> ModelReply:
        plain.said.append(Steering(seq=4, by="Ann", text="use blue"))
        return calls("progress", text="on it")

    plain.model.lines.extend([steered, calls("progress", text="more"), finishes()])
    await plain.run(job())
    said = [
        [m.text for m in r.messages if m.text == "Ann says: use blue"] for r in plain.model.requests
    ]
    assert [len(one) for one in said] == [0, 1, 1]
    assert last(plain.model.requests[1]).text == "Ann says: use blue"


async def test_a_job_does_not_finish_over_words_that_it_has_not_read(plain: Bench) -> None:
    async def steered(request: ModelRequest) -> ModelReply:
        plain.said.append(Steering(seq=1, by="Ann", text="wait, also y"))
        return finishes("x")

    plain.model.lines.extend([steered, finishes("x and y")])
    assert await plain.run(job()) == Completed(result="x and y")
    assert [m.role for m in plain.model.requests[1].messages[-2:]] == ["tool", "user"]
    assert last(plain.model.requests[1]).text == "Ann says: wait, also y"


async def test_progress_counts_model_calls_and_their_tokens_and_the_last_is_always_told(
    plain: Bench,
) -> None:
    plain.model.lines.extend([calls("progress", text="half way"), finishes()])
    await plain.run(job())
    assert (plain.seen[-1].steps, plain.seen[-1].tokens) == (2, 20)
    assert plain.seen[-1].step == "finishing"


async def test_the_model_is_charged_to_the_job_and_its_requester(plain: Bench) -> None:
    plain.model.lines.append(finishes())
    await plain.run(job(budget=Limit(tokens=99)))
    account = plain.model.accounts[0]
    assert (account.work, account.person_id) == ("job:job-1", "ann")
    assert account.budget == Limit(tokens=99)


async def test_steps_can_be_looked_at_while_the_job_runs_and_after(plain: Bench) -> None:
    async def look(request: ModelRequest) -> ModelReply:
        running = await plain.engine.steps("job-1")
        assert [line.kind for line in running] == ["attempt", "model"]
        assert running[-1].seconds is None
        return finishes("x")

    plain.model.lines.append(look)
    await plain.run(job())
    after = await plain.engine.steps("job-1")
    assert [line.title for line in after] == ["attempt 1", "calls finish", "finish"]
    assert await plain.engine.steps("no-such-job") == ()
    assert await plain.engine.steps("../job-1") == ()


async def test_a_workspace_changed_after_the_end_is_not_merged(plain: Bench) -> None:
    plain.model.lines.extend([calls("write_file", path="a", content="mine"), finishes()])
    await plain.run(job())
    (plain.workspace(job()) / "a").write_text("another's")
    with pytest.raises(StoreError, match="changed after"):
        await plain.engine.gathered(job())


async def test_links_pipes_and_bad_names_are_left_out_with_a_note(plain: Bench) -> None:
    plain.model.lines.extend(
        [
            calls(
                "shell",
                command=r"ln -s /etc/passwd link; mkfifo pipe; touch good $'ba\nd'; ln -s / folder",
            ),
            finishes(),
        ]
    )
    assert isinstance(await plain.run(job()), Completed)
    gathered = await plain.engine.gathered(job())
    assert [change.path for change in gathered.files] == ["good"]
    assert len(gathered.notes) == 4
    assert "link was left out: it is a symbolic link" in gathered.notes


async def test_a_workspace_that_is_too_much_fails_the_job_and_says_so(
    plain: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.subagents.workspace.MOST_CHANGED_FILES", 3)
    plain.model.lines.extend([calls("shell", command="touch a b c d"), finishes()])
    outcome = await plain.run(job())
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.WORKSPACE
    assert "at most 3 files" in outcome.reason


async def test_without_a_sandbox_for_commands_jobs_have_no_shell_and_are_told_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    async with bench(tmp_path, "auto") as made:
        made.model.lines.extend(
            [
                says(
                    "",
                    call("shell", "c1", command="id"),
                    call("write_file", "c2", path="a", content="b"),
                ),
                finishes(),
            ]
        )
        assert isinstance(await made.run(job()), Completed)
        first = made.model.requests[0]
        assert not {"shell", "python"} & {tool.name for tool in first.tools}
        assert "bubblewrap is not installed" in first.messages[0].text
        assert "shell is off here" in results(made.model.requests[1])["c1"]
        assert [c.path for c in (await made.engine.gathered(job())).files] == ["a"]


async def test_many_jobs_that_start_at_once_are_prepared_a_few_at_a_time(
    plain: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill, inside, seen, full = workspace.fill, 0, [], asyncio.Event()

    async def counted(*given: object, **named: object) -> Path:
        nonlocal inside
        inside += 1
        seen.append(inside)
        if inside == 4:
            full.set()
        await full.wait()  # so that the first ones are there together, however fast each is
        try:
            return await fill(*given, **named)  # type: ignore[arg-type]
        finally:
            inside -= 1

    monkeypatch.setattr(workspace, "fill", counted)
    plain.model.lines.extend([says("done")] * 12)
    outcomes = await asyncio.gather(*(plain.run(job(number)) for number in range(12)))
    assert outcomes == [Completed(result="done")] * 12
    assert max(seen) == 4


async def test_old_jobs_are_swept_away_but_not_those_that_may_go_on(plain: Bench) -> None:
    plain.model.lines.extend([finishes(), finishes()])
    await plain.run(job(1))
    await plain.run(job(2))
    assert await plain.engine.sweep(before=0.0, unfinished=frozenset()) == 0
    assert await plain.engine.sweep(before=1e12, unfinished=frozenset({"job-2"})) == 1
    assert await plain.engine.steps("job-1") == ()
    assert await plain.engine.steps("job-2") != ()
