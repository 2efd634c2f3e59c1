import json
from pathlib import Path

import pytest

from core.model.chat import ToolCall
from core.subagents.broker_results import PART, show
from core.subagents.journal import Journal
from core.subagents.tools import READ_RESULT
from core.subagents.transcript import LONG, Transcript
from tests.core.subagents.engine.bench import bench
from tests.core.subagents.scripted import call, calls, finishes, job, results, says

WHOLE = "".join(f"{number:07}\n" for number in range(2 * PART // 8 + 10))


async def asked(tmp_path: Path, *texts: str, **arguments: int) -> str:
    """What read_result shows of a job whose calls came to `texts`."""
    journal = await Journal.open(tmp_path)
    try:
        await journal.past()
        transcript = Transcript(())
        for number, text in enumerate(texts):
            made = ToolCall(id=f"c{number}", name="search", arguments="{}")
            transcript.said("", (made,))
            await journal.add_tool(made, "search", text)
            transcript.answered(made.id, text)
        wanted = ToolCall(id="again", name=READ_RESULT.name, arguments=json.dumps(arguments))
        return (await show(wanted, transcript, journal)).text
    finally:
        await journal.close()


async def test_the_parts_of_a_result_are_together_the_whole_of_it(tmp_path: Path) -> None:
    parts = [await asked(tmp_path, "short", WHOLE, result=2, part=n) for n in (1, 2, 3)]
    assert [part.split("\n", 1)[0] for part in parts] == [
        f"[result 2, of search; part {number} of 3]" for number in (1, 2, 3)
    ]
    assert "".join(part.split("\n", 1)[1] for part in parts) == WHOLE


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"result": 2}, "error: there is no result 2; there are 1"),
        ({"result": 0}, "error: there is no result 0; there are 1"),
        ({"result": -1}, "error: there is no result -1; there are 1"),
        ({"result": 1, "part": 2}, "error: result 1 has 1 parts"),
        ({"result": 1, "part": 0}, "error: result and part are numbers from 1"),
        ({}, "error: read_result needs 'result'"),
    ],
)
async def test_what_is_not_there_is_told(
    tmp_path: Path, arguments: dict[str, int], said: str
) -> None:
    assert (await asked(tmp_path, "one", **arguments)).startswith(said)


async def test_a_job_reads_again_what_was_cut_from_a_page_of_state(tmp_path: Path) -> None:
    value = "".join(f"{number:07} " for number in range(LONG // 4))
    change = call("change_state", key="notes", operation="put", value=value)
    async with bench(tmp_path, "process") as playing:
        playing.model.lines.extend(
            [
                says("", change, call("read_state", key="notes")),
                calls("read_result", result=2, part=1),
                finishes(),
            ]
        )
        await playing.run(job())
    second = list(results(playing.model.requests[1]).values())[1]
    assert "characters are left out here; read_result with result 2 shows them" in second
    again = list(results(playing.model.requests[2]).values())[2]
    assert again.startswith("[result 2, of read_state; part 1 of ")
    missing = next(word for word in value.split() if word not in second)
    assert missing in again
