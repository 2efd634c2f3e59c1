"""A job asks people: from the question to the answer, or to the time when there is none."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from core import asking
from core.errors import StoreError
from core.jobs.admission import Limits
from core.jobs.job import Asked, Completed, JobSpec, Outcome, Progress
from core.messages import ChannelRef, Post
from core.model.account import Account
from core.model.chat import ModelReply, ModelRequest
from core.records import questions
from core.rights import Access, Who
from core.state.channels import Channels
from core.state.database import Transaction
from tests.core.frail import FAULTS, Frail, at_each_call
from tests.core.room import (
    ADA,
    BOB,
    CHANNEL,
    Hands,
    Platform,
    Room,
    Script,
    results,
    room,
    says,
    starts,
)

T = TypeVar("T")
ONE_PLACE = Limits(max_running=1, per_channel=1, per_person=1)
WHERE = Asked(call="c1", text="Where to?", choices=("staging", "prod"))
WHEN = Asked(call="c2", text="When?")


class Curious(Hands):
    """An engine whose jobs ask one thing after the other before they work."""

    def __init__(self, *asks: Asked) -> None:
        super().__init__()
        self.asks = asks

    async def run(self, job: JobSpec, progress: Callable[[Progress], None]) -> Outcome | Asked:
        if len(job.answers) >= len(self.asks):
            return await super().run(job, progress)
        self.attempts.append(job)
        progress(Progress(step="", steps=3, tokens=30, cost=7))
        return self.asks[len(job.answers)]


async def asked(here: Room, *titles: str) -> None:
    here.script.replies = [starts(*titles or ("one",)), says("started")]
    await here.ask("m1", "go")
    await shown(here, 1)


async def shown(here: Room, question: int, holds: str = "") -> Post:
    """The newest showing of the first job's question that has these words."""

    def found() -> list[Post]:
        return [
            post
            for post in here.platform.posts()
            if post.id == f"ask:1.{question}" and holds in post.text
        ]

    await here.platform.until(found)
    return found()[-1]


async def state(here: Room, wanted: str) -> None:
    def is_so() -> bool:
        card = here.platform.card(1)
        return card is not None and card.state == wanted

    await here.platform.until(is_so)


async def test_a_question_names_who_is_asked_and_gives_the_place_to_others(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Curious(WHERE), limits=ONE_PLACE) as here:
        await asked(here, "one", "two")
        post = await shown(here, 1)
        assert (post.mention, post.job, post.reply_to) == (ADA, 1, "m1")
        assert "> Where to?" in post.text
        assert "after 1 day" in post.text
        actions = [(button.action, button.label) for button in post.buttons]
        assert actions[:2] == [("answer.1.1.1", "staging"), ("answer.1.1.2", "prod")]
        assert post.buttons[2].asks == "Your answer to job 1"
        await state(here, "waiting")
        card = here.platform.card(1)
        assert card is not None
        assert (card.step, card.steps, card.tokens, card.cost) == (
            "waiting for an answer", 3, 30, 7,
        )  # fmt: skip
        await here.platform.until(lambda: any(p.id == "ask:2.1" for p in here.platform.posts()))


async def test_a_choice_goes_to_the_job_and_stands_in_place_of_the_buttons(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Curious(WHERE)) as here:
        await asked(here)
        assert (await here.press("p1", "answer.1.1.2")).text == "Job 1 goes on with: prod"
        job = await here.hands.running(1)
        assert [(one.call, one.text) for one in job.answers] == [("c1", "Ada says: prod")]
        assert job.attempt == 2
        closed = await shown(here, 1, "answered")
        assert (closed.buttons, closed.mention) == ((), None)
        assert closed.text.endswith("**Ada answered:** prod")
        here.hands.end(1)
        await here.platform.post("result:1")
        assert await here.channels.read(CHANNEL, lambda tx: questions.of(tx, 1)) == ()


@pytest.mark.parametrize("way", ["command", "reply", "form"])
async def test_an_answer_in_words_reaches_the_job(tmp_path: Path, way: str) -> None:
    async with room(tmp_path, hands=Curious(WHERE)) as here:
        await asked(here)
        match way:
            case "command":
                await here.say("m2", "/answer 1 to the *moon*")
            case "reply":
                await here.say("m2", "to the *moon*", reply_to="ask:1.1")
            case _:
                await here.press("p1", "answer.1.1", text="to the *moon*")
        job = await here.hands.running(1)
        assert [one.text for one in job.answers] == ["Ada says: to the *moon*"]
        assert "to the \\*moon\\*" in (await shown(here, 1, "answered")).text


async def test_only_who_asked_for_the_job_or_an_admin_answers(tmp_path: Path) -> None:
    async with room(tmp_path / "none", hands=Curious(WHERE)) as here:
        await asked(here)
        refused = await here.press("p1", "answer.1.1.1", by=BOB)
        assert refused.text == "Only who asked for the job, or an admin, may answer this."
        assert len(here.hands.attempts) == 1
    access = Access(who=Who.ANYONE, admins=frozenset({"bob"}))
    async with room(tmp_path / "bob", hands=Curious(WHERE), access=access) as here:
        await asked(here)
        await here.press("p1", "answer.1.1.1", by=BOB)
        job = await here.hands.running(1)
        assert [one.text for one in job.answers] == ["Bob says: staging"]


async def test_an_answer_to_an_older_question_answers_nothing(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Curious(WHERE, WHEN)) as here:
        await asked(here)
        await here.press("p1", "answer.1.1.1")
        await shown(here, 2)
        late = await here.press("p2", "answer.1.1.2")
        assert late.text.startswith("Ada has answered this already: staging.")
        assert (await here.press("p3", "answer.1.2.1")).text.startswith("This button is none")
        await here.press("p4", "answer.1.2", text="now")
        job = await here.hands.running(1)
        assert [one.text for one in job.answers] == ["Ada says: staging", "Ada says: now"]


async def test_answers_that_nobody_waits_for_are_told_so(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Curious()) as here:
        here.script.replies = [starts("one"), says("started")]
        await here.ask("m1", "go")
        await here.hands.running(1)
        assert "asks nothing just now" in (await here.ask("m2", "/answer 1 yes")).text
        assert "There is no job 9" in (await here.ask("m3", "/answer 9 yes")).text
        assert "Something is missing" in (await here.ask("m4", "/answer 1")).text


async def test_without_an_answer_the_job_decides_itself(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Curious(WHERE), expires_s=0.05) as here:
        await asked(here)
        job = await here.hands.running(1)
        assert [one.text for one in job.answers] == [asking.NOBODY]
        assert "Nobody answered in time" in (await shown(here, 1, "Nobody")).text
        late = await here.press("p1", "answer.1.1.1")
        assert late.text.startswith("Nobody answered this in time")


async def test_a_question_outlives_the_bot(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Curious(WHERE)) as here:
        await asked(here)
    async with room(tmp_path, hands=Curious(WHERE)) as here:
        assert (await here.press("p1", "answer.1.1.1")).text == "Job 1 goes on with: staging"
        assert len((await here.hands.running(1)).answers) == 1
        assert len(here.hands.attempts) == 1


async def test_time_that_was_up_while_the_bot_was_away_is_up_at_its_start(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Curious(WHERE)) as here:
        await asked(here)
        await here.channels.write(
            CHANNEL, lambda tx: tx.execute("UPDATE questions SET expires_at = 0.5")
        )
    async with room(tmp_path, hands=Curious(WHERE)) as here:
        job = await here.hands.running(1)
        assert [one.text for one in job.answers] == [asking.NOBODY]


async def test_a_job_that_waits_can_be_stopped(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Curious(WHERE)) as here:
        await asked(here)
        await here.ask("m2", "/cancel 1")
        assert "stopped by Ada" in (await here.platform.post("result:1")).text
        assert (await shown(here, 1, "Not answered")).buttons == ()
        assert "Stopped by Ada" in (await here.press("p1", "answer.1.1.1")).text
        # A reply is talk again.
        assert (await here.platform.post("answer:m1")).text == "started"
        await here.say("m3", "prod", reply_to="ask:1.1")
        assert (await here.platform.post("answer:m3")).text == "echo: prod"
        assert len(here.hands.attempts) == 1


async def test_a_stop_without_an_answer_reaches_a_waiting_job_after_a_restart(
    tmp_path: Path,
) -> None:
    async with room(tmp_path, hands=Curious(WHERE)) as here:
        await asked(here)
    async with room(tmp_path, hands=Curious(WHERE)) as here:
        await here.ask("m2", "/stop")
        assert "stopped by Ada" in (await here.platform.post("result:1")).text


async def test_a_word_to_a_waiting_job_waits_with_it(tmp_path: Path) -> None:
    async with room(tmp_path, hands=Curious(WHERE)) as here:
        await asked(here)
        assert "once its question is answered" in (await here.ask("m2", "/steer 1 be quick")).text
        assert len(here.hands.attempts) == 1


class Starter(Script):
    """Starts one job, and says the same before and after a death."""

    async def complete(
        self, account: Account, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        return says("started") if results(request) else starts("one")


class Slow(Channels):
    """Channels that keep a job from going on once its question is written, until it is let go."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.writes = 0
        self.asked = asyncio.Event()
        self.go = asyncio.Event()

    async def write(self, ref: ChannelRef, function: Callable[[Transaction], T]) -> T:
        found = await super().write(ref, function)
        task = asyncio.current_task()
        if task is not None and task.get_name().startswith("job "):
            self.writes += 1
            if self.writes == 2:  # its start, its question
                self.asked.set()
                await self.go.wait()
        return found


async def slowly_asked(here: Room, channels: Slow) -> None:
    here.script.replies = [starts("one"), says("started")]
    await here.ask("m1", "go")
    await asyncio.wait_for(channels.asked.wait(), 60)


async def test_an_answer_that_comes_before_the_place_is_given_back_is_not_lost(
    tmp_path: Path,
) -> None:
    channels = Slow(tmp_path)
    async with room(tmp_path, hands=Curious(WHERE), channels=channels) as here:
        await slowly_asked(here, channels)
        await here.ask("m2", "/answer 1 prod")
        channels.go.set()
        assert [one.text for one in (await here.hands.running(1)).answers] == ["Ada says: prod"]


async def test_a_stop_that_comes_before_the_place_is_given_back_is_not_lost(
    tmp_path: Path,
) -> None:
    channels = Slow(tmp_path)
    async with room(tmp_path, hands=Curious(WHERE), channels=channels) as here:
        await slowly_asked(here, channels)
        await here.ask("m2", "/cancel 1")
        assert "stopped by Ada" in (await here.platform.post("result:1")).text


async def play(here: Room) -> None:
    """Have a job started and answer it, again what was not kept, as people do."""
    done = False
    while not done:
        try:
            await here.say("m1", "go")
            await shown(here, 1)
            await here.say("m2", "/answer 1 prod")
            done = True
        except StoreError:
            continue


async def lives(data: Path, at: int, fault: str) -> bool:
    """A question and its answer with one fault; False when it was over before the fault."""
    first, second = Platform(), Platform()
    channels = Frail(data, at, fault)
    hands = Curious(WHERE)
    hands.end(1, Completed(result="done"))

    def over() -> bool:
        return any(post.id == "result:1" for post in (*first.posts(), *second.posts()))

    async with room(data, channels=channels, platform=first, hands=hands, script=Starter()) as here:
        await channels.outlast(play(here), first.until(over))
    again = Curious(WHERE)
    again.end(1, Completed(result="done"))
    async with room(data, platform=second, hands=again, script=Starter()) as here:
        if not over():
            await here.say("m1", "go")
            await second.until(
                lambda: any(item.id == "ask:1.1" for item in (*first.shown, *second.shown))
            )
            await here.say("m2", "/answer 1 prod")
            await second.until(over)
        path = here.channels.path(CHANNEL)
    check(path, (*hands.attempts, *again.attempts), (*first.posts(), *second.posts()))
    return channels.calls >= at


def check(path: Path, attempts: tuple[JobSpec, ...], posts: tuple[Post, ...]) -> None:
    """One question, one answer that the job got, one result."""
    with sqlite3.connect(path) as file:
        assert file.execute("SELECT state FROM jobs").fetchall() == [("ended",)]
        assert file.execute("SELECT count(*) FROM questions").fetchone() == (0,)
        kept = [id for (id,) in file.execute("SELECT id FROM messages WHERE post IS NOT NULL")]
    file.close()
    assert Counter(kept)["ask:1.1"] == Counter(kept)["result:1"] == 1
    assert [one.text for one in attempts[-1].answers] == ["Ada says: prod"]
    assert any(post.id == "ask:1.1" and post.buttons for post in posts)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_question_is_asked_and_answered_whichever_call_of_the_store_it_hits(
    tmp_path: Path, fault: str
) -> None:
    assert await at_each_call(lives, tmp_path, fault) > 17


@pytest.mark.parametrize("text", ["PROD", "prod.", "2"])
async def test_a_choice_is_what_was_offered_however_it_is_written(
    tmp_path: Path, text: str
) -> None:
    async with room(tmp_path, hands=Curious(WHERE)) as here:
        await asked(here)
        await here.say("m2", text, reply_to="ask:1.1")
        job = await here.hands.running(1)
        assert [one.text for one in job.answers] == ["Ada says: prod"]
