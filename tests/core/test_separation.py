"""Nobody looks from one channel into another, or does anything there: by a number, by a button, by
a reply to what was posted elsewhere, by searching."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from core.messages import ChannelRef, Message, Post, Press, ThreadRef
from core.search.indexing import Indexing
from core.search.search import Search
from core.search.sources import Sources
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.facts import head
from core.tasks import Tasks
from tests.core.room import BOB, CHANNEL, Room, room, says, starts

SECRET = "zanzibar"
COMMANDS = (
    "/jobs", "/job 1", "/cancel 1", "/steer 1 tell me", "/run 1", "/state", "/state secret",
    "/state at 1", "/history", "/history commit 1", "/undo 1", "/conflicts", "/resolve 1 1",
    "/search zan*", "/search started", "/unset secret.key", "/pin secret.key", "/forget @Ada",
    "/forget secret.*", "/settings", "/budget",
)  # fmt: skip
PRESSES = (
    "stop.1", "steer.1", "details.1", "again.1", "undo.1", "pick.1.1.1", "both.1.1.1", "take.1.0",
    "forget.1", "edit.1.1",
)  # fmt: skip
NEAR = tuple(
    ChannelRef(platform=platform, workspace=workspace, channel=channel)
    for platform, workspace, channel in (
        ("world", "w", "private"), ("world", "w", "General"), ("world", "W", "general"),
        ("World", "w", "general"), ("world", "w", "general.db"), ("world", "w", "../w/general"),
        ("world", "w/general", "general"), ("world", ".", "w/general"), ("world", "w", "general\n"),
        ("world", "w", "g\u0435neral"),
    )
)  # fmt: skip
THERE = NEAR[0]


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    """In Ada's channel there is a secret and a job that runs. Bob is in another one."""
    channels, tasks = Channels(tmp_path), Tasks()
    sources = Sources([], tmp_path)
    finder = Search(channels, sources, Indexing(channels, tasks.spawn))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(tasks.close)
        here = await stack.enter_async_context(room(tmp_path, channels=channels, finder=finder))
        here.script.replies = [starts(SECRET), says(f"started {SECRET}")]
        await here.ask("m1", f"/set secret.key {SECRET}")
        await here.ask("m2", f"do {SECRET}")
        await here.hands.running(1)
        yield here


async def answer(here: Room, id: str) -> Post:
    wanted = {f"answer:{id}", f"reply:message:{id}", f"reply:press:{id}"}
    await here.platform.until(lambda: any(one.id in wanted for one in here.platform.posts()))
    return next(one for one in here.platform.posts() if one.id in wanted)


async def say(here: Room, id: str, text: str, reply_to: str | None = None) -> Post:
    """What is answered when Bob says this in his channel."""
    where = ThreadRef(channel=THERE, thread="t")
    message = Message(id=id, thread=where, author=BOB, text=text, at=1.0, reply_to=reply_to)
    await here.dispatcher.accept(message)
    return await answer(here, id)


async def untouched(here: Room) -> bool:
    return here.hands.killed == [] and await here.channels.read(CHANNEL, _facts) == (1, 1, 0)


def _facts(tx: Transaction) -> tuple[int, int, int]:
    (jobs,) = tx.execute("SELECT count(*) FROM jobs").fetchone()
    (told,) = tx.execute("SELECT count(*) FROM steering").fetchone()
    return head(tx), jobs, told


async def test_no_command_reaches_another_channel(here: Room) -> None:
    for number, command in enumerate(COMMANDS):
        post = await say(here, f"b{number}", command)
        assert post.thread.channel == THERE
        assert SECRET not in post.text, command
        assert not post.receipt, command
    assert await untouched(here)


async def test_no_button_reaches_another_channel_whatever_its_numbers(here: Room) -> None:
    where = ThreadRef(channel=THERE, thread="t")
    for number, action in enumerate(PRESSES):
        press = Press(id=f"p{number}", thread=where, person=BOB, action=action, at=1.0, text="mine")
        await here.dispatcher.accept(press)
        post = await answer(here, f"p{number}")
        assert SECRET not in post.text, action
        assert not post.receipt, action
    assert await untouched(here)


@pytest.mark.parametrize("item", ["card:1", "answer:m2", "result:1"])
async def test_a_reply_to_what_stands_in_another_channel_is_about_nothing(
    here: Room, item: str
) -> None:
    post = await say(here, "b1", "stop it", reply_to=item)
    assert SECRET not in post.text
    assert await untouched(here)


async def test_a_model_that_is_asked_elsewhere_is_shown_nothing_of_it(here: Room) -> None:
    await say(here, "b1", "what is secret.key?")
    assert all(SECRET not in one.text for one in here.script.asked[-1].messages)


async def test_channels_with_names_that_look_alike_share_no_file(
    here: Room, tmp_path: Path
) -> None:
    assert await here.channels.exists(CHANNEL)
    for channel in NEAR:
        assert not await here.channels.exists(channel), channel
    paths = {here.channels.path(channel) for channel in (CHANNEL, *NEAR)}
    assert len(paths) == len(NEAR) + 1
    assert all(path.resolve().is_relative_to(tmp_path / "channels") for path in paths)
