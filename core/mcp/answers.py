"""What a server sends over HTTP, within bounds: no body without end, and none that unpacks to more
than came. Understands nothing of it; loads the package's HTTP library, so only its process does."""

from collections.abc import AsyncIterator

import httpx2

LARGEST = 32 << 20
"""Bytes of one answer that are taken; a model is shown far fewer."""


class TooMuch(httpx2.TransportError):
    """An answer that is larger than anybody could use."""


class Bounded(httpx2.AsyncHTTPTransport):
    """Connects as the library does, by itself: no proxy, no redirect of its own."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it, and take the answer unpacked. Raises TooMuch, also while it is read."""
        request.headers["Accept-Encoding"] = "identity"
        response = await super().handle_async_request(request)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            await response.aclose()
            raise TooMuch("it packs its answers, which it was asked not to")
        body = response.stream
        assert isinstance(body, httpx2.AsyncByteStream)
        response.stream = _Measured(body)
        return response


class _Measured(httpx2.AsyncByteStream):
    def __init__(self, body: httpx2.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = LARGEST
        async for piece in self._body:
            left -= len(piece)
            if left < 0:
                raise TooMuch(f"it sent more than {LARGEST >> 20} MB in one answer")
            yield piece

    async def aclose(self) -> None:
        await self._body.aclose()
