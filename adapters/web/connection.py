"""One page's socket: its frames to the core, the core's answers back. Knows no other page."""

import asyncio
import time
from typing import assert_never

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from adapters.web import encode
from adapters.web.hub import Hub, Page
from adapters.web.rendering import Rendering
from adapters.web.wire import MAX_FRAME, READ_FRAME, Look, Unreadable, Watch, decode
from core.errors import ThawError
from core.messages import Message, Press
from core.messages.queries import Query, ReadMessages
from core.ports import Door, Window

log = structlog.get_logger(__name__)

_HEARTBEAT_S = 30.0
_LOOKS = 8  # questions of one page that are answered at the same time


class Connection:
    """Serves one page from its upgrade to its end."""

    def __init__(
        self, *, door: Door, window: Window, hub: Hub, rendering: Rendering, name: str
    ) -> None:
        self._door = door
        self._window = window
        self._hub = hub
        self._rendering = rendering
        self._name = name
        self._looks = asyncio.Semaphore(_LOOKS)

    async def serve(
        self, request: web.Request, sockets: set[web.WebSocketResponse]
    ) -> web.WebSocketResponse:
        """Upgrade the request and work until either side ends; `sockets` holds it meanwhile."""
        socket = web.WebSocketResponse(
            heartbeat=_HEARTBEAT_S, max_msg_size=READ_FRAME, compress=False
        )
        await socket.prepare(request)
        transport = request.transport
        page = Page(drop=transport.abort if transport is not None else lambda: None)
        sockets.add(socket)
        self._hub.join(page)
        page.send(encode.welcome(self._name, MAX_FRAME))
        try:
            await self._work(socket, page)
        finally:
            self._hub.leave(page)
            sockets.discard(socket)
        return socket

    async def _work(self, socket: web.WebSocketResponse, page: Page) -> None:
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(page.write_to(socket), name="page writer")
            try:
                async for incoming in socket:
                    if incoming.type is not WSMsgType.TEXT:
                        await socket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"text only")
                        break
                    await self._one(incoming.data, page, tasks)
            finally:
                writer.cancel()

    async def _one(self, data: str, page: Page, tasks: asyncio.TaskGroup) -> None:
        frame = decode(data, time.time())
        match frame:
            case Message() | Press():
                page.send(await self._accepted(frame))
            case Look(ref=ref, query=query):
                # At most some at once: a page that asks faster waits here, with its next frames.
                await self._looks.acquire()
                tasks.create_task(self._look(ref, query, page), name="page look")
            case Watch(thread=thread):
                await self._hub.watch(page, thread)
            case Unreadable(id=str() as id_, reason=reason):
                page.send(encode.frame("refused", id=id_, text=reason))
            case Unreadable(ref=ref, reason=reason):
                page.send(encode.frame("unanswered", ref=ref, text=reason))
            case _ as unreachable:
                assert_never(unreachable)

    async def _accepted(self, event: Message | Press) -> str:
        try:
            await self._door.accept(event)
        except ThawError as error:
            return encode.frame("refused", id=event.id, text=str(error))
        except Exception:
            # Around one event: a bug in the core must not make the page send it for ever.
            log.exception("a message or press broke the core", event_id=event.id)
            return encode.frame("refused", id=event.id, text=_BUG)
        if isinstance(event, Message):
            self._hub.said(event)
        return encode.frame("kept", id=event.id)

    async def _look(self, ref: int, query: Query, page: Page) -> None:
        try:
            page.send(await self._answer(ref, query))
        except ThawError as error:
            page.send(encode.frame("unanswered", ref=ref, text=str(error)))
        except Exception:
            # Around one event, as above.
            log.exception("a question broke the core", query=type(query).__name__)
            page.send(encode.frame("unanswered", ref=ref, text=_BUG))
        finally:
            self._looks.release()

    async def _answer(self, ref: int, query: Query) -> str:
        newest = isinstance(query, ReadMessages) and query.before is not None
        view, left_out = encode.fitting(await self._window.look(query), newest=newest)
        rendered = await self._rendering.render(encode.markdown_in(view))
        return encode.view(ref, view, rendered, left_out)


_BUG = "Something in the bot broke over this; its log says what. Nothing of it was kept."
