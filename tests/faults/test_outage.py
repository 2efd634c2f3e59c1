"""A platform that is away for a while: what it is to show waits, keeps its order and does not flood
it afterwards. The others notice nothing."""

import asyncio
import time
from pathlib import Path

from tests.emulators.script import Received, Reply
from tests.emulators.telegram.limits import Limits
from tests.harness.people import PATIENCE_S, one
from tests.harness.town import town

CHATS = 40
LONG_S = 4.0  # by then every chat's post has been tried and has failed more than once
SOON_S = 20.0  # what the limits let out in a second or two


async def test_what_waits_is_shown_once_in_order_and_within_the_limits(tmp_path: Path) -> None:
    gate = asyncio.Event()

    def script(received: Received) -> Reply:
        return Reply(text=f"heard {received.asked}", gate=gate)

    async with town(tmp_path, script, limits=Limits(), places=1) as t:
        slack, _, telegram = t.sides
        await t.start()
        asked = [await telegram.ask("first", place) for place in range(CHATS)]
        await t.model.arrived(CHATS)
        await t.telegram.close()
        gate.set()
        await one(slack, await slack.ask("hello", 0), "heard hello")
        await asyncio.sleep(LONG_S)  # not for something to happen: an outage is long
        await t.telegram.open()
        began = time.monotonic()
        async with asyncio.timeout(PATIENCE_S):
            for each in asked:
                await one(telegram, each, "heard first")
        assert time.monotonic() - began < SOON_S
        for each in asked:
            texts = [shown.text for shown in telegram.shown(each)]
            assert [text for text in texts if "heard" in text] == ["heard first"]
