"""Where a thread of the core is on Discord, and writing there: threads made, opened, gone."""

from collections import OrderedDict
from collections.abc import Sequence

from adapters.discord.directory import Directory
from adapters.discord.fields import Payload, id_of, part
from adapters.discord.gate import Priority
from adapters.discord.rest import (
    LACKS_ACCESS,
    LACKS_HISTORY,
    LACKS_RIGHT,
    THREAD_ARCHIVED,
    THREAD_LOCKED,
    THREADS_FULL,
    UNKNOWN_CHANNEL,
    Refusal,
    Rest,
)
from adapters.discord.splitting import shortened
from core.messages import ThreadRef

_REMEMBERED = 5_000
_ARCHIVE_AFTER_MIN = 4320
_MESSAGES = "/channels/{channel_id}/messages"
_SHUT = (UNKNOWN_CHANNEL, THREAD_ARCHIVED, THREAD_LOCKED)
_NO_THREADS = (LACKS_ACCESS, LACKS_RIGHT, THREADS_FULL)

Json = dict[str, object]


class Writing:
    """Sends messages into threads; one that cannot be had is written into its channel instead."""

    def __init__(self, rest: Rest, directory: Directory) -> None:
        self._rest = rest
        self._directory = directory
        self._titles: OrderedDict[str, str] = OrderedDict()
        # Threads that stand though nobody announced them, and those that cannot be had.
        self._standing: OrderedDict[str, None] = OrderedDict()
        self._lost: OrderedDict[str, None] = OrderedDict()

    def title(self, thread: ThreadRef, text: str) -> None:
        """What a thread would be called, should it have to be made."""
        if thread.thread and thread.thread not in self._titles:
            self._titles[thread.thread] = " ".join(text.split())
            while len(self._titles) > _REMEMBERED:
                self._titles.popitem(last=False)

    def where(self, thread: ThreadRef) -> str:
        """The channel id that messages of this thread are in."""
        if thread.thread and thread.thread not in self._lost:
            return thread.thread
        return thread.channel.channel

    async def send(
        self,
        thread: ThreadRef,
        body: Json,
        files: Sequence[tuple[str, bytes]] = (),
        *,
        priority: Priority = Priority.ANSWER,
        answers: str = "",
    ) -> Payload:
        """Send one message; `answers` is the message it replies to where there are no threads.

        Returns the message. Raises Refusal or DeliveryFailed.
        """
        if thread.thread and thread.thread not in self._lost:
            await self._stand(thread)
            if thread.thread not in self._lost:
                try:
                    return await self._into_thread(thread.thread, body, files, priority)
                except Refusal as refusal:
                    plain = not files and not body.get("embeds")
                    if refusal.code not in _SHUT and not (plain and refusal.code == LACKS_RIGHT):
                        raise
                    self._keep(thread.thread, False)
        answers = thread.thread or answers
        if answers.isdigit() and thread.channel.workspace != "dm":
            return await self._reply(thread.channel.channel, answers, body, files, priority)
        return await self._post(thread.channel.channel, body, files, priority)

    def heard(self, event: str, payload: Payload) -> None:
        """An event of the gateway: a thread that could not be had may be had again."""
        if event == "GUILD_CREATE":
            self._lost.clear()
        elif event in ("MESSAGE_CREATE", "THREAD_CREATE", "THREAD_UPDATE"):
            self._lost.pop(
                id_of(payload, "channel_id" if event == "MESSAGE_CREATE" else "id"), None
            )

    async def _reply(
        self, channel: str, answers: str, body: Json, files: Sequence[tuple[str, bytes]],
        priority: Priority,
    ) -> Payload:  # fmt: skip
        reference = {"message_id": answers, "fail_if_not_exists": False}
        try:
            return await self._post(
                channel, body | {"message_reference": reference}, files, priority
            )
        except Refusal as refusal:
            if refusal.code != LACKS_HISTORY:
                raise
            return await self._post(channel, body, files, priority)

    async def _into_thread(
        self, id: str, body: Json, files: Sequence[tuple[str, bytes]], priority: Priority
    ) -> Payload:
        try:
            made = await self._post(id, body, files, priority)
        except Refusal as refusal:
            if refusal.code not in (THREAD_ARCHIVED, THREAD_LOCKED):
                raise
            try:
                await self._rest.ask(
                    "PATCH", "/channels/{channel_id}", body={"archived": False}, channel_id=id
                )
            except Refusal as closed:
                raise refusal from closed
            made = await self._post(id, body, files, priority)
        self._directory.joined(id)
        return made

    async def _post(
        self, channel: str, body: Json, files: Sequence[tuple[str, bytes]], priority: Priority
    ) -> Payload:
        return await self._rest.ask(
            "POST", _MESSAGES, priority=priority, body=body, files=files, channel_id=channel
        )

    async def _stand(self, thread: ThreadRef) -> None:
        """Make the thread that hangs on a message, unless it is there."""
        id = thread.thread
        if id in self._standing or self._directory.thread_known(id):
            return
        name = shortened(self._titles.get(id, ""), 80).strip() or "Thaw"
        body = {"name": name, "auto_archive_duration": _ARCHIVE_AFTER_MIN}
        try:
            made = await self._rest.ask(
                "POST", _MESSAGES + "/{message_id}/threads", body=body,
                channel_id=thread.channel.channel, message_id=id,
            )  # fmt: skip
        except Refusal as refusal:
            # It may stand, also without its message, and a forum's post always does: sending tells.
            self._keep(id, refusal.code not in _NO_THREADS)
            return
        self._directory.learn(made, thread.channel.workspace)
        self._keep(id_of(made) or id, True)

    def _keep(self, id: str, stands: bool) -> None:
        kept, other = self._standing, self._lost
        if not stands:
            kept, other = other, kept
        other.pop(id, None)
        kept[id] = None
        kept.move_to_end(id)
        while len(kept) > _REMEMBERED:
            kept.popitem(last=False)


def same(sent: Json, got: Payload) -> bool:
    """Whether a message says what was sent: with a nonce that was used before, Discord answers
    with the earlier message, whatever it says."""
    if str(sent.get("content") or "").strip() != str(got.get("content") or "").strip():
        return False
    wanted, found = sent.get("embeds"), got.get("embeds")
    if not isinstance(wanted, list) or not isinstance(found, list):
        return True
    return [_essence(one) for one in wanted] == [_essence(one) for one in found]


def _essence(embed: object) -> object:
    if not isinstance(embed, dict):
        return None
    fields = [(one.get("name"), one.get("value")) for one in embed.get("fields", []) if one]
    return embed.get("title"), embed.get("description"), fields, part(embed, "footer").get("text")
