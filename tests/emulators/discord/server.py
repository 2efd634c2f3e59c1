"""Discord on loopback: `async with DiscordServer() as discord:` gives api_url and gateway_url.

It does what the documentation says, refuses what the real one refuses, and keeps what a person
would see. `limits.violations` lists every limit that the client broke.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from tests.emulators.discord.gateway import Gateway, message_event
from tests.emulators.discord.interactions import Interactions
from tests.emulators.discord.limits import Limits
from tests.emulators.discord.messages import Messages
from tests.emulators.discord.refusals import Refused
from tests.emulators.discord.world import Channel, Payload, Posted, User, World
from tests.emulators.listening import listening

TOKEN = "real-token"
MESSAGE_CONTENT_GRANTED = 1 << 19
Handler = Callable[[web.Request], Awaitable[Any]]


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong with a request. `after`: it took effect, and only its answer is bad.

    `via`: it passed what stands before Discord. `everywhere`: the limit is that of the whole bot.
    """

    status: int = 0
    body: str = '{"message": "broken", "code": 0}'
    html: bool = False
    after: bool = False
    cut: bool = False
    wait: asyncio.Event | None = None
    retry_after: float | None = None
    everywhere: bool = False
    via: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class Call:
    method: str
    path: str


class DiscordServer:
    """The whole platform. `world` is what stands, `calls` what the bot asked of REST."""

    def __init__(self, *, speed: float = 1.0, shards: int = 1) -> None:
        self.world = World()
        self.limits = Limits(speed)
        self.gateway = Gateway(self.world, TOKEN)
        self.messages = Messages(self.world, self.gateway)
        self.interactions = Interactions(self.world, self.gateway, self.messages)
        self.calls: list[Call] = []
        self.flags = MESSAGE_CONTENT_GRANTED
        self.shards = shards
        self.starts = 999
        self.endpoint: str | None = None
        self.public = self.code_grant = False
        self.permissions: str | None = None
        self._called = asyncio.Event()
        self._faults: list[tuple[str, re.Pattern[str], Fault]] = []
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/gateway"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_get("/cdn/{channel}/{message}/{name}", self.messages.download)
        for method, path, kind, handler in self._routes():
            app.router.add_route(method, f"/api/v10{path}", self._guarded(kind, handler))
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        self._port = await listening(self._runner, backlog=1024)
        self.gateway.url = self.gateway_url
        self.messages.base = f"http://127.0.0.1:{self._port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.gateway.cut()
        if self._runner is not None:
            await self._runner.cleanup()

    def _routes(self) -> list[tuple[str, str, str, Handler]]:
        channel, message = "/channels/{channel}", "/channels/{channel}/messages/{message}"
        said, asked = self.messages, self.interactions
        return [
            ("GET", "/users/@me", "other", self._me),
            ("GET", "/oauth2/applications/@me", "other", self._application),
            ("GET", "/applications/@me", "other", self._application),
            ("GET", "/users/@me/guilds", "other", self._guilds),
            ("POST", "/users/@me/channels", "other", said.open_direct),
            ("GET", "/gateway/bot", "other", self._bot),
            ("GET", "/guilds/{guild}/members/{user}", "other", self._member),
            ("POST", f"{channel}/messages", "send", said.send),
            ("GET", f"{channel}/messages", "other", said.before),
            ("GET", message, "other", said.get),
            ("PATCH", message, "edit", said.edit),
            ("DELETE", message, "delete", said.delete),
            ("PUT", f"{message}/reactions/{{emoji}}/@me", "react", said.react),
            ("DELETE", f"{message}/reactions/{{emoji}}/@me", "react", said.unreact),
            ("POST", f"{message}/threads", "thread", said.thread),
            ("POST", f"{channel}/typing", "typing", said.type),
            ("GET", channel, "other", said.show_channel),
            ("PATCH", channel, "channel", said.change_channel),
            ("GET", "/applications/{app}/commands", "commands", asked.registered),
            ("PUT", "/applications/{app}/commands", "commands", asked.register),
            (
                "POST", "/interactions/{interaction}/{token}/callback", "interaction",
                asked.callback,
            ),
            ("POST", "/webhooks/{app}/{token}", "webhook", asked.follow_up),
            ("PATCH", "/webhooks/{app}/{token}/messages/@original", "webhook", asked.edit_original),
        ]  # fmt: skip

    def fail(self, method: str, path: str, fault: Fault, *, times: int = 1) -> None:
        """The next requests whose path matches go wrong."""
        self._faults += [(method, re.compile(path), fault)] * times

    def _fault(self, request: web.Request) -> Fault | None:
        path = request.path.removeprefix("/api/v10")
        for place, (method, pattern, fault) in enumerate(self._faults):
            if method == request.method and pattern.search(path):
                del self._faults[place]
                return fault
        return None

    def _guarded(self, kind: str, handler: Handler) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.StreamResponse:
            path = request.path.removeprefix("/api/v10")
            self.calls.append(Call(request.method, path))
            self._called.set()
            fault = self._fault(request)
            if fault is not None and fault.wait is not None:
                await fault.wait.wait()
            if fault is not None and not fault.after:
                return _broken(request, fault)
            answer = await self._served(kind, handler, request)
            return answer if fault is None else _broken(request, fault)

        return serve

    async def _served(
        self, kind: str, handler: Handler, request: web.Request
    ) -> web.StreamResponse:
        ruling = self.limits.rule(kind, request.match_info.get("channel", kind))
        if ruling.retry_after is not None:
            words = {
                "message": "You are being rate limited.", "retry_after": ruling.retry_after,
                "global": ruling.everywhere,
            }  # fmt: skip
            headers = {"Via": "1.1 google", "Retry-After": f"{ruling.retry_after:.3f}"}
            return _json(words, 429, ruling.headers | headers)
        known = request.headers.get("Authorization") == f"Bot {self.gateway.token}"
        if kind not in ("interaction", "webhook") and not known:
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        try:
            made = await handler(request)
        except Refused as refused:
            words = {"message": refused.message, "code": refused.code}
            return _json(words, refused.status, ruling.headers)
        except json.JSONDecodeError:
            return _json({"message": "no JSON", "code": 50109}, 400, ruling.headers)
        if made is None:
            return web.Response(status=204, headers=ruling.headers)
        return _json(made, 200, ruling.headers)

    async def _me(self, request: web.Request) -> Payload:
        return self.world.me.payload()

    async def _guilds(self, request: web.Request) -> list[Payload]:
        told = {} if self.permissions is None else {"permissions": self.permissions}
        return [{"id": one.id, "name": one.name, **told} for one in self.world.guilds.values()]

    async def _member(self, request: web.Request) -> Payload:
        guild = self.world.guilds.get(request.match_info["guild"])
        user = self.world.users.get(request.match_info["user"])
        if guild is None:
            raise Refused(404, 10004, "Unknown Guild")
        if user is None or user.id in guild.outsiders:
            raise Refused(404, 10007, "Unknown Member")
        return {"user": user.payload(), "roles": list(user.roles), "nick": None, "flags": 0}

    async def _bot(self, request: web.Request) -> Payload:
        start = {"total": 1000, "remaining": self.starts, "reset_after": 1, "max_concurrency": 1}
        return {"url": self.gateway_url, "shards": self.shards, "session_start_limit": start}

    async def _application(self, request: web.Request) -> Payload:
        return {
            "id": self.world.me.id, "name": "Thaw", "description": "", "icon": None,
            "bot_public": self.public, "bot_require_code_grant": self.code_grant,
            "verify_key": "", "team": None,
            "interactions_endpoint_url": self.endpoint,
            "owner": self.world.me.payload() | {"bot": False}, "flags": self.flags,
        }  # fmt: skip

    async def say(
        self, user: User, channel: Channel, text: str, *, answers: Posted | None = None,
        files: dict[str, bytes] | None = None, kind: int = 0, webhook: str | None = None,
        id: str = "",
    ) -> Posted:  # fmt: skip
        """A person writes. The first message of a forum's post has the `id` of the post."""
        message = Posted(channel, user, text, answers=answers, type=kind, webhook=webhook)
        message.id = id or message.id
        self.messages.attach(message, files or {})
        channel.members.add(user.id)
        await self.messages.post(message)
        return message

    async def change(self, message: Posted, text: str) -> None:
        """A person edits what they wrote."""
        await self.messages.change(message, {"content": text})

    async def again(self, message: Posted) -> None:
        """The same event comes a second time."""
        event = message_event(message, self.world)
        await self.gateway.dispatch("MESSAGE_CREATE", event, message.channel.guild)

    async def was_asked(self, method: str, pattern: str, times: int = 1) -> None:
        """Return when REST was asked so, that often."""
        async with asyncio.timeout(60):
            while self.asked(method, pattern) < times:
                self._called.clear()
                await self._called.wait()

    def asked(self, method: str, pattern: str) -> int:
        """How often REST was asked so."""
        return sum(
            call.method == method and bool(re.search(pattern, call.path)) for call in self.calls
        )


def _json(body: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # Exactly this content type: with a charset the library takes the answer for text.
    return web.Response(
        body=json.dumps(body).encode(),
        status=status,
        headers={"Content-Type": "application/json", **(headers or {})},
    )


def _broken(request: web.Request, fault: Fault) -> web.Response:
    if fault.cut and request.transport is not None:
        request.transport.abort()
    via = {"Via": "1.1 google"} if fault.via or fault.retry_after is not None else {}
    headers = fault.headers | via
    if fault.retry_after is not None:
        words = {
            "message": "slow", "retry_after": fault.retry_after, "global": fault.everywhere,
        }  # fmt: skip
        scope = {"X-RateLimit-Global": "true"} if fault.everywhere else {}
        return _json(words, 429, headers | scope | {"Retry-After": str(fault.retry_after)})
    if fault.html:
        page = "<html><body>502 Bad Gateway</body></html>"
        return web.Response(
            status=fault.status or 200, text=page, content_type="text/html", headers=headers
        )
    return web.Response(
        body=fault.body.encode(), status=fault.status or 500,
        headers={"Content-Type": "application/json", **headers},
    )  # fmt: skip
