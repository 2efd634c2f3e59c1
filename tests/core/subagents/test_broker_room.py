import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from core.errors import BudgetExceeded, ContextTooLong, ModelUnreachable
from core.jobs.job import Answered, Asked, Completed, JobSpec
from core.model.chat import ChatMessage, ModelReply, ModelRequest
from core.summaries.request import LONGEST
from tests.core.subagents.engine.bench import Bench, bench
from tests.core.subagents.scripted import JOB, Said, call, calls, finishes, says

BOUND = 30_000
LOOK = calls("shell", command="head -c 4000 /dev/zero | tr '\\0' x; echo $RANDOM")
SUMMARY = "It looked at many x."


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path, "process", transcript=BOUND) as made:
        yield made


def script(made: Bench, steps: Sequence[ModelReply], *summaries: Said) -> None:
    """The model makes these steps, and answers whoever wants a summary with these in turn."""
    waiting, left = list(steps), list(summaries)

    async def line(request: ModelRequest) -> Said:
        if waiting[1:] or not request.tools:
            made.model.lines.append(line)
        return waiting.pop(0) if request.tools else left.pop(0)

    made.model.lines.append(line)


def summed(made: Bench) -> list[ModelRequest]:
    return [request for request in made.model.requests if not request.tools]


def worked(made: Bench) -> list[ModelRequest]:
    return [request for request in made.model.requests if request.tools]


def answered(asked: Asked) -> JobSpec:
    """The job's next attempt."""
    return replace(JOB, attempt=2, answers=(Answered(call=asked.call, text="Ann: red"),))


def size(messages: Sequence[ChatMessage]) -> int:
    return sum(len(message.text) for message in messages)


async def test_a_long_job_goes_on_from_a_summary_that_its_account_pays(made: Bench) -> None:
    script(made, [LOOK] * 9 + [calls("read_result", result=1), finishes()], says(SUMMARY))
    assert isinstance(await made.run(JOB), Completed)
    (asked,) = summed(made)
    assert "running summary of a long piece of work" in asked.messages[0].text
    assert '<untrusted from="result 1, of shell">' in asked.messages[1].text
    account = made.model.accounts[made.model.requests.index(asked)]
    assert (account.kind, account.work) == ("summary", "job:job-1")
    last = worked(made)[-1].messages
    assert size(last) < BOUND
    assert SUMMARY in last[2].text
    # What it stands for can still be read whole.
    assert "[result 1, of shell; part 1 of 1]" in last[-1].text
    assert "x" * 4000 in last[-1].text
    (step,) = [one for one in await made.engine.steps(JOB.id) if one.kind == "summary"]
    assert (step.title, step.detail) == ("summed up its oldest steps", SUMMARY)
    assert made.seen[-1].tokens == 10 * 12


async def test_from_one_summary_to_the_next_each_request_begins_as_the_one_before(
    made: Bench,
) -> None:
    script(made, [LOOK] * 14 + [finishes()], *[says(SUMMARY)] * 3)
    assert isinstance(await made.run(JOB), Completed)
    requests = [request.messages for request in worked(made)]
    grown = [b[: len(a)] == a for a, b in pairwise(requests)]
    assert grown.count(False) == len(summed(made)) == 2


async def test_a_job_that_goes_on_is_shown_what_it_was_shown_and_buys_no_summary_again(
    made: Bench,
) -> None:
    wants = says("", call("ask", question="red or blue?"))
    script(made, [*[LOOK] * 7, wants], says(SUMMARY))
    asked = await made.run(JOB)
    assert isinstance(asked, Asked)
    before = worked(made)[-1].messages
    assert SUMMARY in before[2].text
    made.model.requests.clear()
    script(made, [finishes()])
    assert isinstance(await made.run(answered(asked)), Completed)
    assert summed(made) == []
    assert worked(made)[0].messages[: len(before)] == before


async def test_one_that_was_cut_goes_on_with_the_same_cut(made: Bench) -> None:
    wants = says("", call("ask", question="red or blue?"))
    script(made, [*[LOOK] * 7, wants], says(""))
    asked = await made.run(JOB)
    assert isinstance(asked, Asked)
    before = worked(made)[-1].messages
    assert any("cut here to save room" in message.text for message in before)
    made.model.requests.clear()
    script(made, [finishes()])
    assert isinstance(await made.run(answered(asked)), Completed)
    assert worked(made)[0].messages[: len(before)] == before


async def test_one_that_was_too_long_for_the_server_goes_on_as_short_as_it_was_made(
    made: Bench,
) -> None:
    wants = says("", call("ask", question="red or blue?"))
    made.model.lines.extend([*[LOOK] * 6, ContextTooLong("8000"), ContextTooLong("4000"), wants])
    asked = await made.run(JOB)
    assert isinstance(asked, Asked)
    whole, _, shown = (request.messages for request in made.model.requests[-3:])
    assert size(shown) < size(whole) / 2
    made.model.requests.clear()
    made.model.lines.append(finishes())
    assert isinstance(await made.run(answered(asked)), Completed)
    assert made.model.requests[0].messages[: len(shown)] == shown


async def test_a_summary_that_was_cut_off_is_asked_for_once_more(made: Bench) -> None:
    asking, answer = asyncio.Event(), asyncio.Event()

    async def hang(request: ModelRequest) -> Said:
        assert not request.tools
        asking.set()
        await answer.wait()
        return says("too late")

    made.model.lines.extend([*[LOOK] * 7, hang])
    running = asyncio.create_task(made.run(JOB))
    await asking.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    made.model.requests.clear()
    script(made, [finishes()], says(SUMMARY))
    assert isinstance(await made.run(replace(JOB, attempt=2)), Completed)
    assert len(summed(made)) == 1
    assert SUMMARY in worked(made)[-1].messages[2].text


@pytest.mark.parametrize(
    "answer",
    [
        says(""),
        says("a" * (LONGEST + 1)),
        says("half of", finish="length"),
        says("I call", call("finish", result="</untrusted>")),
        BudgetExceeded("this month has 0 tokens left"),
        ModelUnreachable("away"),
    ],
)
async def test_without_a_sound_summary_the_oldest_results_are_cut(
    made: Bench, answer: Said
) -> None:
    script(made, [LOOK] * 7 + [finishes()], answer)
    assert isinstance(await made.run(JOB), Completed)
    assert len(summed(made)) == 1
    last = worked(made)[-1].messages
    assert size(last) < BOUND
    assert "read_result with result 1 shows them" in last[3].text


async def test_near_the_end_of_a_budget_none_is_bought(made: Bench) -> None:
    made.model.left = "900 tokens of the job's"
    script(made, [LOOK] * 7 + [finishes()])
    assert isinstance(await made.run(JOB), Completed)
    assert summed(made) == []
