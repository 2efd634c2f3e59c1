"""One HTTP exchange through the openai library, its faults as ours. Imported late: it is slow.

Requests go through the library's `post`, with a body and parsing of our own: its typed methods
walk every message of a request by its type hints, which costs ten times all the rest.
Connections are aiohttp's, through the library's own client for it: a call costs a third less, and
its pool does not look at all the others for each (docs/decisions/0094).
"""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, suppress

import aiohttp
import httpx2

from core.errors import ModelError, ModelRefused, ModelUnreachable
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
_DONE = b"[DONE]"


class Transport:
    """The library's client with its pool of connections, shared by all calls."""

    def __init__(self, *, base_url: str, key: str | None, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._draining: set[asyncio.Task[None]] = set()
        address, headers = _without_credentials(base_url)
        self._client = openai.AsyncOpenAI(
            base_url=address,
            default_headers=headers,
            # Servers that want no key ignore it; the library insists on one.
            api_key=key or "none",
            max_retries=0,
            timeout=httpx2.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)),
            http_client=openai.DefaultAioHttpClient(),
        )

    async def close(self) -> None:
        """Close all connections."""
        for task in self._draining:
            task.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)
        await self._client.close()

    async def exchange(
        self, body: bytes, place: Place, take: Callable[[Document], None]
    ) -> bool | Refusal:
        """Post a request and hand over the JSON objects of its answer: one, or a stream's.

        Returns whether the server marked the end of its answer, or why it refused to give one.
        The time limit counts from one object to the next: a stream may last, up to ten times the
        limit, but not stand still.
        Raises ModelUnreachable or ModelRefused.
        """
        try:
            return await self._exchange(body, place, take)
        except openai.APIStatusError as error:
            headers = {name.lower(): value for name, value in error.response.headers.items()}
            return refusal_of(error.status_code, error.body, headers)
        except TimeoutError as error:
            raise silent(place, self._timeout_s) from error
        except openai.APIConnectionError as error:
            raise _unreachable(error.__cause__, place, self._timeout_s) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise _unreachable(error, place, self._timeout_s) from error

    async def _exchange(self, body: bytes, place: Place, take: Callable[[Document], None]) -> bool:
        clock = asyncio.get_running_loop()
        last = clock.time() + _WHOLE * self._timeout_s
        async with asyncio.timeout(self._timeout_s) as deadline, AsyncExitStack() as held:
            stream = await self._client.post(
                "/chat/completions",
                content=body,
                options={"headers": {"Content-Type": "application/json"}},
                cast_to=object,
                # Also for a plain answer: it is read here, piece by piece, up to a limit.
                stream=True,
                stream_cls=openai.AsyncStream[object],
            )
            await held.enter_async_context(stream)
            documents = await held.enter_async_context(aclosing(_documents(stream.response)))
            async for data in documents:
                if data == _DONE:
                    self._drain(documents, held.pop_all())
                    return True
                take(_parsed(data, place))
                if clock.time() >= last:
                    raise unending(place, _WHOLE * self._timeout_s)
                deadline.reschedule(clock.time() + self._timeout_s)
        return False

    def _drain(self, documents: AsyncGenerator[bytes, None], held: AsyncExitStack) -> None:
        """Read what follows an answer's end, without anybody waiting for it, and let go of it."""
        task = asyncio.create_task(_drained(documents, held), name="drain")
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)


def _without_credentials(base_url: str) -> tuple[httpx2.URL, dict[str, str]]:
    """The address alone, and a name and password that stood in it as the header they stand for."""
    url = httpx2.URL(base_url)
    if not url.userinfo:
        return url, {}
    pair = base64.b64encode(f"{url.username}:{url.password}".encode()).decode()
    return url.copy_with(userinfo=b""), {"Authorization": f"Basic {pair}"}


async def _drained(documents: AsyncGenerator[bytes, None], held: AsyncExitStack) -> None:
    async with held:
        with suppress(TimeoutError, ModelError, httpx2.TransportError, httpx2.DecodingError):
            async with asyncio.timeout(DRAIN_S):
                async for _ in documents:
                    pass


async def _documents(response: httpx2.Response) -> AsyncGenerator[bytes, None]:
    """The texts of the JSON objects in an answer, whichever of the two forms it has, and [DONE]."""
    streamed = "event-stream" in response.headers.get("content-type", "")
    most = LARGEST_STREAM if streamed else LARGEST_ANSWER
    async with aclosing(_pieces(response, most)) as pieces:
        if not streamed:
            yield b"".join([piece async for piece in pieces])
            yield _DONE
            return
        events = EventData()
        async for piece in pieces:
            for data in events.feed(piece):
                yield data
        for data in events.end():
            yield data


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


def _unreachable(cause: BaseException | None, place: Place, timeout_s: float) -> ModelError:
    below = cause.__cause__ if cause is not None else None
    said = f" ({place.quote(str(cause))})" if cause and str(cause) else ""
    if isinstance(cause, httpx2.UnsupportedProtocol):
        text = f"{place.server} is no http or https address: check base_url in [model]."
        return ModelRefused(text, free=True)
    if isinstance(below, _NEVER_SENT):
        text = f"Nothing can be reached at {place.server}: check base_url in [model]{said}."
        return ModelUnreachable(text, free=True)
    if isinstance(below, aiohttp.ServerTimeoutError):
        return silent(place, timeout_s)
    return ModelUnreachable(f"{place.server} cut the connection before its answer was whole{said}.")
