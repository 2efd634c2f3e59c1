"""The connected pages and what is sent to them all. Reads no frames; keeps nothing durable.

Frames wait in a bounded queue per page: a page that does not read is dropped, and gets what it
missed from the channel's file when it comes back. Hints of one kind about one thing replace each
other while they wait, so that a fast model or a busy job costs a page ten frames a second at most.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable

from aiohttp import ClientConnectionResetError, web

from adapters.web import encode
from adapters.web.rendering import Rendering
from core.messages import (
    Card,
    CardMoved,
    Hint,
    Message,
    Post,
    Seen,
    StateMoved,
    StreamText,
    ThreadRef,
    Trouble,
)

_PACE_S = 0.1
_QUEUED_FRAMES = 1_000
_QUEUED_CHARACTERS = 4_000_000
_LIVE = 500  # streams and acknowledgements remembered for a page that looks later


class Page:
    """One connected page: its queue of frames and the conversation it shows."""

    def __init__(self, drop: Callable[[], None]) -> None:
        self.shows: ThreadRef | None = None
        self._drop = drop
        self._queue: deque[str] = deque()
        self._size = 0
        self._filled = asyncio.Event()

    def send(self, frame: str) -> None:
        """Queue a frame; returns at once. A page too far behind is dropped."""
        self._queue.append(frame)
        self._size += len(frame)
        self._filled.set()
        waiting = len(self._queue)
        if waiting > _QUEUED_FRAMES or (waiting > 1 and self._size > _QUEUED_CHARACTERS):
            self._queue.clear()
            self._size = 0
            self._drop()

    async def write_to(self, socket: web.WebSocketResponse) -> None:
        """Send what is queued, as fast as the page reads it, until the connection ends."""
        while not socket.closed:
            await self._filled.wait()
            self._filled.clear()
            while self._queue:
                frame = self._queue.popleft()
                self._size -= len(frame)
                try:
                    await socket.send_str(frame)
                except (ConnectionResetError, ClientConnectionResetError):
                    return


class Hub:
    """All connected pages. `run` paints the hints; everything else returns at once."""

    def __init__(self, rendering: Rendering) -> None:
        self._rendering = rendering
        self._pages: set[Page] = set()
        self._waiting: dict[object, StreamText | CardMoved | StateMoved] = {}
        self._moved = asyncio.Event()
        self._live: OrderedDict[str, Seen | StreamText] = OrderedDict()

    def join(self, page: Page) -> None:
        """Send to this page from now on."""
        self._pages.add(page)

    def leave(self, page: Page) -> None:
        """Send nothing more to this page."""
        self._pages.discard(page)

    async def watch(self, page: Page, thread: ThreadRef) -> None:
        """The page shows this conversation now; it gets what is live in it."""
        page.shows = thread
        live = [hint for hint in self._live.values() if hint.thread == thread]
        texts = [hint.text for hint in live if isinstance(hint, StreamText)]
        rendered = await self._rendering.render(texts, remember=False)
        for hint in live:
            page.send(encode.hint(hint, rendered))

    async def item(self, item: Post | Card) -> None:
        """Show a durable item to every page."""
        if isinstance(item, Post):
            self._live.pop(item.id, None)
            self._waiting.pop(item.id, None)
            self._live.pop(f"seen {item.reply_to}", None)
        if not self._pages:
            return
        texts = encode.markdown_in(item) if isinstance(item, Post) else []
        self._to_all(encode.item(item, await self._rendering.render(texts)))

    def said(self, message: Message) -> None:
        """Show a person's message to every page, as soon as it is accepted."""
        if self._pages:
            self._to_all(encode.said(message))

    def hint(self, hint: Hint) -> None:
        """Show a hint soon, or a newer one in its place."""
        match hint:
            case Seen():
                self._remember(f"seen {hint.message_id}", hint)
                self._to_all(encode.hint(hint))
                return
            case Trouble():
                self._to_all(encode.hint(hint))
                return
            case StreamText():
                self._remember(hint.post_id, hint)
                self._waiting[hint.post_id] = hint
            case CardMoved():
                self._waiting[(hint.card.thread.channel, hint.card.id)] = hint
            case StateMoved():
                self._waiting[hint.channel] = hint
        self._moved.set()

    async def run(self) -> None:
        """Paint waiting hints: the first at once, further ones at the pace. Never returns."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            waiting, self._waiting = self._waiting, {}
            for hint in waiting.values():
                await self._paint(hint)
            await asyncio.sleep(_PACE_S)

    async def _paint(self, hint: StreamText | CardMoved | StateMoved) -> None:
        pages = [page for page in self._pages if _concerns(hint, page)]
        if not pages:
            return
        texts = [hint.text] if isinstance(hint, StreamText) else []
        rendered = await self._rendering.render(texts, remember=False)
        if isinstance(hint, StreamText) and hint.post_id not in self._live:
            return  # its final post went out while this was rendered
        frame = encode.hint(hint, rendered)
        for page in pages:
            page.send(frame)

    def _remember(self, key: str, hint: Seen | StreamText) -> None:
        self._live[key] = hint
        self._live.move_to_end(key)
        if len(self._live) > _LIVE:
            self._live.popitem(last=False)

    def _to_all(self, frame: str) -> None:
        for page in tuple(self._pages):
            page.send(frame)


def _concerns(hint: StreamText | CardMoved | StateMoved, page: Page) -> bool:
    if page.shows is None:
        return False
    match hint:
        case StreamText():
            return page.shows == hint.thread
        case CardMoved():
            return page.shows.channel == hint.card.thread.channel
        case StateMoved():
            return page.shows.channel == hint.channel
