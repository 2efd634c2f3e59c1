"""Equal requests are one job, and all who asked are told of its end."""

from dataclasses import replace
from pathlib import Path

import pytest

from core import joining
from core.jobs.admission import Limits
from core.jobs.job import Completed
from core.messages import Person, Post, PostKind
from core.model.amounts import Limit
from core.records import jobs, watchers
from core.rights import Access, Who
from tests.core.room import ADA, BOB, CHANNEL, DEFAULTS, Room, calls, room, says, starts

EVE = Person(id="eve", name="Eve")
ADMINS = Access(who=Who.ANYONE, admins=frozenset({"boss"}))
ONE_PLACE = Limits(max_running=1, per_channel=1, per_person=1)


def wish(brief: str, budget: int = 1, **settings: object) -> str:
    changed = replace(DEFAULTS, **settings)  # type: ignore[arg-type]
    return joining.wish(brief, Limit(tokens=budget), changed, 1)


@pytest.mark.parametrize(
    "same", ["count the lines", " count  the\tlines \n", "count the lines   ", "\ncount the lines"]
)
def test_blanks_do_not_make_another_request(same: str) -> None:
    assert wish(same) == wish("count the lines")


@pytest.mark.parametrize("other", ["Count the lines", "count the\nlines", "count the lines!"])
def test_other_words_make_another_request(other: str) -> None:
    assert wish(other) != wish("count the lines")


def test_what_stands_in_front_of_a_line_counts() -> None:
    assert wish("if x:\n  y") != wish("if x:\n y")


def test_another_budget_model_or_instructions_make_another_request() -> None:
    kinds = {
        wish("x"), wish("x", 2), wish("x", subagent_model="y"), wish("x", instructions="y"),
        joining.wish("x", Limit(tokens=1), DEFAULTS, 2),
    }  # fmt: skip
    assert len(kinds) == 5


async def asks(here: Room, id: str, by: Person, thread: str = "t", *titles: str) -> Post:
    """Somebody asks for jobs; the answer."""
    here.script.replies = [starts(*titles or ("one",)), says("noted")]
    await here.say(id, "go", thread=thread, by=by)
    return await here.platform.post(f"answer:{id}")


async def command(here: Room, id: str, text: str, by: Person) -> Post:
    await here.say(id, text, by=by)
    return await here.platform.post(f"reply:message:{id}")


async def begun(here: Room) -> None:
    """Ada has asked, and the job works."""
    await asks(here, "m1", ADA)
    await here.hands.running(1)


async def count(here: Room) -> int:
    return len(await here.channels.read(CHANNEL, lambda tx: jobs.newest(tx, CHANNEL, 99)))


async def watching(here: Room) -> list[str]:
    found = await here.channels.read(CHANNEL, lambda tx: watchers.of(tx, CHANNEL, 1))
    return [one.person.name for one in found]


async def test_who_asks_for_the_same_joins_and_is_told_where_they_asked(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await begun(here)
        joined = await asks(here, "m2", BOB, "other")
        assert joined.receipt == ("joined job 1",)
        told = here.script.asked[-1].messages[-1].text
        assert "does just this already, asked for by Ada" in told
        await asks(here, "m3", EVE)
        assert await count(here) == 1
        assert "Also asked for by Bob, Eve." in (await here.ask("m4", "/job 1")).text
        here.hands.end(1, Completed(result="**42**"))
        await here.platform.post("result:1")
        bobs = await here.platform.post("result:1.1")
        assert (bobs.thread.thread, bobs.reply_to, bobs.mention) == ("other", "m2", BOB)
        assert bobs.text.endswith("which you asked for too, has ended.\n\n**42**")
        eves = await here.platform.post("result:1.2")
        assert (eves.thread.thread, eves.kind, eves.mention) == ("t", PostKind.NOTICE, EVE)
        assert "its result is here" in eves.text
        assert await watching(here) == []


@pytest.mark.parametrize("place", ["t", "other"])
async def test_who_joined_a_job_that_is_stopped_is_told_by_whom_and_how_to_have_it_again(
    tmp_path: Path, place: str
) -> None:
    async with room(tmp_path) as here:
        await begun(here)
        await asks(here, "m2", BOB, place)
        await here.press("p1", "stop.1")
        told = await here.platform.post("result:1.1")
        assert "which you asked for too, was stopped by Ada; `/run 1` does it again." in told.text
        assert "result is here" not in told.text


async def test_ten_people_get_one_job(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        for number in range(10):
            await asks(here, f"m{number}", Person(id=f"p{number}", name=f"P{number}"), f"t{number}")
        assert await count(here) == 1
        await here.hands.running(1)
        here.hands.end(1)
        for place in range(1, 10):
            await here.platform.post(f"result:1.{place}")


async def test_equal_parts_of_one_message_are_one_job(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        answer = await asks(here, "m1", ADA, "t", "one", "one", "two")
        assert answer.receipt == ("started job 1: one", "started job 2: two")


async def test_the_same_person_in_the_same_thread_is_told_once(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await begun(here)
        assert (await asks(here, "m2", ADA)).receipt == ()
        assert (await count(here), await watching(here)) == (1, [])


@pytest.mark.parametrize("change", ["/set a 1", "/steer 1 faster", "/cancel 1"])
async def test_a_job_on_another_ground_is_not_joined(tmp_path: Path, change: str) -> None:
    async with room(tmp_path) as here:
        await begun(here)
        await here.ask("m2", change)
        assert (await asks(here, "m3", BOB)).receipt == ("started job 2: one",)


async def test_one_that_has_not_begun_is_joined_whatever_changed(tmp_path: Path) -> None:
    async with room(tmp_path, limits=ONE_PLACE) as here:
        await asks(here, "m1", ADA, "t", "first")
        await here.hands.running(1)
        await asks(here, "m2", ADA)
        await here.ask("m3", "/set a 1")
        assert (await asks(here, "m4", BOB)).receipt == ("joined job 2",)


async def test_a_turn_that_changes_the_state_first_starts_its_own(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await begun(here)
        change = ("change_state", {"key": "a", "operation": "put", "value": 1})
        start = ("start_job", {"title": "one", "brief": "do one"})
        here.script.replies = [calls(change, start), says("noted")]
        await here.say("m2", "go", by=BOB)
        await here.platform.post("answer:m2")
        assert await count(here) == 2


async def test_what_has_ended_is_not_joined(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await begun(here)
        here.hands.end(1)
        await here.platform.post("result:1")
        assert (await asks(here, "m2", BOB)).receipt == ("started job 2: one",)


async def test_a_watcher_s_stop_leaves_and_the_job_goes_on(tmp_path: Path) -> None:
    async with room(tmp_path, access=ADMINS) as here:
        await begun(here)
        await asks(here, "m2", BOB)
        refused = await here.press("p0", "stop.1", by=EVE)
        assert refused.text == "Only who asked for a job, or an admin, may steer or stop it."
        left = await here.press("p1", "stop.1", by=BOB)
        assert left.text == "You hear no more of job 1; it goes on for Ada."
        assert "nothing to leave" in (await command(here, "m3", "/unwatch 1", EVE)).text
        assert await watching(here) == []
        here.hands.end(1)
        await here.platform.post("result:1")


async def test_it_ends_when_all_have_left(tmp_path: Path) -> None:
    async with room(tmp_path, access=ADMINS) as here:
        await begun(here)
        await asks(here, "m2", BOB)
        assert "goes on for Bob" in (await here.ask("m3", "/unwatch 1")).text
        assert (await command(here, "m4", "/unwatch 1", BOB)).text == "Stopping job 1."
        assert "stopped by Bob" in (await here.platform.post("result:1")).text


async def test_who_left_and_asks_again_is_in_it_again(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await begun(here)
        await asks(here, "m2", BOB, "other")
        await command(here, "m3", "/unwatch 1", BOB)
        await asks(here, "m4", BOB, "third")
        assert await watching(here) == ["Bob"]
        here.hands.end(1)
        assert (await here.platform.post("result:1.1")).thread.thread == "third"


async def test_who_asked_first_left_and_asks_again_is_in_it_again(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await begun(here)
        await asks(here, "m2", BOB, "other")
        await here.ask("m3", "/unwatch 1")
        await asks(here, "m4", ADA)
        assert "goes on for Ada" in (await command(here, "m5", "/unwatch 1", BOB)).text


async def test_who_joined_is_told_after_a_restart(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await begun(here)
        await asks(here, "m2", BOB, "other")
    async with room(tmp_path) as here:
        await here.hands.running(1)
        here.hands.end(1)
        assert (await here.platform.post("result:1.1")).mention == BOB


async def test_not_now_to_the_other_jobs_of_a_message_leaves_the_one_that_it_joined(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        await begun(here)
        await here.ask("m2", "/settings confirm_above 1")
        joined = await asks(here, "m3", BOB, "other", "one", "two", "three")
        assert joined.receipt == ("joined job 1",)
        assert "none was started" in (await here.press("p1", "drop.1", by=BOB)).text
        assert await watching(here) == ["Bob"]
        here.hands.end(1)
        assert (await here.platform.post("result:1.1")).mention == BOB


async def test_an_answer_that_is_stopped_joins_nothing(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await begun(here)
        here.script.replies = [starts("one")]
        here.script.hang = lambda request: any(m.role == "tool" for m in request.messages)
        await here.say("m2", "go", by=BOB)
        await here.script.hung.wait()
        assert await watching(here) == ["Bob"]
        await command(here, "m3", "/stop", BOB)
        assert await watching(here) == []
