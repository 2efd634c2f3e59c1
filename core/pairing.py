"""Letting people in by codes: they get one, an admin gives it back. Checks no rights."""

import re
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from functools import partial

from core import pairing_rows as rows
from core.errors import BadRequest
from core.messages import ChannelRef, Person
from core.pairing_rows import Paired, Wish
from core.state.database import Database

# Without those that people take for one another: I and 1, L and 1, O and 0.
_SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_LENGTH = 8
_AGAIN_S = 600.0
_PER_MINUTE = 20
_KNOWN = 10_000
_MOST_GUESSES = 5
_NO_CODE = "No one who waits has this code. Codes are good for an hour; `/pairs` shows them."


def draw() -> str:
    """A code that nobody can guess: 31 to the power of 8 of them."""
    return "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))


def shown(code: str) -> str:
    """The code as people read it out: in two halves."""
    return f"{code[:4]}-{code[4:]}"


def read(text: str) -> str:
    """The code that somebody typed. Raises BadRequest for what can be none."""
    code = re.sub(r"[\s-]", "", text[:50]).upper()
    if len(code) != _LENGTH or not set(code) <= set(_SIGNS):
        raise BadRequest("A code has eight letters and digits, as in `/pair ABCD-2345`.")
    return code


class Pairing:
    """Keeps who waits and who was let in durably. `people` has the latter as (platform, id), as
    of now: Rights asks it."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self.people: set[tuple[str, str]] = set()
        self.on_approved: Callable[[], object] = _ignore
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lately: deque[float] = deque(maxlen=_PER_MINUTE)
        self._guesses: OrderedDict[str, deque[float]] = OrderedDict()

    async def load(self) -> None:
        """Take up what the file says, also after another program wrote it. Raises StoreError."""
        found = await self._database.read(rows.paired)
        self.people.clear()
        self.people.update((one.channel.platform, one.person.id) for one in found)

    async def ask(self, person: Person, channel: ChannelRef) -> Wish | None:
        """Somebody who may not use the bot wrote to it: the code they are to be told.

        None when they were told lately, or too many others were. Raises StoreError.
        """
        if not self._may_hear((channel.platform, person.id)):
            return None
        wish = partial(rows.wish, person=person, channel=channel, code=draw(), at=self._clock())
        return await self._database.write(wish)

    async def approve(self, text: str, by: Person, platform: str) -> Paired:
        """Let in who was given this code. Raises BadRequest and StoreError."""
        code, guesser = read(text), f"{platform} {by.id}"
        if self._guessed_too_often(guesser):
            raise BadRequest("Too many wrong codes: try again in ten minutes.")
        approve = partial(rows.approve, code=code, by=by.name, at=self._clock(), platform=platform)
        found = await self._database.write(approve)
        if found is None:
            self._guesses[guesser].append(self._clock())
            raise BadRequest(_NO_CODE)
        self.people.add((found.channel.platform, found.person.id))
        self.on_approved()
        return found

    async def remove(self, person: str, platform: str) -> Paired:
        """Let somebody in no more. Raises BadRequest when nobody of this id was, and StoreError."""
        # At once, whatever the disk says: who is to go must not stay.
        self.people.discard((platform, person))
        found = await self._database.write(partial(rows.remove, person=person, platform=platform))
        if found is None:
            raise BadRequest("Nobody with this id was let in; `/pairs` shows who was.")
        return found

    async def listed(self) -> tuple[tuple[Wish, ...], tuple[Paired, ...]]:
        """Who waits, and who was let in. Raises StoreError."""
        now = self._clock()
        return await self._database.read(lambda tx: (rows.waiting(tx, now), rows.paired(tx)))

    async def untold(self) -> tuple[Paired, ...]:
        """Who was let in and does not know it. Raises StoreError."""
        return await self._database.read(rows.untold)

    async def told(self, paired: Paired) -> None:
        """They know it now. Raises StoreError."""
        await self._database.write(partial(rows.told, code=paired.code))

    def _may_hear(self, who: tuple[str, str]) -> bool:
        """Not twice within minutes, and not too many in one: strangers cost next to nothing."""
        now = self._clock()
        if now - self._told.get(who, -_AGAIN_S) < _AGAIN_S:
            return False
        if len(self._lately) == _PER_MINUTE and now - self._lately[0] < 60.0:
            return False
        self._lately.append(now)
        self._told[who] = now
        self._told.move_to_end(who)
        while len(self._told) > _KNOWN:
            self._told.popitem(last=False)
        return True

    def _guessed_too_often(self, guesser: str) -> bool:
        wrong = self._guesses.setdefault(guesser, deque(maxlen=_MOST_GUESSES))
        self._guesses.move_to_end(guesser)
        while len(self._guesses) > _KNOWN:
            self._guesses.popitem(last=False)
        return len(wrong) == _MOST_GUESSES and self._clock() - wrong[0] < _AGAIN_S


def _ignore() -> None:
    """Nobody asked to be told."""
