"""The way in, and what is found again after the process has died."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest

from core import dispatcher
from core.commit_points import CommitPoint
from core.errors import BadRequest, NotAllowed, StoreError
from core.intake import MAX_TEXT
from core.jobs.job import Completed
from core.jobs.supervisor import MAX_ATTEMPTS
from core.messages import ChannelRef, Person
from core.records import inbox, messages, turns
from core.rights import Access, Who
from core.state.channels import Channels
from core.state.control import Control
from tests.core.room import BOB, CHANNEL, Hands, Script, calls, last, room, says, starts


async def test_a_message_that_was_not_answered_is_answered_after_the_restart(
    tmp_path: Path,
) -> None:
    script = Script()
    script.hang = lambda request: True
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "hello")
        await here.platform.until(lambda: here.platform.hints)
    async with room(tmp_path) as here:
        assert (await here.platform.post("answer:m1")).text == "echo: hello"


async def test_a_turn_goes_on_after_its_last_step_and_repeats_none(tmp_path: Path) -> None:
    script = Script()
    script.replies = [starts("one", "two")]
    script.hang = lambda request: any(m.role == "tool" for m in request.messages)
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "do both")
        await here.platform.until(lambda: len(script.asked) == 2 or here.platform.hints)
        while len(script.asked) < 2:
            await here.ask(f"x{len(here.platform.shown)}", "/jobs", thread="other")
        assert here.hands.attempts == []
    second = Script()
    second.replies = [says("started both")]
    async with room(tmp_path, script=second) as here:
        answer = await here.platform.post("answer:m1")
        assert answer.receipt == ("started job 1: one", "started job 2: two")
        assert len(second.asked) == 1
        await here.hands.running(1)
        await here.hands.running(2)


async def test_a_running_job_gets_another_attempt_on_the_same_snapshot(tmp_path: Path) -> None:
    hands = Hands()
    script = Script()
    script.replies = [starts("one"), says("started")]
    async with room(tmp_path, script=script, hands=hands) as here:
        await here.ask("m1", "do one")
        first = await hands.running(1)
        await here.ask("m2", "/set later 1")
    again = Hands()
    async with room(tmp_path, hands=again) as here:
        second = await again.running(1)
        assert (first.attempt, second.attempt) == (1, 2)
        assert (first.id, first.base_commit, first.base_message) == (
            second.id,
            second.base_commit,
            second.base_message,
        )
        again.end(1, Completed(result="done"))
        assert (await here.platform.post("result:1")).text == "done"


async def test_a_job_whose_stop_was_asked_for_before_the_death_never_runs_again(
    tmp_path: Path,
) -> None:
    script = Script()
    script.replies = [starts("one"), says("started")]
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", "do one")
        await here.hands.running(1)
        await here.channels.write(
            CHANNEL, lambda tx: tx.execute("UPDATE jobs SET stop_by = 'Ada'").rowcount
        )
    hands = Hands()
    async with room(tmp_path, hands=hands) as here:
        assert "stopped by Ada" in (await here.platform.post("result:1")).text
        assert hands.attempts == []


async def test_a_job_that_was_interrupted_too_often_is_given_up(tmp_path: Path) -> None:
    script = Script()
    script.replies = [starts("one"), says("started")]
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", "do one")
        await here.hands.running(1)
    for _ in range(MAX_ATTEMPTS - 1):
        hands = Hands()
        async with room(tmp_path, hands=hands):
            await hands.running(1)
    async with room(tmp_path) as here:
        assert f"interrupted {MAX_ATTEMPTS} times" in (await here.platform.post("result:1")).text


async def test_what_was_posted_before_the_death_is_not_posted_again(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.ask("m1", "hello")
        await here.ask("m2", "/jobs")
    async with room(tmp_path) as here:
        await here.ask("m3", "more")
        assert [post.id for post in here.platform.posts()] == ["answer:m3"]


async def test_a_channel_with_nothing_left_to_do_is_not_opened_at_the_next_start(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        await here.ask("m1", "/jobs")
        await here.platform.post("reply:message:m1")
    async with room(tmp_path):
        pass
    control = await Control.open(tmp_path)
    try:
        assert await control.unfinished() == ()
        assert await control.known("world") == (CHANNEL,)
    finally:
        await control.close()


async def test_a_channel_is_known_to_have_nothing_to_do_once_its_answer_is_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleared: asyncio.Queue[ChannelRef] = asyncio.Queue()
    clear = Control.clear

    async def watched(control: Control, ref: ChannelRef, given: int) -> None:
        await clear(control, ref, given)
        cleared.put_nowait(ref)

    monkeypatch.setattr(Control, "clear", watched)
    async with room(tmp_path, quiet_s=0.0) as here:
        await here.say("m1", "hello")
        async with asyncio.timeout(30):
            assert await cleared.get() == CHANNEL


async def test_a_channel_s_mark_stays_while_the_talk_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleared: asyncio.Queue[float] = asyncio.Queue()
    clear, clock = Control.clear, asyncio.get_running_loop().time

    async def watched(control: Control, ref: ChannelRef, given: int) -> None:
        cleared.put_nowait(clock())
        await clear(control, ref, given)

    monkeypatch.setattr(Control, "clear", watched)
    async with room(tmp_path, quiet_s=0.5) as here:
        for number in range(3):
            await here.ask(f"m{number}", "/jobs")
            await here.platform.post(f"reply:message:m{number}")
            await asyncio.sleep(0.2)
        answered = clock() - 0.2
        async with asyncio.timeout(30):
            while (at := await cleared.get()) < answered:
                pass  # a slow machine: it was quiet for long enough between two of them
        assert at - answered > 0.45


async def test_strangers_are_kept_out_and_leave_no_trace(tmp_path: Path) -> None:
    access = Access(who=Who.LISTED, people=frozenset({"ada"}))
    async with room(tmp_path, access=access) as here:
        with pytest.raises(NotAllowed):
            await here.say("m1", "hello", by=BOB)
        await here.ask("m2", "/jobs")
        kept = await here.channels.read(CHANNEL, partial(messages.read, channel=CHANNEL))
        assert "m1" not in {line.id for line in kept}


async def test_a_stranger_s_bad_message_gets_no_advice_and_makes_no_file(tmp_path: Path) -> None:
    async with room(tmp_path, access=Access(who=Who.LISTED)) as here:
        with pytest.raises(NotAllowed):
            await here.say("m1", "x" * (MAX_TEXT + 1))
        with pytest.raises(NotAllowed):
            await here.say("", "no id")
        assert not await here.channels.exists(CHANNEL)


async def test_who_was_let_in_by_a_role_is_still_let_in_after_a_restart(tmp_path: Path) -> None:
    access = Access(who=Who.LISTED, roles=frozenset({"77"}))
    held = Person(id="bob", name="Bob", roles=frozenset({"5", "77"}))
    script = Script()
    script.replies = [starts("one"), says("started")]
    async with room(tmp_path, access=access, script=script) as here:
        await here.say("m1", "do one", by=held)
        await here.hands.running(1)
        await here.platform.post("answer:m1")
        with pytest.raises(NotAllowed):
            await here.say("m2", "hello", by=Person(id="bob", name="Bob"))
        script.hang = lambda request: True
        await here.say("m3", "stop it", by=held)
        await script.hung.wait()
    second = Script()
    second.replies = [calls(("cancel_job", {"job": 1})), says("done")]
    async with room(tmp_path, access=access, script=second) as here:
        await here.platform.post("answer:m3")
        assert "not on the list" not in second.asked[-1].messages[-1].text
        assert "stopp" in second.asked[-1].messages[-1].text.lower()


async def test_only_the_requester_or_an_admin_stops_a_job_where_there_are_admins(
    tmp_path: Path,
) -> None:
    access = Access(who=Who.ANYONE, admins=frozenset({"root"}))
    async with room(tmp_path, access=access) as here:
        here.script.replies = [starts("one"), says("started")]
        await here.ask("m1", "do one")
        await here.hands.running(1)
        refused = await here.press("p1", "stop.1", by=BOB)
        assert "Only who asked" in refused.text
        assert "Stopping" in (await here.press("p2", "stop.1")).text


async def test_the_model_cannot_stop_a_job_for_a_person_who_may_not(tmp_path: Path) -> None:
    access = Access(who=Who.ANYONE, admins=frozenset({"root"}))
    async with room(tmp_path, access=access) as here:
        here.script.replies = [
            starts("one"),
            says("started"),
            calls(("cancel_job", {"job": 1})),
            says("I may not."),
        ]
        await here.ask("m1", "do one")
        await here.hands.running(1)
        await here.say("m2", "stop it", by=BOB)
        await here.platform.post("answer:m2")
        assert here.hands.killed == []
        tool = here.script.asked[-1].messages[-1]
        assert "Only who asked" in tool.text


async def test_a_message_that_is_too_long_or_empty_is_refused_with_what_to_do(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        with pytest.raises(BadRequest, match="in parts"):
            await here.say("m1", "x" * (MAX_TEXT + 1))
        with pytest.raises(BadRequest, match="empty"):
            await here.say("m2", " \n ")
        with pytest.raises(BadRequest, match="id"):
            await here.say("", "hello")


async def test_text_that_no_file_can_hold_is_mended_not_lost(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        answer = await here.ask("m1", "a\ud800b\0c")
        assert answer.text == "echo: a?b�c"
        owed = await here.channels.read(CHANNEL, inbox.owed)
        assert owed == ()


async def test_an_event_whose_adapter_goes_away_meanwhile_is_answered(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        saying = asyncio.create_task(here.say("m1", "hello"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        saying.cancel()
        with suppress(asyncio.CancelledError):
            await saying
        assert (await here.platform.post("answer:m1")).text == "echo: hello"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE inbox SET payload = 'no JSON' WHERE id = 'message:m1'",
        "UPDATE inbox SET payload = '{}' WHERE id = 'message:m1'",
        "INSERT INTO settings VALUES ('model', 'no JSON', 'x', 0), ('paused', '[]', 'x', 0)",
        "UPDATE turn_steps SET response = 'no JSON'",
        "UPDATE inbox SET payload = CAST(x'ff' AS TEXT) WHERE id = 'message:m1'",
    ],
)
async def test_rows_that_cannot_be_read_keep_nobody_else_from_an_answer(
    tmp_path: Path, damage: str
) -> None:
    script = Script()
    script.replies = [calls(("list_jobs", {}))]
    script.hang = lambda request: any(m.role == "tool" for m in request.messages)
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "broken")
        async with asyncio.timeout(60):
            await script.hung.wait()
        await here.channels.write(CHANNEL, lambda tx: tx.execute(damage).rowcount)
    async with room(tmp_path) as here:
        assert (await here.ask("m2", "/help", thread="other")).text
        assert (await here.ask("m3", "hello", thread="other")).text == "echo: hello"


async def test_a_channel_that_cannot_be_read_at_the_start_is_taken_up_when_it_can(
    tmp_path: Path,
) -> None:
    script = Script()
    script.hang = lambda request: True
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "hello")
        path = here.channels.path(CHANNEL)
    aside = path.rename(path.with_suffix(".aside"))
    path.write_bytes(b"no database" * 1000)
    async with room(tmp_path) as here:
        with pytest.raises(StoreError, match="damaged or not a database"):
            await here.say("m2", "anybody there?")
        path.unlink()
        aside.rename(path)
        assert (await here.platform.post("answer:m1")).text == "echo: hello"


async def test_talk_with_nothing_before_it_begins_its_turn_as_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way = _turns_when_kept(monkeypatch, Channels(tmp_path).path(CHANNEL))
    script = Script()
    script.hang = lambda request: last(request) == "one"
    async with room(tmp_path, script=script) as here:
        await here.say("m1", "one")
        await here.say("m2", "two")
        await here.say("m3", "/jobs", thread="other")
        await script.hung.wait()
        script.go.set()
        assert (await here.platform.post("answer:m2")).text == "echo: two"
    assert under_way == [["turn:m1"]] * 3
    assert "echo: one" in [message.text for message in script.asked[1].messages]


async def test_what_keeps_a_turn_from_beginning_does_not_keep_its_message_out(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        assert (await here.ask("m1", "hello")).text == "echo: hello"
        await here.channels.write(
            CHANNEL,
            lambda tx: tx.execute("UPDATE messages SET text = CAST(x'ff' AS TEXT)").rowcount,
        )
        assert "internal error" in (await here.ask("m2", "broken")).text
        assert (await here.ask("m3", "whole", thread="other")).text == "echo: whole"


def _turns_when_kept(monkeypatch: pytest.MonkeyPatch, file: Path) -> list[list[str]]:
    """The turns that stand in the file each time when something has just been kept."""
    found: list[list[str]] = []

    def reached(point: CommitPoint) -> None:
        if point is CommitPoint.INBOX_ACCEPTED:
            with closing(sqlite3.connect(file)) as tx:
                found.append([id for id, _, _ in turns.running(tx)])

    monkeypatch.setattr(dispatcher, "reached", reached)
    return found
