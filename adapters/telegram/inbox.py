"""One update's way into the core, and the short answers that belong to it. Keeps no order."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

import structlog

from adapters.telegram.address import Spot, channel_ref, topic_of
from adapters.telegram.addressing import Me
from adapters.telegram.albums import Albums
from adapters.telegram.api import Api
from adapters.telegram.chores import Chores
from adapters.telegram.details import Details, job_of
from adapters.telegram.files import fetch
from adapters.telegram.forms import Forms
from adapters.telegram.keys import FILES
from adapters.telegram.moves import Moves
from adapters.telegram.payload import Fields
from adapters.telegram.presses import Presses
from adapters.telegram.styled import LONGEST, Styled, start_of
from adapters.telegram.translate import (
    Edited,
    Event,
    Moved,
    Pressed,
    Removed,
    Said,
    place,
    translate,
)
from core.errors import BadRequest, NotAllowed
from core.messages import Edit, Message, Press, Seen, ThreadRef
from core.messages.queries import ReadMessages
from core.messages.views import Messages
from core.ports import Door, Guard, Places, Window

log = structlog.get_logger(__name__)


class Inbox:
    """Takes updates up. `take` returns when an update needs no second look."""

    def __init__(
        self,
        *,
        door: Door,
        guard: Guard,
        window: Window,
        places: Places,
        api: Api,
        moves: Moves,
        chores: Chores,
        presses: Presses,
        seen: Callable[[Seen], None],
        album_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._door = door
        self._guard = guard
        self._places = places
        self._api = api
        self._moves = moves
        self._chores = chores
        self._presses = presses
        self._window = window
        self._seen = seen
        self._forms = Forms(api, places, window)
        self._details = Details(api, places, window)
        self._clock = clock
        self._albums = Albums(album_s)

    def glance(self, update: Fields, me: Me) -> None:
        """Say that a message was seen, to those whom the bot answers; returns at once. Each update
        comes here before any `take` of its place.

        What needs a look into the store to be understood has its sign when the core took it.
        """
        self._albums.see(update)
        where = place(update)
        home = None if where is None else self._moves.known(where[0])
        if home is None or "message" not in update:
            return
        event = translate(update, me, home, 0.0)
        if not isinstance(event, Said):
            return
        message = event.message
        allowed = self._guard.allows(message.author, message.thread.channel)
        if allowed and self._albums.to_sign(update):
            self._seen(Seen(thread=message.thread, message_id=message.id))

    async def take(self, update: Fields, me: Me) -> None:
        """Hand the update to the core. Raises StoreError: it is to be offered again."""
        where = place(update)
        home = 0 if where is None else await self._moves.home(where[0])
        event = await self._albums.event(update, me, home, self._clock())
        if event is not None:
            await self._event(event)

    async def _event(self, event: Event) -> None:
        match event:
            case Said():
                await self._said(event)
            case Pressed():
                await self._pressed(event)
            case Edited(edit=edit):
                await self._edited(edit)
            case Moved(old=old, new=new):
                if await self._used(old):
                    await self._moves.learn(old, new)
            case Removed(chat=chat):
                log.warning("the bot was removed from a chat, or blocked", chat=chat)
            case _ as unreachable:
                assert_never(unreachable)

    async def _used(self, chat: int) -> bool:
        """Whether anybody was heard there: groups of strangers leave no file."""
        home = channel_ref(await self._moves.home(chat))
        view = await self._window.look(ReadMessages(channel=home, limit=1))
        return isinstance(view, Messages) and view.newest > 0

    async def _said(self, said: Said) -> None:
        message = said.message
        if not self._guard.allows(message.author, message.thread.channel):
            # Nothing is looked up and no file fetched: the door knows what a stranger hears.
            await self._offer(said, message)
            return
        item = await self._item(message.thread, said.replied)
        press = None if item is None else self._forms.answered(item, said)
        if press is None:
            message = await self._whole(said, item)
        await self._offer(said, message if press is None else press)

    async def _offer(self, said: Said, event: Message | Press) -> None:
        try:
            await self._door.accept(event)
        except NotAllowed as refused:
            if refused.word:
                self._tell(said.spot, event.thread, refused.word)
        except BadRequest as error:
            self._tell(said.spot, event.thread, str(error))

    async def _whole(self, said: Said, item: str | None) -> Message:
        message = replace(said.message, reply_to=item)
        if not said.files:
            return message
        return replace(message, files=await fetch(self._api.bot, said.files, self._door))

    async def _edited(self, edit: Edit) -> None:
        try:
            await self._door.accept(edit)
        except (NotAllowed, BadRequest) as error:
            log.info("an edit was not taken", edit=edit.id, error=str(error))

    async def _pressed(self, pressed: Pressed) -> None:
        press = pressed.press
        if not self._guard.allows(press.person, press.thread.channel):
            return
        if pressed.asks or job_of(press.action) is not None:
            work = self._looked_up(pressed)
        else:
            self._presses.taken(press.id)
            try:
                await self._door.accept(press)
            except NotAllowed:
                self._presses.forget(press.id)
                return
            except BadRequest as error:
                self._presses.refused(press.id, str(error))
            work = self._presses.settled(press.id)
        self._chores.spawn(work, f"telegram {press.action} by {press.id}")

    async def _looked_up(self, pressed: Pressed) -> None:
        """Show details, or ask for words, if there is what the button is about."""
        job, id = job_of(pressed.press.action), pressed.press.id
        if job is None:
            refused = await self._forms.refused(pressed)
            await self._presses.answer(id, refused)
            if not refused:
                await self._forms.ask(pressed)
            return
        view = await self._details.find(pressed, job)
        # The button is answered first: the message may have to wait for its turn.
        await self._presses.answer(id, view if isinstance(view, str) else "")
        if not isinstance(view, str):
            await self._details.show(pressed, view)

    async def _item(self, thread: ThreadRef, replied: Spot | None) -> str | None:
        if replied is None:
            return None
        home = await self._moves.home(replied.chat)
        item = await self._places.item(channel_ref(home), str(replied))
        return None if item is None else item.removesuffix(FILES)

    def _tell(self, at: Spot, thread: ThreadRef, text: str) -> None:
        async def send() -> None:
            await self._api.turn(at.chat)
            said = start_of(Styled(text=text.replace("@", "@\u2060")), LONGEST)
            topic = topic_of(thread)
            await self._api.send(at.chat, said, topic=topic, reply_to=at.message)

        self._chores.spawn(send(), f"telegram word to {at}")
