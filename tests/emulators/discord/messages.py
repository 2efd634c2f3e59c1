"""The emulated REST routes of channels, messages, threads and reactions."""

import asyncio
import json
import time
from typing import Any

from aiohttp import BodyPartReader, web

from tests.emulators.discord import refusals
from tests.emulators.discord.gateway import Gateway, message_event
from tests.emulators.discord.refusals import Refused, unknown
from tests.emulators.discord.world import (
    DM,
    FORUM,
    PUBLIC_THREAD,
    THREADS,
    VOICE,
    Channel,
    Payload,
    Posted,
    World,
    snowflake,
)


async def read_body(request: web.Request) -> tuple[Payload, dict[str, bytes]]:
    """The JSON and the files of a request, however they came."""
    if not request.content_type.startswith("multipart/"):
        return (await request.json() if request.can_read_body else {}), {}
    body: Payload = {}
    files: dict[str, bytes] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        if part.name == "payload_json":
            body = json.loads(await part.text())
        else:
            files[part.filename or "unknown"] = bytes(await part.read(decode=False))
    return body, files


class Messages:
    """What the bot does in channels."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self.world = world
        self.gateway = gateway
        self.forbidden: dict[str, int] = {}
        # What the bot may not in a channel and its threads: send, send in threads, threads,
        # embeds, files, reactions, history.
        self.lacking: dict[str, set[str]] = {}
        self.typing: list[str] = []
        self.base = ""
        self._nonces: dict[str, Posted] = {}
        self._changed = asyncio.Condition()

    async def changed(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, seen: Any, seconds: float = 60) -> None:
        """Return when `seen()` is true; asked again after every change."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(seen), seconds)

    def channel(self, request: web.Request) -> Channel:
        id = request.match_info["channel"]
        if id not in self.world.channels:
            raise unknown(10003, "Channel")
        code = self.forbidden.get(id)
        if code is not None:
            raise Refused(403, code, "Missing Access" if code == 50001 else "Missing Permissions")
        return self.world.channels[id]

    def lacks(self, channel: Channel, right: str) -> bool:
        return any(right in self.lacking.get(id or "", ()) for id in (channel.id, channel.parent))

    def _need(self, channel: Channel, right: str) -> None:
        if self.lacks(channel, right):
            raise Refused(403, 50013, "Missing Permissions")

    def message(self, request: web.Request) -> Posted:
        channel = self.channel(request)
        found = channel.messages.get(request.match_info["message"])
        if found is None:
            raise unknown(10008, "Message")
        return found

    async def open_direct(self, request: web.Request) -> Payload:
        """The channel that the bot and a person write in directly; it comes to be by this."""
        user = self.world.users.get(str((await request.json()).get("recipient_id")))
        if user is None:
            raise unknown(10013, "User")
        known = (c for c in self.world.channels.values() if c.type == DM and c.owner == user.id)
        found = next(known, None) or self.world.channel(None, DM, owner=user)
        return found.payload(self.world.me.id)

    async def send(self, request: web.Request) -> Payload:
        body, files = await read_body(request)
        channel = self.channel(request)
        if channel.type == FORUM:
            raise Refused(400, 50008, "Cannot send messages in a non-text channel")
        if channel.closed:
            raise Refused(403, 50007, "Cannot send messages to this user")
        refusals.message(body, files)
        self._permitted(channel, body, files)
        if channel.archived:
            if channel.locked:
                raise Refused(400, 50083, "Thread is archived")
            channel.archived = False
        elif channel.locked:
            raise Refused(400, 160005, "This thread is locked.")
        nonce = body.get("nonce")
        if nonce and body.get("enforce_nonce") and nonce in self._nonces:
            return self._nonces[nonce].payload(self.world.users)
        message = self._made(channel, body, files)
        if nonce:
            self._nonces[nonce] = message
        await self.post(message)
        return message.payload(self.world.users)

    def _permitted(self, channel: Channel, body: Payload, files: dict[str, bytes]) -> None:
        """Refuse what the bot may not, and take out what Discord leaves out in silence."""
        self._need(channel, "send in threads" if channel.type in THREADS else "send")
        if files:
            self._need(channel, "files")
        if body.get("message_reference") and self.lacks(channel, "history"):
            raise Refused(403, 160002, "Cannot reply without permission to read message history")
        if body.get("embeds") and not body.get("content"):
            self._need(channel, "embeds")

    def _made(self, channel: Channel, body: Payload, files: dict[str, bytes]) -> Posted:
        reference = body.get("message_reference")
        answers = channel.messages.get(reference["message_id"]) if reference else None
        if reference and answers is None and reference.get("fail_if_not_exists", True):
            raise refusals.bad("message_reference", "Unknown message")
        if channel.type in THREADS:
            channel.members.add(self.world.me.id)
        message = Posted(channel, self.world.me, body.get("content") or "", answers=answers)
        message.nonce = body.get("nonce")
        self.fill(message, body, files)
        return message

    def fill(self, message: Posted, body: Payload, files: dict[str, bytes]) -> None:
        """Put what a request says into a message."""
        shut = self.lacks(message.channel, "embeds")
        message.embeds = [] if shut else body.get("embeds") or []
        message.components = body.get("components") or []
        message.flags = body.get("flags", 0)
        message.pinged = _pinged(message.content, body.get("allowed_mentions"))
        self.attach(message, files)

    def attach(self, message: Posted, files: dict[str, bytes]) -> None:
        for name, content in files.items():
            id = snowflake()
            message.files[name] = content
            message.attachments.append(
                {
                    "id": id, "filename": name, "size": len(content),
                    "url": f"{self.base}/cdn/{message.channel.id}/{message.id}/{name}",
                    "proxy_url": "", "content_type": "application/octet-stream",
                }
            )  # fmt: skip

    async def post(self, message: Posted) -> None:
        message.channel.messages[message.id] = message
        await self.changed()
        event = message_event(message, self.world)
        await self.gateway.dispatch("MESSAGE_CREATE", event, message.channel.guild)

    async def edit(self, request: web.Request) -> Payload:
        body, files = await read_body(request)
        message = self.message(request)
        if message.author is not self.world.me:
            raise Refused(403, 50005, "Cannot edit a message authored by another user")
        refusals.message(body, files, edit=True)
        if files:
            self._need(message.channel, "files")
        if self.lacks(message.channel, "embeds"):
            body["embeds"] = []
            if not body.get("content") and not body.get("components"):
                raise Refused(400, 50006, "Cannot send an empty message")
        if "attachments" in body:
            named = {str(one["id"]) for one in body["attachments"]}
            message.attachments = [one for one in message.attachments if one["id"] in named]
            files = {name: files[name] for at, name in enumerate(files) if str(at) in named}
        self.attach(message, files)
        await self.change(message, body)
        return message.payload(self.world.users)

    async def change(self, message: Posted, body: Payload) -> None:
        message.history.append(message.content or json.dumps(message.embeds))
        message.content = message.content if body.get("content") is None else body["content"]
        message.embeds = body.get("embeds", message.embeds) or []
        message.components = body.get("components", message.components) or []
        message.edited_at = time.time()
        await self.changed()
        event = message_event(message, self.world)
        await self.gateway.dispatch("MESSAGE_UPDATE", event, message.channel.guild)

    async def delete(self, request: web.Request) -> None:
        message = self.message(request)
        await self.remove(message)

    async def remove(self, message: Posted) -> None:
        del message.channel.messages[message.id]
        message.channel.gone.append(message)
        await self.changed()
        gone = {"id": message.id, "channel_id": message.channel.id}
        if message.channel.guild is not None:
            gone["guild_id"] = message.channel.guild
        await self.gateway.dispatch("MESSAGE_DELETE", gone, message.channel.guild)

    async def get(self, request: web.Request) -> Payload:
        return self.message(request).payload(self.world.users)

    async def before(self, request: web.Request) -> list[Payload]:
        channel = self.channel(request)
        before = int(request.query.get("before", 2**63))
        older = [one for one in channel.messages.values() if int(one.id) < before]
        limit = int(request.query.get("limit", 50))
        return [one.payload(self.world.users) for one in reversed(older[-limit:])]

    async def react(self, request: web.Request) -> None:
        message = self.message(request)
        self._need(message.channel, "reactions")
        message.reactions.append(request.match_info["emoji"])
        await self.changed()

    async def unreact(self, request: web.Request) -> None:
        reactions = self.message(request).reactions
        if request.match_info["emoji"] in reactions:
            reactions.remove(request.match_info["emoji"])

    async def type(self, request: web.Request) -> None:
        self.typing.append(self.channel(request).id)
        await self.changed()

    async def thread(self, request: web.Request) -> Payload:
        message = self.message(request)
        self._need(message.channel, "threads")
        body = await request.json()
        refusals.at_most(body.get("name"), 100, "name", 1)
        if body.get("auto_archive_duration", 1440) not in (60, 1440, 4320, 10080):
            raise refusals.bad("auto_archive_duration", "not one of the values")
        if message.channel.type in (DM, VOICE, *THREADS):
            raise Refused(400, 50024, "Cannot execute action on this channel type")
        if message.id in self.world.channels:
            raise Refused(400, 160004, "A thread has already been created for this message")
        guild = self.world.guilds[message.channel.guild or ""]
        thread = self.world.channel(
            guild, PUBLIC_THREAD, parent=message.channel, owner=self.world.me, name=body["name"],
            id=message.id,
        )  # fmt: skip
        payload = thread.payload(self.world.me.id)
        await self.gateway.dispatch("THREAD_CREATE", payload, guild.id)
        await self.changed()
        return payload

    async def show_channel(self, request: web.Request) -> Payload:
        return self.channel(request).payload(self.world.me.id)

    async def change_channel(self, request: web.Request) -> Payload:
        channel = self.channel(request)
        body = await request.json()
        if channel.locked:
            raise Refused(403, 50013, "Missing Permissions")
        channel.archived = body.get("archived", channel.archived)
        return channel.payload(self.world.me.id)

    async def download(self, request: web.Request) -> web.Response:
        channel = self.world.channels[request.match_info["channel"]]
        message = channel.messages[request.match_info["message"]]
        return web.Response(body=message.files[request.match_info["name"]])


def _pinged(content: str, allowed: Payload | None) -> list[str]:
    """Who is notified: everybody named, unless the message says who may be."""
    if allowed is None:
        return ["everyone"] if "@everyone" in content or "@here" in content else []
    pinged = [id for id in allowed.get("users", []) if f"<@{id}>" in content]
    if "everyone" in allowed.get("parse", []) and "@everyone" in content:
        pinged.append("everyone")
    return pinged
