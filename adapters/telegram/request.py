"""HTTP for the library's bot, on aiohttp: on httpx each call costs many times as much.

Knows no method of Telegram: the library makes the calls and reads the answers.
"""

import io
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from adapters.telegram.answers import sound
from core.errors import said

# What a slow line carries: so long a large file may take on its way out.
_SLOWEST_UP = 100_000  # bytes a second
# To make a connection anew takes two or three round trips: so long one waits for the next call.
_KEPT_OPEN_S = 60.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_NO_PROXY = (
    "the proxy that the environment names (HTTPS_PROXY, ALL_PROXY) has to begin with http:// or"
    " https://"
)
_UNSAID = BaseRequest.DEFAULT_NONE


class AiohttpRequest(BaseRequest):
    """At most `connections` calls at a time; further ones wait `timeout_s` for one to end.

    `timeout_s` bounds each of the steps of a call, which may ask for more. Opens by itself with the
    first call.
    """

    __slots__ = ("_connections", "_proxies", "_session", "_shut", "_timeout_s")

    def __init__(self, connections: int, timeout_s: float) -> None:
        self._connections = connections
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None
        self._shut = False
        # The library below would look these up again for every call, on a thread.
        self._proxies = getproxies()

    @property
    def read_timeout(self) -> float:
        """Seconds without a byte of the answer."""
        return self._timeout_s

    async def initialize(self) -> None:
        """May be called again, also after `shutdown`."""
        self._shut = False

    async def shutdown(self) -> None:
        """Close all connections; calls under way end with NetworkError."""
        self._shut = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = _UNSAID,
        write_timeout: object = _UNSAID,
        connect_timeout: object = _UNSAID,
        pool_timeout: object = _UNSAID,
    ) -> tuple[int, bytes]:
        """Status and body of the answer. Raises TimedOut, NetworkError; neither says the address,
        since the token is part of it.
        """
        if self._shut:
            raise NetworkError("shut down")
        body, size, headers = _encoded(request_data)
        connect, read = self._seconds(connect_timeout), self._seconds(read_timeout)
        pool, write = self._seconds(pool_timeout), self._seconds(write_timeout)
        timeout = aiohttp.ClientTimeout(
            total=None if method == "GET" else pool + connect + write + read + size / _SLOWEST_UP,
            connect=pool + connect,
            sock_connect=connect,
            sock_read=read,
        )
        try:
            async with self._opened().request(
                method, url, data=body, headers=headers, timeout=timeout,
                proxy=self._proxy(url), allow_redirects=False,
            ) as response:  # fmt: skip
                body = await response.read()
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError, RuntimeError, ValueError) as error:
            raise NetworkError(_words(error)) from None
        # Files are what they are.
        return (response.status, body) if method == "GET" else sound(response.status, body)

    def _seconds(self, asked: object) -> float:
        # What the caller leaves open, the library fills with a mark of its own.
        return float(asked) if isinstance(asked, int | float) else self._timeout_s

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections, keepalive_timeout=_KEPT_OPEN_S
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
            )
        return self._session

    def _proxy(self, url: str) -> str | None:
        """As the environment says: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY."""
        if not self._proxies:
            return None
        parts = urlsplit(url)
        if proxy_bypass(parts.hostname or ""):
            return None
        proxy = self._proxies.get(parts.scheme) or self._proxies.get("all")
        if proxy is not None and urlsplit(proxy).scheme not in ("http", "https"):
            raise NetworkError(_NO_PROXY)
        return proxy


def _encoded(
    data: RequestData | None,
) -> tuple[bytes | aiohttp.FormData | None, int, Mapping[str, str] | None]:
    """The body, the size of its files in bytes, and the headers that it needs."""
    if data is None:
        return None, 0, None
    if not data.contains_files:
        return data.url_encoded_parameters().encode(), 0, _FORM
    # Names of files stand as they are: Telegram would show them with their percent signs.
    form, size = aiohttp.FormData(quote_fields=False), 0
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, kind) in data.multipart_data.items():
        size += len(content) if isinstance(content, bytes) else 0
        # As a file, it goes out piece by piece.
        file = io.BytesIO(content) if isinstance(content, bytes) else content
        form.add_field(name, file, filename=filename, content_type=kind)
    return form, size, None


def _words(error: Exception) -> str:
    """What went wrong. The words of some errors hold the address."""
    kind = type(error).__name__
    if isinstance(error, aiohttp.ClientResponseError):
        return f"{kind}: {error.message}"
    words = said(error) if isinstance(error, OSError) else kind
    return kind if "://" in words else words
