"""Fetches a page: checked, redirected, bounded, read. Knows no job and fences nothing."""

import asyncio

from aiohttp import ClientError
from yarl import URL

from core.errors import BadRequest, said
from core.fetch.allowed import Allowed, Target
from core.fetch.page import Page, Written
from core.fetch.reading import Reading
from core.fetch.resolver import LookUp, look_up
from core.fetch.transfer import Answer, Redirect, transfer
from core.messages import ChannelRef

MOST_REDIRECTS = 5
_AT_ONCE = 16
_UNWRITTEN = (
    "a URL with a query is fetched only as the person who asked wrote it in this channel, and "
    "this one was not; fetch it without ?..., or say in the result which URL is needed and why"
)


class Fetcher:
    """Implements core.ports.Web."""

    def __init__(self, allowed: Allowed, *, ask: LookUp = look_up) -> None:
        self._allowed = allowed
        self._ask = ask
        self._reading = Reading()
        self._places = asyncio.Semaphore(_AT_ONCE)

    def hosts(self, channel: ChannelRef) -> tuple[str, ...]:
        """See core.ports.Web."""
        return self._allowed.hosts(channel)

    def free(self, channel: ChannelRef, url: str) -> bool:
        """See core.ports.Web. What cannot be fetched at all says so itself."""
        try:
            return _is_free(self._allowed.target(channel, url))
        except BadRequest:
            return True

    async def fetch(self, channel: ChannelRef, url: str, written: Written) -> Page:
        """See core.ports.Web."""
        target = self._allowed.target(channel, url)
        if not _is_free(target) and not await written(url):
            raise BadRequest(_UNWRITTEN)
        async with self._places:
            final, answer = await self._bounded(channel, target)
            read = await self._reading.read(answer, str(final))
        if not read.text.strip():
            raise BadRequest("the page has no text")
        return Page(url=str(final), title=read.title, text=read.text, more=read.more)

    async def _bounded(self, channel: ChannelRef, target: Target) -> tuple[URL, Answer]:
        limit = asyncio.timeout(target.allowance.timeout_s)
        try:
            async with limit:
                return await self._followed(channel, target)
        except TimeoutError as error:
            if not limit.expired():
                raise BadRequest("the server did not answer in time") from error
            seconds = target.allowance.timeout_s
            raise BadRequest(f"it took longer than {seconds:g} s") from error
        except (ClientError, OSError, ValueError) as error:
            raise BadRequest(f"it cannot be fetched: {said(error)[:300]}") from error

    async def _followed(self, channel: ChannelRef, target: Target) -> tuple[URL, Answer]:
        for _ in range(MOST_REDIRECTS + 1):
            got = await transfer(target, self._ask)
            if isinstance(got, Answer):
                return target.url, got
            target = self._next(channel, target, got)
        raise BadRequest(f"it redirects more than {MOST_REDIRECTS} times")

    def _next(self, channel: ChannelRef, target: Target, redirect: Redirect) -> Target:
        """Where it leads, checked like any other URL."""
        try:
            joined = str(target.url.join(URL(redirect.location)))
            return self._allowed.target(channel, joined)
        except (BadRequest, ValueError) as error:
            shown = redirect.location[:200]
            raise BadRequest(f"it redirects to {shown!a}, which is refused: {error}") from error


def _is_free(target: Target) -> bool:
    return target.allowance.any_query or not target.url.raw_query_string
