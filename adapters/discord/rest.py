"""Requests to Discord's REST API, and what their failures mean for an item. Knows no items."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary

import aiohttp
import discord
from discord.http import HTTPClient, Route

from adapters.discord.fields import Payload
from adapters.discord.gate import Gate, Priority
from adapters.discord.status import Status
from adapters.discord.wire import NOT_TOLD_S, Asking, asked_s, asking
from core.errors import DeliveryFailed, DeliveryRefused, said

_LONGEST_S = 90.0
_LOGIN_S = 20.0
_TOKEN_REFUSED_S = 600.0

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
LACKS_ACCESS, EMPTY, LACKS_RIGHT, LACKS_HISTORY = 50001, 50006, 50013, 160002
THREAD_ARCHIVED, THREAD_LOCKED, THREADS_FULL = 50083, 160005, 160006
TOO_LARGE, ANSWERED_ALREADY = 40005, 40060
_TOKEN_OF_INTERACTION = 50027

_WHY = {
    UNKNOWN_CHANNEL: "the channel is gone",
    LACKS_ACCESS: "the bot cannot see this channel: invite it, or give it View Channel",
    50007: "this person takes no direct messages from the bot",
    LACKS_RIGHT: "the bot lacks a permission here: Send Messages, Send Messages in Threads,"
    " Create Public Threads, Embed Links, Attach Files, Add Reactions",
    50278: "this person shares no server with the bot",
    THREAD_ARCHIVED: "the thread is closed",
    THREAD_LOCKED: "the thread is locked",
    TOO_LARGE: "the file is too large for Discord",
}


class Refusal(DeliveryRefused):
    """Discord said no, in its own words: `code` is its error code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


class Rest:
    """One request at a time goes out and comes back as data, or as an error."""

    def __init__(self, status: Status, gate: Gate) -> None:
        self._status = status
        self._gate = gate
        self._http: HTTPClient | None = None
        self._there = asyncio.Event()
        self._routes: WeakValueDictionary[tuple[str, str, str], asyncio.Lock] = (
            WeakValueDictionary()
        )

    def use(self, http: HTTPClient | None) -> None:
        """Send through this client from now on; None: there is none."""
        self._http = http
        if http is None:
            self._there.clear()
        else:
            self._there.set()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        priority: Priority = Priority.ANSWER,
        body: object = None,
        files: Sequence[tuple[str, bytes]] = (),
        **where: str,
    ) -> Payload:
        """The answer's object. `where` fills the path.

        Raises Refusal, or DeliveryFailed when it is worth another try.
        """
        answer = await self._answer(method, path, priority, body, files, where)
        return answer if isinstance(answer, dict) else {}

    async def ask_list(self, method: str, path: str, body: object = None, **where: str) -> object:
        """The answer as it is, for the few routes that give lists."""
        return await self._answer(method, path, Priority.CARD, body, (), where)

    async def _answer(
        self, method: str, path: str, priority: Priority, body: object,
        files: Sequence[tuple[str, bytes]], where: dict[str, str],
    ) -> object:  # fmt: skip
        http = await self._client()
        # One at a time on a route of a channel: several that wait for one limit of the library's
        # are let go together now and then, and break it.
        key = (method, path, where.get("channel_id", "") or where.get("webhook_id", ""))
        lock = self._routes.get(key)
        if lock is None:
            lock = self._routes[key] = asyncio.Lock()
        async with lock:
            self._status.sends += 1
            # What answers an interaction does not count against the bot's limit.
            counts = None if "webhook_id" in where else priority
            if counts is not None and (left := self._gate.shut_s):
                raise DeliveryFailed("Discord asks for a pause", retry_after_s=left)
            return await self._sent(http, Route(method, path, **where), body, files, counts)

    async def _sent(
        self, http: HTTPClient, route: Route, body: object, files: Sequence[tuple[str, bytes]],
        priority: Priority | None,
    ) -> object:  # fmt: skip
        try:
            async with asyncio.timeout(_LONGEST_S) as limit:
                if priority is None:
                    answer = await _request(http, route, body, files)
                else:
                    about = Asking(priority=priority, limit=limit, longest_s=_LONGEST_S)
                    with asking(about):
                        answer = await _request(http, route, body, files)
        except discord.RateLimited as error:
            raise DeliveryFailed(
                "Discord asks for a pause", retry_after_s=error.retry_after
            ) from error
        except discord.HTTPException as error:
            raise _fault(error) from error
        except (aiohttp.ClientError, OSError, TimeoutError, RuntimeError) as error:
            # RuntimeError: the library's session was closed by a reconnect.
            raise DeliveryFailed(f"Discord cannot be reached: {said(error)}") from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            # The library trusts what it reads: a limit without its time, JSON that is none.
            raise DeliveryFailed(
                f"Discord answered with something that is not its own: {said(error)}"
            ) from error
        if isinstance(answer, str) and answer:
            raise DeliveryFailed("Discord answered with something that is not its own")
        return answer

    async def _client(self) -> HTTPClient:
        try:
            async with asyncio.timeout(_LOGIN_S):
                await self._there.wait()
        except TimeoutError:
            raise DeliveryFailed("not logged in to Discord", retry_after_s=5.0) from None
        if self._http is None:
            raise DeliveryFailed("not logged in to Discord", retry_after_s=5.0)
        return self._http


async def _request(
    http: HTTPClient, route: Route, body: object, files: Sequence[tuple[str, bytes]]
) -> object:
    try:
        return await http.request(route, **_content(body, files))
    except asyncio.CancelledError:
        # The library lifts a pause for all requests when the one that met it has waited: one that
        # is given up before would hold all others for ever.
        http._global_over.set()  # noqa: SLF001
        raise


def _content(body: object, files: Sequence[tuple[str, bytes]]) -> dict[str, Any]:
    """What the library's request takes."""
    if not files:
        return {} if body is None else {"json": body}
    form: list[dict[str, object]] = [{"name": "payload_json", "value": json.dumps(body)}]
    for number, (name, content) in enumerate(files):
        form.append(
            {
                "name": f"files[{number}]", "value": content, "filename": name,
                "content_type": "application/octet-stream",
            }
        )  # fmt: skip
    return {"form": form}


def _fault(error: discord.HTTPException) -> DeliveryFailed | Refusal:
    if error.status == 401 and error.code != _TOKEN_OF_INTERACTION:
        return DeliveryFailed(
            "Discord does not take the bot's token any more: make a new one and start again",
            retry_after_s=_TOKEN_REFUSED_S,
        )
    if error.status == 429:
        asked = asked_s(error.response.headers)
        pause = NOT_TOLD_S if asked is None else asked
        return DeliveryFailed("Discord asks for a pause", retry_after_s=pause)
    if error.status == 413:
        # Also when it is the word of something in between, which knows no codes.
        return Refusal(f"{_WHY[TOO_LARGE]} (status 413)", TOO_LARGE)
    if error.status >= 500:
        return DeliveryFailed(f"Discord is in trouble (status {error.status})")
    if not error.code:
        # Discord names what it refuses by a code: this came from something in between.
        return DeliveryFailed(
            f"something before Discord refused (status {error.status})",
            retry_after_s=NOT_TOLD_S,
        )
    why = _WHY.get(error.code, f"Discord refused it: {error.text[:300]}")
    return Refusal(f"{why} (code {error.code})", error.code)
