"""A message's way in: its place, its sender's right, what it replies to, its files, the door."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import structlog

from adapters.discord import files, translation
from adapters.discord.directory import Directory, Place
from adapters.discord.elsewhere import Elsewhere
from adapters.discord.fields import Payload, id_of
from adapters.discord.gate import Priority
from adapters.discord.mailboxes import Mailboxes
from adapters.discord.members import Members
from adapters.discord.missed import Missed
from adapters.discord.rendering import text_parts
from adapters.discord.rest import Rest
from adapters.discord.translation import Heard
from adapters.discord.writing import Writing
from core.errors import BadRequest, DeliveryFailed, DeliveryRefused, NotAllowed, StoreError
from core.messages import Edit, InboundEvent, Message, Person, Seen, ThreadRef
from core.ports import Door, Guard, Places, Window

log = structlog.get_logger(__name__)

_FIRST_WAIT_S, _LONGEST_WAIT_S, _TRIES = 0.5, 30.0, 12


class Intake:
    """Takes events of messages from the gateway; returns at once, works in order by channel."""

    def __init__(
        self,
        *,
        door: Door,
        guard: Guard,
        places: Places,
        window: Window,
        directory: Directory,
        rest: Rest,
        writing: Writing,
        mailboxes: Mailboxes,
        members: Members,
        elsewhere: Elsewhere,
        seen: Callable[[Seen], None],
        clock: Callable[[], float],
    ) -> None:
        self._door = door
        self._guard = guard
        self._places = places
        self._directory = directory
        self._rest = rest
        self._writing = writing
        self._mailboxes = mailboxes
        self._members = members
        self._elsewhere = elsewhere
        self._seen = seen
        self._clock = clock
        self.missed = Missed(
            rest, window, mailboxes, self._hear_late, self._edited_late, self._deleted_late
        )

    def take(self, event: str, payload: Payload) -> None:
        """An event of messages. Most are not for the bot and cost nothing more."""
        place = translation.place_of(payload, self._directory)
        if place is not None:
            self._take(event, payload, place)
        elif id_of(payload, "channel_id"):
            key = id_of(payload, "channel_id")
            self._mailboxes.put(key, partial(self._take_late, event, payload))

    async def _take_late(self, event: str, payload: Payload) -> None:
        place = await self._find(payload)
        if place is not None:
            self._take(event, payload, place)

    async def _hear_late(self, payload: Payload) -> None:
        """A message that was found in its channel."""
        place = await self._find(payload)
        heard = None if place is None else translation.heard(payload, self._directory, place)
        if heard is None:
            return
        message = heard.message
        if not self._guard.allows(message.author, message.thread.channel):
            # A message that is read, not told, comes without its author's roles.
            unknown = replace(message.author, outside=True)
            heard = replace(heard, message=replace(message, author=unknown))
        await self._hear(heard, payload)

    async def _edited_late(self, payload: Payload) -> None:
        """A message whose edit nobody told of."""
        place = await self._find(payload)
        edit = None if place is None else translation.edited(payload, self._directory, place)
        if edit is not None:
            await self._edited(edit)

    async def _deleted_late(self, payload: Payload) -> None:
        """A message whose deletion nobody told of."""
        place = await self._find(payload)
        if place is not None:
            for deletion in translation.deleted(payload, place, self._clock()):
                await self.bring(deletion)

    async def _find(self, payload: Payload) -> Place | None:
        """Its place, also if that was not announced: a thread that had been closed, say."""
        known = translation.place_of(payload, self._directory)
        if known is not None:
            return known
        try:
            found = await self._rest.ask(
                "GET", "/channels/{channel_id}", channel_id=id_of(payload, "channel_id")
            )
        except (DeliveryFailed, DeliveryRefused) as error:
            log.warning("a channel of Discord is not known", error=str(error))
            return None
        return self._directory.learn(found, id_of(payload, "guild_id"))

    def _take(self, event: str, payload: Payload, place: Place) -> None:
        match event:
            case "MESSAGE_CREATE":
                heard = translation.heard(payload, self._directory, place)
                if heard is not None:
                    self._glance(heard.message)
                    self._mailboxes.put(place.id, partial(self._hear, heard, payload))
            case "MESSAGE_UPDATE":
                edit = translation.edited(payload, self._directory, place)
                if edit is not None:
                    self._mailboxes.put(place.id, partial(self._edited, edit))
            case _:
                for deletion in translation.deleted(payload, place, self._clock()):
                    self._mailboxes.put(place.id, partial(self.bring, deletion))

    def _glance(self, message: Message) -> None:
        """Say that it was seen before anything that takes time, also before what came earlier in
        the channel is kept. Who has to be looked up has the sign when the core took the message."""
        if self._guard.allows(message.author, message.thread.channel):
            self._seen(Seen(thread=message.thread, message_id=message.id))

    async def _hear(self, heard: Heard, payload: Payload) -> None:
        message = replace(heard.message, author=await self._known(heard.message))
        if not self._guard.allows(message.author, message.thread.channel):
            # Nothing is looked up and no file fetched: the door knows what a stranger hears.
            await self.bring(message)
            return
        if not message.direct:
            self._members.met(message.author)
        self.missed.heard(payload, message.thread.thread)
        self._elsewhere.heard(message)
        self._writing.title(message.thread, message.text)
        if heard.answers:
            item = await self._places.item(message.thread.channel, heard.answers)
            message = replace(message, reply_to=item)
        if heard.uploads:
            message = replace(message, files=await files.fetch(heard.uploads, self._door))
        await self.bring(message)

    async def _edited(self, edit: Edit) -> None:
        await self.bring(replace(edit, author=await self._known(edit)))

    async def _known(self, event: Message | Edit) -> Person:
        """Who it is, asked for only where that decides."""
        person, allows = event.author, self._guard.allows
        channel = event.thread.channel
        if person.outside and not allows(person, channel):
            return await self._members.known(person, lambda one: allows(one, channel))
        return person

    async def bring(self, event: InboundEvent) -> None:
        """Hand an event to the core. While it cannot be kept, the channel's later ones wait."""
        wait = _FIRST_WAIT_S
        for _ in range(_TRIES):
            try:
                await self._door.accept(event)
                return
            except NotAllowed as refused:
                if refused.word:
                    await self.tell(event.thread, refused.word, event.id)
                return
            except BadRequest as error:
                await self.tell(event.thread, str(error), event.id)
                return
            except StoreError as error:
                log.warning("an event of Discord cannot be kept yet", error=str(error))
                await asyncio.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_S)
        log.error("an event of Discord was not kept", id=event.id)
        words = "I could not keep this and have given up: please say it again later."
        await self.tell(event.thread, words, event.id)

    async def tell(self, thread: ThreadRef, text: str, answers: str) -> None:
        """Say something that is not worth keeping."""
        for part in text_parts(text):
            try:
                await self._writing.send(
                    thread, part.body(), priority=Priority.ANSWER, answers=answers
                )
            except (DeliveryFailed, DeliveryRefused) as error:
                log.warning("a remark was not sent", error=str(error))
                return
