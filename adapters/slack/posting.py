"""Durable items to Slack, each part once. Renders nothing itself and paces no cards.

Before a part is sent, `?` and the part's name are kept in its place; after, the message's id. So
a part that may or may not be out, because the answer was lost or the process was killed, is known
as such and looked for by its metadata before it is sent again. `~` stands before the id of a
message that an answer is still streamed into, `!` before the word for why Slack took no file.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import structlog

from adapters.slack.api import Api, Busy, Refused, Unclear
from adapters.slack.events import Bot, Json
from adapters.slack.fields import map_of, maps_of, text_of, ts_of
from adapters.slack.files import Files
from adapters.slack.render import Part, Upload
from adapters.slack.status import Meter
from core.errors import DeliveryFailed, DeliveryRefused
from core.messages import Post, ThreadRef
from core.ports import Places

log = structlog.get_logger(__name__)


EVENT = "thaw_item"
_DEAD_TOKEN = {
    *("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"),
    *("missing_scope", "team_access_not_granted", "no_permission", "ekm_access_denied"),
}
# The token is sound, and lacks a right: some things can be done without it.
_NO_RIGHT = {"missing_scope", "no_permission"}
_NO_PLACE = {"channel_not_found", "not_in_channel", "is_archived", "invalid_channel"}
_DRESS = {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"}
_GONE = {"message_not_found", "cant_update_message", "edit_window_closed"}
_LATER_S = 600.0
_SOON_S = 1.0
_EARLIER_S = 3600.0  # clocks differ
_PAGE, _PAGES = 200, 10


class Undressed(Exception):
    """Slack refuses how the item is dressed; it may still take its words."""


class _NoFile(Exception):
    """Slack takes no file; it may still take words."""


class Posting:
    """Sends parts and knows which are out. `who` returns the bot once that is known."""

    def __init__(
        self, api: Api, places: Places, files: Files, who: Callable[[], Bot], meter: Meter
    ) -> None:
        self._api = api
        self._places = places
        self._files = files
        self._who = who
        self._meter = meter

    async def put(
        self, thread: ThreadRef, item: str, at: float, parts: Sequence[Part | Upload],
        known: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        """Send what is not out yet; `known` are the item's places, if they were looked up already.

        Raises DeliveryFailed, DeliveryRefused, Undressed.
        """
        marks = list(await self._places.of(thread.channel, item) if known is None else known)
        for number, part in enumerate(parts):
            mark = marks[number] if number < len(marks) else ""
            if mark and mark[0] not in "?~":
                continue
            # What was begun is looked for; what was never begun is not.
            found = await self._found(thread, item, number, at, part, mark) if mark else None
            if found is None:
                # Places of a part each: two parts of two items are never one.
                begun = f"?{item}:{number}"
                await self._keep(thread, item, marks, number, begun)
                found = await self._send(thread, item, number, part, marks)
            await self._keep(thread, item, marks, number, found)

    async def refused(
        self, thread: ThreadRef, item: str, parts: Sequence[Part | Upload]
    ) -> tuple[tuple[Upload, str], ...]:
        """The files of an item that Slack took not, each with its word for why."""
        if not any(isinstance(part, Upload) for part in parts):
            return ()
        marks = await self._places.of(thread.channel, item)
        return tuple(
            (part, mark[1:])
            for part, mark in zip(parts, marks, strict=False)
            if isinstance(part, Upload) and mark[0] == "!"
        )

    async def shown_again(
        self, thread: ThreadRef, marks: Sequence[str], parts: Sequence[Part | Upload]
    ) -> bool:
        """Whether the item, whose places are `marks`, was out whole already: then its messages show
        what it is now, and what it needs no more goes. Raises as `put`."""
        if len(marks) < len(parts) or any(mark[0] in "?~" for mark in marks):
            return False
        for mark, part in zip(marks, parts, strict=False):
            if isinstance(part, Part) and not mark.startswith("F"):
                await self.update(thread, mark, part)
        for mark in marks[len(parts) :]:
            with suppress(DeliveryRefused):  # gone already
                channel = thread.channel.channel
                if mark[0] not in "F!":
                    await self.guarded(self._api.call("chat.delete", channel=channel, ts=mark))
        return True

    async def whisper(self, post: Post, parts: Sequence[Part | Upload]) -> bool:
        """Show a post to the one person that it concerns; False where Slack lets nobody.

        Nobody can look for it afterwards: if the answer is lost it may be shown twice.
        """
        thread, person, first = post.thread, post.alone, parts[0]
        if person is None or not isinstance(first, Part):
            return False
        if await self._places.of(thread.channel, post.id):
            return True
        try:
            await self.guarded(
                self._api.call(
                    "chat.postEphemeral", channel=thread.channel.channel, user=person.id,
                    thread_ts=thread.thread or None, text=first.text, blocks=list(first.blocks),
                )
            )  # fmt: skip
        except (DeliveryRefused, Undressed) as error:
            log.info("not shown to one person alone", item=post.id, error=str(error))
            return False
        await self._places.keep(thread.channel, post.id, (f"!{post.id}",))
        return True

    async def shown(self, thread: ThreadRef, item: str) -> str | None:
        """The first message of an item, if it is surely out."""
        marks = await self._places.of(thread.channel, item)
        return marks[0] if marks and marks[0][0] not in "?~" else None

    async def update(self, thread: ThreadRef, ts: str, part: Part, **more: Any) -> None:
        """Replace what a message shows; one that a person deleted stays deleted."""
        try:
            await self.guarded(
                self._api.call(
                    "chat.update", channel=thread.channel.channel, ts=ts,
                    text=part.text, blocks=list(part.blocks), **more,
                )
            )  # fmt: skip
        except DeliveryRefused as error:
            if str(error) not in _GONE:
                raise

    async def guarded(self, call: Coroutine[Any, Any, Json]) -> Json:
        """A call's end in the words of the port. Raises DeliveryFailed, DeliveryRefused,
        Undressed."""
        try:
            return await call
        except Busy as error:
            raise DeliveryFailed(f"Slack is busy {error}", retry_after_s=error.wait_s) from error
        except Unclear as error:
            raise DeliveryFailed(str(error), retry_after_s=_SOON_S) from error
        except Refused as error:
            if error.error in _DEAD_TOKEN:
                problem = (
                    f"Slack does not accept the bot's token ({error.error}):"
                    " install the app again and set its new token"
                )
                self._meter.problem = problem
                raise DeliveryFailed(problem, retry_after_s=_LATER_S) from error
            if error.error in _DRESS:
                raise Undressed(error.error) from error
            raise DeliveryRefused(error.error) from error

    def metadata(self, item: str, number: int) -> Json:
        """What a part is known by, at Slack."""
        return {"event_type": EVENT, "event_payload": {"item": item, "part": number}}

    async def lost_stream(self, thread: ThreadRef, since: float) -> str | None:
        """The message of a stream whose start was not answered: ours, and without a name."""
        async for message in self._own(thread, since):
            nameless = not (message.get("metadata") or message.get("files"))
            if nameless and message["ts"] != thread.thread:
                return text_of(message, "ts")
        return None

    async def _keep(
        self, thread: ThreadRef, item: str, marks: list[str], number: int, mark: str
    ) -> None:
        marks[number:] = [mark]
        await self._places.keep(thread.channel, item, tuple(marks))

    async def _send(
        self, thread: ThreadRef, item: str, number: int, part: Part | Upload, marks: list[str]
    ) -> str:
        if isinstance(part, Upload):

            async def begun(file: str) -> None:
                await self._keep(thread, item, marks, number, f"?{file}")

            return await self._uploaded(thread, part, begun)
        try:
            answer = await self.guarded(
                self._api.call(
                    "chat.postMessage",
                    channel=thread.channel.channel,
                    thread_ts=thread.thread or None,
                    text=part.text,
                    blocks=list(part.blocks),
                    metadata=self.metadata(item, number),
                    unfurl_links=False,
                    unfurl_media=False,
                )
            )
        except (DeliveryRefused, Undressed):
            # Surely not out: next time there is nothing to look for.
            await self._places.keep(thread.channel, item, tuple(marks[:number]))
            raise
        ts = ts_of(answer, "ts")
        if ts is None:
            raise DeliveryFailed("Slack's answer names no message", retry_after_s=_SOON_S)
        return ts

    async def _uploaded(
        self, thread: ThreadRef, part: Upload, begun: Callable[[str], Coroutine[Any, Any, None]]
    ) -> str:
        async def uploaded() -> Json:
            try:
                file = await self._files.stored(part)
                await begun(file)
                await self._files.share(thread, file, part.name)
            except Refused as error:
                if error.error in _NO_PLACE or error.error in _DEAD_TOKEN - _NO_RIGHT:
                    raise
                raise _NoFile(error.error) from error
            return {"file": file}

        try:
            return str((await self.guarded(uploaded()))["file"])
        except _NoFile as error:
            log.warning("Slack takes no file", error=str(error))
            return f"!{error}"

    async def _found(
        self, thread: ThreadRef, item: str, number: int, at: float, part: Part | Upload, mark: str
    ) -> str | None:
        if isinstance(part, Upload):
            file = mark.removeprefix("?")
            known = file.startswith("F") and await self._files.is_shared(thread, file)
            return file if known else None
        if mark[0] == "~":
            return None
        async for message in self._own(thread, at - _EARLIER_S):
            payload = map_of(map_of(message, "metadata"), "event_payload")
            if (payload.get("item"), payload.get("part")) == (item, number):
                log.info("was out already", item=item, part=number)
                # As it was when it was sent: a card or a question may have moved on since.
                await self.update(thread, text_of(message, "ts"), part)
                return text_of(message, "ts")
        return None

    async def _own(self, thread: ThreadRef, since: float) -> AsyncIterator[Json]:
        """The bot's messages of a thread, or of the channel's main line."""
        bot, cursor = self._who(), ""
        method = "conversations.replies" if thread.thread else "conversations.history"
        for _ in range(_PAGES):
            page = await self.guarded(
                self._looked(
                    method,
                    channel=thread.channel.channel,
                    ts=thread.thread or None,
                    oldest=f"{max(0.0, since):.6f}",
                    inclusive="true",
                    include_all_metadata="true",
                    limit=_PAGE,
                    cursor=cursor or None,
                )
            )
            for message in maps_of(page, "messages"):
                if ts_of(message, "ts") is None:
                    continue
                if message.get("bot_id") == bot.bot_id or message.get("user") == bot.user:
                    yield message
            cursor = text_of(map_of(page, "response_metadata"), "next_cursor")
            if not cursor:
                return

    async def _looked(self, method: str, **arguments: Any) -> Json:
        """A page of messages; an empty one where Slack lets the bot see none: to send twice is
        better than never."""
        try:
            return await self._api.call(method, **arguments)
        except Refused as error:
            if error.error in _DEAD_TOKEN - _NO_RIGHT:
                raise
            log.warning("what is out already cannot be looked for", error=error.error)
            return {}
