"""The whole bot under the load of many conversations on three platforms, seen from outside. The
full one, with its times, is in bench/platforms.py."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.emulators.script import Received, Reply
from tests.emulators.telegram.limits import Limits
from tests.harness.load import SAID, Load, Seen, storm
from tests.harness.people import labelled
from tests.harness.play import Play, starting
from tests.harness.town import Town, town

ORDER = ("slack", "discord", "telegram")
TALKS = 60
JOBS = 3
GATE = asyncio.Event()
WORK = Play(
    {"work": starting("the long one")},
    {"the long one": [Reply(calls=[("finish", {"result": "done"})], gate=GATE)]},
)


def script(received: Received) -> Reply:
    """An echo that takes its time, and jobs that go on for as long as the test."""
    if SAID.search(received.asked):
        return Reply(text=f"heard {received.asked}", latency_s=0.05)
    return WORK(received)


async def loaded(t: Town, *, stormy: bool) -> tuple[Seen, list[str]]:
    """What people have seen after two messages in each conversation, and the limits broken."""
    await t.start()
    for number, side in enumerate(t.sides):
        asked = await side.ask("work", TALKS // 3 + number)
        await labelled(side, asked, "Stop")
    load = Load(t, TALKS, ORDER)
    cutting = asyncio.create_task(storm(t, 2.0)) if stormy else None
    # The people's patience ends here; it is the verdict that says what is missing.
    await load.run(30.0, 2 * TALKS / 30.0)
    await load.answered(90.0)
    if cutting is not None:
        cutting.cancel()
    return load.seen(), load.violations()


@pytest.mark.parametrize("stormy", [False, True], ids=["quiet", "storm"])
async def test_all_is_answered_once_and_in_order_within_the_limits(
    tmp_path: Path, stormy: bool
) -> None:
    places = TALKS // 3 + JOBS
    async with town(tmp_path, script, places=places, limits=Limits()) as t:
        seen, broken = await loaded(t, stormy=stormy)
    counted = Counter(
        sent=seen.sent, lost=seen.lost, doubled=seen.doubled, disordered=seen.disordered
    )
    assert counted == Counter(sent=2 * TALKS)
    assert broken == []
    assert all(seen.signs_s[name] for name in ORDER)
