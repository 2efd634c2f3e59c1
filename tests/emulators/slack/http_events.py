"""Events over HTTP: signed requests to the bot's own address, retried as Slack does."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import aiohttp


def signed(secret: str, body: str, at: float | None = None) -> dict[str, str]:
    """The headers that prove a request comes from Slack."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


class HttpEvents:
    """Delivers to `url` with the app's signing secret."""

    def __init__(self, url: str, secret: str, redelivery: Sequence[float], ack_s: float) -> None:
        self._url = url
        self._secret = secret
        self._redelivery = redelivery
        self._ack_s = ack_s

    async def deliver(self, kind: str, payload: dict[str, Any]) -> Any:
        """Send until it is answered with 200; returns the JSON of the answer, if there is one."""
        waits = [0.0, *self._redelivery] if kind == "events_api" else [0.0]
        for attempt, wait in enumerate(waits):
            await asyncio.sleep(wait)
            try:
                return await self._once(kind, payload, attempt)
            except (TimeoutError, aiohttp.ClientError, ConnectionError):
                continue
        raise TimeoutError(f"{kind} was never acknowledged")

    async def _once(self, kind: str, payload: dict[str, Any], attempt: int) -> Any:
        match kind:
            case "events_api":
                body, type_ = json.dumps(payload), "application/json"
            case "slash_commands":
                body, type_ = urlencode(payload), "application/x-www-form-urlencoded"
            case _:
                body = urlencode({"payload": json.dumps(payload)})
                type_ = "application/x-www-form-urlencoded"
        headers = {"Content-Type": type_, **signed(self._secret, body)}
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_timeout"}
        timeout = aiohttp.ClientTimeout(total=self._ack_s)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(self._url, data=body, headers=headers) as answer,
        ):
            text = await answer.text()
            if answer.status != 200:
                raise ConnectionError(f"answered with {answer.status}")
            return json.loads(text) if text.startswith("{") else text or None
