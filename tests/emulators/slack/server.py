"""The server: one workspace behind the Web API, and the ways its events take to the bot."""

import asyncio
import json
from collections import Counter
from typing import Any, Protocol, Self

from aiohttp import web

from tests.emulators.listening import listening
from tests.emulators.slack.blocks import Refusal
from tests.emulators.slack.calls import Call, read
from tests.emulators.slack.faults import Fault, Faults
from tests.emulators.slack.limits import Limits
from tests.emulators.slack.methods import METHODS, encoded
from tests.emulators.slack.socket_mode import SocketMode
from tests.emulators.slack.workspace import SlackMessage, Workspace

BOT_TOKEN = "xoxb-1-emulated"
APP_TOKEN = "xapp-1-emulated"
SCOPES: tuple[str, ...] = (
    *("app_mentions:read", "assistant:write", "channels:history", "chat:write", "commands"),
    *("files:read", "files:write", "groups:history", "im:history", "metadata.message:read"),
    *("mpim:history", "reactions:write", "users:read"),
)
_NEEDS = {
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "files.info": "files:read",
    "reactions.add": "reactions:write",
    "users.info": "users:read",
}
_PAGE = "<!doctype html><title>Slack is down</title><p>We are looking into it."


class Events(Protocol):
    """A way of events to the bot."""

    async def deliver(self, kind: str, payload: dict[str, Any]) -> Any: ...


class SlackServer:
    """`async with SlackServer() as slack: slack.api_url`. `second` scales Slack's rate limits."""

    def __init__(self, second: float = 0.02, workspace: Workspace | None = None) -> None:
        self.workspace = workspace or Workspace()
        self.limits = Limits(second)
        self.faults = Faults()
        self.socket = SocketMode(redelivery=(0.05, 0.3, 1.0, 5.0, 20.0), ack_s=1.0)
        self.events: Events = self.socket
        self.calls: Counter[str] = Counter()
        self.called: list[Call] = []
        self.revoked = False
        self.scopes = SCOPES
        self.scope_mark = ","
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def root(self) -> str:
        """The server's address, without a slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """What a client is given as its base."""
        return f"{self.root}/api/"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/api/{method}", self._api)
        app.router.add_get("/api/{method}", self._api)
        app.router.add_post("/upload/{id}", self._upload)
        app.router.add_get("/files/{id}/{name}", self._download)
        app.router.add_post("/response/{channel}/{user}", self._respond)
        app.router.add_get("/link", self.socket.serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        self.port = await listening(self._runner)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.cut()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _api(self, request: web.Request) -> web.StreamResponse:
        call = await read(request)
        call.arguments["root"] = self.root
        self.calls[call.method] += 1
        self.called.append(call)
        channel = str(call.arguments.get("channel", ""))
        wait = self.limits.check(call.method, channel)
        fault = Fault(kind="limit", after_s=wait) if wait else self.faults.next(call.method)
        self.workspace.touch()
        if fault is not None and not fault.takes_effect:
            return self._failing(request, call, fault)
        try:
            answer = encoded(self._done(call))
        except Refusal as refusal:
            answer = json.dumps({"ok": False, "error": refusal.error, "detail": refusal.detail})
        self.workspace.touch()
        if fault is not None and fault.kind == "lost":
            _abort(request)
        elif fault is not None and fault.kind == "bare":
            answer = json.dumps({"ok": True})
        elif fault is not None:
            await asyncio.sleep(fault.after_s)
        headers = {"x-oauth-scopes": self.scope_mark.join(self.scopes)} if self.scopes else {}
        return web.Response(text=answer, content_type="application/json", headers=headers)

    def _done(self, call: Call) -> dict[str, Any]:
        if call.method == "apps.connections.open":
            if call.token != APP_TOKEN or self.revoked:
                raise Refusal("invalid_auth")
            return {"url": f"ws://127.0.0.1:{self.port}/link?ticket={self.socket.ticket()}"}
        if self.revoked:
            raise Refusal("token_revoked")
        if call.token != BOT_TOKEN:
            raise Refusal("invalid_auth")
        if call.method not in METHODS:
            raise Refusal("unknown_method")
        if _NEEDS.get(call.method, "") not in ("", *self.scopes):
            raise Refusal("missing_scope")
        return METHODS[call.method](self.workspace, call)

    def _failing(self, request: web.Request, call: Call, fault: Fault) -> web.StreamResponse:
        match fault.kind:
            case "limit":
                channel = str(call.arguments.get("channel", ""))
                self.limits.hold(call.method, channel, fault.after_s)
                headers = {"Retry-After": str(int(fault.after_s))}
                return web.json_response(
                    {"ok": False, "error": "ratelimited"}, status=429, headers=headers
                )
            case "html":
                return web.Response(text=_PAGE, content_type="text/html", status=fault.status)
            case "abort":
                _abort(request)
            case "error":
                return web.json_response({"ok": False, "error": fault.error})
            case "list":
                return web.json_response(["ok", True])
        return web.json_response({"ok": False, "error": fault.error}, status=fault.status)

    async def _upload(self, request: web.Request) -> web.Response:
        fault = self.faults.next("upload")
        if fault is not None:
            return web.Response(text="no", status=fault.status)
        file = self.workspace.files[request.match_info["id"]]
        file.content = await request.read()
        return web.Response(text=f"OK - {len(file.content)}", content_type="text/plain")

    async def _download(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            # Slack shows who is not let in its sign-in page, with 200.
            return web.Response(text="<html>Sign in to Slack</html>", content_type="text/html")
        file = self.workspace.files[request.match_info["id"]]
        return web.Response(body=file.content, content_type=file.mimetype)

    async def _respond(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.workspace.put(
            SlackMessage(
                ts=self.workspace.ts(), channel=request.match_info["channel"], bot=True,
                user=self.workspace.bot_user, text=body.get("text", ""),
                blocks=body.get("blocks", ()), only_for=request.match_info["user"],
            )
        )  # fmt: skip
        self.workspace.touch()
        return web.Response(text="ok")


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
