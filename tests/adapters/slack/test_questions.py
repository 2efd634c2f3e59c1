"""A word in the thread answers the one question that waits there for who says it."""

from dataclasses import replace

from adapters.slack.adapter import SlackAdapter
from core.messages import Button, Message, Person, Post, PostKind, ThreadRef
from tests.adapters.slack.conftest import Running, connected
from tests.adapters.slack.fake_core import FakeCore, post
from tests.emulators.slack import Human, SlackServer


def question(thread: ThreadRef, anna: Human, number: int = 1) -> Post:
    own = Button(action=f"answer.7.{number}", label="Answer", asks="Your answer to job 7")
    return post(
        thread, "Job 7 asks: staging or prod?", f"ask:7.{number}", kind=PostKind.NOTICE,
        mention=Person(id=anna.user, name="Anna"), buttons=(own,),
    )  # fmt: skip


async def asked(adapter: SlackAdapter, core: FakeCore, anna: Human) -> tuple[str, ThreadRef]:
    said = await anna.ask("deploy it")
    thread = (await core.message()).thread
    core.posts.append(question(thread, anna))  # in the store before it is shown
    await adapter.deliver(core.posts[-1])
    return said.ts, thread


async def replied(core: FakeCore, person: Human, text: str, root: str) -> Message:
    await person.say(text, thread=root)
    return await core.message()


async def test_what_the_asked_person_says_in_the_thread_is_the_answer(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    root, thread = await asked(adapter, core, anna)
    assert (await replied(core, anna, "staging", root)).reply_to == "ask:7.1"
    closed = replace(question(thread, anna), buttons=(), mention=None)
    await adapter.deliver(closed)
    assert (await replied(core, anna, "thanks", root)).reply_to is None


async def test_others_a_named_bot_and_one_of_two_questions_are_talk(
    adapter: SlackAdapter, core: FakeCore, anna: Human, ben: Human
) -> None:
    root, thread = await asked(adapter, core, anna)
    assert (await replied(core, ben, "prod!", root)).reply_to is None
    assert (await replied(core, anna, "<@U0BOT> how is job 3?", root)).reply_to is None
    await adapter.deliver(question(thread, anna, 2))
    assert (await replied(core, anna, "staging", root)).reply_to is None


async def test_a_question_that_stood_before_a_restart_is_answered_too(
    adapter: SlackAdapter, core: FakeCore, slack: SlackServer, anna: Human, running: Running
) -> None:
    root, _ = await asked(adapter, core, anna)
    await running.stop()
    await running.again()
    await connected(slack)
    assert (await replied(core, anna, "staging", root)).reply_to == "ask:7.1"
