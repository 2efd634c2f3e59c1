"""Slack as the core's adapter: its life, and items and hints to their places."""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Awaitable
from contextlib import suppress
from functools import partial

import structlog

from adapters.slack import render
from adapters.slack.api import Api, Busy, Refused, Unclear
from adapters.slack.background import Background
from adapters.slack.bolt_app import application, dispatched
from adapters.slack.cards import Cards
from adapters.slack.events import Bot
from adapters.slack.files import Files
from adapters.slack.hints import Hints
from adapters.slack.http_mode import HttpMode
from adapters.slack.intake import Intake
from adapters.slack.missed import Missed
from adapters.slack.people import People
from adapters.slack.posting import Posting, Undressed
from adapters.slack.questions import Questions
from adapters.slack.response import Responses
from adapters.slack.sessions import Sessions
from adapters.slack.settings import SlackSettings
from adapters.slack.socket_mode import SocketMode
from adapters.slack.status import Meter, Status
from adapters.slack.streams import Streams
from adapters.slack.windows import Windows
from core.errors import DeliveryFailed, DeliveryRefused, StoreError, ThawError
from core.messages import (
    Card,
    CardMoved,
    ChannelRef,
    Hint,
    Outbound,
    Person,
    Post,
    Seen,
    StateMoved,
    StreamText,
    ThreadRef,
    Trouble,
)
from core.ports import Door, Guard, Places, Window

log = structlog.get_logger(__name__)

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 60.0
_SEEN = 5_000
_SHORT = 2_000  # characters that are laid out in less time than a thread takes to be woken up


class SlackAdapter:
    """One workspace. Implements core.ports.Adapter and Warner; `second` is Slack's second, shorter
    in tests.

    `guard` says who may look at things that are not kept (forms, details).
    """

    def __init__(
        self, settings: SlackSettings, door: Door, window: Window, places: Places, guard: Guard,
        second: float = 1.0,
    ) -> None:  # fmt: skip
        """Raises ThawError when a token is missing or malformed."""
        wrong = settings.wrong()
        if wrong:
            raise ThawError("\n".join(wrong))
        self._settings = settings
        self._meter = Meter()
        self._background = Background(second)
        self._api = Api(settings.api_url, settings.bot_token, self._meter, second)
        self._files = Files(self._api, settings.api_url, settings.bot_token, window)
        self._hints = Hints(self._api, self._background)
        self._people = People(self._api)
        self._questions = Questions(window)
        self._sessions = Sessions(self._api, second)
        self._posting = Posting(self._api, places, self._files, self._who, self._meter)
        self._cards = Cards(self._api, self._posting, second)
        self._streams = Streams(
            self._api, self._posting, places, self._people.author, self._sessions.streamed, second
        )
        self._windows = Windows(self._api, window, self._hints, self._background)
        self._door, self._window, self._places, self._guard = door, window, places, guard
        self._second = second
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._bot: Bot | None = None
        self._caught_up = False
        self._intake: Intake | None = None
        self._responses: Responses | None = None
        self.http: HttpMode | None = None
        if settings.mode == "http":
            self.http = HttpMode(
                settings.host, settings.port, settings.path, settings.signing_secret, self._meter
            )

    @property
    def status(self) -> Status:
        """How the connection is doing."""
        return self._meter.status()

    async def start(self) -> None:
        """Begin to connect, in the background; returns at once."""
        await self._api.open()
        self._background.keep(self._connected, "slack connection")
        self._background.keep(self._cards.run, "slack cards")
        self._background.keep(self._sessions.run, "slack sessions")

    async def stop(self) -> None:
        """Leave Slack."""
        await self._streams.close()
        await self._background.close()
        await self._people.close()
        await self._api.close()

    async def deliver(self, item: Outbound) -> Awaitable[None] | None:
        """Show a durable item; see the port."""
        self._meter.queue += 1
        try:
            if not isinstance(item, Post):
                return await self._card(item)
            # Its answer may come before the call that shows it returns.
            self._questions.shown(item)
            await self._post(item)
            return None
        except StoreError as error:
            raise DeliveryFailed(f"the store does not keep what is out: {error}") from error
        finally:
            self._meter.queue -= 1

    async def warn(self, person: str, channel: ChannelRef, error: str) -> None:
        """See the port."""
        await self._hints.warn(person, channel, error)

    async def show(self, hint: Hint) -> None:
        """Show something that may be lost; returns at once."""
        match hint:
            case Seen(thread=thread, message_id=id):
                self.seen(thread, id)
                self._sessions.working(thread, id)
            case StreamText():
                self._streams.show(hint)
            case CardMoved(card=card):
                self._cards.move(card)
                self._sessions.working(card.thread, card.id)
            case Trouble():
                self._hints.trouble(hint)
            case StateMoved():
                pass  # nothing in Slack shows the state

    def seen(self, thread: ThreadRef, message_id: str) -> None:
        """Eyes on the message; returns at once."""
        key = f"{thread} {message_id}"
        if key in self._seen or message_id.startswith("command:"):
            return
        self._seen[key] = None
        while len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        self._background.spawn(self._sessions.react(thread, message_id), f"slack eyes {key}")

    def tell(self, thread: ThreadRef, person: Person, text: str) -> None:
        """Show one person a line; returns at once."""
        self._hints.tell(thread, person, text)

    def gone(self, thread: ThreadRef, message_id: str) -> None:
        """The message was deleted; returns at once."""
        self._sessions.done(thread, message_id)

    def stopped(self, thread: ThreadRef) -> None:
        """What goes on in the thread was asked to stop; returns at once."""
        self._sessions.stopped(thread)

    async def _post(self, post: Post) -> None:
        uploads, lacking = await self._files.produced(post.thread.channel, post.files)
        short = len(post.text) + sum(map(len, post.receipt + post.drift)) < _SHORT
        draw = partial(render.post, post, lacking)
        parts = draw() if short else await asyncio.to_thread(draw)
        try:
            if post.alone is not None and await self._posting.whisper(post, parts):
                return
            marks = await self._places.of(post.thread.channel, post.id)
            if not await self._posting.shown_again(post.thread, marks, parts + uploads):
                await self._streams.abandon(post)
                if isinstance(parts[0], render.Part):
                    marks = await self._streams.finish(post, parts[0], marks)
                await self._posting.put(post.thread, post.id, post.at, (*parts, *uploads), marks)
            await self._instead(post, post.id, parts + uploads)
        except Undressed as error:
            log.warning("Slack refuses the dress", item=post.id, error=str(error))
            await self._undressed(post, uploads)
        except DeliveryRefused as error:
            if self._responses is None or not await self._responses.answered(post, parts):
                self._tell_asker(post, str(error))
                raise DeliveryRefused(f"Slack refuses it: {error}") from error
        finally:
            if post.reply_to is not None:
                self._sessions.done(post.thread, post.reply_to)

    def _tell_asker(self, post: Post, error: str) -> None:
        author = self._people.author(post.thread, post.reply_to or "")
        asker = post.mention.id if post.mention else author
        if asker is not None:
            self._hints.unreachable(post.thread, asker, error)

    async def _undressed(self, post: Post, uploads: tuple[render.Upload, ...]) -> None:
        parts = await asyncio.to_thread(render.plain_parts, post)
        try:
            # Under a name of its own: parts that are out already were cut elsewhere.
            await self._posting.put(post.thread, f"{post.id}:plain", post.at, (*parts, *uploads))
            await self._instead(post, f"{post.id}:plain", parts + uploads)
            with suppress(Undressed):  # it may be them that Slack refuses
                buttons = render.plain_buttons(post)
                await self._posting.put(post.thread, f"{post.id}:buttons", post.at, buttons)
        except Undressed as error:
            raise DeliveryRefused(f"Slack refuses it, also as plain text: {error}") from error

    async def _instead(
        self, post: Post, item: str, parts: tuple[render.Part | render.Upload, ...]
    ) -> None:
        """Files that Slack took not leave no gap."""
        refused = await self._posting.refused(post.thread, item, parts)
        if refused:
            made = await asyncio.to_thread(render.instead, post, refused)
            await self._posting.put(post.thread, f"{item}:instead", post.at, made)

    async def _card(self, card: Card) -> Awaitable[None] | None:
        if card.ended_at is None:
            self._sessions.working(card.thread, card.id)
        else:
            self._sessions.done(card.thread, card.id)
        try:
            return await self._cards.deliver(card)
        except Undressed as error:
            raise DeliveryRefused(f"Slack refuses the card: {error}") from error

    async def _connected(self) -> None:
        """Find out who the bot is, then take in what comes. Never returns."""
        settings, bot = self._settings, await self._introduced()
        self._bot = bot
        self._intake = intake = Intake(
            bot=bot, door=self._door, window=self._window, places=self._places,
            guard=self._guard, files=self._files, people=self._people, windows=self._windows,
            meter=self._meter, signs=self, questions=self._questions,
        )  # fmt: skip
        self._responses = Responses(self._api, intake.answer_to)
        app = application(intake, bot, settings.api_url, settings.signing_secret)
        if not self._caught_up:
            # Before anything new is heard: what is there was heard before the bot went down.
            missed = Missed(self._api, self._window, intake.event, self._second)
            await missed.remember()
            self._caught_up = True
            self._background.spawn(missed.catch_up(), "slack missed")
        if self.http is not None:
            await self.http.run(app)
        else:
            socket = SocketMode(
                self._api, settings.app_token,
                lambda payload, retry: dispatched(app, payload, retry), self._meter,
                partial(self._deaf, intake), self._second,
            )  # fmt: skip
            await socket.run()

    def _deaf(self, intake: Intake, since: float) -> None:
        self._background.spawn(self._catch_up(intake, since), "slack missed")

    async def _catch_up(self, intake: Intake, since: float) -> None:
        missed = Missed(self._api, self._window, intake.event, self._second)
        await missed.remember(since)
        await missed.catch_up()

    async def _introduced(self) -> Bot:
        wait = _FIRST_WAIT_S
        while True:
            try:
                answer = await self._api.call("auth.test")
                return Bot(
                    user=str(answer["user_id"]),
                    bot_id=str(answer.get("bot_id") or ""),
                    team=str(answer["team_id"]),
                )
            except (Refused, Unclear, Busy, KeyError) as error:
                self._meter.problem = (
                    f"Slack does not accept the bot's token ({error}): install the app again and"
                    f" put the token that begins with xoxb- into {self._settings.bot_token_env}"
                    if isinstance(error, Refused)
                    else f"Slack cannot be reached: {error}"
                )
                log.warning("not connected to Slack yet", problem=self._meter.problem)
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
            wait = min(2 * wait, _LONGEST_WAIT_S)

    def _who(self) -> Bot:
        if self._bot is None:
            raise DeliveryFailed("not connected to Slack yet", retry_after_s=1.0)
        return self._bot
