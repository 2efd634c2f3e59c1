"""The channel's state as people see it: conflicts with buttons, receipts, undo, history."""

import asyncio
from pathlib import Path

import pytest

from tests.emulators.script import Reply
from tests.harness.page import Page
from tests.harness.play import Part, Play, change, finish, say, starting
from tests.harness.room import Room, room
from tests.harness.shown import Post

pytestmark = pytest.mark.needs_system("bubblewrap")


def putting(value: str, gate: asyncio.Event) -> Part:
    """A job that puts the colour, and ends when the gate opens."""
    put = change("colour", "put", value)
    return [put, Reply(calls=[("finish", {"result": f"{value} it is"})], gate=gate)]


async def value_of(page: Page, key: str) -> str | None:
    """What the state's view shows for a key."""
    entries = (await page.look("state", prefix=key))["entries"]
    return next((entry["value"] for entry in entries if entry["key"] == key), None)


async def conflict(r: Room) -> Post:
    """The newest question about a conflict."""
    await r.page.until(lambda: any(post.kind == "conflict" for post in r.page.posts))
    return [post for post in r.page.posts if post.kind == "conflict"][-1]


async def test_two_jobs_that_put_one_key_open_a_conflict_that_a_button_decides(
    tmp_path: Path,
) -> None:
    red, blue = asyncio.Event(), asyncio.Event()
    play = Play(
        {"go": starting("paint red", "paint blue")},
        {"paint red": putting("red", red), "paint blue": putting("blue", blue)},
    )
    async with room(tmp_path, play) as r:
        await r.page.ask("go")
        await r.model.arrived(2 + 4)  # both have put, and wait at their ends
        red.set()
        await r.page.result(1)
        assert await value_of(r.page, "colour") == '"red"'
        blue.set()
        await r.page.result(2)
        asked = await conflict(r)
        assert "colour" in asked.text
        assert await value_of(r.page, "colour") == '"red"'  # the head stays until people choose
        choices = [button for button in asked.buttons if "blue" in button.label]
        await r.page.answer(r.page.press(choices[0].action))
        assert await value_of(r.page, "colour") == '"blue"'
        assert (await r.page.look("conflicts"))["lines"] == []
        # The same button again decides nothing: there is no such question any more.
        await r.page.ask("/set colour green")
        await r.page.answer(r.page.press(choices[0].action))
        assert await value_of(r.page, "colour") == '"green"'


async def test_a_click_on_a_question_that_has_changed_applies_nothing(tmp_path: Path) -> None:
    gates = [asyncio.Event() for _ in range(3)]
    colours = ("red", "blue", "green")
    play = Play(
        {"go": starting(*(f"paint {colour}" for colour in colours))},
        {
            f"paint {colour}": putting(colour, gate)
            for colour, gate in zip(colours, gates, strict=True)
        },
    )
    async with room(tmp_path, play) as r:
        await r.page.ask("go")
        await r.model.arrived(2 + 6)
        gates[0].set()
        await r.page.result(1)
        gates[1].set()
        await r.page.result(2)
        stale = await conflict(r)
        gates[2].set()
        await r.page.result(3)
        blue = next(button for button in stale.buttons if "blue" in button.label)
        told = await r.page.answer(r.page.press(blue.action))
        assert await value_of(r.page, "colour") == '"red"'
        assert told.kind in ("notice", "conflict")
        (line,) = (await r.page.look("conflicts"))["lines"]
        labels = [candidate["value"] for candidate in line["candidates"]]
        assert [colour for colour in colours if any(colour in text for text in labels)] == list(
            colours
        )
        await r.page.ask(f'/resolve {line["number"]} ="black"')
        assert await value_of(r.page, "colour") == '"black"'
        assert (await r.page.look("conflicts"))["lines"] == []


async def test_undo_takes_back_one_jobs_changes_and_leaves_the_others(tmp_path: Path) -> None:
    play = Play(
        {"go": starting("count one", "count two")},
        {
            "count one": [change("n", "add", 1), change("lines", "append", "one"), finish("one")],
            "count two": [change("n", "add", 2), change("lines", "append", "two"), finish("two")],
        },
    )
    async with room(tmp_path, play) as r:
        await r.page.ask("go")
        one, _ = await asyncio.gather(r.page.result(1), r.page.result(2))
        assert await value_of(r.page, "n") == "3"
        undone = await r.page.answer(r.page.press(one.button("Undo")))
        assert undone.receipt != ()
        assert await value_of(r.page, "n") == "2"
        assert await value_of(r.page, "lines") == "two"
        # Undo is a commit and can be undone, once; pressing the old button again changes nothing.
        await r.page.answer(r.page.press(one.button("Undo")))
        assert await value_of(r.page, "n") == "2"
        await r.page.answer(r.page.press(undone.button("Undo")))
        assert await value_of(r.page, "n") == "3"


async def test_a_job_sees_its_snapshot_and_its_own_changes_only(tmp_path: Path) -> None:
    gate = asyncio.Event()
    read = [("read_state", {"key": "colour"}), ("read_state", {"key": "shape"})]
    play = Play(
        {"go": starting("look around")},
        {
            "look around": [
                Reply(
                    calls=[("change_state", {"key": "shape", "operation": "put", "value": "round"})]
                ),
                Reply(calls=read, gate=gate),
                finish("looked"),
            ]
        },
    )
    async with room(tmp_path, play) as r:
        await r.page.ask("/set colour red")
        await r.page.ask("go")
        await r.model.arrived(2 + 2)
        await r.page.ask("/set colour blue")
        assert await value_of(r.page, "shape") is None  # nothing is visible until it has ended
        gate.set()
        await r.page.result(1)
        colour, shape = (m["content"] for m in play.of_job("look")[2].messages[-2:])
        assert "red" in colour
        assert "blue" not in colour
        assert "round" in shape
        assert await value_of(r.page, "shape") == '"round"'


async def test_history_tells_who_changed_what_and_the_state_can_be_read_as_it_was(
    tmp_path: Path,
) -> None:
    play = Play(
        {"go": starting("paint it")}, {"paint": [change("colour", "put", "red"), finish("ok")]}
    )
    async with room(tmp_path, play) as r:
        await r.page.ask("go")
        await r.page.result(1)
        await r.page.ask("/set colour blue")
        lines = (await r.page.look("history", key="colour"))["lines"]
        assert [line["author"] for line in lines] == ["ana", "job 1, asked by ana"]
        then = await r.page.look("state", prefix="colour", at=lines[1]["commit"])
        assert [entry["value"] for entry in then["entries"]] == ['"red"']
        told = (await r.page.ask("/history colour")).text
        assert "ana" in told
        assert "job 1" in told


async def test_what_the_model_changes_in_a_turn_is_written_as_the_agents(tmp_path: Path) -> None:
    play = Play({"note": [change("colour", "put", "red"), say("noted")]})
    async with room(tmp_path, play) as r:
        answer = await r.page.ask("note")
        assert any("colour" in line for line in answer.receipt)
        (line,) = (await r.page.look("history", key="colour"))["lines"]
        assert line["author"] == "agent, asked by ana"


async def test_channels_know_nothing_of_each_other(tmp_path: Path) -> None:
    play = Play({"read": [Reply(calls=[("read_state", {"prefix": ""})]), say("read")]})
    async with room(tmp_path, play) as r:
        other = await r.another_page(channel="other", name="bo")
        await r.page.ask("/set secret sesame")
        await other.ask("read")
        assert "sesame" not in str(play.requests[-1].messages)
        assert "sesame" not in (await other.ask("/state")).text
        assert "/set secret" not in (await other.ask("/search sesame")).text
        assert await value_of(r.page, "secret") == '"sesame"'
