"""Many jobs of one message wait until who asked agrees."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import StoreError
from core.messages import Post
from core.model.account import Account
from core.model.chat import ModelReply, ModelRequest
from core.records import jobs
from core.records.plans import PlanState
from core.rights import Access, Who
from tests.core.frail import FAULTS, Frail, at_each_call
from tests.core.room import (
    ADA,
    BOB,
    CHANNEL,
    Hands,
    Platform,
    Room,
    Script,
    last,
    results,
    room,
    says,
    starts,
)


async def planned(here: Room, *titles: str, id: str = "m1") -> Post:
    """Ask for these jobs where two start at once without a word."""
    await here.ask("m0", "/settings confirm_above 1")
    here.script.replies = [starts(*(titles or ("one", "two"))), says("as you wish")]
    await here.ask(id, "go")
    return await here.platform.post("plan:1")


async def closed(here: Room, words: str) -> Post:
    def found() -> list[Post]:
        return [p for p in here.platform.posts() if p.id == "plan:1" and words in p.text]

    await here.platform.until(found)
    return found()[-1]


async def test_more_jobs_than_the_setting_wait_and_the_model_knows(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        post = await planned(here)
        assert post.mention == ADA
        assert post.text.startswith("**2 jobs wait for your word.** Nothing of them has started.")
        assert "- job 1: one\n- job 2: two" in post.text
        assert "not known; together they may use 200,000 tokens at most." in post.text
        assert [(b.action, b.label) for b in post.buttons] == [
            ("start.1", "Start 2 jobs"), ("drop.1", "Not now"),
        ]  # fmt: skip
        told = results(here.script.asked[-1])
        assert "none of them starts, also none before this one" in told[1]
        answer = await here.platform.post("answer:m1")
        assert answer.receipt == ()
        assert here.hands.attempts == []
        assert (await here.ask("m2", "/jobs")).text == "There are no jobs here yet."


async def test_no_more_jobs_than_the_setting_start_at_once(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.ask("m0", "/settings confirm_above 2")
        here.script.replies = [starts("one", "two"), says("started")]
        assert len((await here.ask("m1", "go")).receipt) == 2
        await here.hands.running(2)
        assert not any(post.id.startswith("plan:") for post in here.platform.posts())


async def test_start_starts_them_once(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await planned(here)
        assert (await here.press("p1", "start.1")).text == "Started 2 jobs: 1, 2."
        await here.hands.running(2)
        assert (await closed(here, "Ada agreed.")).buttons == ()
        for id, action in (("p2", "start.1"), ("p3", "drop.1")):
            assert (await here.press(id, action)).text == "These jobs were started already."
        assert sorted(job.number for job in here.hands.attempts) == [1, 2]


async def test_not_now_starts_nothing_for_good(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await planned(here)
        assert (await here.press("p1", "drop.1")).text == "Ada said not now; none was started."
        assert (await here.press("p2", "start.1")).text == "These jobs were dropped already."
        assert (await closed(here, "not now")).buttons == ()
        assert here.hands.attempts == []
        assert await here.channels.read(CHANNEL, jobs.ids) == ()


async def test_only_who_asked_or_an_admin_agrees(tmp_path: Path) -> None:
    async with room(tmp_path / "none") as here:
        await planned(here)
        assert "Only who asked" in (await here.press("p1", "start.1", by=BOB)).text
        assert here.hands.attempts == []
    access = Access(who=Who.ANYONE, admins=frozenset({"bob", "ada"}))
    async with room(tmp_path / "bob", access=access) as here:
        await planned(here)
        assert (await here.press("p1", "start.1", by=BOB)).text == "Started 2 jobs: 1, 2."


async def test_a_click_after_a_day_starts_nothing(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await planned(here)
        await here.channels.write(CHANNEL, lambda tx: tx.execute("UPDATE plans SET expires_at = 0"))
        late = await here.press("p1", "start.1")
        assert late.text == "Nobody agreed in time, so none was started."
        assert here.hands.attempts == []


async def test_the_likely_cost_is_what_earlier_jobs_used(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        here.script.replies = [starts("first"), says("started")]
        await here.ask("m", "go")
        await here.hands.running(1)
        here.hands.move(1, "at it")
        here.hands.end(1)
        await here.platform.post("result:1")
        text = (await planned(here)).text
        assert "likely to use about 20 tokens, as the last 1 here did; together" in text


async def test_what_they_may_use_at_most_is_told_in_what_is_limited(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.ask("m", "/settings per_job $1.50")
        assert "; together they may use $3.00 at most." in (await planned(here)).text


async def test_a_plan_outlives_the_bot(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await planned(here)
    async with room(tmp_path) as here:
        assert here.hands.attempts == []
        assert (await here.press("p1", "start.1")).text == "Started 2 jobs: 1, 2."
        await here.hands.running(2)


async def test_a_button_that_no_plan_has_does_nothing(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        assert "wait no more" in (await here.press("p1", "start.7")).text


class Planner(Script):
    """Asks for two jobs, and says the same before and after a death."""

    async def complete(
        self, account: Account, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        if last(request) != "go" or results(request):
            return says("as you wish")
        return starts("one", "two")


async def play(here: Room, shown: Callable[[], object]) -> None:
    """Ask and agree, again what was not kept, as people do."""
    steps = ("/settings confirm_above 1", "go")
    done = 0
    while done < len(steps):
        with suppress(StoreError):
            await here.say(f"m{done}", steps[done])
            done += 1
    await here.platform.until(shown)
    with suppress(StoreError):
        await here.press("p1", "start.1")
        return
    await here.press("p1", "start.1")


async def lives(data: Path, at: int, fault: str) -> bool:
    """A plan and its start with one fault; False when it was over before the fault."""
    first, second = Platform(), Platform()
    channels = Frail(data, at, fault)

    def posts() -> set[str]:
        return {post.id for post in (*first.posts(), *second.posts())}

    def shown() -> bool:
        return "plan:1" in posts()

    def over() -> bool:
        return "reply:press:p1" in posts()

    async with room(data, channels=channels, platform=first, script=Planner()) as here:
        work = asyncio.create_task(play(here, shown))
        died = asyncio.create_task(channels.dead.wait())
        await asyncio.wait({work, died}, return_when=asyncio.FIRST_COMPLETED)
        for task in (work, died):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    hands = Hands()
    async with room(data, platform=second, script=Planner(), hands=hands) as here:
        if not over():
            again = asyncio.create_task(play(here, shown))
            await second.until(over)
            again.cancel()
        for number in (1, 2):
            await hands.running(number)
        path = here.channels.path(CHANNEL)
    with sqlite3.connect(path) as file:
        assert file.execute("SELECT number, state FROM jobs").fetchall() == [
            (1, "running"), (2, "running"),
        ]  # fmt: skip
        assert file.execute("SELECT state FROM plans").fetchall() == [(PlanState.STARTED.value,)]
    file.close()
    return channels.calls >= at


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_plan_starts_once_whichever_call_of_the_store_it_hits(
    tmp_path: Path, fault: str
) -> None:
    assert await at_each_call(lives, tmp_path, fault) > 15
