"""One HTTP exchange through the openai library, its faults as ours. Imported late: it is slow.

Address, key and headers are the library's, written once; each request goes out on its client for
aiohttp's connections, with a body and parsing of our own. The library's own way there makes a
request of its options anew each time, and reads answers by type hints: docs/decisions/0094, 0243.
"""

import asyncio
import base64
import json
import ssl
import urllib.request
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, aclosing, suppress
from itertools import takewhile

import aiohttp
import httpx2

from core.errors import ModelError, ModelRefused, ModelUnreachable, said
from core.model.events import EventData
from core.model.faults import (
    LARGEST_ANSWER,
    Place,
    Refusal,
    endless,
    error_within,
    not_a_model,
    refusal_of,
    silent,
    unending,
)
from core.model.late import late

with late("openai.types"):
    # A quarter of a second and ten megabytes of classes for answers, which are parsed here.
    import openai

CONNECT_S = 10.0
# A connection is used again only when all of its answer is read. What a server still sends after
# the answer's end is read beside its use; one that has not ended its stream by then is hung up on.
DRAIN_S = 0.25
# Servers wrap each token of a stream into some 300 bytes: words are counted where they are read.
LARGEST_STREAM = 64 * 2**20
# A stream may last so many times the limit between its pieces. One that still goes on then, a word
# a minute, would go on for days.
_WHOLE = 10

Document = Mapping[str, object]
# The library's client gives a connection that broke the name of one that never stood: what happened
# is told by the error below it.
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
# What is no `httpx2.RequestError` its client has no name for: an answer that is no HTTP, for one.
_BROKEN = (httpx2.RequestError, aiohttp.ClientError, ssl.SSLError)
_DONE = b"[DONE]"


class Transport:
    """The library's client with its pool of connections, shared by all calls."""

    def __init__(self, *, base_url: str, key: str | None, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._draining: set[asyncio.Task[None]] = set()
        address, own = _without_credentials(base_url)
        self._client = _client_for(address)
        library = openai.AsyncOpenAI(
            base_url=address,
            default_headers=own,
            # Servers that want no key ignore it; the library insists on one.
            api_key=key or "none",
            http_client=self._client,
        )
        self._url = _below(library.base_url)
        self._headers = httpx2.Headers(self._client.headers)
        self._headers.update(_headers(library))
        timeout = httpx2.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))
        self._extensions = {"timeout": timeout.as_dict()}

    async def close(self) -> None:
        """Close all connections."""
        for task in self._draining:
            task.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)
        await self._client.aclose()

    async def exchange(
        self, body: bytes, place: Place, take: Callable[[Iterable[Document]], None]
    ) -> bool | Refusal:
        """Post a request and hand over the JSON objects of its answer: one, or a stream's, those
        together that come together. They are parsed, and found to be errors, as they are taken.

        Returns whether the server marked the end of its answer, or why it refused to give one.
        The time limit counts from one object to the next: a stream may last, up to ten times the
        limit, but not stand still.
        Raises ModelUnreachable or ModelRefused.
        """
        try:
            return await self._exchange(body, place, take)
        except TimeoutError as error:
            raise silent(place, self._timeout_s) from error
        except _BROKEN as error:
            raise _unreachable(error, place, self._timeout_s) from error

    async def _exchange(
        self, body: bytes, place: Place, take: Callable[[Iterable[Document]], None]
    ) -> bool | Refusal:
        clock = asyncio.get_running_loop()
        last = clock.time() + _WHOLE * self._timeout_s
        async with asyncio.timeout(self._timeout_s) as deadline, AsyncExitStack() as held:
            request = httpx2.Request(
                "POST", self._url, headers=self._headers, content=body, extensions=self._extensions
            )
            # What is asked is for this server alone; what a redirection makes of a POST is a GET.
            response = await self._client.send(request, stream=True, follow_redirects=False)
            held.push_async_callback(response.aclose)
            if not response.is_success:
                return await _refusal(response)
            documents = await held.enter_async_context(aclosing(_documents(response)))
            async for batch in documents:
                texts = list(takewhile(_DONE.__ne__, batch))
                take(_parsed(data, place) for data in texts)
                if len(texts) < len(batch):
                    self._drain(documents, held.pop_all())
                    return True
                if clock.time() >= last:
                    raise unending(place, _WHOLE * self._timeout_s)
                deadline.reschedule(clock.time() + self._timeout_s)
        return False

    def _drain(self, documents: AsyncGenerator[list[bytes], None], held: AsyncExitStack) -> None:
        """Read what follows an answer's end, without anybody waiting for it, and let go of it."""
        task = asyncio.create_task(_drained(documents, held), name="drain")
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)


def _client_for(address: httpx2.URL) -> httpx2.AsyncClient:
    """The library's own client, which hands requests to aiohttp."""
    if address.scheme == "http" and not urllib.request.getproxies():
        # Nobody shows a certificate; to read those that are trusted takes 60 ms of the start.
        # Without them nobody would be trusted either.
        return openai.DefaultAioHttpClient(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    return openai.DefaultAioHttpClient()


def _without_credentials(base_url: str) -> tuple[httpx2.URL, dict[str, str]]:
    """The address alone, and a name and password that stood in it as the header they stand for."""
    url = httpx2.URL(base_url)
    if not url.userinfo:
        return url, {}
    pair = base64.b64encode(f"{url.username}:{url.password}".encode()).decode()
    return url.copy_with(userinfo=b""), {"Authorization": f"Basic {pair}"}


def _below(base_url: httpx2.URL) -> httpx2.URL:
    """Where completions are asked for; what stands behind a question mark stays there."""
    path, mark, query = base_url.raw_path.partition(b"?")
    return base_url.copy_with(raw_path=path.rstrip(b"/") + b"/chat/completions" + mark + query)


def _headers(library: openai.AsyncOpenAI) -> dict[str, str]:
    """What the library sends with each request, but for what it tells of the machine."""
    headers = {**library.auth_headers, **library.default_headers}
    return {
        name: value
        for name, value in headers.items()
        if isinstance(value, str) and not name.startswith("X-Stainless-")
    }


async def _refusal(response: httpx2.Response) -> Refusal:
    """Why the server refused, as far as it can be read."""
    body = b""
    with suppress(ModelError):  # so long that it is cut is no JSON either
        async for piece in _pieces(response, LARGEST_ANSWER):
            body += piece
    text = body.decode("utf-8", "replace").strip()
    headers = {name.lower(): value for name, value in response.headers.items()}
    try:
        return refusal_of(response.status_code, json.loads(text), headers)
    except (ValueError, RecursionError):
        return refusal_of(response.status_code, text, headers)


async def _drained(documents: AsyncGenerator[list[bytes], None], held: AsyncExitStack) -> None:
    async with held:
        with suppress(TimeoutError, ModelError, *_BROKEN):
            async with asyncio.timeout(DRAIN_S):
                async for _ in documents:
                    pass


async def _documents(response: httpx2.Response) -> AsyncGenerator[list[bytes], None]:
    """The texts of the JSON objects in an answer, whichever of the two forms it has, and [DONE]:
    those together that came together."""
    streamed = "event-stream" in response.headers.get("content-type", "")
    most = LARGEST_STREAM if streamed else LARGEST_ANSWER
    async with aclosing(_pieces(response, most)) as pieces:
        if not streamed:
            yield [b"".join([piece async for piece in pieces]), _DONE]
            return
        events = EventData()
        async for piece in pieces:
            if found := events.feed(piece):
                yield found
        if found := events.end():
            yield found


async def _pieces(response: httpx2.Response, most: int) -> AsyncGenerator[bytes, None]:
    size = 0
    async for piece in response.aiter_bytes():
        size += len(piece)
        if size > most:
            raise endless()
        yield piece


def _parsed(data: bytes, place: Place) -> Document:
    """One JSON object. Raises the error that the server wrote in its place."""
    if len(data) > LARGEST_ANSWER:
        # Parsing it would hold the interpreter.
        raise endless()
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        if data.lstrip()[:1] == b"<":
            raise ModelRefused(not_a_model(place, "a web page"), free=True) from error
        text = f"{place.server} sent an answer that is no JSON: it may have been cut."
        raise ModelUnreachable(text) from error
    if not isinstance(document, dict):
        raise ModelRefused(not_a_model(place, "no chat completion"))
    if document.get("error"):
        raise error_within(document, place)
    return document


def _unreachable(cause: Exception, place: Place, timeout_s: float) -> ModelError:
    below = cause.__cause__
    words = f" ({place.quote(str(cause))})" if str(cause) else ""
    if isinstance(cause, httpx2.UnsupportedProtocol):
        text = f"{place.server} is no http or https address: check base_url in [model]."
        return ModelRefused(text, free=True)
    if isinstance(below, aiohttp.ClientConnectorDNSError):
        text = (
            f"Nothing can be reached at {place.server}: {place.quote(said(below))}; check base_url"
            " in [model], and whether this machine's network and DNS are up."
        )
        return ModelUnreachable(text, free=True)
    if isinstance(below, _NEVER_SENT):
        text = f"Nothing can be reached at {place.server}: check base_url in [model]{words}."
        return ModelUnreachable(text, free=True)
    if isinstance(below, aiohttp.ServerTimeoutError):
        return silent(place, timeout_s)
    if isinstance(below, aiohttp.ClientPayloadError):
        words = ""  # the client library's name for the same thing, in its own terms
    return ModelUnreachable(
        f"{place.server} cut the connection before its answer was whole{words}."
    )
