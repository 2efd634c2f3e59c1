"""Thousands of messages that nobody has answered yet, found at the start: the bot is there at once,
answers who speaks now first, and all the others once."""

import os
import time
from collections import Counter
from pathlib import Path

from core.messages import ChannelRef, Message, Person, ThreadRef
from core.records import inbox, messages
from core.state.channels import Channels
from core.state.control import Control
from core.state.database import Transaction
from tests.emulators.script import Received, Reply
from tests.harness import files
from tests.harness.room import room

WAITING = 10_000 if "THAW_CHAOS" in os.environ else 400
# Far from what it takes to answer ten thousand, and from what a start takes where others work too.
READY_S = 30.0
GENERAL = ChannelRef(platform="web", workspace="local", channel="general")
BEN = Person(id="web:ben", name="ben")


def echo(received: Received) -> Reply:
    """What was said, after a while in which others come to their turn."""
    return Reply(text=f"heard {received.asked}", latency_s=0.02)


async def left_waiting(data: Path) -> None:
    """What a kill leaves after many people have spoken, each in a thread of their own."""

    def write(tx: Transaction) -> None:
        for number in range(WAITING):
            thread = ThreadRef(channel=GENERAL, thread=f"t{number}")
            said = Message(id=f"w{number}", thread=thread, author=BEN, text=f"{number}", at=1.0)
            inbox.accept(tx, said)
            messages.add_message(tx, said)

    control, channels = await Control.open(data), Channels(data)
    await control.mark(GENERAL)
    await channels.write(GENERAL, write)
    await channels.close()
    await control.close()


def answered(data: Path) -> Counter[str]:
    """How many answers each message has."""
    return Counter(post["reply_to"] for post in files.posts(files.channel_file(data)))


async def test_they_are_all_answered_once_and_hold_nobody_up(tmp_path: Path) -> None:
    data = tmp_path / "data"
    await left_waiting(data)
    began = time.monotonic()
    async with room(tmp_path, echo, data=data) as r:
        assert time.monotonic() - began < READY_S
        assert (await r.page.ask("now", thread="new")).text == "heard now"
        before = len(r.model.received)
        assert (await r.page.ask("me too", thread=f"t{WAITING - 1}")).text == "heard me too"
        assert before < WAITING, "who speaks now waits for nobody else"
        await r.page.until(lambda: len(r.page.posts) >= WAITING + 2)
        assert len(r.model.received) == WAITING + 2
    assert set(answered(data).values()) == {1}
    assert len(answered(data)) == WAITING + 2
