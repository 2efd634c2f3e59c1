import asyncio

import pytest

from adapters.slack.adapter import SlackAdapter
from core.errors import DeliveryFailed
from core.messages import Button, Message, Post, StreamText, ThreadRef
from tests.adapters.slack.conftest import Running, connected
from tests.adapters.slack.fake_core import FakeCore, FakePlaces, place, post
from tests.emulators.slack import Fault, Human, SlackMessage, SlackServer
from tests.harness.circles import circles

WORDS = "The build is red because the tests of the parser fail since Tuesday."


@pytest.fixture
async def asked(adapter: SlackAdapter, core: FakeCore, anna: Human) -> Message:
    await anna.ask("why?")
    return await core.message()


def hint(message: Message, text: str) -> StreamText:
    return StreamText(
        thread=message.thread, post_id=f"answer:{message.id}", text=text, reply_to=message.id
    )


async def streamed(
    adapter: SlackAdapter, slack: SlackServer, message: Message, text: str = WORDS
) -> SlackMessage:
    """Show the text word by word, until people see the last; returns its message."""
    for end in range(5, len(text), 5):
        await adapter.show(hint(message, text[:end]))
        await asyncio.sleep(0.005)
    await adapter.show(hint(message, text))
    posts = slack.workspace.posts
    await slack.workspace.until(lambda: any(one.shown == text for one in posts("C0GEN")))
    return posts("C0GEN")[-1]


def final(message: Message, text: str, **changes: object) -> Post:
    changes = {"id": f"answer:{message.id}", "reply_to": message.id} | changes
    return post(message.thread, text, **changes)  # type: ignore[arg-type]  # a test's own keywords


async def test_an_answer_grows_before_ones_eyes_and_ends_as_one_message(
    adapter: SlackAdapter, slack: SlackServer, asked: Message
) -> None:
    shown = await streamed(adapter, slack, asked)
    assert (shown.streaming, len(shown.past) > 0) == (True, True)
    undo = Button(action="undo.1", label="Undo")
    done = final(asked, WORDS + " Revert it.", buttons=(undo,), receipt=("a: 1",))
    await adapter.deliver(done)
    assert slack.workspace.posts("C0GEN") == [shown]
    assert not shown.streaming
    assert shown.shown == f"{WORDS} Revert it.\n• a: 1"
    assert shown.buttons == {"Undo": "undo.1"}
    assert shown.edits == 0
    assert slack.limits.violations == []


async def test_an_answer_that_is_over_leaves_no_circle(
    adapter: SlackAdapter, slack: SlackServer, asked: Message
) -> None:
    with circles() as left:
        await streamed(adapter, slack, asked)
        await adapter.deliver(final(asked, WORDS))
    assert "_Stream" not in left


async def test_a_stream_that_slack_ended_goes_on_by_edits(
    adapter: SlackAdapter, slack: SlackServer, asked: Message
) -> None:
    shown = await streamed(adapter, slack, asked)
    shown.streaming = False
    longer = WORDS + " And so does the linter."
    await adapter.show(hint(asked, longer))
    await slack.workspace.until(lambda: shown.shown == longer)
    await adapter.deliver(final(asked, longer + " Done."))
    assert slack.workspace.posts("C0GEN") == [shown]
    assert shown.shown == longer + " Done."


async def test_an_answer_that_came_out_otherwise_replaces_what_was_streamed(
    adapter: SlackAdapter, slack: SlackServer, asked: Message
) -> None:
    shown = await streamed(adapter, slack, asked)
    await adapter.deliver(final(asked, "Something else.\n\n| a | b |\n|---|---|\n| 1 | 2 |"))
    assert slack.workspace.posts("C0GEN") == [shown]
    assert shown.shown == "Something else.\na | b\n1 | 2"


async def test_after_a_restart_the_stump_of_a_stream_becomes_the_answer(
    running: Running, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    first = await running.again()
    await connected(slack)
    await anna.ask("why?")
    message = await core.message()
    shown = await streamed(first, slack, message)
    await running.stop()
    second = await running.again()
    await connected(slack)
    await second.deliver(final(message, "The whole answer."))
    assert slack.workspace.posts("C0GEN") == [shown]
    assert shown.shown == "The whole answer."
    assert not shown.streaming


async def test_a_stream_whose_start_was_not_answered_is_found(
    adapter: SlackAdapter, slack: SlackServer, asked: Message
) -> None:
    slack.faults.add("chat.startStream", Fault(kind="lost"))
    await adapter.show(hint(asked, WORDS))
    await slack.workspace.until(lambda: slack.workspace.posts("C0GEN"))
    await adapter.deliver(final(asked, WORDS))
    [shown] = slack.workspace.posts("C0GEN")
    assert shown.shown == WORDS
    assert not shown.streaming


async def test_a_stream_whose_start_names_no_message_is_found(
    adapter: SlackAdapter, slack: SlackServer, asked: Message
) -> None:
    slack.faults.add("chat.startStream", Fault(kind="bare"))
    await adapter.show(hint(asked, WORDS))
    await slack.workspace.until(lambda: slack.workspace.posts("C0GEN"))
    await adapter.deliver(final(asked, WORDS))
    [shown] = slack.workspace.posts("C0GEN")
    assert shown.shown == WORDS
    assert not shown.streaming


async def test_a_server_that_knows_no_streams_is_given_the_whole_answer(
    adapter: SlackAdapter, slack: SlackServer, asked: Message
) -> None:
    lacks = Fault(kind="html", status=404)
    slack.faults.add("chat.startStream", lacks)
    slack.faults.add("conversations.replies", *([lacks] * 5))
    await adapter.show(hint(asked, WORDS))
    await slack.workspace.until(lambda: slack.calls["chat.startStream"])
    await adapter.deliver(final(asked, WORDS))
    assert [one.shown for one in slack.workspace.posts("C0GEN")] == [WORDS]


async def test_an_end_whose_answer_was_lost_doubles_nothing(
    adapter: SlackAdapter, slack: SlackServer, asked: Message
) -> None:
    shown = await streamed(adapter, slack, asked)
    slack.faults.add("chat.stopStream", Fault(kind="lost"))
    item = final(asked, WORDS + " End.")
    with pytest.raises(DeliveryFailed):
        await adapter.deliver(item)
    await adapter.deliver(item)
    assert slack.workspace.posts("C0GEN") == [shown]
    assert shown.shown == WORDS + " End."


async def test_a_stream_that_somebody_deleted_is_answered_anew(
    adapter: SlackAdapter, slack: SlackServer, asked: Message
) -> None:
    shown = await streamed(adapter, slack, asked)
    shown.deleted = True
    await adapter.deliver(final(asked, WORDS))
    assert [one.shown for one in slack.workspace.posts("C0GEN")] == [WORDS]


async def test_a_stream_that_cannot_be_ended_gives_way_to_the_answer(
    adapter: SlackAdapter, slack: SlackServer, asked: Message
) -> None:
    stump = await streamed(adapter, slack, asked)
    slack.faults.add("chat.stopStream", Fault(kind="error", error="unknown_method"))
    await adapter.deliver(final(asked, WORDS + " End."))
    assert [one.shown for one in slack.workspace.posts("C0GEN")] == [WORDS + " End."]
    assert stump.deleted


async def test_no_mention_slips_through_between_two_pieces(
    adapter: SlackAdapter, slack: SlackServer, asked: Message
) -> None:
    for text in ("Call <", "Call <!he", "Call <!here", "Call <!here> now", "Call <!here> now <@U"):
        await adapter.show(hint(asked, text))
        await asyncio.sleep(0.03)
    await slack.workspace.until(
        lambda: any("now" in one.shown for one in slack.workspace.posts("C0GEN"))
    )
    await adapter.deliver(final(asked, "Call <!here> now <@U0BEN>"))
    assert slack.workspace.notified == []


async def test_a_long_answer_streams_its_beginning_and_ends_in_several_messages(
    adapter: SlackAdapter, slack: SlackServer, asked: Message
) -> None:
    text = "\n\n".join(f"Paragraph {n}: " + "word " * 300 for n in range(14))
    for end in range(1_000, len(text), 3_000):
        await adapter.show(hint(asked, text[:end]))
        await asyncio.sleep(0.03)
    await adapter.deliver(final(asked, text))
    shown = "\n\n".join(one.shown for one in slack.workspace.posts("C0GEN"))
    assert [n for n in range(14) if shown.count(f"Paragraph {n}:") == 1] == list(range(14))


async def test_more_streams_than_slack_allows_become_plain_answers(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    asked = []
    for number in range(25):
        await anna.ask(f"question {number}")
        asked.append(await core.message())
    for message in asked:
        await adapter.show(hint(message, WORDS))
    await slack.workspace.until(lambda: slack.calls["chat.startStream"] >= 18)
    for message in asked:
        await adapter.deliver(final(message, WORDS))
    answers = slack.workspace.posts("C0GEN")
    assert [one.shown for one in answers] == [WORDS] * 25
    assert {one.thread_ts for one in answers} == {message.id for message in asked}
    assert slack.limits.violations == []


async def test_an_answer_that_finds_no_place_for_a_stream_does_not_wait_for_one(
    running: Running, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    slow = await running.again(second=0.2)  # a minute has twelve
    await connected(slack)
    asked = []
    for number in range(22):
        await anna.ask(f"question {number}")
        asked.append(await core.message())
    for message in asked:
        await slow.show(hint(message, WORDS))
    await slack.workspace.until(lambda: slack.calls["chat.startStream"] == 18)
    async with asyncio.timeout(60):
        await asyncio.gather(*(slow.deliver(final(message, WORDS)) for message in asked[18:]))
    assert slack.calls["chat.startStream"] == 18


async def test_an_answer_that_is_whole_at_once_is_no_stream(
    running: Running, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    slow = await running.again(second=1000.0)
    await connected(slack)
    await anna.ask("why?")
    message = await core.message()
    await slow.show(hint(message, WORDS[:10]))
    await slow.show(hint(message, WORDS))
    await slow.deliver(final(message, WORDS))
    assert [one.shown for one in slack.workspace.posts("C0GEN")] == [WORDS]
    assert slack.calls["chat.startStream"] == 0


async def test_a_command_in_the_channel_itself_is_not_streamed(
    adapter: SlackAdapter, slack: SlackServer
) -> None:
    thread: ThreadRef = place()
    await adapter.show(StreamText(thread=thread, post_id="answer:x", text=WORDS))
    await adapter.deliver(post(thread, WORDS, id="answer:x"))
    assert slack.calls["chat.startStream"] == 0
    assert len(slack.workspace.posts("C0GEN")) == 1


async def test_in_a_direct_message_the_answer_streams_too(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, places: FakePlaces, anna: Human
) -> None:
    await anna.say("hello", channel="D0ANNA")
    message = await core.message()
    await adapter.show(hint(message, WORDS))
    await slack.workspace.until(lambda: slack.workspace.posts("D0ANNA"))
    assert slack.workspace.posts("D0ANNA")[0].streaming


async def test_an_apology_instead_of_the_answer_ends_the_stream(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, asked: Message, anna: Human
) -> None:
    shown = await streamed(adapter, slack, asked)
    await adapter.deliver(final(asked, "Sorry.", id="reply:1"))
    assert not shown.streaming
    await adapter.show(hint(asked, WORDS + " late"))
    await anna.ask("another")
    # Another stream lives after it: by then the late words would be there.
    await streamed(adapter, slack, await core.message(), "Something else.")
    assert shown.shown == WORDS
