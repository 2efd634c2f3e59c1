"""What was said while the bot was down is read when it is back, once and in order."""

import asyncio

from adapters.slack.adapter import SlackAdapter
from tests.adapters.slack.conftest import Running, connected
from tests.adapters.slack.fake_core import FakeCore, place
from tests.emulators.slack import Fault, Human, SlackServer


async def test_what_was_said_while_the_bot_was_down_is_read_when_it_is_back(
    adapter: SlackAdapter, core: FakeCore, slack: SlackServer, anna: Human, ben: Human,
    running: Running,
) -> None:  # fmt: skip
    root = await anna.ask("hello")
    await core.message()
    await running.stop()
    anna.write("in the thread", thread=root.ts)
    ben.write("not for the bot")
    asked = ben.write("<@U0BOT> and from me")
    await running.again()
    await connected(slack)
    first, second = await core.message(), await core.message()
    assert (first.text, first.thread) == ("in the thread", place(root.ts))
    assert (second.text, second.thread) == ("and from me", place(asked.ts))
    await anna.say("now", thread=root.ts)
    assert (await core.message()).text == "now"
    assert len(core.accepted) == 4


async def test_a_channel_that_may_not_be_read_harms_no_other(
    adapter: SlackAdapter, core: FakeCore, slack: SlackServer, anna: Human, running: Running
) -> None:
    root = await anna.ask("hello")
    await core.message()
    await running.stop()
    slack.faults.add("conversations.history", Fault(kind="error", error="missing_scope"))
    anna.write("in the thread", thread=root.ts)
    await running.again()
    async with asyncio.timeout(60):
        assert (await core.message()).text == "in the thread"


async def test_what_was_missed_in_several_places_comes_in_the_order_in_which_it_was_said(
    adapter: SlackAdapter, core: FakeCore, slack: SlackServer, anna: Human, ben: Human,
    running: Running,
) -> None:  # fmt: skip
    root = await anna.ask("hello")
    await core.message()
    await running.stop()
    for number in range(3):
        ben.write(f"<@U0BOT> asked {number}")
        anna.write(f"said {number}", thread=root.ts)
    await running.again()
    await connected(slack)
    heard = [(await core.message()).text for _ in range(6)]
    assert heard == ["asked 0", "said 0", "asked 1", "said 1", "asked 2", "said 2"]


async def test_what_a_person_wrote_directly_is_heard_without_a_mention(
    adapter: SlackAdapter, core: FakeCore, slack: SlackServer, anna: Human, running: Running
) -> None:
    await anna.say("hello", "D0ANNA")
    await core.message()
    await running.stop()
    anna.write("are you there?", "D0ANNA")
    await running.again()
    await connected(slack)
    missed = await core.message()
    assert (missed.text, missed.direct) == ("are you there?", True)
