"""Calls of the Web API: within the limits, each with one of four ends. Knows no message.

The library retries nothing here: its own handlers would send a post again whose answer was lost.
"""

import asyncio
import time
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.events import Json
from adapters.slack.fields import text_of
from adapters.slack.limits import Limits
from adapters.slack.proxy import proxy_for
from adapters.slack.status import Meter
from core.errors import said

_TIMEOUT_S = 30.0
_LONGEST_HOLD_S = 30.0
# To make a connection anew takes two or three round trips: so long one waits for the next call.
_KEPT_OPEN_S = 60.0
# Slack says of these that part of the work may have been done.
_UNCLEAR = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
# And of these that nothing was done, but will be after a while.
_LATER_S = {
    "ratelimited": 1.0,
    "rate_limited": 1.0,
    "message_limit_exceeded": 10.0,
    "external_channel_migrating": 10.0,
    "team_added_to_org": 60.0,
}
# A server that stands for Slack may not know all methods. That it does not know one of these is
# a fault on the way, and may pass.
_NO_SUCH = (404, 405, 501)
_ESSENTIAL = {
    *("auth.test", "apps.connections.open"),
    *("chat.postMessage", "chat.update", "chat.postEphemeral"),
}
# Slack reads the arguments of these from the query only.
_BY_QUERY = {
    "conversations.replies",
    "conversations.history",
    "users.info",
    "files.info",
    "files.getUploadURLExternal",
}


class Refused(Exception):
    """Slack said no, and nothing was done. `error` is its word for why."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class Unclear(Exception):
    """No usable answer came: it may have been done or not."""


class Busy(Exception):
    """Slack's limit is used up for longer than is worth waiting; nothing was done."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"for {wait_s:.0f} s")
        self.wait_s = wait_s


class Api:
    """The Web API of one workspace. `open` comes first, `close` last."""

    def __init__(self, url: str, token: str, meter: Meter, second: float = 1.0) -> None:
        self.limits = Limits(meter, second)
        self._url = url
        self._token = token
        self._meter = meter
        self._session: aiohttp.ClientSession | None = None
        self._calls: aiohttp.ClientSession | None = None
        self._client: AsyncWebClient | None = None

    async def open(self) -> None:
        """Make the pools of connections."""
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        self._session = aiohttp.ClientSession(timeout=timeout, trust_env=True)
        # Without the environment, in which aiohttp would look for a proxy and for a password at
        # each call, on threads: the client has looked for a proxy already, and has its token.
        self._calls = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(keepalive_timeout=_KEPT_OPEN_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=timeout,
        )
        self._client = AsyncWebClient(
            token=self._token, base_url=self._url, session=self._calls, retry_handlers=[]
        )
        self._client.proxy = proxy_for(self._url)

    async def close(self) -> None:
        """Close the pools."""
        for session in (self._session, self._calls):
            if session is not None:
                await session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """For what is no call: files, response addresses, the socket."""
        assert self._session is not None
        return self._session

    async def call(self, method: str, *, token: str | None = None, **arguments: Any) -> Json:
        """Make one call. Raises Refused, Unclear, Busy."""
        channel = str(arguments.get("channel", ""))
        give_up = time.monotonic() + _LONGEST_HOLD_S
        while True:
            async with self.limits.slot(method, channel):
                answer = await self._once(method, token, arguments)
            if not isinstance(answer, float):
                self._meter.sends += 1
                return answer
            self._meter.retries += 1
            self.limits.hold(method, channel, answer)
            if time.monotonic() + answer > give_up:
                raise Busy(answer)

    async def call_taken(self, method: str, **arguments: Any) -> Json:
        """Make one call whose place in the limit was taken: it waits for nothing. Raises Refused,
        Unclear, Busy."""
        answer = await self._once(method, None, arguments)
        if isinstance(answer, float):
            self.limits.hold(method, "", answer)
            raise Busy(answer)
        self._meter.sends += 1
        return answer

    async def _once(self, method: str, token: str | None, arguments: Json) -> Json | float:
        """The answer, or in how many seconds to come back."""
        assert self._client is not None
        given = {name: value for name, value in arguments.items() if value is not None}
        headers = {"Authorization": f"Bearer {token}"} if token else None
        how: dict[str, Any] = {"params" if method in _BY_QUERY else "json": given}
        try:
            response = await self._client.api_call(method, headers=headers, **how)
        except SlackApiError as error:
            return _failed(error, method)
        except (aiohttp.ClientError, TimeoutError, ConnectionError, SlackClientError) as error:
            raise Unclear(f"{method}: {said(error)}") from error
        except (ValueError, AttributeError) as error:
            # The library breaks on what cannot be read as JSON, or is no object.
            raise Unclear(f"{method}: an answer that is none of Slack's") from error
        return response.data if isinstance(response.data, dict) else {}


def _failed(error: SlackApiError, method: str) -> float:
    response = error.response
    status = getattr(response, "status_code", getattr(response, "status", 0))
    if status == 429:
        return _seconds(response.headers.get("Retry-After"))
    word = text_of(getattr(response, "data", None), "error")
    if word in _LATER_S:
        return _LATER_S[word]
    if not word and status in _NO_SUCH and method not in _ESSENTIAL:
        raise Refused("unknown_method") from error
    if not word or status >= 500 or word in _UNCLEAR:
        raise Unclear(f"Slack answered with {status} {word or 'and no JSON'}") from error
    raise Refused(word) from error


def _seconds(value: object) -> float:
    try:
        return min(max(float(str(value)), 0.1), 3600.0)
    except ValueError:
        return 1.0


async def settled(task: "asyncio.Task[Any]") -> None:
    """Cancel a task of ours and wait for its end."""
    task.cancel()
    await asyncio.wait([task])
