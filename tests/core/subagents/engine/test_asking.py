"""A job that asks ends its attempt, and goes on with the answer where it was."""

from pathlib import Path

from core.jobs.job import Answered, Asked, Completed
from tests.core.subagents.engine.bench import bench
from tests.core.subagents.scripted import call, finishes, job, results, says


async def test_the_answer_comes_to_the_call_that_asked_and_nothing_is_bought_again(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path, "process") as made:
        made.model.lines.extend(
            [
                says(
                    "",
                    call("shell", "c1", command="echo before > kept.txt"),
                    call("ask", "c2", question="Where to?", choices=["staging", "prod"]),
                    call("shell", "c3", command="cat kept.txt"),
                ),
                finishes(),
            ]
        )
        waits = Asked(call="c2", text="Where to?", choices=("staging", "prod"))
        assert await made.run(job()) == waits
        assert await made.run(job(attempt=2)) == waits
        assert len(made.model.requests) == 1
        answered = job(attempt=3, answers=(Answered(call="c2", text="Ada says: prod"),))
        assert await made.run(answered) == Completed(result="done")
        told = results(made.model.requests[-1])
        assert told["c2"] == "Ada says: prod"
        assert "before" in told["c3"]
        assert len(made.model.requests) == 2
