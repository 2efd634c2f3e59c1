"""Files that people attach, over POST, on their way to the core. Keeps nothing itself."""

from collections.abc import AsyncGenerator

import structlog
from aiohttp import ClientPayloadError, web

from core.ports import Door

log = structlog.get_logger(__name__)

_CHUNK = 1 << 16
_LONGEST_NAME = 1000


class _Gone(Exception):
    """The page went away before the file was whole."""


class Uploads:
    """Hands what comes to the core as it comes; a file is never in memory whole."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def take(self, request: web.Request) -> web.Response:
        """POST /upload?name= with the bytes as its body.

        200 with `handle` and `size` as JSON, for a message to name; 413 with the reason as text.
        """
        name = request.query.get("name", "")[:_LONGEST_NAME]
        try:
            file = await self._door.take(name, _body(request), size=request.content_length)
        except _Gone as error:
            log.info("an upload was cut off")
            raise web.HTTPBadRequest(text="The file did not come whole.\n") from error
        if file.problem:
            return web.Response(status=413, text=f"{file.problem}\n")
        return web.json_response({"handle": file.handle, "size": file.size})


async def _body(request: web.Request) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in request.content.iter_chunked(_CHUNK):
            yield chunk
    except (ClientPayloadError, ConnectionError) as error:
        raise _Gone from error
