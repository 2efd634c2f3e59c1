"""What is forgotten is in no file any more, also when the process dies on the way."""

import asyncio
from pathlib import Path

import pytest

from core.jobs.job import Completed, Gathered
from core.messages import Message, Outbound, Post, Press, ThreadRef
from core.places import ChannelPlaces
from core.rights import Access, Who
from core.search.hits import Found
from core.state.operations import FileChange, Op, Operation
from core.state.reads import KeyRead
from tests.core.frail import Frail
from tests.core.room import (
    ADA,
    BOB,
    CHANNEL,
    Hands,
    Platform,
    Room,
    Script,
    calls,
    room,
    says,
    starts,
)
from tests.core.surroundings import Attic, Nothing

SECRET = "Kaninchenbau-4711"
ANSWER = "reply:forget:1"


def holding(data: Path, *texts: str) -> list[str]:
    """The files that hold one of the texts, in any case of letters."""
    needles = [text.lower().encode() for text in texts]
    return [
        str(path.relative_to(data))
        for path in sorted(data.rglob("*"))
        if path.is_file() and any(needle in path.read_bytes().lower() for needle in needles)
    ]


def button(post: Post) -> str:
    found = [one.action for one in post.buttons]
    assert len(found) == 1
    return found[0]


async def forget(here: Room, text: str) -> Post:
    """Ask for it, confirm it, wait for the end."""
    asked = await here.ask("f1", text)
    await here.press("p1", button(asked))
    return await here.platform.post(ANSWER)


async def test_a_key_goes_with_all_that_ever_quoted_it(tmp_path: Path) -> None:
    script = Script()
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", f"/set door.code {SECRET}")
        script.replies = [
            calls(("start_job", {"title": f"look at {SECRET}", "brief": f"use {SECRET}"})),
            says(f"The code {SECRET} is used by a job."),
        ]
        await here.ask("m2", "what is the code?")
        await here.hands.running(1)
        await here.ask("m0", f"/set door.code {SECRET} again")
        here.hands.gather[1] = Gathered(
            operations=(Operation(key="door.code", op=Op.PUT, argument=f"{SECRET} and more"),),
            reads=(KeyRead(key="door.code", commit=1),),
        )
        here.hands.end(1, Completed(result=f"It was {SECRET}."))
        assert SECRET in str((await here.platform.post("result:1")).drift)
        await here.ask("m3", "/set other kept")
        await here.ask("m4", "/state door.code")
        assert holding(tmp_path, SECRET, "4711")
        asked = await here.ask("f1", "/forget door.code")
        assert "1 key and 0 files: door.code" in asked.text
        assert "2 versions" in asked.text
        await here.press("p1", button(asked))
        await here.platform.post(ANSWER)
        assert holding(tmp_path, SECRET, "4711", "Kaninchenbau") == []
        assert "There is no such key" in (await here.ask("m5", "/state door.code")).text
        assert "kept" in (await here.ask("m6", "/state other")).text
        history = (await here.ask("m7", "/history")).text
        assert "forgot door.code" in history
        assert "(forgotten)" in history
    assert holding(tmp_path, SECRET, "4711", "Kaninchenbau") == []


async def test_what_was_shown_is_shown_again_without_it(tmp_path: Path) -> None:
    script = Script()
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", f"/set door.code {SECRET}")
        script.replies = [
            calls(("start_job", {"title": f"look at {SECRET}", "brief": "b"})),
            says(f"The code is {SECRET}."),
        ]
        await here.ask("m2", "what is the code?")
        await here.hands.running(1)
        here.hands.end(1)
        await here.platform.post("result:1")
        await forget(here, "/forget door.code")
        await here.platform.until(lambda: "(forgotten)" in str(newest(here, "card:1")))
        await here.platform.until(lambda: "(forgotten)" in str(newest(here, "answer:m2")))
        await here.platform.until(lambda: "(forgotten)" in str(newest(here, "reply:message:m1")))
        assert SECRET not in str({item.id: item for item in here.platform.shown})
        again = await here.press("p2", "again.1")
        assert "is forgotten" in again.text


def newest(here: Room, id: str) -> Outbound:
    """An item as a platform shows it: the last one of that id."""
    return [item for item in here.platform.shown if item.id == id][-1]


async def test_a_persons_messages_go_with_the_answers_and_the_jobs_that_came_of_them(
    tmp_path: Path,
) -> None:
    script = Script()
    async with room(tmp_path, script=script) as here:
        await here.say("b1", "Bob says Quittung", by=BOB)
        await here.platform.post("answer:b1")
        script.replies = [
            calls(("start_job", {"title": "Holunder", "brief": "Holunder to the door"})),
            says("The Holunder is on its way."),
        ]
        await here.ask("m1", "my secret is Holunder")
        await here.hands.running(1)
        here.hands.end(1, Completed(result="Holunder arrived"))
        await here.platform.post("result:1")
        end = await forget(here, "/forget me")
        assert "2 messages of Ada" in end.text
        assert holding(tmp_path, "Holunder") == []
        assert holding(tmp_path, "Quittung")
        assert (await here.ask("m2", "/search Holunder")).text == "nothing found"


async def test_a_whole_channel_goes_and_old_buttons_mean_nothing_new(tmp_path: Path) -> None:
    script = Script()
    async with room(tmp_path, script=script) as here:
        script.replies = [
            calls(("start_job", {"title": "Holunder", "brief": "Holunder"})), says("Holunder"),
        ]  # fmt: skip
        await here.ask("m1", "Holunder")
        await here.hands.running(1)
        content = b"Holunder " * 1000
        here.hands.gather[1] = Gathered(files=(FileChange(path="h.txt", content=content),))
        here.hands.end(1, Completed(result="Holunder"))
        await here.platform.post("result:1")
        await here.ask("m2", "/set tree Holunder")
        await here.ask("m3", "/settings instructions Holunder")
        script.replies = [calls(("start_job", {"title": "two", "brief": "Holunder"})), says("ok")]
        await here.ask("m4", "again")
        await here.hands.running(2)
        places = ChannelPlaces(here.channels)
        for item in ("answer:m1", "card:1", "moved:to"):
            await places.keep(CHANNEL, item, ("10",))
        await forget(here, "/forget channel")
        stopped = await here.platform.post("result:2")
        assert "wanted all of this channel forgotten" in stopped.text
        assert here.hands.killed == [2]
        assert holding(tmp_path, "Holunder") == []
        assert await places.of(CHANNEL, "answer:m1") == await places.of(CHANNEL, "card:1") == ()
        assert await places.of(CHANNEL, "moved:to") == ("10",)
        assert (await here.ask("m5", "/state")).text == "There is nothing here yet."
        undone = await here.ask("m6", "/undo 1")
        assert "no commit 1" in undone.text or "keep_days" in undone.text
        assert (await here.ask("m7", "/job 1")).text.startswith("There is no job 1")
        assert (await here.ask("m8", "/set tree 1")).receipt == ("`tree` = 1",)
        assert "forgot" in (await here.ask("m9", "/undo 3")).text


async def test_answers_to_searches_may_show_what_is_forgotten_and_go_with_it(
    tmp_path: Path,
) -> None:
    class Quoting(Nothing):
        async def find(self, *args: object, **named: object) -> Found:
            return Found(text="#1 Ada: a «quokka» lives in the attic")

    async with room(tmp_path, finder=Quoting()) as here:
        await here.ask("m1", "a quokka lives in the attic")
        where = ThreadRef(channel=CHANNEL, thread="t")
        search = Message(id="b1", thread=where, author=BOB, text="/search quokka", at=1.0)
        await here.dispatcher.accept(search)
        assert "attic" in (await here.platform.post("reply:message:b1")).text
        await forget(here, "/forget me")
        assert holding(tmp_path, "attic") == []
        assert holding(tmp_path, "/search quokka")


async def test_running_jobs_that_saw_it_are_stopped_and_what_they_left_goes(
    tmp_path: Path,
) -> None:
    script, hands, attic = Script(), Hands(), Attic()
    async with room(tmp_path, script=script, hands=hands, attic=attic) as here:
        await here.ask("m1", f"/set k {SECRET}")
        script.replies = [
            calls(*(("start_job", {"title": t, "brief": t}) for t in ("one", "two"))), says("ok"),
        ]  # fmt: skip
        await here.ask("m2", "go")
        saw, other = await hands.running(1), await hands.running(2)
        attic.seen = {saw.id}
        await forget(here, "/forget k")
        told = await here.platform.post("result:1")
        assert "who wanted forgotten what it had seen" in told.text
        assert (hands.killed, attic.forgotten) == ([1], [saw.id])
        hands.end(2)
        assert (await here.platform.post("result:2")).text == "result 2"
        assert other.id not in attic.forgotten


class Slow(Attic):
    """An attic that is long at it: `at_it` is set, and it waits for `go`."""

    def __init__(self) -> None:
        super().__init__()
        self.at_it, self.go = asyncio.Event(), asyncio.Event()

    async def forget(self, job_id: str) -> None:
        self.at_it.set()
        await self.go.wait()
        await super().forget(job_id)


async def test_a_job_that_is_asked_for_meanwhile_keeps_what_it_is_to_do(tmp_path: Path) -> None:
    script, hands, attic = Script(), Hands(), Slow()
    async with room(tmp_path, script=script, hands=hands, attic=attic) as here:
        script.replies = [starts("one"), says("ok")]
        await here.ask("m1", "go")
        await hands.running(1)
        asked = await here.ask("m2", "/forget me")
        await here.press("p1", button(asked))
        async with asyncio.timeout(60):
            await attic.at_it.wait()
        script.replies = [starts("two"), says("ok")]
        await here.ask("m3", "go on")
        await hands.running(2)
        attic.go.set()
        await here.platform.post("reply:forget:1")
        assert "do two" in (await here.ask("m4", "/job 2")).text
        assert "do one" not in (await here.ask("m5", "/job 1")).text


async def test_an_answer_under_way_is_given_up(tmp_path: Path) -> None:
    script = Script()
    script.hang = lambda request: True
    async with room(tmp_path, script=script) as here:
        await here.ask("m1", f"/set k {SECRET}")
        await here.say("m2", "what is k?", thread="other")
        await script.hung.wait()
        script.replies = [says(f"it is {SECRET}")]
        await forget(here, "/forget k")
        script.go.set()
        answer = await here.platform.post("answer:m2")
        assert "forgetting something" in answer.text
        await here.ask("m3", "/jobs", thread="other")
    assert holding(tmp_path, SECRET) == []


async def test_what_would_go_is_shown_again_when_it_has_changed(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.ask("m1", "/set k 1")
        asked = await here.ask("f1", "/forget k")
        await here.ask("m2", "/set k 2")
        again = await here.press("p1", button(asked))
        assert "nothing was done" in again.text
        assert "2 versions" in again.text
        await here.press("p2", button(again))
        await here.platform.post("reply:forget:2")
        late = await here.press("p3", button(again))
        assert late.text == "That is forgotten already."


@pytest.mark.parametrize("text", ["/forget k", "/forget @bob", "/forget channel"])
async def test_only_an_admin_may_forget_what_others_said_or_wrote(
    tmp_path: Path, text: str
) -> None:
    access = Access(who=Who.ANYONE, admins=frozenset({"root"}))
    async with room(tmp_path, access=access) as here:
        await here.say("b1", "hello", by=BOB)
        refused = await here.ask("m1", text)
        assert refused.text.startswith("Only an admin")
        assert refused.buttons == ()
        mine = await here.ask("m2", "/forget me")
        stolen = await here.press("p1", button(mine), by=BOB)
        assert stolen.text.startswith("Only an admin")


async def test_a_beginning_stands_for_all_keys_and_paths_that_begin_so(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        for number, key in enumerate(("a.x", "a.y", "b")):
            await here.ask(f"m{number}", f"/set {key} Holunder{number}-long")
        end = await forget(here, "/forget a.*")
        assert "2 keys" in end.text
        assert holding(tmp_path, "Holunder0", "Holunder1") == []
        assert holding(tmp_path, "Holunder2")


def told(*platforms: Platform) -> bool:
    return any(post.id == ANSWER for platform in platforms for post in platform.posts())


async def scene(data: Path, at: int, fault: str, what: str) -> bool:
    """Forget with the process dying at a call of the store; False when it was over before."""
    channels, first, second = Frail(data, 10_000, fault), Platform(), Platform()
    async with room(data, channels=channels, platform=first) as here:
        await here.ask("m1", f"/set k {SECRET}")
        await here.ask("m2", f"I say {SECRET}")
        asked = await here.ask("f1", f"/forget {what}")
        thread = ThreadRef(channel=CHANNEL, thread="t")
        press = Press(id="p1", thread=thread, person=ADA, action=button(asked), at=1.0)
        channels.strike_after(at)
        works = [
            asyncio.create_task(here.dispatcher.accept(press)),
            asyncio.create_task(first.until(lambda: told(first))),
            asyncio.create_task(channels.dead.wait()),
        ]
        await asyncio.wait(works[1:], return_when=asyncio.FIRST_COMPLETED)
        died = channels.dead.is_set()
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
    async with room(data, platform=second) as here:
        # As platforms do that were not told that it was kept.
        await here.dispatcher.accept(press)
        await second.until(lambda: told(first, second))
        assert holding(data, SECRET) == []
    return died


@pytest.mark.parametrize(("what", "stride"), [("k", 1), ("channel", 3)])
async def test_a_kill_at_any_step_leaves_it_to_the_next_start(
    tmp_path: Path, what: str, stride: int
) -> None:
    at = 1
    while await scene(tmp_path / str(at), at, "dies before" if at % 2 else "dies after", what):
        at += stride
    assert at > 20


class Stuck(Attic):
    """A disk that never answers; `asked` says that it was asked."""

    def __init__(self, seen: set[str]) -> None:
        super().__init__()
        self.seen = seen
        self.asked = asyncio.Event()

    async def forget(self, job_id: str) -> None:
        self.asked.set()
        await asyncio.Event().wait()


async def test_a_start_at_which_it_gets_no_further_leaves_it_to_the_one_after(
    tmp_path: Path,
) -> None:
    script, first = Script(), Stuck(set())
    async with room(tmp_path, script=script, attic=first) as here:
        await here.ask("m1", f"/set k {SECRET}")
        script.replies = [calls(("start_job", {"title": "t", "brief": "b"})), says("ok")]
        await here.ask("m2", "go")
        first.seen = {(await here.hands.running(1)).id}
        here.hands.end(1)
        await here.platform.post("result:1")
        asked = await here.ask("f1", "/forget k")
        await here.press("p1", button(asked))
        await first.asked.wait()
    second = Stuck(first.seen)
    async with room(tmp_path, attic=second):
        await second.asked.wait()
    async with room(tmp_path, attic=Attic()) as here:
        await here.platform.post(ANSWER)
        assert holding(tmp_path, SECRET) == []


async def test_a_short_value_is_counted_where_its_key_is_named(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.ask("m1", "/set fruit fig")
        await here.ask("m2", "/set other fig")
        end = await forget(here, "/forget fruit")
        assert "the texts of 1 message that quote a value" in end.text
        assert holding(tmp_path, "/set other fig")
        assert holding(tmp_path, "fruit fig") == []
