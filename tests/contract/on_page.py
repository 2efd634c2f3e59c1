"""A person on the local page: each place is a channel, each question a thread."""

import asyncio
import itertools
import json
from collections.abc import Callable, Collection, Mapping
from contextlib import AsyncExitStack, suppress
from typing import Any

from tests.harness.page import Page, Refused
from tests.harness.people import PATIENCE_S, Asked, Shown
from tests.harness.shown import Card, Post


class OnPage:
    """Ana, with a page open for each place."""

    name = "page"
    me = "ana"

    def __init__(self, url: Callable[[], str], stack: AsyncExitStack) -> None:
        self._url = url
        self._stack = stack
        self._pages: dict[int, Listener] = {}
        self._threads = itertools.count(1)

    async def connected(self) -> None:
        """See Side."""
        for page in self._pages.values():
            await page.connected()

    async def _page(self, place: int) -> "Listener":
        if place not in self._pages:
            page = Listener(self._url, channel=f"place-{place}")
            self._pages[place] = await self._stack.enter_async_context(page)
            await page.connected()
        return self._pages[place]

    async def ask(self, text: str, place: int, *, file: tuple[str, bytes] | None = None) -> Asked:
        """See Side."""
        page, thread = await self._page(place), f"t-{next(self._threads)}"
        files = () if file is None else (await page.upload(*file),)
        await page.watch(thread)
        id = page.say(text, thread=thread, files=files)
        await page.kept(id)
        return Asked(place=place, conversation=thread, message=id)

    async def more(self, asked: Asked, text: str) -> None:
        """See Side."""
        page = self._pages[asked.place]
        await page.kept(page.say(text, thread=asked.conversation))

    def seen(self, asked: Asked) -> bool:
        """See Side."""
        return asked.message in self._pages[asked.place].seen

    def shown(self, asked: Asked) -> list[Shown]:
        """See Side."""
        page = self._pages[asked.place]
        cards = [_card(c) for c in page.cards.values() if c.thread == asked.conversation]
        return cards + [_post(p) for p in page.posts if p.thread == asked.conversation]

    def files(self, asked: Asked) -> Mapping[str, bytes]:
        """See Side. Files open from the message; their content is not read here."""
        return {name: b"" for s in self.shown(asked) for name in getattr(s.message, "files", ())}

    async def press(self, shown: Shown, label: str) -> None:
        """See Side."""
        await self._press(shown, self.action(shown, label))

    async def _press(self, shown: Shown, action: str, text: str | None = None) -> None:
        page = self._of(shown)
        thread = shown.message.thread
        await page.kept(page.press(action, text=text, thread=thread))

    async def until(self, holds: Callable[[], object]) -> None:
        """See Side."""
        ways = [
            asyncio.create_task(page.until(lambda: bool(holds()), PATIENCE_S))
            for page in self._pages.values()
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        if not holds():
            raise TimeoutError

    async def edit(self, asked: Asked, text: str) -> None:
        """See Somebody."""
        raise NotImplementedError("nobody edits on the page")

    async def delete(self, asked: Asked) -> None:
        """See Somebody."""
        raise NotImplementedError("nobody deletes on the page")

    async def reply(self, shown: Shown, text: str) -> None:
        """See Somebody."""
        page = self._of(shown)
        await page.kept(page.say(text, thread=shown.message.thread, reply_to=shown.id))

    async def fill(self, shown: Shown, label: str, text: str) -> None:
        """See Somebody."""
        await self._press(shown, self.action(shown, label), text)

    async def details(self, shown: Shown) -> str:
        """See Somebody."""
        view = await self._of(shown).look("job", number=shown.message.job)
        return json.dumps(view)

    async def native(self, asked: Asked, command: str) -> str:
        """See Somebody. On the page, commands are words."""
        answer = await self._pages[asked.place].ask(f"/{command}", thread=asked.conversation)
        return answer.text

    async def again(self, asked: Asked) -> None:
        """See Somebody."""
        await self._pages[asked.place].once_more(asked.message)

    async def forge(self, asked: Asked, shown: Shown, action: str) -> None:
        """See Somebody. What is no button at all is refused, and the page says so."""
        with suppress(Refused):
            await self._press(shown, action)

    async def submit(self, asked: Asked, shown: Shown, action: str, text: str) -> None:
        """See Somebody."""
        with suppress(Refused):
            await self._press(shown, action, text)

    def action(self, shown: Shown, label: str) -> str:
        """See Somebody."""
        found: str = shown.message.button(label)
        return found

    def growing(self, asked: Asked) -> Collection[str]:
        """See Somebody."""
        return self._pages[asked.place].grew

    def notified(self, asked: Asked) -> Collection[str]:
        """See Somebody."""
        posts = self._pages[asked.place].posts
        return {p.mention for p in posts if p.mention and p.thread == asked.conversation}

    def heard_privately(self) -> Collection[str]:
        """See Somebody."""
        return ()

    def _of(self, shown: Shown) -> "Listener":
        thread = shown.message.thread
        return next(p for p in self._pages.values() if thread in p.threads)


class Listener(Page):
    """A page that keeps what it sent and what it saw growing."""

    def __init__(self, url: Callable[[], str], *, channel: str) -> None:
        super().__init__(url, channel=channel)
        self.grew: list[str] = []
        self.threads: set[str] = set()
        self._sent: dict[str, Mapping[str, Any]] = {}

    def _go(self, frame: Mapping[str, Any]) -> None:
        self._sent[frame["id"]] = frame
        self.threads.add(frame["thread"])
        super()._go(frame)

    def _take(self, frame: Mapping[str, Any]) -> None:
        super()._take(frame)
        if frame["type"] == "stream":
            self.grew.append(self.streams[frame["post_id"]])

    async def watch(self, thread: str) -> None:
        """Open a thread: only there answers are seen growing."""
        await self._off({"type": "watch", "channel": self.channel, "thread": thread})

    async def once_more(self, id: str) -> None:
        """Send the same frame a second time, as after a reconnect."""
        super()._go(self._sent[id])
        with suppress(KeyError):
            await self.kept(id)


def _card(card: Card) -> Shown:
    labels = tuple(button.label for button in card.buttons)
    text = f"{card.title} {card.state} {card.step}"
    return Shown(id=card.id, text=text, buttons=labels, message=card)


def _post(post: Post) -> Shown:
    labels = tuple(button.label for button in post.buttons)
    text = "\n".join((post.text, *post.receipt, *post.drift))
    return Shown(id=post.id, text=text, buttons=labels, message=post)
