"""Whoever may not, cannot: every way of saying something to the bot, by everybody who is nobody."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import BadRequest, NotAllowed
from core.messages import ChannelRef, Edit, InboundEvent, Message, Person, Press, ThreadRef
from core.rights import Access, Who
from core.state.database import Transaction
from core.state.facts import head
from tests.core.room import ADA, CHANNEL, Room, room, says, starts

HERE = ThreadRef(channel=CHANNEL, thread="t")
EVE = Person(id="eve", name="Eve")
LISTED = Access(who=Who.LISTED, people=frozenset({"ada"}), admins=frozenset({"ada"}))

Nobody = tuple[Access, Person, ThreadRef]


def elsewhere(**changes: str) -> ThreadRef:
    return ThreadRef(channel=replace(CHANNEL, **changes), thread="t")


NOBODIES: Mapping[str, Nobody] = {
    "a stranger": (LISTED, EVE, HERE),
    "a stranger with the admin's name": (LISTED, replace(EVE, name="Ada"), HERE),
    "somebody without an id": (LISTED, Person(id="", name="Ada"), HERE),
    "an id in capitals": (LISTED, Person(id="ADA", name="Ada"), HERE),
    "an id with a blank": (LISTED, Person(id="ada ", name="Ada"), HERE),
    "an id with a Cyrillic letter": (LISTED, Person(id="\u0430da", name="Ada"), HERE),
    "an id with a sign of no width": (LISTED, Person(id="ada\u200b", name="Ada"), HERE),
    "a role that looks alike": (
        Access(who=Who.LISTED, roles=frozenset({"77"}), people=frozenset({"ada"})),
        replace(EVE, roles=frozenset({"7", "777"})),
        HERE,
    ),
    "a guest of another organisation": (
        Access(who=Who.MEMBERS),
        replace(EVE, outside=True),
        HERE,
    ),
    "somebody whose pairing is over": (
        Access(who=Who.PAIRED, people=frozenset({"ada"})),
        EVE,
        HERE,
    ),
    "a member of a channel that is not named": (
        Access(who=Who.ANYONE, channels=frozenset({"general"})),
        EVE,
        elsewhere(channel="private"),
    ),
    "the admin's id on another platform": (LISTED, ADA, elsewhere(platform="slack")),
}
WAYS = ("message", "direct message", "command", "reply", "button", "form", "edit")


def event(way: str, by: Person, where: ThreadRef) -> InboundEvent:
    """Something that would have an effect if Ada did it."""
    message = Message(id=f"evil {way}", thread=where, author=by, text="do it", at=2.0)
    press = Press(id=f"evil {way}", thread=where, person=by, action="stop.1", at=2.0)
    made: Mapping[str, InboundEvent] = {
        "message": message,
        "direct message": replace(message, direct=True),
        "command": replace(message, text="/set secret.key stolen"),
        "reply": replace(message, text="stop it", reply_to="card:1"),
        "button": press,
        "form": replace(press, action="steer.1", text="send it to me"),
        "edit": Edit(
            id=f"evil {way}", thread=where, message_id="m2", author=by, text="/cancel 1", at=2.0
        ),
    }
    return made[way]


async def prepared(here: Room) -> None:
    """Ada has a value and a job that runs."""
    here.script.replies = [starts("a job"), says("started")]
    await here.ask("m1", "/set secret.key gold")
    await here.ask("m2", "do it")
    await here.hands.running(1)


def facts(tx: Transaction) -> tuple[int, ...]:
    counts = [
        tx.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("jobs", "steering", "messages", "inbox")
    ]
    return (head(tx), *counts)


async def state(here: Room) -> tuple[object, ...]:
    """All that an intruder might have changed, or have had done."""
    known = await here.channels.read(CHANNEL, facts)
    return known, tuple(here.hands.killed), len(here.script.asked), len(here.platform.posts())


@pytest.mark.parametrize("who", NOBODIES)
async def test_nobody_gets_in_by_any_way(tmp_path: Path, who: str) -> None:
    access, person, where = NOBODIES[who]
    async with room(tmp_path, access=access) as here:
        if access.who is Who.MEMBERS or access.who is Who.ANYONE or "ada" in access.people:
            await prepared(here)
        before = await state(here)
        got_in = []
        for way in WAYS:
            try:
                await here.dispatcher.accept(event(way, person, where))
                got_in.append(way)
            except NotAllowed:
                pass
        assert got_in == []
        assert await state(here) == before
        assert not await here.channels.exists(
            ChannelRef(platform="world", workspace="w", channel="private")
        )


COMMANDS = (
    "/cancel 1", "/steer 1 send it to me", "/set secret.key stolen", "/unset secret.key",
    "/pin secret.key", "/undo 1", "/resolve 1 1", "/forget @Ada", "/forget secret.*",
    "/settings model evil", "/settings instructions obey Eve", "/settings per_job 99999999",
    "/pause", "/resume", "/pair AAAA-AAAA", "/unpair ada", "/stop",
    "\uff0fcancel 1", "/CANCEL 1", "/cancel 01", "/thaw cancel 1",
)  # fmt: skip
PRESSES = (
    "stop.1", "steer.1", "undo.1", "pick.1.1.1", "both.1.1.1", "edit.1.1", "take.1.0", "forget.1",
    "answer.1.1", "again.1 ", "stop.1\n", "stop.+1", "stop.\u0661", "../stop.1",
)  # fmt: skip


async def test_who_may_talk_may_not_do_what_is_anothers(tmp_path: Path) -> None:
    access = replace(LISTED, people=frozenset({"ada", "eve"}))
    async with room(tmp_path, access=access) as here:
        await prepared(here)
        before = await here.channels.read(CHANNEL, _held)
        for number, command in enumerate(COMMANDS):
            await here.say(f"c{number}", command, by=EVE)
            await answered(here, f"c{number}")
            assert await here.channels.read(CHANNEL, _held) == before, command
            assert here.hands.killed == [], command
        for number, action in enumerate(PRESSES):
            with suppress(BadRequest):  # what no button of ours is called is not even kept
                await here.press(f"p{number}", action, text="send it to me", by=EVE)
            assert await here.channels.read(CHANNEL, _held) == before, action
            assert here.hands.killed == [], action


async def answered(here: Room, id: str) -> None:
    answers = {f"answer:{id}", f"reply:message:{id}"}
    await here.platform.until(lambda: any(one.id in answers for one in here.platform.posts()))


def _held(tx: Transaction) -> tuple[int, ...]:
    """The state, the settings and what jobs were told."""
    tables = ("steering", "settings", "conflicts")
    return (
        head(tx), *(tx.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)
    )  # fmt: skip


def test_there_are_thirty_and_more() -> None:
    assert len(NOBODIES) * len(WAYS) + len(COMMANDS) + len(PRESSES) >= 30
