"""A job that is over is gone at once, with its whole transcript."""

from pathlib import Path

from core.errors import ModelRefused
from core.jobs.job import Completed, Failed
from tests.core.subagents.engine.bench import bench
from tests.core.subagents.scripted import calls, finishes, job
from tests.harness.circles import circles


async def test_jobs_leave_no_circle_however_they_end(tmp_path: Path) -> None:
    async with bench(tmp_path, "process") as made:
        with circles() as left:
            made.model.lines += [
                calls("shell", command="echo made > made.txt"),
                calls("change_state", key="n.count", operation="add", value=2),
                calls("no_such_tool"),
                finishes("done", ["/workspace/made.txt"]),
            ]
            assert isinstance(await made.run(job()), Completed)
            made.model.lines.append(ModelRefused("no such model"))
            assert isinstance(await made.run(job(number=2)), Failed)
        assert left == []
