"""Files that somebody sends together: Telegram tells of each by itself. Keeps none."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from adapters.telegram.addressing import Me
from adapters.telegram.payload import Fields, number, part, words
from adapters.telegram.translate import Event, Said, translate

_MOST = 10  # files in one album
_KNOWN = 500


@dataclass(slots=True, kw_only=True)
class _Album:
    """`taken` are the updates that `event` says together, told with the update `first`. `signed`:
    one of its files has the sign that it was seen."""

    updates: dict[int, Fields] = field(default_factory=dict)
    taken: frozenset[int] = frozenset()
    first: int | None = None
    event: Event | None = None
    signed: bool = False
    more: asyncio.Event = field(default_factory=asyncio.Event)


class Albums:
    """Joins the updates of an album, which is over when for `quiet_s` none has come.

    A file that comes later is a message of its own, for the bot if its album was.
    """

    def __init__(self, quiet_s: float) -> None:
        self._quiet_s = quiet_s
        self._known: OrderedDict[tuple[int, str], _Album] = OrderedDict()

    def see(self, update: Fields) -> None:
        """An update has come; those of one album may then wait for each other."""
        key, id = _key(update), number(update, "update_id")
        if key is None or id is None:
            return
        album = self._known.setdefault(key, _Album())
        if album.first is None:
            album.updates[id] = update
            album.more.set()
        if len(self._known) > _KNOWN:
            self._known.popitem(last=False)

    def to_sign(self, update: Fields) -> bool:
        """Whether this one is to have the sign that it was seen: of an album one file has it."""
        key = _key(update)
        album = None if key is None else self._known.get(key)
        if album is None:
            return True
        signed, album.signed = album.signed, True
        return not signed

    async def event(self, update: Fields, me: Me, home: int, now: float) -> Event | None:
        """What the update says, with what came with it; None if that is told with another one.

        Parameters as for `translate`. Updates of a place are asked for one after another, and one
        that was not kept is asked for again.
        """
        key, id = _key(update), number(update, "update_id")
        album = None if key is None else self._known.get(key)
        if album is None:
            return translate(update, me, home, now)
        if album.first is None:
            await self._over(album)
            together = [album.updates[one] for one in sorted(album.updates)]
            album.event = _joined(together, me, home, now)
            album.first, album.taken = id, frozenset(album.updates)
            album.updates.clear()
        if id == album.first:
            return album.event
        if id in album.taken:
            return None
        return translate(update, me, home, now, meant=album.event is not None)

    async def _over(self, album: _Album) -> None:
        while len(album.updates) < _MOST:
            album.more.clear()
            try:
                async with asyncio.timeout(self._quiet_s):
                    await album.more.wait()
            except TimeoutError:
                return


def _key(update: Fields) -> tuple[int, str] | None:
    message = part(update, "message")
    name, chat = words(message, "media_group_id"), number(part(message, "chat"), "id")
    return None if not name or chat is None else (chat, name)


def _joined(updates: list[Fields], me: Me, home: int, now: float) -> Event | None:
    """One message with all files and words, if one of them is for the bot."""
    if len(updates) == 1:
        return translate(updates[0], me, home, now)
    if not any(translate(one, me, home, now) for one in updates):
        return None
    events = [translate(one, me, home, now, meant=True) for one in updates]
    said = [one for one in events if isinstance(one, Said)]
    if not said:
        return None
    texts = dict.fromkeys(one.message.text for one in said)
    # What they answer is quoted with each.
    whole = [text for text in texts if not any(text != one and text in one for one in texts)]
    return replace(
        said[0],
        message=replace(said[0].message, text="\n\n".join(whole)),
        files=tuple(file for one in said for file in one.files),
        replied=next((one.replied for one in said if one.replied is not None), None),
    )
