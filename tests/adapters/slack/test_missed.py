"""What was said while the bot was down is read when it is back, once and in order."""

import asyncio

from adapters.slack.adapter import SlackAdapter
from core.messages import Deletion, Edit
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


async def test_what_was_edited_while_the_bot_was_down_is_told_before_what_was_said(
    adapter: SlackAdapter, core: FakeCore, slack: SlackServer, anna: Human, running: Running
) -> None:
    root = await anna.ask("the capital of Spain?")
    reply = await anna.say("and of Norway", thread=root.ts)
    before = await anna.say("edited while it ran", thread=root.ts)
    await anna.edit(before, "edited")
    for _ in range(4):
        await core.arrived.get()
    await running.stop()
    anna.rewrite(root, "<@U0BOT> the capital of Italy?")
    anna.rewrite(reply, "and of Denmark")
    anna.write("new", thread=root.ts)
    await running.again()
    edits = [await core.next(Edit), await core.next(Edit)]
    told = [(one.message_id, one.text) for one in edits if isinstance(one, Edit)]
    assert told == [(root.ts, "the capital of Italy?"), (reply.ts, "and of Denmark")]
    assert [one.thread for one in edits] == [place(root.ts)] * 2
    assert (await core.message()).text == "new"
    assert len(core.accepted) == 7


async def test_what_was_deleted_while_the_bot_was_down_is_told(
    adapter: SlackAdapter, core: FakeCore, slack: SlackServer, anna: Human, running: Running
) -> None:
    root = await anna.ask("with replies")
    reply = await anna.say("a reply", thread=root.ts)
    stays = await anna.say("another one", thread=root.ts)
    alone = await anna.ask("without replies")
    direct = await anna.say("in private", "D0ANNA")
    for _ in range(5):
        await core.message()
    await running.stop()
    for message in (root, reply, alone, direct):
        message.deleted = True
    await running.again()
    gone = {(await core.next(Deletion)).id for _ in range(4)}
    assert gone == {f"deletion:{one.ts}" for one in (root, reply, alone, direct)}
    await anna.say("now", thread=stays.thread_ts)
    assert (await core.message()).text == "now"


async def test_what_slack_leaves_out_of_its_pages_is_not_taken_for_deleted(
    adapter: SlackAdapter, core: FakeCore, slack: SlackServer, anna: Human, running: Running
) -> None:
    root = await anna.ask("hello")
    await anna.say("a reply", thread=root.ts)
    for _ in range(2):
        await core.message()
    await running.stop()
    slack.faults.add("conversations.history", Fault(kind="bare"))
    slack.faults.add("conversations.replies", Fault(kind="slow", after_s=0), Fault(kind="bare"))
    asked = slack.calls["conversations.replies"]
    await running.again()
    await slack.workspace.until(lambda: slack.calls["conversations.replies"] >= asked + 3)
    await anna.say("now", thread=root.ts)
    assert (await core.message()).text == "now"


async def test_a_slack_that_is_not_well_just_then_is_asked_again(
    adapter: SlackAdapter, core: FakeCore, slack: SlackServer, anna: Human, running: Running
) -> None:
    root = await anna.ask("hello")
    await core.message()
    await running.stop()
    slack.faults.add("conversations.replies", Fault(kind="abort"), Fault(kind="html"))
    anna.write("in the thread", thread=root.ts)
    await running.again()
    assert (await core.message()).text == "in the thread"


async def test_what_was_said_while_there_was_no_connection_is_read_when_there_is_one(
    adapter: SlackAdapter, core: FakeCore, slack: SlackServer, anna: Human
) -> None:
    root = await anna.ask("hello")
    await core.message()
    slack.faults.add("apps.connections.open", *([Fault(kind="status")] * 3))
    await slack.socket.cut()
    between = anna.write("in the thread", thread=root.ts)
    anna.rewrite(root, "<@U0BOT> hello there")
    await connected(slack)
    now = await anna.say("now", thread=root.ts)
    told = {(await core.arrived.get()).id for _ in range(3)}
    assert told == {now.ts, between.ts, f"edit:{root.ts}:{root.edited}"}


async def test_after_a_short_break_nothing_is_read(
    core: FakeCore, slack: SlackServer, anna: Human, running: Running
) -> None:
    await running.again(second=1.0)  # so that half a minute is one
    await connected(slack)
    await anna.ask("hello")
    await core.message()
    read = slack.calls["conversations.history"]
    await slack.socket.cut()
    await connected(slack)
    await anna.ask("now")
    await core.message()
    assert slack.calls["conversations.history"] == read


async def test_a_long_thread_is_read_to_its_end(
    adapter: SlackAdapter, core: FakeCore, slack: SlackServer, anna: Human, running: Running
) -> None:
    root = await anna.ask("hello")
    await core.message()
    await running.stop()
    for number in range(250):
        anna.write(f"said {number}", thread=root.ts)
    await running.again()
    async with asyncio.timeout(60):
        heard = [(await core.message()).text for _ in range(250)]
    assert heard == [f"said {number}" for number in range(250)]
