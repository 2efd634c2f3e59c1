"""The section [slack] of the configuration, as data. Reads no file; tokens come from outside."""

import os
from dataclasses import dataclass
from typing import Literal

_BOT = "Install App, Bot User OAuth Token"
_APP = "Basic Information, App-Level Tokens (with the scope connections:write)"
_SIGNING = "Basic Information, App Credentials, Signing Secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """How to reach Slack. `api_url` is the Web API's root with its slash.

    `host`, `port` and `path` are where mode "http" listens for Slack's requests.
    """

    mode: Literal["socket", "http"] = "socket"
    bot_token_env: str = "SLACK_BOT_TOKEN"  # noqa: S105 - a variable's name
    app_token_env: str = "SLACK_APP_TOKEN"  # noqa: S105 - a variable's name
    signing_secret_env: str = "SLACK_SIGNING_SECRET"  # noqa: S105 - a variable's name
    api_url: str = "https://slack.com/api/"
    host: str = "127.0.0.1"
    port: int = 3000
    path: str = "/slack/events"

    @property
    def bot_token(self) -> str:
        """The token as the environment has it now, "" without one; it is kept nowhere else."""
        return _secret(self.bot_token_env)

    @property
    def app_token(self) -> str:
        """The token that opens Socket Mode."""
        return _secret(self.app_token_env)

    @property
    def signing_secret(self) -> str:
        """What proves in mode "http" that a request comes from Slack."""
        return _secret(self.signing_secret_env)

    def wrong(self) -> tuple[str, ...]:
        """What keeps the platform from starting, a line each, naming the setting."""
        lines = []
        if not (self.bot_token.startswith("xoxb-") and _sound(self.bot_token)):
            lines.append(_lacks("bot_token_env", self.bot_token_env, "a bot token (xoxb-…)", _BOT))
        if self.mode == "socket" and not (
            self.app_token.startswith("xapp-") and _sound(self.app_token)
        ):
            lines.append(_lacks("app_token_env", self.app_token_env, "an app token (xapp-…)", _APP))
        if self.mode == "http" and not _sound(self.signing_secret):
            name = self.signing_secret_env
            lines.append(_lacks("signing_secret_env", name, "a signing secret", _SIGNING))
        return tuple(lines)


def _secret(name: str) -> str:
    return os.environ.get(name, "").strip()


def _sound(secret: str) -> bool:
    # Anything else breaks out of the header that carries it.
    return bool(secret) and secret.isascii() and secret.isprintable() and " " not in secret


def _lacks(setting: str, variable: str, what: str, where: str) -> str:
    return (
        f"[slack] {setting}: the environment variable {variable} does not hold {what}; "
        f"copy it from api.slack.com/apps, your app, {where}"
    )
