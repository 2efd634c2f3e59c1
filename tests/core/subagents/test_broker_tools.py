import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import StoreError
from core.jobs.job import Completed
from core.model.chat import ModelReply, ModelRequest
from core.search.hits import StateHit
from core.state.operations import Op, Operation
from core.state.reads import KeyRead, PrefixRead, SearchRead
from core.subagents.broker_tools import MOST_ENTRIES
from core.subagents.search_reads import seen
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
        call("ask", "c6", question=""),
        call("write_file", "c7", path="../../x", content="x"),
        call("finish", "c8", files=["a"]),
        call("search", "c9", query=["x"]),
    )
    made.model.lines.extend([wrong, finishes()])
    assert isinstance(await made.run(job()), Completed)
    told = results(made.model.requests[1])
    assert "not valid JSON" in told["c1"]
    assert "command must be text" in told["c2"]
    assert "there is no tool" in told["c3"]
    assert "change_state needs 'operation'" in told["c4"]
    assert "not both" in told["c5"]
    assert "the question is empty" in told["c6"]
    assert '".." in it' in told["c7"]
    assert "result is missing" in told["c8"]
    assert "must be of type string" in told["c9"]


async def test_a_search_that_does_not_work_is_told_and_does_not_end_the_job(
    made: Bench,
) -> None:
    made.finder.error = StoreError("the index is damaged")
    made.model.lines.extend([calls("search", query="x"), finishes("without")])
    assert await made.run(job()) == Completed(result="without")
    (told,) = results(made.model.requests[1]).values()
    assert told == "error: the search did not work: the index is damaged"


async def test_what_was_read_is_kept_with_its_version(made: Bench) -> None:
    base = await made.commit(Operation(key="a.x", op=Op.PUT, argument=1), added("n", 1))
    asked = [
        call("read_state", key="a.x"),
        call("read_state", key="no"),
        call("read_state", prefix="a."),
        call("read_state", key="n"),
        call("search", query="why", source="ci"),
    ]
    hit = StateHit(key="n", commit=base, author="Bob", at=1.0, line=1, snippet="1")
    made.finder.hits = (hit,)
    made.model.lines.extend([says("", *asked), finishes()])
    await made.run(job(base_commit=base, base_message=4))
    assert await made.reads(job()) == (
        KeyRead(key="a.x", commit=base),
        KeyRead(key="no", commit=0),
        PrefixRead(prefix="a.", commit=base),
        KeyRead(key="n", commit=base),
        SearchRead(query="why", source="ci", upto=4, seen=seen([hit])),
    )


async def test_what_the_job_itself_wrote_is_no_read_and_what_combines_does_not_tell_it(
    made: Bench,
) -> None:
    base = await made.commit(Operation(key="a.x", op=Op.PUT, argument=1), added("a.n", 7))
    asked = [
        call("change_state", "c1", key="a.n", operation="add", value=1),
        call("change_state", "c2", key="a.x", operation="put", value=2),
        call("read_state", key="a.x"),
        call("read_state", prefix="a."),
    ]
    made.model.lines.extend([says("", *asked), finishes()])
    await made.run(job(base_commit=base))
    told = results(made.model.requests[1])
    assert told["c1"] == "noted\n(merged when the job has finished)"
    assert told["c2"].startswith("a.x = 2\n")
    assert await made.reads(job()) == (PrefixRead(prefix="a.", commit=base, own=("a.x",)),)


async def test_of_a_long_list_only_what_was_shown_is_a_read(made: Bench) -> None:
    keys = [f"k{number:03}" for number in range(MOST_ENTRIES + 1)]
    base = await made.commit(*(added(key, 1) for key in keys))
    made.model.lines.extend([calls("read_state", prefix="k"), finishes()])
    await made.run(job(base_commit=base))
    assert await made.reads(job()) == (PrefixRead(prefix="k", commit=base, last=keys[-2]),)


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
    made.model.lines.extend(
        [
            calls("change_state", key="n", operation="add", value=2),
            calls("read_state", key="n"),
            finishes(),
        ]
    )
    await made.run(job(attempt=2))
    assert list(results(made.model.requests[-1]).values())[-1] == "n = 3"
    operations = (await made.engine.gathered(job())).operations
    assert [operation.argument for operation in operations] == [1, 2]
