"""Everything at once while Slack fails at random: nothing lost, nothing doubled, order kept."""

import asyncio
import random

import pytest

from adapters.slack.adapter import SlackAdapter
from core.errors import DeliveryFailed
from core.messages import CardMoved, Message, Outbound, PostKind, StreamText
from tests.adapters.slack.conftest import Running
from tests.adapters.slack.fake_core import ANNA, FakeCore, card, place, post
from tests.emulators.slack import Fault, Human, SlackServer

METHODS = (
    *("chat.postMessage", "chat.update", "chat.startStream", "chat.appendStream"),
    *("chat.stopStream", "conversations.replies", "agents.sessions.setStatus", "reactions.add"),
)
FAULTS = (
    Fault(kind="lost"),
    Fault(kind="abort"),
    Fault(kind="status", status=500),
    Fault(kind="html", status=502),
    Fault(kind="html", status=200),
    Fault(kind="slow", after_s=0.05),
)


async def out(adapter: SlackAdapter, items: list[Outbound]) -> None:
    """One thread's outbox: in order, each again until it is out."""
    for item in items:
        while True:
            try:
                await adapter.deliver(item)
            except DeliveryFailed:
                await asyncio.sleep(0.01)
            else:
                break


async def answered(adapter: SlackAdapter, message: Message, number: int) -> None:
    answer = f"answer {number}: " + "words of it " * 20
    id = f"answer:{message.id}"
    for end in range(10, len(answer), 60):
        hint = StreamText(thread=message.thread, post_id=id, text=answer[:end], reply_to=message.id)
        await adapter.show(hint)
        await asyncio.sleep(0.01)
    shown = card(message.thread, number)
    await out(adapter, [post(message.thread, answer, id=id, reply_to=message.id), shown])
    for version in range(2, 6):
        await adapter.show(CardMoved(card=card(message.thread, number, version=version)))
        await asyncio.sleep(0.01)
    result = post(
        message.thread, f"result {number}", id=f"result:{number}", kind=PostKind.RESULT,
        mention=ANNA,
    )  # fmt: skip
    ended = card(message.thread, number, version=9, state="completed", ended_at=1.0)
    await out(adapter, [ended, result])


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_fails_people_see_everything_once(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human, seed: int
) -> None:
    chance = random.Random(seed)
    for method in METHODS:
        for _ in range(12):
            slack.faults.add(method, chance.choice(FAULTS))
            if method == "chat.postMessage":
                slack.faults.add(method, Fault(kind="slow", after_s=0.0))
    asked = []
    for number in range(1, 13):
        await anna.ask(f"question {number}", channel=("C0GEN", "C0OPS")[number % 2])
        asked.append(await core.message())
    async with asyncio.timeout(60):
        async with asyncio.TaskGroup() as tasks:
            for number, message in enumerate(asked, 1):
                tasks.create_task(answered(adapter, message, number))
        for number, message in enumerate(asked, 1):
            channel = slack.workspace.channels[message.thread.channel.channel]
            await slack.workspace.until(
                lambda c=channel, t=message.id: (
                    "completed"
                    in "".join(  # type: ignore[misc]
                        one.shown for one in c.thread(t)
                    )
                )
            )
            first, second, third = channel.thread(message.id)[1:]
            assert first.shown.startswith(f"answer {number}: ")
            assert first.shown.count("words of it") == 20
            assert f"Job {number} ·" in second.shown
            assert f"result {number}" in third.shown
    assert slack.limits.violations == []
    await slack.workspace.until(
        lambda: all(
            slack.workspace.sessions[m.thread.channel.channel, m.id][-1:] == ["active"]
            for m in asked
        )
    )


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_bot_that_is_killed_again_and_again_posts_everything_once(
    running: Running, slack: SlackServer, core: FakeCore, anna: Human, seed: int
) -> None:
    chance = random.Random(seed)
    places = [("C0GEN", "C0OPS")[n % 2] for n in range(6)]
    threads = [place(anna.write("a question", where).ts, where) for where in places]
    waiting: dict[str, list[Outbound]] = {}
    for number, thread in enumerate(threads, 1):
        texts = [f"{number}.{part} " + "word " * 1_600 for part in range(3)]
        waiting[thread.thread] = [
            post(thread, texts[0], id=f"answer:{thread.thread}", reply_to=thread.thread),
            card(thread, number),
            post(thread, "\n\n".join(texts), id=f"result:{number}"),
        ]
    core.produced = {"a.txt": b"made"}
    waiting[threads[0].thread].append(post(threads[0], "file", id="result:9", files=("a.txt",)))

    async def sending(adapter: SlackAdapter, items: list[Outbound]) -> None:
        while items:
            await adapter.show(
                StreamText(thread=items[0].thread, post_id=items[0].id, text="words of the")
            )
            await out(adapter, items[:1])
            del items[0]  # marked as sent

    for life in range(60):
        adapter = await running.again()
        alive = [asyncio.create_task(sending(adapter, items)) for items in waiting.values()]
        _, pending = await asyncio.wait(alive, timeout=chance.uniform(0.01, 0.05) + life / 25)
        for task in pending:
            task.cancel()
        await asyncio.wait(alive)
        assert [task for task in alive if not task.cancelled() and task.exception()] == []
        await running.stop()
        if not any(waiting.values()):
            break
    for number, thread in enumerate(threads, 1):
        channel = slack.workspace.channels[thread.channel.channel]
        shown = [one.shown for one in channel.thread(thread.thread)[1:]]
        starts = [text.split(" ", 1)[0] for text in shown]
        begins = [f"{number}.0", "⚙️", f"{number}.0", f"{number}.1", f"{number}.2"]
        assert [start for start in starts if start != "word"][:5] == begins
        assert sum(text.count("word") for text in shown) == 6_400
    assert [file.content for file in slack.workspace.files.values() if file.shared] == [b"made"]
