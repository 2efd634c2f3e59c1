"""Letting people in by chat: approving a code, removing somebody, showing who. Asks control.db,
so it comes before the channel's transaction."""

from core.errors import BadRequest, NotAllowed
from core.messages import ChannelRef, Person
from core.pairing import Pairing, shown
from core.posts import plain
from core.primary.acts import Pair, ShowPairs, Unpair
from core.rights import Right, Rights

_MOST = 50


class Pairer:
    """Does these acts for those who may."""

    def __init__(self, pairing: Pairing, rights: Rights) -> None:
        self._pairing = pairing
        self._rights = rights

    async def do(self, act: Pair | Unpair | ShowPairs, channel: ChannelRef, person: Person) -> str:
        """What is to be answered; also that the person may not. Raises BadRequest, StoreError."""
        if not self._rights.pairs(channel):
            raise BadRequest("Nobody is let in by codes here; the configuration says who may.")
        try:
            self._rights.require(Right.PAIR, person, channel)
        except NotAllowed as refused:
            return str(refused)
        match act:
            case Pair(code=code):
                found = await self._pairing.approve(code, person, channel.platform)
                return f"{_named(found.person)} may use me from now on, and is told so."
            case Unpair(person=id):
                gone = await self._pairing.remove(id, channel.platform)
                return f"{_named(gone.person)} may not use me any more."
            case ShowPairs():
                return await self._list(channel.platform)

    async def _list(self, platform: str) -> str:
        waiting, paired = await self._pairing.listed()
        lines = [
            f"- `{shown(one.code)}`: {_named(one.person)} waits"
            for one in waiting
            if one.channel.platform == platform
        ]
        lines += [
            f"- {_named(one.person)}, let in by {plain(one.by)}"
            for one in paired
            if one.channel.platform == platform
        ]
        more = len(lines) - _MOST
        if more > 0:
            lines[_MOST:] = [f"- and {more} more; `thaw pairs` shows all"]
        return "\n".join(lines) or "Nobody waits, and nobody was let in."


def _named(person: Person) -> str:
    return f"{plain(person.name)} ({plain(person.id)})"
