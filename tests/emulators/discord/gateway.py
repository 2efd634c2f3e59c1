"""The emulated gateway: sessions, heartbeats, resume, replay, and the ways a connection dies."""

import asyncio
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.emulators.discord.world import Payload, Posted, World, snowflake

MESSAGE_CONTENT = 1 << 15
_NEEDS = {"MESSAGE_CREATE": (1 << 9, 1 << 12), "MESSAGE_UPDATE": (1 << 9, 1 << 12)}


class Socket:
    """One connection with its compression."""

    def __init__(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        self.ws = ws
        self.request = request
        self.silent = False
        packed = request.query.get("compress") == "zlib-stream"
        self._zlib = zlib.compressobj() if packed else None

    async def send(self, op: int, data: object = None, event: str = "", seq: int = 0) -> None:
        if self.silent or self.ws.closed:
            return
        frame: Payload = {"op": op, "d": data}
        if event:
            frame |= {"t": event, "s": seq}
        await self.raw(json.dumps(frame))

    async def raw(self, text: str) -> None:
        try:
            if self._zlib is None:
                await self.ws.send_str(text)
            else:
                packed = self._zlib.compress(text.encode())
                await self.ws.send_bytes(packed + self._zlib.flush(zlib.Z_SYNC_FLUSH))
        except ConnectionError:
            pass

    def cut(self) -> None:
        if self.request.transport is not None:
            self.request.transport.abort()


@dataclass(slots=True, eq=False)
class Session:
    intents: int
    shard: tuple[int, int]
    id: str = field(default_factory=snowflake)
    seq: int = 0
    events: list[tuple[int, str, Payload]] = field(default_factory=list)
    socket: Socket | None = None
    dead: bool = False


class Gateway:
    """Every session, and the buttons a test presses to break them."""

    def __init__(self, world: World, token: str, url: str = "") -> None:
        self.world = world
        self.token = token
        self.url = url
        self.resume_url = ""
        self.heartbeat_ms = 41_250
        self.granted = ~0
        self.sessions: list[Session] = []
        self.sockets: list[Socket] = []
        self.log: list[str] = []
        self.refuse_with: int | None = None
        self.keep_unready = False
        self.identified_with: int | None = None
        self._moved = asyncio.Condition()

    async def happened(self, word: str, times: int = 1) -> None:
        """Return when the log holds this word so often (identify, ready, resumed, closed...)."""
        async with self._moved:
            await asyncio.wait_for(self._moved.wait_for(lambda: self.log.count(word) >= times), 60)

    async def note(self, word: str) -> None:
        async with self._moved:
            self.log.append(word)
            self._moved.notify_all()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self.refuse_with is not None:
            await self.note("refused")
            return web.Response(status=self.refuse_with, text="<html>no</html>")
        ws = web.WebSocketResponse(max_msg_size=4096, autoping=True)
        await ws.prepare(request)
        socket = Socket(ws, request)
        self.sockets.append(socket)
        await self.note("connected")
        await socket.send(10, {"heartbeat_interval": self.heartbeat_ms})
        session: Session | None = None
        try:
            async for frame in ws:
                if frame.type is not WSMsgType.TEXT:
                    break
                body = json.loads(frame.data)
                session = await self._frame(socket, session, body)
        finally:
            self.sockets.remove(socket)
            if session is not None and session.socket is socket:
                session.socket = None
            await self.note("closed")
        return ws

    async def _frame(
        self, socket: Socket, session: Session | None, body: Payload
    ) -> Session | None:
        op, data = body.get("op"), body.get("d")
        if op == 1:
            await self.note("heartbeat")
            await socket.send(11)
            return session
        if op == 2 and session is None and isinstance(data, dict):
            return await self._identify(socket, data)
        if op == 6 and session is None and isinstance(data, dict):
            return await self._resume(socket, data)
        if op in (2, 6):
            await socket.ws.close(code=4005)
        elif session is None:
            await socket.ws.close(code=4003)
        elif op not in (3, 4, 8):
            await socket.ws.close(code=4001)
        return session

    async def _identify(self, socket: Socket, data: Payload) -> Session | None:
        await self.note("identify")
        if data["token"] != self.token:
            await socket.ws.close(code=4004)
            return None
        if self.identified_with is not None:
            await socket.ws.close(code=self.identified_with)
            return None
        if data["intents"] & ~self.granted:
            await socket.ws.close(code=4014)
            return None
        number, count = data.get("shard", (0, 1))
        session = Session(data["intents"], (number, count), socket=socket)
        if self.keep_unready:
            return session
        self.sessions.append(session)
        guilds = [one for one in self.world.guilds.values() if _is_of(session, one.id)]
        ready = {
            "v": 10, "user": self.world.me.payload(), "session_id": session.id,
            "guilds": [{"id": one.id, "unavailable": True} for one in guilds],
            "resume_gateway_url": self.resume_url or self.url, "shard": [number, count],
            "application": {"id": self.world.me.id, "flags": 0},
        }  # fmt: skip
        await self._to(session, "READY", ready)
        await self.note("ready")
        for guild in guilds:
            await self._to(session, "GUILD_CREATE", self.world.guild_payload(guild))
        return session

    async def _resume(self, socket: Socket, data: Payload) -> Session | None:
        await self.note("resume")
        found = [one for one in self.sessions if one.id == data["session_id"] and not one.dead]
        if not found or data["token"] != self.token or (data["seq"] or 0) > found[0].seq:
            await socket.send(9, False)
            return None
        session = found[0]
        session.socket = socket
        for seq, event, payload in session.events:
            if seq > data["seq"]:
                await socket.send(0, payload, event, seq)
        session.seq += 1
        await socket.send(0, {}, "RESUMED", session.seq)
        await self.note("resumed")
        return session

    async def dispatch(self, event: str, payload: Payload, guild: str | None) -> None:
        """Send an event to every session that is to see it, now or when it resumes."""
        for session in self.sessions:
            if session.dead or not _is_of(session, guild):
                continue
            in_guild, in_dm = _NEEDS.get(event, (0, 0))
            needed = in_guild if guild else in_dm
            if session.intents & needed == needed:
                await self._to(session, event, self._seen(session, event, payload, guild))

    async def _to(self, session: Session, event: str, payload: Payload) -> None:
        session.seq += 1
        session.events.append((session.seq, event, payload))
        if session.socket is not None:
            await session.socket.send(0, payload, event, session.seq)

    def _seen(self, session: Session, event: str, payload: Payload, guild: str | None) -> Payload:
        """Without the privileged intent, only what is for the bot has its words."""
        me = self.world.me.id
        if event not in _NEEDS or guild is None or session.intents & MESSAGE_CONTENT:
            return payload
        named = any(one["id"] == me for one in payload.get("mentions", []))
        if named or payload.get("author", {}).get("id") == me:
            return payload
        return payload | {"content": "", "attachments": [], "embeds": [], "components": []}

    def cut(self) -> None:
        """Every connection breaks without a word."""
        for socket in tuple(self.sockets):
            socket.cut()

    async def ask_to_reconnect(self) -> None:
        for socket in tuple(self.sockets):
            await socket.send(7)

    async def invalidate(self, *, resumable: bool) -> None:
        for session in self.sessions:
            session.dead = session.dead or not resumable
        for socket in tuple(self.sockets):
            await socket.send(9, resumable)

    async def close(self, code: int) -> None:
        for socket in tuple(self.sockets):
            await socket.ws.close(code=code)

    def go_silent(self) -> None:
        """Zombies: the connections stay open, and nothing comes any more."""
        for socket in self.sockets:
            socket.silent = True

    async def say_nonsense(self, text: str) -> None:
        """A frame that no gateway should send."""
        for socket in tuple(self.sockets):
            await socket.raw(text)


def _is_of(session: Session, guild: str | None) -> bool:
    number, count = session.shard
    return (0 if guild is None else (int(guild) >> 22) % count) == number


def message_event(message: Posted, world: World) -> Payload:
    """MESSAGE_CREATE and MESSAGE_UPDATE as they come in a guild or a DM."""
    payload: dict[str, Any] = message.payload(world.users)
    if message.channel.guild is not None:
        payload["guild_id"] = message.channel.guild
        payload["member"] = message.author.member()
    return payload
