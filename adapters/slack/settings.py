"""The section [slack] of the configuration, as data. Reads no file; tokens come from outside."""

import os
from dataclasses import dataclass
from typing import Literal


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
        if not self.bot_token.startswith("xoxb-"):
            lines.append(_lacks("bot_token_env", self.bot_token_env, "a bot token (xoxb-…)"))
        if self.mode == "socket" and not self.app_token.startswith("xapp-"):
            lines.append(_lacks("app_token_env", self.app_token_env, "an app token (xapp-…)"))
        if self.mode == "http" and not self.signing_secret:
            lines.append(_lacks("signing_secret_env", self.signing_secret_env, "a signing secret"))
        if not self.api_url.startswith(("http://", "https://")) or self.api_url[-1] != "/":
            lines.append("[slack] api_url: must be an http(s) address that ends in a slash")
        if not self.path.startswith("/"):
            lines.append("[slack] path: must begin with a slash")
        return tuple(lines)


def _secret(name: str) -> str:
    return os.environ.get(name, "").strip()


def _lacks(setting: str, variable: str, what: str) -> str:
    return f"[slack] {setting}: the environment variable {variable} does not hold {what}"
