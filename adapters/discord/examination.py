"""What the doctor asks of Discord: token, intents, servers, gateway, clock. Looks only.

Does without the library: it keeps its addresses in its classes, and a bot may be running.
"""

import asyncio
from collections.abc import Mapping

import aiohttp

from adapters.discord.fields import Payload, id_of, number, part, text
from adapters.discord.settings import DiscordSettings
from adapters.examined import Examined, ahead_s, clock
from core.errors import ThawError, said

_TIMEOUT = aiohttp.ClientTimeout(total=6)
_CONTENT_GRANTED = 1 << 18 | 1 << 19
_CLOCK = "switch on time synchronisation: times on cards are wrong otherwise"
_FEW_STARTS = 50

_ADMINISTRATOR = 1 << 3
_MOST_SERVERS = 20
# What the bot uses, and no more.
_PERMISSIONS = {
    10: "View Channels", 11: "Send Messages", 14: "Embed Links", 15: "Attach Files",
    16: "Read Message History", 6: "Add Reactions", 35: "Create Public Threads",
    38: "Send Messages in Threads",
}  # fmt: skip
PERMISSIONS = sum(1 << bit for bit in _PERMISSIONS)


def invite_url(application: str) -> str:
    """The link by which somebody with the right to manage a server brings the bot there."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={application}"
        f"&permissions={PERMISSIONS}&integration_type=0&scope=bot+applications.commands"
    )


async def examine(
    settings: DiscordSettings, environment: Mapping[str, str]
) -> tuple[Examined, ...]:
    """Try what the bot will use. Takes some seconds at most; raises nothing of the world's."""
    try:
        token = settings.token(environment)
    except ThawError as error:
        return (Examined(level="problem", text=str(error)),)
    try:
        async with aiohttp.ClientSession(
            timeout=_TIMEOUT, headers={"Authorization": f"Bot {token}"}
        ) as session:
            return await _examined(session, settings)
    except _Unusable as error:
        return (error.finding,)


class _Unusable(Exception):
    """Nothing more can be looked at."""

    def __init__(self, finding: Examined) -> None:
        super().__init__(finding.text)
        self.finding = finding


async def _examined(
    session: aiohttp.ClientSession, settings: DiscordSettings
) -> tuple[Examined, ...]:
    application, ahead = await _get(session, settings, "/applications/@me")
    told = application if isinstance(application, dict) else {}
    if not id_of(told):
        raise _strange(settings.api_url, "it names no application")
    guilds, _ = await _get(session, settings, "/users/@me/guilds")
    start, _ = await _get(session, settings, "/gateway/bot")
    name = text(told, "name") or "the bot"
    return (
        Examined(level="ok", text=f"the token is that of {name}"),
        _intent(told),
        *_endpoint(told),
        *_public(told),
        _servers(guilds, id_of(told)),
        *_lacking(guilds, id_of(told)),
        *_starts(start if isinstance(start, dict) else {}),
        *clock(ahead, _CLOCK),
        await _gateway(session, settings),
    )


async def _get(
    session: aiohttp.ClientSession, settings: DiscordSettings, path: str
) -> tuple[object, float | None]:
    """The answer and by how many seconds our clock is ahead of Discord's."""
    url = settings.api_url.rstrip("/") + path
    try:
        async with session.get(url) as answer:
            if answer.status == 401:
                raise _Unusable(
                    Examined(
                        level="problem",
                        text=f"Discord does not know the token in {settings.token_env}",
                        advice="developer portal, your application, Bot, Reset Token; set it again",
                    )
                )
            answer.raise_for_status()
            found: object = await answer.json()
            return found, ahead_s(answer.headers.get("Date", ""))
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        raise _strange(url, said(error)) from error


def _strange(url: str, why: str) -> _Unusable:
    return _Unusable(
        Examined(
            level="problem",
            text=f"{url} does not answer as Discord does: {why}",
            advice="check the network, a proxy, and [discord] api_url",
        )
    )


def _intent(application: Payload) -> Examined:
    if number(application, "flags", 0) & _CONTENT_GRANTED:
        return Examined(level="ok", text="it may read messages in its threads")
    return Examined(
        level="note",
        text="the message content intent is off: in servers it only reads mentions and replies",
        advice="developer portal, Bot, Privileged Gateway Intents, Message Content Intent: on",
    )


def _endpoint(application: Payload) -> list[Examined]:
    if not text(application, "interactions_endpoint_url"):
        return []
    return [
        Examined(
            level="problem",
            text="buttons and commands are sent to a web address, and never reach this bot",
            advice="developer portal, General Information: empty Interactions Endpoint URL",
        )
    ]


def _public(application: Payload) -> list[Examined]:
    found = []
    if application.get("bot_public") is True:
        found.append(
            Examined(
                level="note",
                text="anybody can bring it to a server of theirs, whose members then may use it",
                advice="developer portal, Installation, Install Link: None, then Bot, Public Bot:"
                " off; or name who may use it under [access.discord]",
            )
        )
    if application.get("bot_require_code_grant") is True:
        found.append(
            Examined(
                level="problem",
                text="no link brings it to a server: it asks for a code that nobody answers with",
                advice="developer portal, Bot, Requires OAuth2 Code Grant: off",
            )
        )
    return found


def _lacking(guilds: object, application: str) -> list[Examined]:
    """What it may not in a server as a whole; channels may take away more."""
    found = []
    for guild in guilds if isinstance(guilds, list) else ():
        told = text(guild, "permissions") if isinstance(guild, dict) else ""
        granted = int(told) if told.isascii() and told.isdigit() and len(told) < 20 else None
        if granted is None or granted & _ADMINISTRATOR:
            continue
        lack = [name for bit, name in _PERMISSIONS.items() if not granted >> bit & 1]
        if lack:
            server = " ".join(text(guild, "name").split())[:60] or "a server"
            found.append(
                Examined(
                    level="note",
                    text=f"in {server} it may not: {', '.join(lack)}",
                    advice=f"open {invite_url(application)} again, and choose that server",
                )
            )
    return found[:_MOST_SERVERS]


def _servers(guilds: object, application: str) -> Examined:
    count = len(guilds) if isinstance(guilds, list) else 0
    if count:
        return Examined(level="ok", text=f"it is in {count} server{'s' if count > 1 else ''}")
    return Examined(
        level="note",
        text="it is in no server yet",
        advice=f"open {invite_url(application)}",
    )


def _starts(start: Payload) -> list[Examined]:
    limit = part(start, "session_start_limit")
    left = number(limit, "remaining", _FEW_STARTS)
    if left >= _FEW_STARTS:
        return []
    minutes = number(limit, "reset_after", 0) // 60_000
    return [
        Examined(
            level="note" if left else "problem",
            text=f"Discord lets it connect {left} more times, then not for {minutes} minutes",
            advice="look for something that starts the bot again and again",
        )
    ]


async def _gateway(session: aiohttp.ClientSession, settings: DiscordSettings) -> Examined:
    url = settings.gateway_url
    separator = "&" if "?" in url else "?"
    try:
        async with (
            asyncio.timeout(6),
            session.ws_connect(f"{url}{separator}v=10&encoding=json") as socket,
        ):
            hello: object = await socket.receive_json()
        if number(hello if isinstance(hello, dict) else {}, "op") == 10:
            return Examined(level="ok", text="the gateway can be reached")
        problem = "it does not say hello"
    except (aiohttp.ClientError, OSError, TimeoutError, TypeError, ValueError) as error:
        problem = said(error)
    return Examined(
        level="problem",
        text=f"the gateway at {url} cannot be used: {problem}",
        advice="WebSockets have to be let through; check a proxy, and [discord] gateway_url",
    )
