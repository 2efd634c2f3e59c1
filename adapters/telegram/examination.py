"""What the doctor asks of Telegram: token, privacy, webhook, clock. Looks only; changes nothing.

Does without the library, which would take a second to load. The token never stands in what is told.
"""

import time
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import aiohttp

from adapters.examined import Examined, ahead_s, clock
from adapters.telegram.settings import TelegramSettings

Answer = Mapping[str, object]

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_CLOCK = "set it (timedatectl set-ntp true): times on cards are wrong otherwise"
_FRESH_S = 3600.0
_PORTS = (443, 80, 88, 8443)
_CLOUD = "https://api.telegram.org"


class _Unusable(Exception):
    """Nothing more can be looked at."""

    def __init__(self, finding: Examined) -> None:
        super().__init__(finding.text)
        self.finding = finding


async def examine(settings: TelegramSettings) -> tuple[Examined, ...]:
    """Try what the bot will use. Takes some seconds at most; raises nothing of the world's."""
    wrong = settings.wrong()
    if wrong:
        return tuple(Examined(level="problem", text=line) for line in wrong)
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=True) as session:
            me, ahead = await _asked(session, settings, "getMe")
            hook, _ = await _asked(session, settings, "getWebhookInfo")
    except _Unusable as error:
        return (error.finding,)
    return (*_bot(me), *_webhook(settings, hook), *clock(ahead, _CLOCK))


async def _asked(
    session: aiohttp.ClientSession, settings: TelegramSettings, method: str
) -> tuple[Answer, float | None]:
    """The result, and by how many seconds this machine's clock is ahead. Raises _Unusable."""
    # By POST, as the bot does: what a proxy keeps for a while is no answer of now.
    url = f"{settings.api_url}/bot{settings.token}/{method}"
    try:
        async with session.post(url) as answer:
            said: object = await answer.json(content_type=None)
            ahead = ahead_s(answer.headers.get("Date", ""))
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        # The error's own words may hold the address, and with it the token.
        raise _strange(settings, type(error).__name__) from error
    if answer.status in (401, 404):
        raise _Unusable(
            Examined(
                level="problem",
                text=f"Telegram does not know the token in {settings.token_env}",
                advice="@BotFather, /mybots, your bot, API Token; set the variable again",
            )
        )
    result = said.get("result") if isinstance(said, dict) else None
    if answer.status != 200 or not isinstance(result, dict):
        raise _strange(settings, f"HTTP {answer.status}")
    return result, ahead


def _strange(settings: TelegramSettings, why: str) -> _Unusable:
    return _Unusable(
        Examined(
            level="problem",
            text=f"{settings.api_url} does not answer as Telegram does: {why}",
            advice="check the network, a proxy, and [telegram] api_url",
        )
    )


def _bot(me: Answer) -> Iterator[Examined]:
    yield Examined(level="ok", text=f"the bot is @{me.get('username') or 'without a name'}")
    if me.get("can_join_groups") is False:
        yield Examined(
            level="note",
            text="it cannot be added to groups",
            advice="@BotFather, /setjoingroups, your bot, Enable",
        )
    if me.get("can_read_all_group_messages"):
        yield Examined(
            level="note",
            text="privacy mode is off: it is sent all that people write in its groups",
            advice="it does not need that: @BotFather, /setprivacy, your bot, Enable",
        )
    else:
        yield Examined(
            level="ok",
            text="privacy mode is on: in groups it hears mentions, replies to it and commands",
        )


def _webhook(settings: TelegramSettings, hook: Answer) -> Iterator[Examined]:
    url = str(hook.get("url") or "")
    if settings.mode == "polling" and not url:
        yield Examined(level="ok", text="no webhook is set, so polling works")
    elif settings.mode == "polling":
        yield Examined(
            level="note",
            text=f"updates go to a webhook at {_host(url)}; the bot removes it when it starts",
            advice="if another program needs it, give this one a bot of its own (@BotFather)",
        )
    else:
        yield from _address(settings)
        yield from _hooked(settings, url, hook)


def _address(settings: TelegramSettings) -> Iterator[Examined]:
    address = urlsplit(settings.webhook_url or "")
    port = address.port or (443 if address.scheme == "https" else 80)
    if settings.api_url == _CLOUD and (address.scheme != "https" or port not in _PORTS):
        yield Examined(
            level="problem",
            text=f"Telegram calls no {address.scheme} address on port {port}",
            advice="set [telegram] webhook_url to https on port 443, 80, 88 or 8443",
        )


def _hooked(settings: TelegramSettings, url: str, hook: Answer) -> Iterator[Examined]:
    if url != settings.webhook_url:
        text = f"the webhook is at {_host(url)}" if url else "no webhook is set yet"
        yield Examined(level="note", text=text, advice="thaw run sets it to webhook_url")
        return
    waiting, failed_at = hook.get("pending_update_count"), hook.get("last_error_date")
    text = f"the webhook is set; {waiting} updates wait"
    if isinstance(failed_at, int) and time.time() - failed_at < _FRESH_S:
        yield Examined(
            level="problem",
            text=f"{text}; the last call failed: {hook.get('last_error_message')}",
            advice="check that your web server passes webhook_url on to [telegram] host and port",
        )
    else:
        yield Examined(level="ok", text=text)


def _host(url: str) -> str:
    # An address of another program may hold its secret.
    return urlsplit(url).hostname or "another address"
