"""Drafts for conflicts under `propose`: a model that answers what the test says, a real store."""

from pathlib import Path

import pytest

from core.jobs.job import Gathered
from core.messages import Post
from core.model.chat import ModelReply
from core.state.operations import Json, Op, Operation
from core.state.rules import Merging, Rule, Rules
from tests.core.room import UNREACHABLE, Room, last, room, says, starts

PROPOSE = Rules(rules=(Rule(keys="plan*", rule=Merging.PROPOSE),))


async def disagree(here: Room, draft: ModelReply | Exception, op: Op = Op.PUT) -> Post:
    """Two jobs put `plan` otherwise; the first question about it."""
    sides: tuple[Json, Json] = ({"a": 1}, {"a": 2}) if op is Op.PATCH else ("by sea", "by air")
    here.script.replies = [starts("one", "two"), says("started"), draft]
    await here.ask("m1", "do both")
    for number, side in enumerate(sides, 1):
        await here.hands.running(number)
        operation = Operation(key="plan", op=op, argument=side)
        here.hands.gather[number] = Gathered(operations=(operation,))
    for number in (1, 2):
        here.hands.end(number)
        await here.platform.post(f"result:{number}")
    return await here.platform.post("conflict:1:1")


async def test_a_draft_becomes_one_more_choice_and_a_person_takes_it(tmp_path: Path) -> None:
    async with room(tmp_path, rules=PROPOSE) as here:
        await disagree(here, says('"by sea and air"'))
        question = await here.platform.post("conflict:1:2")
        assert "by sea and air" in question.text
        assert "agent, asked by Ada" in question.text
        assert "by sea" in (await here.ask("m2", "/state plan")).text
        take = next(one for one in question.buttons if "sea and air" in one.label)
        await here.press("p1", take.action)
        assert "by sea and air" in (await here.ask("m3", "/state plan")).text


async def test_the_model_sees_every_side_fenced_and_no_tools(tmp_path: Path) -> None:
    async with room(tmp_path, rules=PROPOSE) as here:
        await disagree(here, says('"both"'))
        await here.platform.post("conflict:1:2")
        asked = here.script.asked[-1]
        assert asked.tools == ()
        assert [message.role for message in asked.messages] == ["system", "user"]
        for side in ("by sea", "by air", "job 2, asked by Ada: two"):
            assert side in last(asked)
        assert last(asked).count("<untrusted from=") == 2


@pytest.mark.parametrize(
    ("answer", "shown"),
    [("by rail", "by rail"), ('```json\n["x"]\n```', "x"), ("17", "17")],
)
async def test_a_draft_is_read_as_models_write_it(tmp_path: Path, answer: str, shown: str) -> None:
    async with room(tmp_path, rules=PROPOSE) as here:
        await disagree(here, says(answer))
        assert shown in (await here.platform.post("conflict:1:2")).text


async def test_fields_of_a_record_are_drafted_as_an_object(tmp_path: Path) -> None:
    rules = Rules(rules=(Rule(keys="plan*", rule=Merging.PROPOSE),))
    async with room(tmp_path, rules=rules) as here:
        await disagree(here, says("no object"), Op.PATCH)
        told = await here.platform.post("no-draft:1.1")
        assert "no JSON object" in told.text


@pytest.mark.parametrize(
    ("draft", "why"),
    [
        (UNREACHABLE, "does not answer"),
        (says("  "), "did not give a whole one"),
        (says("```json\n{bad"), "nothing that can be read"),
        (says('{"a": 1}\n\nI hope this helps!'), "nothing that can be read"),
        (says('"by air"'), "one of the versions already"),
    ],
)
async def test_without_a_draft_people_are_told_once_and_decide_all_the_same(
    tmp_path: Path, draft: ModelReply | Exception, why: str
) -> None:
    async with room(tmp_path, rules=PROPOSE) as here:
        question = await disagree(here, draft)
        told = await here.platform.post("no-draft:1.1")
        assert why in told.text
        asked = len(here.script.asked)
        await here.ask("m2", "/set other 1")
        await here.ask("m3", "/set other 2")
        assert len(here.script.asked) == asked
        take = next(one for one in question.buttons if "by air" in one.label)
        await here.press("p1", take.action)
        assert "by air" in (await here.ask("m4", "/state plan")).text


async def test_other_conflicts_cost_no_model_call(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await disagree(here, says("never asked for"))
        await here.ask("m2", "/set other 1")
        assert len(here.script.asked) == 2
