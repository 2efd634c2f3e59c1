"""A job near the end of its budget, and at it, in an engine on a real folder."""

from dataclasses import replace

from core.errors import BudgetExceeded
from core.jobs.job import Completed, Failed, FailureKind
from tests.core.subagents.engine.bench import Bench
from tests.core.subagents.scripted import call, calls, finishes, job, says


async def test_a_job_near_the_end_of_its_budget_is_told_once_before_its_next_call(
    plain: Bench,
) -> None:
    plain.model.lines.extend([calls("list_files"), calls("list_files"), finishes("what I have")])
    plain.model.left = "900 tokens of 60,000 tokens for this job"
    assert await plain.run(job()) == Completed(result="what I have")
    told = [
        [one.text for one in request.messages if "nearly used up" in one.text]
        for request in plain.model.requests
    ]
    assert [len(texts) for texts in told] == [1, 1, 1]
    assert "900 tokens of 60,000 tokens for this job. Wrap up now" in told[0][0]


async def test_a_job_whose_budget_ends_leaves_word_of_how_far_it_was(plain: Bench) -> None:
    plain.model.lines.extend(
        [
            says("Line 7 is wrong.", call("write_file", path="notes.md", content="x")),
            BudgetExceeded("no tokens are left"),
        ]
    )
    outcome = await plain.run(job())
    assert isinstance(outcome, Failed)
    assert (outcome.kind, outcome.reason) == (FailureKind.BUDGET, "no tokens are left")
    assert "1 step" in outcome.partial
    assert "`notes.md`" in outcome.partial
    assert outcome.partial.endswith("Line 7 is wrong.")


async def test_what_answers_cost_is_part_of_the_progress(plain: Bench) -> None:
    plain.model.lines.extend(
        [replace(calls("list_files"), cost=40), replace(finishes("done"), cost=2)]
    )
    await plain.run(job())
    assert plain.seen[-1].cost == 42
