"""Says who waits to be let in and who was, and lets them in or out: `thaw pairs`, `thaw pair` and
`thaw unpair`, with a bot beside it or without one. Shows on a terminal; core.operator does it."""

import time
from collections.abc import Iterator
from pathlib import Path

from bot.checks import printable
from bot.past import user
from core import operator
from core.messages import Person
from core.pairing import shown


def pairs_of(root: Path) -> Iterator[str]:
    """Yield who waits, with their codes, then who was let in. Raises ThawError."""
    waiting, paired = operator.pairs(root, time.time())
    for wish in waiting:
        left = max(1, round((wish.until - time.time()) / 60))
        yield (
            f"{_named(wish.person, wish.channel.platform)}  waits: thaw pair {shown(wish.code)}"
            f"  ({left} min left)"
        )
    for one in paired:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.at))
        by = printable(one.by)
        yield f"{_named(one.person, one.channel.platform)}  let in {when} by {by}"
    if not waiting and not paired:
        yield "nobody waits, and nobody was let in"


def pair_of(root: Path, code: str, by: str | None) -> Iterator[str]:
    """Let in who was given the code, as the operator; yield who that is. Raises ThawError."""
    found = operator.pair(root, code, operator.operator(by or user()), time.time())
    yield f"let in: {_named(found.person, found.channel.platform)}"
    yield f"take it back with: thaw unpair {printable(found.person.id)}"


def unpair_of(root: Path, person: str) -> Iterator[str]:
    """Let the person of this id in no more; yield who that was. Raises ThawError."""
    found = operator.unpair(root, person)
    yield f"may not use the bot any more: {_named(found.person, found.channel.platform)}"


def _named(person: Person, platform: str) -> str:
    return f"{platform}  {printable(person.id)}  {printable(person.name)}"
