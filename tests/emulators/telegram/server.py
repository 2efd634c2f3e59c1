"""The HTTP side: authorization, fields, faults, answers. What calls do is in `methods`."""

import asyncio
import json
import re
from contextlib import ExitStack
from typing import Any, Self

from aiohttp import web

from tests.emulators.listening import listening
from tests.emulators.ports import held_port
from tests.emulators.telegram.faults import Fault, Faults
from tests.emulators.telegram.limits import Limits, Meter
from tests.emulators.telegram.methods import Methods
from tests.emulators.telegram.refusal import Refusal
from tests.emulators.telegram.updates import Updates
from tests.emulators.telegram.world import World

TOKEN = "4242:AAtest-token"
_HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"
_NUMBERS = {
    *("chat_id", "message_id", "message_thread_id", "draft_id"),
    *("offset", "limit", "timeout", "max_connections"),
}


class TelegramServer:
    """`async with TelegramServer() as server`: `url` is the API's root, `world` what people see."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.updates = Updates()
        self.world = World(self.updates.push)
        self.meter = Meter(limits or Limits(chat_s=0.0, group=10_000, overall=10_000))
        self.methods = Methods(self.world, self.meter)
        self.faults = Faults()
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.revoked = False
        self.url = ""
        self._called = asyncio.Condition()
        self._line: asyncio.Transport | None = None
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._kept = ExitStack()

    async def __aenter__(self) -> Self:
        self._port = self._kept.enter_context(held_port())
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        with self._kept:
            await self.close()

    async def open(self) -> None:
        """Listen; again on the same port after `close`."""
        application = web.Application(client_max_size=256 * 2**20)
        application.router.add_route("*", r"/bot{token}/{method}", self._answer)
        application.router.add_get(r"/file/bot{token}/documents/{id}", self._file)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)
        await listening(self._runner, self._port)
        self.url = f"http://127.0.0.1:{self._port}"

    async def close(self) -> None:
        """The whole platform is down; every connection is cut."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    async def cut(self) -> None:
        """Break the connection that updates come by, whether a poll waits on it or not."""
        if self._line is not None:
            self._line.abort()
        await self.updates.cut()

    def count(self, method: str) -> int:
        """How often a method was called."""
        return sum(name == method for name, _ in self.calls)

    async def until(self, done: Any, within_s: float = 60.0) -> None:
        """Wait until `done()` holds; looked at after each call that was answered."""
        async with asyncio.timeout(within_s), self._called:
            await self._called.wait_for(done)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        fields = await _fields(request)
        if method == "getUpdates":
            self._line = request.transport
        fault = self.faults.next(method)
        if fault is not None and fault.wait is not None:
            await fault.wait.wait()
        if fault is not None and fault.status != 200:
            return _failed(fault)
        try:
            result = await self._result(request.match_info["token"], method, fields)
            answer = web.json_response({"ok": True, "result": result})
        except Refusal as refusal:
            answer = web.json_response(refusal.body, status=refusal.code)
        self.calls.append((method, fields))
        async with self._called:
            self._called.notify_all()
        if fault is not None and fault.lost and request.transport is not None:
            request.transport.abort()
        return answer

    async def _result(self, token: str, method: str, fields: dict[str, Any]) -> Any:
        if not re.fullmatch(r"\d+:[\w-]+", token):
            raise Refusal(404, "Not Found")
        if token != TOKEN or self.revoked:
            raise Refusal(401, "Unauthorized")
        match method:
            case "getUpdates":
                offset, limit = fields.get("offset", 0), fields.get("limit", 100)
                return await self.updates.poll(offset, limit, fields.get("timeout", 0))
            case "setWebhook" | "deleteWebhook":
                self.updates.webhook = fields if method == "setWebhook" else {}
                if self.updates.webhook:
                    await self.updates.notice()
                return True
            case "getWebhookInfo":
                hook = self.updates.webhook
                failed = {key: value for key, value in hook.items() if "last_error" in key}
                pending = len(self.updates.pending)
                return {"url": hook.get("url", ""), "pending_update_count": pending} | failed
        if method == "sendRichMessage" and not self.methods.rich:
            raise Refusal(404, "Not Found: method not found")
        call = getattr(self.methods, re.sub(r"(?<!^)([A-Z])", r"_\1", method).lower(), None)
        if call is None:
            raise Refusal(404, "Not Found: method not found")
        return call(fields)

    async def _file(self, request: web.Request) -> web.Response:
        content = self.world.files.get(request.match_info["id"])
        if request.match_info["token"] != TOKEN or content is None:
            return web.Response(status=404)
        return web.Response(body=content)


async def _fields(request: web.Request) -> dict[str, Any]:
    posted = await request.post()
    fields: dict[str, Any] = {}
    uploads = {}
    for name, value in posted.items():
        if isinstance(value, web.FileField):
            uploads[name] = (value.filename, value.file.read())
        elif name in _NUMBERS:
            fields[name] = int(str(value))
        elif str(value)[:1] in "[{" and name not in {"text", "caption"}:
            fields[name] = json.loads(str(value))
        else:
            fields[name] = str(value)
    for name, value in fields.items():
        if isinstance(value, str) and value.startswith("attach://"):
            fields[name] = uploads[value.removeprefix("attach://")]
    return uploads | fields


def _failed(fault: Fault) -> web.Response:
    if fault.html:
        return web.Response(status=fault.status, text=_HTML, content_type="text/html")
    parameters = {} if fault.retry_after is None else {"retry_after": fault.retry_after}
    refusal = Refusal(fault.status, fault.description, parameters)
    return web.json_response(refusal.body, status=fault.status)
