import asyncio
import time
from functools import partial

import pytest

from adapters.slack.adapter import SlackAdapter
from core.errors import BadRequest, StoreError
from core.messages import Deletion, Edit, Message, ThreadRef
from tests.adapters.slack.conftest import Running, connected
from tests.adapters.slack.fake_core import FakeCore, FakePlaces, place, post
from tests.emulators.slack import Fault, Human, SlackServer


async def test_a_mention_is_one_message_although_two_events_tell_of_it(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    said = await anna.ask("why is the build red?")
    message = await core.message()
    assert message.id == said.ts
    assert message.thread == place(said.ts)
    assert (message.author.id, message.author.name) == ("U0ANNA", "Anna")
    assert message.text == "why is the build red?"
    assert core.accepted == [message]


async def test_a_message_gets_eyes_and_a_working_session_at_once(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    said = anna.write("<@U0BOT> hello")
    begun = time.monotonic()
    sending = asyncio.create_task(anna.send(anna.event_of(said)))
    await slack.workspace.until(lambda: "eyes" in said.reactions)
    assert time.monotonic() - begun < 3  # Slack's own patience
    await sending
    await slack.workspace.until(lambda: slack.workspace.sessions["C0GEN", said.ts])
    assert slack.workspace.sessions["C0GEN", said.ts] == ["processing"]


async def test_the_eyes_do_not_wait_for_the_store(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    core.slow["hold on"].clear()
    said = anna.write("<@U0BOT> hold on")
    sending = asyncio.create_task(anna.send(anna.event_of(said)))
    await slack.workspace.until(lambda: "eyes" in said.reactions)
    assert not core.accepted
    core.slow["hold on"].set()
    await sending
    assert (await core.message()).text == "hold on"


async def test_the_session_ends_with_the_answer(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    said = await anna.ask("hello")
    message = await core.message()
    await slack.workspace.until(lambda: slack.workspace.sessions["C0GEN", said.ts])
    await adapter.deliver(post(message.thread, "Hi.", reply_to=message.id))
    await slack.workspace.until(
        lambda: slack.workspace.sessions["C0GEN", said.ts][-1:] == ["active"]
    )


async def test_an_app_that_is_no_agent_still_shows_eyes(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    slack.workspace.agent = False
    for text in ("one", "two"):
        said = await anna.ask(text)
        await core.message()
        await slack.workspace.until(partial(said.reactions.__contains__, "eyes"))
        await slack.workspace.until(lambda: slack.calls["agents.sessions.setStatus"])
    assert slack.calls["agents.sessions.setStatus"] == 1


async def test_a_server_without_sessions_is_asked_for_one_once(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    lacks = Fault(kind="html", status=404)
    slack.faults.add("agents.sessions.setStatus", *([lacks] * 9))
    for text in ("one", "two"):
        said = await anna.ask(text)
        await core.message()
        await slack.workspace.until(partial(said.reactions.__contains__, "eyes"))
        await slack.workspace.until(lambda: slack.calls["agents.sessions.setStatus"])
    assert slack.calls["agents.sessions.setStatus"] == 1


async def test_what_comes_again_after_its_answer_starts_no_work(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human, running: Running
) -> None:
    said = await anna.ask("hello")
    message = await core.message()
    await adapter.deliver(post(message.thread, "Hi.", reply_to=message.id))
    sessions = slack.workspace.sessions["C0GEN", said.ts]
    await slack.workspace.until(lambda: sessions[-1:] == ["active"])
    await running.stop()
    await running.again()
    await connected(slack)
    await anna.send(anna.event_of(said))
    await slack.workspace.until(lambda: slack.calls["reactions.add"] == 2)
    assert sessions[-1] == "active"


async def test_a_reply_in_a_thread_the_bot_is_in_needs_no_mention(
    adapter: SlackAdapter, core: FakeCore, anna: Human, ben: Human
) -> None:
    said = await anna.ask("hello")
    await core.message()
    await ben.say("and from me", thread=said.ts)
    reply = await core.message()
    assert (reply.text, reply.thread) == ("and from me", place(said.ts))


async def test_talk_that_is_not_for_the_bot_is_left_alone(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human, ben: Human
) -> None:
    root = await anna.say("lunch?")
    await ben.say("yes", thread=root.ts)
    assert core.accepted == []
    assert slack.calls["users.info"] == 0
    assert root.reactions == set()


async def test_after_a_restart_the_bot_is_still_in_its_threads(
    adapter: SlackAdapter, core: FakeCore, slack: SlackServer, anna: Human, running: Running
) -> None:
    said = await anna.ask("hello")
    await core.message()
    await running.stop()
    await running.again()
    await connected(slack)
    await anna.say("still there?", thread=said.ts)
    assert (await core.message()).text == "still there?"


async def test_a_reply_under_a_post_of_the_bot_says_to_what_it_replies(
    adapter: SlackAdapter, core: FakeCore, places: FakePlaces, anna: Human
) -> None:
    root = anna.write("a card")
    places.known[place().channel, "card:7"] = (root.ts,)
    await anna.say("only the tests, please", thread=root.ts)
    message = await core.message()
    assert message.reply_to == "card:7"


async def test_a_direct_message_needs_no_mention_and_its_thread_is_its_own(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    said = await anna.say("hello", channel="D0ANNA")
    message = await core.message()
    assert message.thread == place(said.ts, "D0ANNA")


async def test_the_same_event_again_has_no_second_effect(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    said = anna.write("<@U0BOT> once")
    for _ in range(3):
        await anna.send(anna.event_of(said))
    assert [event.id for event in core.accepted] == [said.ts]


@pytest.mark.parametrize(
    "mark",
    [
        {"bot_id": "B9"}, {"app_id": "A9"}, {"subtype": "bot_message"}, {"user": "U0BOT"},
        {"user": "USLACKBOT"}, {"bot_profile": {"id": "B9"}}, {"subtype": "channel_join"},
        {"hidden": True},
    ],
)  # fmt: skip
async def test_bots_and_notices_are_not_listened_to(
    adapter: SlackAdapter, core: FakeCore, anna: Human, mark: dict[str, object]
) -> None:
    await anna.ask("hello", **mark)
    assert core.accepted == []


async def test_a_stranger_gets_nothing_at_all(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, ben: Human
) -> None:
    core.strangers.add("U0BEN")
    said = await ben.ask("hello", files=(("a.txt", b"x"),))
    await ben.command("jobs")
    assert core.accepted == []
    assert said.reactions == set()
    assert slack.workspace.posts("C0GEN") == []
    assert slack.workspace.hints("U0BEN") == []


async def test_a_stranger_hears_what_the_core_says_and_nothing_is_asked_about_them(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, ben: Human
) -> None:
    core.strangers.add("U0BEN")
    core.word = "Ask Anna."
    await ben.ask("hello", files=(("a.txt", b"x"),))
    await slack.workspace.until(lambda: slack.workspace.hints("U0BEN"))
    assert [one.text for one in slack.workspace.hints("U0BEN")] == ["Ask Anna."]
    assert slack.calls["users.info"] == 0
    assert core.looked == []
    assert core.accepted == []


async def test_a_stranger_s_edit_and_thread_reply_ask_the_core_for_nothing(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human, ben: Human
) -> None:
    core.strangers.add("U0BEN")
    root = await anna.ask("hello")
    await core.message()
    looked = len(core.looked)
    said = await ben.say("me too", thread=root.ts)
    await ben.edit(said, "me three")
    assert len(core.looked) == looked
    assert len(core.accepted) == 1


async def test_who_comes_from_another_organisation_is_not_heard(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    await anna.ask("hello", team="T0OTHER", user_team="T0OTHER")
    assert core.accepted == []


async def test_what_the_core_cannot_take_is_told_to_who_wrote_it(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    core.refusals = [BadRequest("Too <long> & odd.")] * 2
    await anna.ask("hello")
    await slack.workspace.until(lambda: slack.workspace.hints("U0ANNA"))
    assert slack.workspace.hints("U0ANNA")[0].text == "Too &lt;long&gt; &amp; odd."
    # Two events tell of one message; it is refused once.
    assert len(core.refusals) == 1


async def test_what_could_not_be_kept_comes_again(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    core.refusals = [StoreError("the disk is full")]
    said = anna.write("<@U0BOT> keep this")
    await anna.send(anna.event_of(said))
    assert (await core.message()).text == "keep this"


async def test_a_bug_in_the_core_does_not_make_an_event_come_for_ever(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    core.refusals = [RuntimeError("a bug")]
    said = anna.write("<@U0BOT> boom")
    await anna.send(anna.event_of(said))
    assert core.accepted == []
    await anna.ask("next")
    assert (await core.message()).text == "next"


async def test_a_slow_thread_holds_back_no_other_and_keeps_its_order(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    core.slow["first"].clear()
    root = anna.write("a question").ts
    events = [
        anna.event_of(anna.write(f"<@U0BOT> {text}", thread=root)) for text in ("first", "second")
    ]
    held = [
        asyncio.create_task(anna.slack.socket.once("events_api", anna.envelope(event)))
        for event in events
    ]
    await anna.ask("in another thread")
    await anna.ask("elsewhere", channel="C0OPS")
    core.slow["first"].set()
    await asyncio.gather(*held)
    texts = [event.text for event in core.accepted if isinstance(event, Message)]
    assert texts == ["in another thread", "elsewhere", "first", "second"]


async def test_a_message_is_seen_while_the_one_before_it_in_its_thread_is_not_kept_yet(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    core.slow["first"].clear()
    root = anna.write("a question").ts
    said = [anna.write(f"<@U0BOT> {text}", thread=root) for text in ("first", "second")]
    held = [
        asyncio.create_task(anna.slack.socket.once("events_api", anna.envelope(anna.event_of(one))))
        for one in said
    ]
    await slack.workspace.until(lambda: all("eyes" in one.reactions for one in said))
    assert core.accepted == []
    core.slow["first"].set()
    await asyncio.gather(*held)


async def test_edits_and_deletions_of_what_was_said_to_the_bot_are_passed_on(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    said = await anna.ask("deploy staging")
    await core.message()
    sessions = slack.workspace.sessions
    await slack.workspace.until(lambda: sessions["C0GEN", said.ts] == ["processing"])
    await anna.edit(said, "<@U0BOT> deploy prod")
    edit = await core.next(Edit)
    assert isinstance(edit, Edit)
    assert (edit.message_id, edit.text) == (said.ts, "deploy prod")
    assert edit.thread == place(said.ts)
    await anna.delete(said)
    gone = await core.next(Deletion)
    assert isinstance(gone, Deletion)
    assert (gone.message_id, gone.thread) == (said.ts, place(said.ts))
    await slack.workspace.until(lambda: sessions["C0GEN", said.ts] == ["processing", "active"])


async def test_a_change_that_comes_before_its_message_is_passed_on_when_it_is_for_the_bot(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    for said in (anna.write("<@U0BOT> deploy staging"), anna.write("deploy", channel="D0ANNA")):
        await anna.edit(said, "deploy prod")
        edit = await core.next(Edit)
        assert isinstance(edit, Edit)
        assert (edit.message_id, edit.text) == (said.ts, "deploy prod")
        await anna.delete(said)
    gone = [event.message_id for event in core.accepted if isinstance(event, Deletion)]
    assert gone == [said.ts]


async def test_edits_elsewhere_are_nobodys_business(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    said = await anna.say("lunch?")
    await anna.edit(said, "dinner?")
    await anna.delete(said)
    assert core.accepted == []


async def test_a_slash_command_is_a_message_that_says_the_same(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    await anna.command("set deploy.target <staging> & more")
    message = await core.message()
    assert message.text == "/thaw set deploy.target <staging> & more"
    assert message.thread == ThreadRef(channel=place().channel, thread="")


async def test_a_command_where_the_bot_cannot_post_is_answered_to_who_typed_it(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    slack.workspace.channels["C0OPS"].members.discard("U0BOT")
    await anna.command("jobs", channel="C0OPS")
    message = await core.message()
    answer = post(message.thread, "No jobs yet.", id="reply:1", reply_to=message.id)
    await adapter.deliver(answer)
    assert "No jobs yet." in slack.workspace.hints("U0ANNA")[0].shown


async def test_of_a_long_answer_where_the_bot_cannot_post_it_is_said_that_there_is_more(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    slack.workspace.channels["C0OPS"].members.discard("U0BOT")
    await anna.command("history", channel="C0OPS")
    message = await core.message()
    long = "\n\n".join(f"Line {n} " + "x" * 400 for n in range(300))
    await adapter.deliver(post(message.thread, long, id="reply:1", reply_to=message.id))
    hints = slack.workspace.hints("U0ANNA")
    assert [("There is more" in hint.shown) for hint in hints] == [
        *([False] * (len(hints) - 1)), True,
    ]  # fmt: skip
