"""One request and its answer, bounded in every direction. Follows no redirect, reads no page."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp

from core.errors import BadRequest
from core.fetch.allowed import Target
from core.fetch.resolver import CheckedResolver, LookUp

_HEADERS = {
    "User-Agent": "Thaw",
    "Accept": "text/html, application/xhtml+xml, text/*, application/json, */*;q=0.1",
    "Accept-Encoding": "gzip, deflate",
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_TEXTS = frozenset(
    {"application/json", "application/xml", "application/javascript", "application/yaml"}
)
# So much is unpacked without letting others have the loop: about half a millisecond.
_PIECE = 128 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said. `type` is the media type, in lower case, "" if it named none."""

    type: str
    charset: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """The server says that it is elsewhere: `location` as it stands in the header."""

    location: str


async def transfer(target: Target, ask: LookUp) -> Answer | Redirect:
    """Make the request. Raises BadRequest (no text, too large, not found), ClientError, OSError.

    Nothing of the environment or of earlier requests goes with it: no proxies, no cookies.
    """
    connector = aiohttp.TCPConnector(
        resolver=CheckedResolver(ask, target.allowance.private),
        use_dns_cache=False,
        force_close=True,
        limit=1,
    )
    async with (
        aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as session,
        session.get(target.url, allow_redirects=False) as response,
    ):
        if response.status in _REDIRECTS and "Location" in response.headers:
            return Redirect(location=response.headers["Location"])
        if not 200 <= response.status < 300:
            raise BadRequest(f"the server answered with HTTP {response.status}")
        return await _answer(response, target.allowance.most_bytes)


async def _answer(response: aiohttp.ClientResponse, most: int) -> Answer:
    kind = response.content_type.lower() if "Content-Type" in response.headers else ""
    if not is_text(kind):
        raise BadRequest(f"it is {kind[:80]}, and only text can be fetched")
    if (response.content_length or 0) > most:
        raise _too_large(most)
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing in _PACKED:
        pieces = _unpacked(response, most)
    elif packing in {"", "identity"}:
        pieces = response.content.iter_any()
    else:
        raise BadRequest(f"it is packed as {packing[:40]}, which was not asked for")
    content = bytearray()
    async for piece in pieces:
        content += piece
        if len(content) > most:
            raise _too_large(most)
    return Answer(type=kind, charset=_charset(response), content=bytes(content))


def is_text(kind: str) -> bool:
    """Whether a media type is read by people. What has no type is tried."""
    return (
        kind in _TEXTS or not kind or kind.startswith("text/") or kind.endswith(("+xml", "+json"))
    )


async def _unpacked(response: aiohttp.ClientResponse, most: int) -> AsyncIterator[bytes]:
    """In small pieces: a few bytes can unpack to gigabytes."""
    unpacker = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)
    came = 0
    async for packed in response.content.iter_any():
        came += len(packed)
        if came > most:
            raise _too_large(most)
        rest = packed
        piece = b""
        while not unpacker.eof and (rest or len(piece) == _PIECE):
            try:
                piece = unpacker.decompress(rest, _PIECE)
            except zlib.error as error:
                raise BadRequest("it is damaged: it cannot be unpacked") from error
            rest = unpacker.unconsumed_tail
            yield piece
            await asyncio.sleep(0)
    if not unpacker.eof:
        raise BadRequest("it is damaged: its end is missing")


def _charset(response: aiohttp.ClientResponse) -> str:
    return (response.charset or "")[:40]


def _too_large(most: int) -> BadRequest:
    return BadRequest(f"it is larger than {most / 1e6:g} MB")
