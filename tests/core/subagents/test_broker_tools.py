import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import StoreError
from core.jobs.job import Completed
from core.messages import ChannelRef
from core.model.chat import ModelReply, ModelRequest
from core.state.operations import Op, Operation
from core.subagents.journal import Journal
from tests.core.subagents.engine.bench import Bench, bench
from tests.core.subagents.scripted import call, calls, finishes, job, results, says


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bench]:
    """An engine whose jobs are ordinary processes."""
    async with bench(tmp_path, "process") as made:
        yield made


def added(key: str, by: int) -> Operation:
    return Operation(key=key, op=Op.ADD, argument=by)


async def test_a_job_sees_its_snapshot_and_its_own_changes_and_nothing_newer(made: Bench) -> None:
    base = await made.commit(added("n", 1), Operation(key="m", op=Op.PUT, argument="old"))
    await made.commit(added("n", 100), Operation(key="later", op=Op.PUT, argument=1))
    made.model.lines.extend(
        [
            says(
                "",
                call("change_state", "c1", key="n", operation="add", value=5),
                call("change_state", "c2", key="m", operation="put", value="new"),
                call("change_state", "c3", key="own", operation="append", value="line"),
                call("read_state", "c4", key="n"),
                call("read_state", "c5", prefix=""),
                call("change_state", "c6", key="n", operation="append", value="no"),
                call("read_state", "c7", key="later"),
            ),
            finishes(),
        ]
    )
    assert isinstance(await made.run(job(base_commit=base)), Completed)
    told = results(made.model.requests[1])
    assert told["c4"] == "n = 6"
    assert told["c5"] == 'm = "new"\nn = 6\nown (log, 1 line):\nline'
    assert told["c6"].startswith("error: `n` is a counter, so append cannot be used")
    assert told["c7"] == "there is no 'later'"
    operations = (await made.engine.gathered(job())).operations
    assert [(o.key, o.op) for o in operations] == [
        ("n", Op.ADD), ("m", Op.PUT), ("own", Op.APPEND),
    ]  # fmt: skip


async def test_a_search_is_made_as_of_the_snapshot(made: Bench) -> None:
    made.model.lines.extend([calls("search", query="why", source="ci"), finishes()])
    await made.run(job(base_message=7))
    assert made.finder.asked == [("why", "ci", 7)]


async def test_wrong_calls_are_answered_with_what_would_be_right(made: Bench) -> None:
    wrong = says(
        "",
        replace(call("shell", "c1"), arguments="{not json"),
        call("shell", "c2", command=5),
        call("no such tool!", "c3"),
        call("change_state", "c4", key="k"),
        call("read_state", "c5", key="k", prefix="k"),
        call("ask", "c6", question="may I?"),
        call("write_file", "c7", path="../../x", content="x"),
        call("finish", "c8", files=["a"]),
        call("search", "c9", query=["x"]),
    )
    made.model.lines.extend([wrong, finishes()])
    assert isinstance(await made.run(job()), Completed)
    told = results(made.model.requests[1])
    assert "not JSON" in told["c1"]
    assert "command must be text" in told["c2"]
    assert "there is no tool" in told["c3"]
    assert "change_state needs 'operation'" in told["c4"]
    assert "not both" in told["c5"]
    assert "nobody can be asked" in told["c6"]
    assert '".." in it' in told["c7"]
    assert "result is missing" in told["c8"]
    assert "must be of type string" in told["c9"]


async def test_a_search_that_does_not_work_is_told_and_does_not_end_the_job(
    made: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(channel: ChannelRef, query: str, source: str | None, upto: int | None) -> str:
        raise StoreError("the index is damaged")

    monkeypatch.setattr(made.finder, "find", broken)
    made.model.lines.extend([calls("search", query="x"), finishes("without")])
    assert await made.run(job()) == Completed(result="without")
    (told,) = results(made.model.requests[1]).values()
    assert told == "error: the search did not work: the index is damaged"


async def test_what_was_read_is_kept_with_its_version(made: Bench) -> None:
    base = await made.commit(Operation(key="a.x", op=Op.PUT, argument=1))
    reads = [
        call("read_state", key="a.x"),
        call("read_state", key="no"),
        call("read_state", prefix="a."),
    ]
    made.model.lines.extend([says("", *reads), finishes()])
    await made.run(job(base_commit=base))
    journal = await Journal.open(made.data / "jobs" / "job-1")
    rows = await journal.look(
        lambda tx: tx.execute("SELECT kind, name, commit_no FROM reads").fetchall()
    )
    await journal.close()
    assert rows == [("key", "a.x", base), ("key", "no", 0), ("prefix", "a.", base)]


async def test_the_state_can_be_changed_again_by_a_later_attempt_on_top_of_the_first(
    made: Bench,
) -> None:
    async def stop(request: ModelRequest) -> ModelReply:
        stopped.cancel()
        await asyncio.Event().wait()
        return says("never")

    made.model.lines.extend([calls("change_state", key="n", operation="add", value=1), stop])
    stopped = asyncio.create_task(made.run(job()))
    with pytest.raises(asyncio.CancelledError):
        await stopped
    made.model.lines.extend([calls("change_state", key="n", operation="add", value=2), finishes()])
    await made.run(job(attempt=2))
    assert list(results(made.model.requests[-1]).values())[-1].startswith("n = 3\n")
    operations = (await made.engine.gathered(job())).operations
    assert [operation.argument for operation in operations] == [1, 2]
