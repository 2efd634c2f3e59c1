"""The page's own files and the downloads, over plain GET. No live data: that is the socket's."""

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from aiohttp import web

from adapters.web import wire
from core.errors import BadRequest, ThawError
from core.messages.queries import ReadFile, ReadMessages
from core.messages.views import FileView, Messages
from core.ports import Window

_TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asset:
    body: bytes
    type: str
    etag: str


@cache
def _asset(name: str) -> _Asset | None:
    folder = files("adapters.web") / "static"
    type_ = _TYPES.get(name.rpartition(".")[2])
    found = {entry.name: entry for entry in folder.iterdir()}.get(name)
    if found is None or type_ is None:
        return None
    body = found.read_bytes()
    return _Asset(body=body, type=type_, etag=hashlib.sha256(body).hexdigest()[:32])


async def asset(request: web.Request) -> web.Response:
    """One file of the page; the browser asks again each time and mostly gets 304."""
    found = _asset(request.match_info.get("name", "index.html"))
    if found is None:
        raise web.HTTPNotFound(text="There is no such file.\n")
    headers = {"ETag": f'"{found.etag}"', "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == f'"{found.etag}"':
        return web.Response(status=304, headers=headers)
    return web.Response(body=found.body, content_type=found.type, charset="utf-8", headers=headers)


class Downloads:
    """Workspace files and whole long messages. Everything goes out as a download, never as a page:
    what jobs write must not run in the page's origin."""

    def __init__(self, window: Window) -> None:
        self._window = window

    async def file(self, request: web.Request) -> web.Response:
        """GET /file?channel=&path=&at="""
        try:
            channel = wire.channel(request.query.get("channel", ""))
            at = _number(request, "at") if "at" in request.query else None
            path = request.query.get("path", "")
            view = await self._window.look(ReadFile(channel=channel, path=path, at=at))
        except ThawError as error:
            raise _refused(error) from error
        if not isinstance(view, FileView):
            raise TypeError(f"ReadFile was answered with {type(view).__name__}")
        type_ = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return _download(view.content, path.rpartition("/")[2], type_)

    async def text(self, request: web.Request) -> web.Response:
        """GET /text?channel=&seq= : one message's text, whole and as it was written."""
        try:
            channel = wire.channel(request.query.get("channel", ""))
            after = _number(request, "seq") - 1
            view = await self._window.look(ReadMessages(channel=channel, after=after, limit=1))
        except ThawError as error:
            raise _refused(error) from error
        if not isinstance(view, Messages) or not view.lines or view.lines[0].seq != after + 1:
            raise web.HTTPNotFound(text="There is no such message.\n")
        line = view.lines[0]
        text = line.post.text if line.post else line.text
        return _download(text.encode("utf-8", "replace"), f"message-{line.seq}.md", "text/markdown")


def _download(body: bytes, name: str, type_: str) -> web.Response:
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return web.Response(
        body=body,
        headers={
            "Content-Type": type_,
            "Content-Disposition": disposition,
            "Cache-Control": "no-store",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def _number(request: web.Request, name: str) -> int:
    text = request.query.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise BadRequest(f"`{name}` is a whole number.")
    return int(text)


def _refused(error: ThawError) -> web.HTTPException:
    if isinstance(error, BadRequest):
        return web.HTTPBadRequest(text=f"{error}\n")
    return web.HTTPServiceUnavailable(text=f"{error}\n")
