"""A question is seen before it is answered, and its answer grows before it is whole.

These stories come first: Slack lets a bot react and stream only so often in a minute, and a bot
that has done so sends what matters without.
"""

import asyncio
from functools import partial

from tests.contract.somebody import settled, texts
from tests.contract.stage import Stage
from tests.contract.theatre import everywhere
from tests.emulators.script import Reply
from tests.harness.people import one


@everywhere()
async def test_a_question_is_seen_at_once_also_while_the_model_hangs(on: Stage) -> None:
    gate = asyncio.Event()
    on.plays({"hang": [Reply(text="at last", gate=gate)]})
    asked = await on.anna.ask("hang", 0)
    await on.anna.until(partial(on.anna.seen, asked))
    assert "at last" not in texts(on.anna, asked)
    gate.set()
    await one(on.anna, asked, "at last")


@everywhere()
async def test_an_answer_grows_before_it_ends_as_one_message(on: Stage) -> None:
    story = "Once upon a time there was a bot. " * 6 + "The end."
    on.plays({"tell": [Reply(text=story, pieces=10, piece_latency_s=0.25)]})
    asked = await on.anna.ask("tell", 3)
    await one(on.anna, asked, "The end.")
    await settled(on.anna, asked)
    assert any("Once" in t and "The end." not in t for t in on.anna.growing(asked))
    told = [shown.text for shown in on.anna.shown(asked) if "Once" in shown.text]
    assert [text.strip() for text in told] == [story]
