"""A word in the thread answers the one question that waits there for who says it."""

from dataclasses import replace

import pytest

from adapters.slack.adapter import SlackAdapter
from core.messages import Button, Message, Person, Post, PostKind, ThreadRef
from tests.adapters.slack.conftest import Running, connected
from tests.adapters.slack.fake_core import FakeCore, post
from tests.emulators.slack import Human, SlackServer


def question(thread: ThreadRef, anna: Human, number: int = 1, *choices: str) -> Post:
    offered = [
        Button(action=f"answer.7.{number}.{place}", label=choice)
        for place, choice in enumerate(choices, 1)
    ]
    own = Button(action=f"answer.7.{number}", label="Answer", asks="Your answer to job 7")
    return post(
        thread, "Job 7 asks: staging or prod?", f"ask:7.{number}", kind=PostKind.NOTICE,
        mention=Person(id=anna.user, name="Anna"), buttons=(*offered, own),
    )  # fmt: skip


async def asked(
    adapter: SlackAdapter, core: FakeCore, anna: Human, *choices: str
) -> tuple[str, ThreadRef]:
    said = await anna.ask("deploy it")
    thread = (await core.message()).thread
    core.posts.append(question(thread, anna, 1, *choices))  # in the store before it is shown
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


@pytest.mark.parametrize(
    "text", ["staging", "Staging!", "`prod`", "prod, please", "2", "prod\nand be quick"]
)
async def test_one_of_the_choices_is_the_answer_however_it_is_said(
    adapter: SlackAdapter, core: FakeCore, anna: Human, text: str
) -> None:
    root, _ = await asked(adapter, core, anna, "staging", "prod")
    assert (await replied(core, anna, text, root)).reply_to == "ask:7.1"


@pytest.mark.parametrize(
    "text", ["wait, what does it mean?", "production is down", "3", "prod?", "let me ask Ben"]
)
async def test_what_is_none_of_the_choices_is_talk_and_who_said_it_is_told_how_to_answer(
    adapter: SlackAdapter, core: FakeCore, slack: SlackServer, anna: Human, text: str
) -> None:
    root, _ = await asked(adapter, core, anna, "staging", "prod")
    assert (await replied(core, anna, text, root)).reply_to is None
    await slack.workspace.until(lambda: slack.workspace.hints(anna.user))
    told = str([hint.shown for hint in slack.workspace.hints(anna.user)])
    assert "Job 7 still waits" in told
    assert "staging, prod" in told


@pytest.mark.parametrize(("text", "hints"), [("what does it mean?", 1), ("stop", 0), ("job 7", 0)])
async def test_who_asks_back_or_gives_a_command_answers_no_question(
    adapter: SlackAdapter, core: FakeCore, slack: SlackServer, anna: Human, text: str, hints: int
) -> None:
    root, _ = await asked(adapter, core, anna)
    assert (await replied(core, anna, text, root)).reply_to is None
    assert (await replied(core, anna, "the one in Rome", root)).reply_to == "ask:7.1"
    await slack.workspace.until(lambda: len(slack.workspace.hints(anna.user)) >= hints)
    assert len(slack.workspace.hints(anna.user)) == hints


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
