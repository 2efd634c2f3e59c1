"""What the doctor asks of Slack: tokens, granted scopes, clock. Looks only; changes nothing."""

from collections.abc import Iterator, Mapping

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.examined import Examined, ahead_s, clock
from adapters.slack.proxy import proxy_for
from adapters.slack.settings import SlackSettings
from core.errors import said

# Without one of the first, the bot is no use; without one of the others, something is missing.
NEEDED = ("app_mentions:read", "chat:write", "im:history")
WANTED = {
    "assistant:write": "no session signs and no stop button of Slack's",
    "channels:history": "replies in threads of channels are not heard without a mention",
    "commands": "no /thaw, no buttons that open a form",
    "files:read": "files that people send are not taken",
    "files:write": "files that jobs make are not uploaded, long texts are many messages",
    "groups:history": "replies in threads of private channels are not heard without a mention",
    "metadata.message:read": "an unclear post may be sent twice",
    "mpim:history": "group messages are not heard",
    "reactions:write": "no eyes on messages",
    "users:read": "people are called by their ids",
}
TIMEOUT_S = 7
# What Slack says while it is not well itself: no token is to blame.
_UNWELL = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"}
# The library breaks on JSON that is no object.
_WORLD = (SlackApiError, aiohttp.ClientError, OSError, ValueError, AttributeError, TypeError)
# Requests are only believed for five minutes.
_CLOCK_PROBLEM_S = 300.0
_CLOCK = "set it (timedatectl set-ntp true)"
_AGAIN = "take docs/slack-manifest.json again (App Manifest), then install the app again"


async def examine(settings: SlackSettings) -> tuple[Examined, ...]:
    """Everything that can be seen from outside; never raises for what the world does."""
    wrong = settings.wrong()
    if wrong:
        return tuple(Examined(level="problem", text=line) for line in wrong)
    client = AsyncWebClient(
        token=settings.bot_token, base_url=settings.api_url, timeout=TIMEOUT_S, retry_handlers=[]
    )
    client.proxy = proxy_for(settings.api_url)
    try:
        found = [*_bot(await client.auth_test())]
    except _WORLD as error:
        advice = (
            "api.slack.com/apps, your app, Install App: install it again, and set"
            f" {settings.bot_token_env} to the Bot User OAuth Token"
        )
        return (_failed("the bot's token", error, advice),)
    if settings.mode == "socket":
        try:
            await client.apps_connections_open(app_token=settings.app_token)
            found.append(Examined(level="ok", text="the app token opens Socket Mode"))
        except _WORLD as error:
            advice = (
                "api.slack.com/apps, your app, Socket Mode: on; Basic Information, App-Level"
                f" Tokens: make one with connections:write, and set {settings.app_token_env} to it"
            )
            found.append(_failed("the app token", error, advice))
    return tuple(found)


def _bot(answer: AsyncSlackResponse) -> Iterator[Examined]:
    team, user = answer.get("team"), answer.get("user")
    if not (answer.get("user_id") and answer.get("team_id")):
        yield _unreachable("its answer names nobody")
        return
    if not answer.get("bot_id"):
        text = f"the token is that of a person, @{user}, and of no bot"
        advice = "OAuth & Permissions, Bot User OAuth Token: set that one"
        yield Examined(level="problem", text=text, advice=advice)
        return
    yield Examined(level="ok", text=f"the bot is @{user} in the workspace {team}")
    yield from _scopes({name.lower(): str(value) for name, value in answer.headers.items()})
    ahead = ahead_s(str(answer.headers.get("Date", "")))
    yield from clock(ahead, _CLOCK, _CLOCK_PROBLEM_S)


def _scopes(headers: Mapping[str, str]) -> Iterator[Examined]:
    told = headers.get("x-oauth-scopes")
    if told is None:
        advice = "compare Features, OAuth & Permissions with docs/slack-manifest.json"
        yield Examined(
            level="note", text="Slack does not say which scopes are granted", advice=advice
        )
        return
    granted = {scope.strip() for scope in told.split(",")}
    for scope in NEEDED:
        if scope not in granted:
            text = f"the scope {scope} is not granted: the bot is no use without it"
            yield Examined(level="problem", text=text, advice=_AGAIN)
    for scope, lack in WANTED.items():
        if scope not in granted:
            text = f"the scope {scope} is not granted: {lack}"
            yield Examined(level="note", text=text, advice=_AGAIN)
    if granted >= {*NEEDED, *WANTED}:
        yield Examined(level="ok", text="all scopes are granted")


def _failed(what: str, error: Exception, advice: str) -> Examined:
    status, word = _said(error)
    if status == 429 or status >= 500 or word in _UNWELL:
        text = f"Slack cannot say anything about {what} just now: HTTP {status} {word}".strip()
        advice = "ask again in a minute; look at status.slack.com, and at [slack] api_url"
        return Examined(level="problem", text=text, advice=advice)
    if word:
        text = f"Slack does not accept {what}: {word}"
        return Examined(level="problem", text=text, advice=advice)
    if isinstance(error, TimeoutError):
        reason = f"it does not answer within {TIMEOUT_S} s"
    elif isinstance(error, SlackApiError):
        reason = f"it does not answer as Slack does, but with HTTP {status} and no JSON of Slack's"
    elif isinstance(error, AttributeError | TypeError):
        reason = "it does not answer as Slack does"
    else:
        reason = said(error)
    return _unreachable(reason)


def _unreachable(why: str) -> Examined:
    return Examined(
        level="problem", text=f"Slack cannot be reached: {why}",
        advice="check the network, a proxy, and [slack] api_url",
    )  # fmt: skip


def _said(error: Exception) -> tuple[int, str]:
    """With which status, and in which word, Slack said no; 0 and "" where it did not."""
    response = error.response if isinstance(error, SlackApiError) else None
    status = getattr(response, "status_code", getattr(response, "status", 0))
    data = getattr(response, "data", None)
    word = data.get("error") if isinstance(data, dict) else None
    return status, word if isinstance(word, str) else ""
