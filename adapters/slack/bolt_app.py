"""Bolt's app: signatures, shapes of payloads and acknowledgements, in front of the intake.

Bolt answers after its listener has run, so that what is acknowledged is kept.
"""

import logging
import re
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.events import Bot, Json
from adapters.slack.intake import Intake, NotKept
from core.errors import said

log = structlog.get_logger(__name__)

_ANY = re.compile(r".*", re.DOTALL)
# Its warnings tell developers about listeners that they forgot; here nothing is forgotten.
_quiet = logging.getLogger("thaw.slack.bolt")
_quiet.setLevel(logging.CRITICAL)


def application(intake: Intake, bot: Bot, api_url: str, signing_secret: str) -> AsyncApp:
    """An app that hands everything to the intake. It makes no call of its own."""

    async def authorize(context: AsyncBoltContext) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=context.enterprise_id,
            team_id=context.team_id,
            bot_user_id=bot.user,
            bot_id=bot.bot_id,
            bot_token="xoxb-kept-elsewhere",  # noqa: S106 - Bolt wants one, and uses none
        )

    app = AsyncApp(
        name="thaw",
        logger=_quiet,
        process_before_response=True,
        signing_secret=signing_secret,
        client=AsyncWebClient(base_url=api_url),
        authorize=authorize,
        attaching_conversation_kwargs_enabled=False,
    )
    _listen(app, intake)
    return app


def _listen(app: AsyncApp, intake: Intake) -> None:
    @app.event(_ANY)
    async def event(body: Json) -> None:
        await _kept(intake.event(body))

    @app.action(_ANY)
    async def press(ack: AsyncAck, body: Json) -> None:
        await _kept(intake.press(body))
        await ack()

    @app.view(_ANY)
    async def form(ack: AsyncAck, body: Json) -> None:
        await _kept(intake.form(body))
        await ack()

    @app.command(_ANY)
    async def command(ack: AsyncAck, body: Json) -> None:
        await _kept(intake.command(body))
        await ack()

    @app.error
    async def failed(error: Exception) -> BoltResponse:
        if isinstance(error, NotKept):
            log.warning("an event has to come again", error=str(error))
            return BoltResponse(status=503, body="")
        # Before any listener: the request is not one of Slack's, a timestamp that is none, say.
        return nonsense(error)


async def _kept(taking: Coroutine[Any, Any, None]) -> None:
    try:
        await taking
    except NotKept:
        raise
    except Exception:
        # Around one event: a bug must not make Slack send it again and again.
        log.exception("an event broke the adapter")


async def dispatched(app: AsyncApp, payload: Json, retry: int) -> BoltResponse:
    """The app's answer to a payload of Socket Mode."""
    headers: dict[str, str | Sequence[str]] = {"x-slack-retry-num": str(retry)} if retry else {}
    try:
        request = AsyncBoltRequest(mode="socket_mode", body=dict(payload), headers=headers)
        return await app.async_dispatch(request)
    except Exception as error:  # noqa: BLE001 - Bolt breaks in many ways on odd types of fields
        return nonsense(error)


def nonsense(error: Exception) -> BoltResponse:
    """The answer to what is none of Slack's payloads, which are not asked for again."""
    log.warning("a request makes no sense", error=said(error))
    return BoltResponse(status=400, body="")
