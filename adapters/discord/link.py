"""The connection to Discord's gateway: logs in, stays, comes back. Hands events on, reads none.

The library keeps the connection and resumes it. What it lacks is added here: pauses between
attempts that do not grow for ever, a watchdog over connections that never come up, and events
that cannot break the connection they came through. Its cache of guilds is not used.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count

import aiohttp
import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.beats import tend
from adapters.discord.buckets import Bucket, clear_seldom
from adapters.discord.fields import Payload, number, part, shard_of
from adapters.discord.pacing import Pace, Starts
from adapters.discord.rest import Rest
from adapters.discord.settings import DiscordSettings
from adapters.discord.status import Status
from adapters.discord.wire import LONGEST_LIMIT_S
from core.errors import ThawError, said

log = structlog.get_logger(__name__)

EVENTS = (
    "READY", "RESUMED", "GUILD_CREATE", "GUILD_DELETE", "CHANNEL_CREATE", "CHANNEL_UPDATE",
    "CHANNEL_DELETE", "THREAD_CREATE", "THREAD_UPDATE", "THREAD_DELETE", "THREAD_LIST_SYNC",
    "THREAD_MEMBERS_UPDATE", "MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK", "INTERACTION_CREATE",
)  # fmt: skip
_RESUMES = 2
_HOPELESS_PAUSE_S = 600.0
_LONGEST_WAIT_S = 3600.0
_CLOSED = {
    4010: "it knows no such shard",
    4012: "it speaks this version of its API no more: a newer Thaw is needed",
    4013: "it knows no such intents",
    4014: "the bot may not have the intents it asks for: look under Bot in the developer portal",
}
_CONTENT_GRANTED = 1 << 18 | 1 << 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How patient the link is, in seconds.

    A connection that says nothing for `heartbeat_timeout_s` is dead, and sooner, but not within
    `quiet_s`, where Discord wants frequent heartbeats; one that has not come up
    after `patience_s` is given up. `identify_pause_s` is what Discord wants between new sessions.
    """

    heartbeat_timeout_s: float = 60.0
    quiet_s: float = 5.0
    patience_s: float = 90.0
    identify_pause_s: float = 5.0
    first_pause_s: float = 0.5


class _Hopeless(ThawError):
    """Discord does not let this bot in, and says so; only a person can help."""


class Link:
    """Keeps one bot connected while `run` runs."""

    def __init__(
        self,
        settings: DiscordSettings,
        token: str,
        rest: Rest,
        status: Status,
        on_event: Callable[[str, Payload], None],
        timing: Timing,
        trace: aiohttp.TraceConfig,
    ) -> None:
        self.trace = trace
        self._settings = settings
        self._token = token
        self._rest = rest
        self._status = status
        self._on_event = on_event
        self._timing = timing
        self._pace = Pace(timing.first_pause_s)
        self._starts = Starts()
        self._content = True
        self._shards = 1
        self._live: set[int] = set()
        self._up = asyncio.Event()
        self._down = asyncio.Event()
        self.application = ""

    async def run(self) -> None:
        """Connect, and again whenever it ends; never returns, raises nothing of the world's."""
        pause = Pace()
        while True:
            try:
                await self._connect()
                self._problem("the connection did not come up again")
            except _Hopeless as error:
                self._problem(str(error))
                await asyncio.sleep(_HOPELESS_PAUSE_S)
            except discord.PrivilegedIntentsRequired:
                if self._content:
                    self._content = False
                    continue
                self._problem(f"Discord closed the connection: {_CLOSED[4014]}")
                await asyncio.sleep(_HOPELESS_PAUSE_S)
            except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
                self._problem(f"Discord cannot be reached: {said(error)}")
            except Exception as error:
                # The library meets what it does not expect: a new connection is all that helps.
                words = f"the connection broke: {said(error)}"
                if words != self._status.problem:
                    log.exception("the connection to Discord broke")
                self._problem(words)
            if self._up.is_set():
                pause.good()
            self._went_down(None)
            self._status.retries += 1
            await asyncio.sleep(pause.next_s())

    async def _connect(self) -> None:
        """One life of a client. Returns when the watchdog gave it up."""
        self._shards = await self._recommended_shards()
        client = self._client()
        watch: asyncio.Task[None] | None = None
        connection: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(self._timing.patience_s):
                await client.login(self._token)
            self._take_up(client)
            watch = asyncio.create_task(self._watch(), name="discord watchdog")
            connection = asyncio.create_task(client.connect(), name="discord connection")
            await asyncio.wait({watch, connection}, return_when=asyncio.FIRST_COMPLETED)
            if connection.done():
                await connection
        except discord.LoginFailure as error:
            raise _Hopeless(_bad_token(self._settings)) from error
        except discord.ConnectionClosed as error:
            if error.code == 4004:
                raise _Hopeless(_bad_token(self._settings)) from error
            if error.code in _CLOSED:
                words = f"Discord closed the connection: {_CLOSED[error.code]}"
                raise _Hopeless(words) from error
            raise
        finally:
            self._rest.use(None)
            for task in (watch, connection):
                if task is not None:
                    task.cancel()
            await asyncio.gather(
                *(task for task in (watch, connection) if task is not None),
                return_exceptions=True,
            )
            await _closed(client)

    async def _recommended_shards(self) -> int:
        """How many connections Discord wants for the bot's guilds."""
        url = self._settings.api_url.rstrip("/") + "/gateway/bot"
        headers = {"Authorization": f"Bot {self._token}"}
        timeout = aiohttp.ClientTimeout(total=30)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, headers=headers) as answer,
        ):
            if answer.status == 401:
                raise _Hopeless(_bad_token(self._settings))
            answer.raise_for_status()
            found: object = await answer.json()
        told = found if isinstance(found, dict) else {}
        limit = part(told, "session_start_limit")
        if number(limit, "remaining", 1) == 0:
            wait = min(max(number(limit, "reset_after", 60_000) / 1000, 1.0), _LONGEST_WAIT_S)
            self._problem(f"Discord lets the bot connect again in {wait:.0f} s")
            await asyncio.sleep(wait)
        return min(max(number(told, "shards", 1), 1), 1000)

    def _client(self) -> discord.Client:
        # The library has its limits' class in its module, and both addresses in its classes.
        setattr(discord.http, "Ratelimit", Bucket)  # noqa: B010 - mypy lets no class be replaced
        Route.BASE = self._settings.api_url.rstrip("/")
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(self._settings.gateway_url)
        intents = discord.Intents(
            guilds=True, guild_messages=True, dm_messages=True, message_content=self._content
        )
        # What is not installed for voice is not missed.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        kind = _Many if self._shards > 1 else _One
        return kind(self, intents, self._timing.heartbeat_timeout_s, self._shards)

    def _take_up(self, client: discord.Client) -> None:
        """The client is logged in: requests go out through it, events come from it."""
        application = client.application
        self.application = str(application.id) if application is not None else ""
        granted = application is not None and application.flags.value & _CONTENT_GRANTED
        if not granted:
            log.warning(
                "Discord's message content intent is off: in servers the bot only reads mentions"
                " and replies; turn it on under Bot in the developer portal"
            )
        state = client._connection  # noqa: SLF001 - the one way to events without the cache
        state._intents.message_content = bool(granted) and self._content  # noqa: SLF001
        state.parsers = {name: self._parser(client, name) for name in EVENTS}
        connect = client.http.ws_connect

        async def ws_connect(url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
            return await self._patiently(url, lambda at: connect(at, compress=compress))

        client.http.ws_connect = ws_connect  # type: ignore[method-assign]
        clear_seldom(client.http)
        self._rest.use(client.http)

    async def _patiently(
        self, url: str, connect: Callable[[str], Awaitable[aiohttp.ClientWebSocketResponse]]
    ) -> aiohttp.ClientWebSocketResponse:
        """Connect, at a pace; what the library does by itself is too often or too seldom."""
        for attempt in count():
            await asyncio.sleep(self._pace.next_s())
            if attempt == _RESUMES:
                # Where a session is to be resumed may be gone for good; the way in is not.
                url = str(DiscordWebSocket.DEFAULT_GATEWAY.with_query(yarl.URL(url).query))
            try:
                return await connect(url)
            except (OSError, aiohttp.ClientError, TimeoutError) as error:
                self._status.retries += 1
                self._problem(f"Discord's gateway cannot be reached: {said(error)}")
        raise AssertionError("counting does not end")

    def _parser(self, client: discord.Client, name: str) -> Callable[[Payload], None]:
        def parse(payload: Payload) -> None:
            self._status.heard()
            try:
                if name in ("READY", "RESUMED"):
                    self._listen_for_beats(client, _shard(name, payload))
                    self._came_up(_shard(name, payload))
                self._on_event(name, payload)
            except Exception:
                # Around one event: what is broken in it must not break the connection.
                log.exception("an event cannot be read", name=name)

        return parse

    def _listen_for_beats(self, client: discord.Client, shard: int) -> None:
        part = client.get_shard(shard) if isinstance(client, _Many) else None
        socket = client.ws if part is None else part._parent.ws  # noqa: SLF001
        beats = socket._keep_alive  # noqa: SLF001 - nothing else knows the interval
        if beats is not None:
            timing = self._timing
            tend(beats, quiet_s=timing.quiet_s, longest_s=timing.heartbeat_timeout_s)

    def _came_up(self, shard: int) -> None:
        self._live.add(shard)
        self._pace.good()
        if len(self._live) >= self._shards:
            if not self._status.connected:
                log.info("connected to Discord")
            self._status.connected = True
            self._status.problem = ""
            self._down.clear()
            self._up.set()

    def went_down(self, shard: int) -> None:
        """The connection of a shard ended; the library is about to make a new one."""
        self._went_down(shard)
        self._status.retries += 1

    def _went_down(self, shard: int | None) -> None:
        if shard is None:
            self._live.clear()
        self._live.discard(shard or 0)
        self._status.connected = False
        self._up.clear()
        self._down.set()

    async def _watch(self) -> None:
        """Return when there has been no whole connection for too long."""
        patience = self._timing.patience_s + 6.0 * (self._shards - 1)
        try:
            while True:
                async with asyncio.timeout(patience):
                    await self._up.wait()
                await self._down.wait()
        except TimeoutError:
            return

    async def before_identify(self, *, initial: bool) -> None:
        """Sessions may only be begun so often."""
        if not initial:
            await asyncio.sleep(self._timing.identify_pause_s)
        while wait := self._starts.wait_s(self._shards):
            self._problem(f"sessions end too soon; the next one begins in {wait:.0f} s")
            await asyncio.sleep(wait)
        self._starts.begun()

    def _problem(self, words: str) -> None:
        if words != self._status.problem:
            log.warning("Discord is not connected", problem=words)
        self._status.problem = words


class _One(discord.Client):
    """One connection. Tells the link what becomes of it."""

    def __init__(
        self, link: Link, intents: discord.Intents, heartbeat_timeout_s: float, shards: int
    ) -> None:
        super().__init__(
            intents=intents, heartbeat_timeout=heartbeat_timeout_s, max_messages=None,
            chunk_guilds_at_startup=False, max_ratelimit_timeout=LONGEST_LIMIT_S,
            member_cache_flags=discord.MemberCacheFlags.none(), http_trace=link.trace,
        )  # fmt: skip
        self._link = link

    def dispatch(self, event: str, /, *args: object, **kwargs: object) -> None:
        """Events of the library itself; those of the gateway go to the link."""
        if event == "disconnect":
            self._link.went_down(0)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """See Link."""
        await self._link.before_identify(initial=initial)


class _Many(discord.AutoShardedClient):
    """A connection for each shard."""

    def __init__(
        self, link: Link, intents: discord.Intents, heartbeat_timeout_s: float, shards: int
    ) -> None:
        super().__init__(
            intents=intents, heartbeat_timeout=heartbeat_timeout_s, max_messages=None,
            chunk_guilds_at_startup=False, max_ratelimit_timeout=LONGEST_LIMIT_S,
            member_cache_flags=discord.MemberCacheFlags.none(), shard_count=shards,
            http_trace=link.trace,
        )  # fmt: skip
        self._link = link

    def dispatch(self, event: str, /, *args: object, **kwargs: object) -> None:
        """Events of the library itself; those of the gateway go to the link."""
        if event == "shard_disconnect" and args and isinstance(args[0], int):
            self._link.went_down(args[0])

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """See Link."""
        await self._link.before_identify(initial=initial)


async def _closed(client: discord.Client) -> None:
    """Close what may be broken; a close that hangs must not hold up the next connection."""
    try:
        async with asyncio.timeout(5):
            await client.close()
    except Exception:
        # Whatever it is, the client is given up.
        log.info("a connection was not closed well", exc_info=True)
    await client.http.close()


def _shard(name: str, payload: Payload) -> int:
    if name == "RESUMED":
        return max(number(payload, "__shard_id__", 0), 0)
    return shard_of(payload)[0]


def _bad_token(settings: DiscordSettings) -> str:
    return (
        f"Discord does not know the token in {settings.token_env}: make a new one in the developer"
        " portal (Bot, Reset Token), set it, and start again"
    )
