from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.approvals.rules import ApprovalRule, ApprovalRules
from core.jobs.job import Asked, Completed, JobSpec, JobState, Leave
from core.records import approvals, jobs, questions
from core.records.jobs import NewJob
from core.records.questions import Decision, QuestionRow
from core.state.database import Transaction
from core.subagents.broker_approvals import MOST_ASKED
from tests.core.subagents.engine.bench import Bench, bench
from tests.core.subagents.scripted import CHANNEL, JOB, calls, finishes, job, last, results

RULES = ApprovalRules(
    [
        ApprovalRule(tools=("shell",), commands=("rm", "touch")),
        ApprovalRule(tools=("change_state", "write_file")),
    ]
)
ANN = JOB.requester


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path, "process", approvals=RULES) as made:
        await made.channels.write(CHANNEL, lambda tx: jobs.promise(tx, new(1), JobState.QUEUED))
        yield made


def new(number: int) -> NewJob:
    return NewJob(
        id=f"job-{number}", thread=JOB.thread, title="t", brief="b", requester=ANN,
        message="m", rules_revision=0, budget=JOB.budget, at=1.0,
    )  # fmt: skip


async def asked(made: Bench, spec: JobSpec = JOB) -> Asked:
    """What the job wants, kept as the supervisor keeps it."""
    found = await made.run(spec)
    assert isinstance(found, Asked)
    await made.channels.write(CHANNEL, lambda tx: questions.put(tx, spec.number, found, 9e9))
    return found


async def decided(made: Bench, decision: Decision | None, why: str = "", number: int = 1) -> None:
    def write(tx: Transaction) -> QuestionRow:
        questions.end(tx, 1, number, answer=why, by="Ann", at=2.0, decision=decision)
        return next(one for one in questions.of(tx, 1) if one.number == number)

    row = await made.channels.write(CHANNEL, write)
    if decision is Decision.ALWAYS:
        await made.channels.write(CHANNEL, lambda tx: approvals.put(tx, row, ANN, 2.0))


async def test_a_marked_call_waits_and_runs_once_it_is_allowed(made: Bench) -> None:
    made.model.lines.extend([calls("shell", command="touch a"), finishes("done", ["a"])])
    wants = await asked(made)
    assert (wants.text, wants.leave and wants.leave.reason) == ("touch a", "it matches 'touch'")
    assert not (made.workspace(JOB) / "a").exists()
    await decided(made, Decision.ONCE)
    assert await made.run(replace(JOB, attempt=2)) == Completed(result="done", files=("a",))
    assert len(made.model.requests) == 2


async def test_what_is_not_marked_runs_at_once(made: Bench) -> None:
    made.model.lines.extend([calls("shell", command="echo rm"), finishes()])
    assert isinstance(await made.run(JOB), Completed)


async def test_a_refusal_runs_nothing_and_its_reason_is_told_as_a_person_s_word(
    made: Bench,
) -> None:
    made.model.lines.extend([calls("shell", command="touch a"), finishes()])
    await asked(made)
    await decided(made, Decision.NO, "ask Bob first")
    assert isinstance(await made.run(replace(JOB, attempt=2)), Completed)
    (told,) = results(made.model.requests[1]).values()
    assert told.startswith("error: not run: Ann did not allow it")
    assert last(made.model.requests[1]).text == "Ann says: ask Bob first"
    assert not (made.workspace(JOB) / "a").exists()
    steps = await made.engine.steps("job-1")
    assert "shell: not allowed" in [step.title for step in steps]


async def test_silence_is_a_no_and_not_remembered(made: Bench) -> None:
    again = calls("shell", command="touch a")
    made.model.lines.extend([again, again, finishes()])
    await asked(made)
    await decided(made, None)
    await asked(made, replace(JOB, attempt=2))
    assert "nobody gave it in time" in next(iter(results(made.model.requests[1]).values()))


async def test_once_is_once_and_a_no_holds_for_the_job(made: Bench) -> None:
    again = calls("shell", command="touch a")
    made.model.lines.extend([again, again, again, finishes()])
    await asked(made)
    await decided(made, Decision.ONCE)
    await asked(made, replace(JOB, attempt=2))
    await decided(made, Decision.NO, number=2)
    assert isinstance(await made.run(replace(JOB, attempt=3)), Completed)
    assert [text.split(":")[0] for text in results(made.model.requests[-1]).values()][1:] == [
        "error", "error",
    ]  # fmt: skip


async def test_for_the_job_is_for_just_this_request(made: Bench) -> None:
    made.model.lines.extend(
        [
            calls("shell", command="rm -f a"),
            calls("shell", command="rm -f a"),
            calls("shell", command="touch b"),
        ]
    )
    await asked(made)
    await decided(made, Decision.JOB)
    assert (await asked(made, replace(JOB, attempt=2))).text == "touch b"
    assert len(made.model.requests) == 3


async def test_always_holds_for_other_jobs_until_it_is_withdrawn(made: Bench) -> None:
    await made.channels.write(CHANNEL, lambda tx: jobs.promise(tx, new(2), JobState.QUEUED))
    await made.channels.write(CHANNEL, lambda tx: jobs.promise(tx, new(3), JobState.QUEUED))
    made.model.lines.append(calls("shell", command="rm -f a"))
    await asked(made)
    await decided(made, Decision.ALWAYS)
    made.model.lines.extend([calls("shell", command="rm -f a"), finishes()])
    assert isinstance(await made.run(job(2)), Completed)
    await made.channels.write(CHANNEL, lambda tx: approvals.withdraw(tx, 1, "Ann", 3.0))
    made.model.lines.append(calls("shell", command="rm -f a"))
    assert isinstance(await made.run(job(3)), Asked)


async def test_a_file_that_it_names_and_that_changed_makes_it_another_request(made: Bench) -> None:
    made.model.lines.extend(
        [
            calls("shell", command="echo one > a"),
            calls("shell", command="rm a"),
            calls("shell", command="echo two > a"),
            calls("shell", command="rm a"),
        ]
    )
    first = await asked(made)
    await decided(made, Decision.JOB)
    second = await asked(made, replace(JOB, attempt=2))
    assert first.text == second.text
    assert first.leave != second.leave


async def test_what_others_wrote_makes_a_call_wait_that_would_have_run(tmp_path: Path) -> None:
    rules = ApprovalRules([ApprovalRule(tools=("shell",), untrusted=True)])
    async with bench(tmp_path, "process", approvals=rules) as made:
        made.model.lines.extend(
            [
                calls("change_state", key="a", operation="put", value=1),
                calls("shell", command="echo 1 > a"),
                calls("read_file", path="a"),
                calls("shell", command="echo 2 > a"),
            ]
        )
        asked = await made.run(JOB)
        assert isinstance(asked, Asked)
        assert asked.text == "echo 2 > a"


async def test_what_the_host_does_waits_as_well(made: Bench) -> None:
    made.model.lines.extend([calls("change_state", key="a", operation="put", value=1), finishes()])
    assert (await asked(made)).leave
    await decided(made, Decision.NO)
    assert isinstance(await made.run(replace(JOB, attempt=2)), Completed)
    assert (await made.engine.gathered(JOB)).operations == ()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ('{"command": "ls", "command": "rm x"}', "a name stands there twice"),
        ("{", "not valid JSON"),
        ("[1]", "must be one JSON object"),
    ],
)
async def test_what_can_be_read_in_two_ways_is_not_run(
    made: Bench, arguments: str, why: str
) -> None:
    call = replace(calls("shell").tool_calls[0], arguments=arguments)
    made.model.lines.extend([replace(calls("shell"), tool_calls=(call,)), finishes()])
    assert isinstance(await made.run(JOB), Completed)
    (told,) = results(made.model.requests[1]).values()
    assert why in told


async def test_people_are_asked_so_often_and_not_more(made: Bench) -> None:
    def write(tx: Transaction) -> None:
        for number in range(MOST_ASKED):
            leave = Leave(tool="shell", digest=str(number), reason="r")
            put = questions.put(tx, 1, Asked(call=f"c{number}", text="x", leave=leave), 9e9)
            questions.end(tx, 1, put.number, answer=None, by="", at=1.0)

    await made.channels.write(CHANNEL, write)
    made.model.lines.extend([calls("shell", command="touch a"), finishes()])
    assert isinstance(await made.run(JOB), Completed)
    assert f"asked {MOST_ASKED} times" in next(iter(results(made.model.requests[1]).values()))


async def test_many_waits_of_one_answer_are_no_reason_to_give_the_job_up(made: Bench) -> None:
    parts = [calls("shell", command=f"touch a{number}").tool_calls[0] for number in range(7)]
    made.model.lines.extend([replace(calls("shell"), tool_calls=tuple(parts)), finishes()])
    for number in range(7):
        await asked(made, replace(JOB, attempt=number + 1))
        await decided(made, Decision.ONCE, number=number + 1)
    assert isinstance(await made.run(replace(JOB, attempt=8)), Completed)


async def test_a_brief_that_may_come_of_what_others_wrote_makes_the_first_call_wait(
    tmp_path: Path,
) -> None:
    rules = ApprovalRules([ApprovalRule(tools=("shell",), untrusted=True)])
    async with bench(tmp_path, "process", approvals=rules) as made:
        derived = replace(new(1), derived=True)
        await made.channels.write(CHANNEL, lambda tx: jobs.promise(tx, derived))
        await made.channels.write(CHANNEL, lambda tx: jobs.promise(tx, new(2)))
        made.model.lines.append(calls("shell", command="echo 1 > a"))
        assert isinstance(await made.run(JOB), Asked)
        made.model.lines.extend([calls("shell", command="echo 1 > a"), finishes()])
        assert isinstance(await made.run(job(2)), Completed)
