"""The sections [slack], [discord] and [telegram]: the adapters' settings, each with its check.

Loads no platform's library. Secrets are not read here: the settings name environment variables.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from adapters.discord.settings import DiscordSettings
from adapters.slack.settings import SlackSettings
from adapters.telegram.settings import TelegramSettings
from bot import checks
from core.errors import ThawError

_SLACK, _DISCORD, _TELEGRAM = SlackSettings(), DiscordSettings(), TelegramSettings()
_PORT = checks.whole(1, 65535)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSection(SlackSettings):
    """Slack: how its events come in, which variables hold the secrets, where it is."""

    mode: Annotated[Literal["socket", "http"], checks.choice("socket", "http")] = _SLACK.mode
    bot_token_env: Annotated[str, checks.environment_name] = _SLACK.bot_token_env
    app_token_env: Annotated[str, checks.environment_name] = _SLACK.app_token_env
    signing_secret_env: Annotated[str, checks.environment_name] = _SLACK.signing_secret_env
    api_url: Annotated[str, checks.web_root] = _SLACK.api_url
    host: Annotated[str, checks.host] = _SLACK.host
    port: Annotated[int, _PORT] = _SLACK.port
    path: Annotated[str, checks.web_path] = _SLACK.path


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSection(DiscordSettings):
    """Discord: which variable holds the token, and where it is."""

    token_env: Annotated[str, checks.environment_name] = _DISCORD.token_env
    api_url: Annotated[str, checks.web_address] = _DISCORD.api_url
    gateway_url: Annotated[str, checks.socket_address] = _DISCORD.gateway_url


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSection(TelegramSettings):
    """Telegram: how its updates come in, which variables hold the secrets, where it is."""

    mode: Annotated[Literal["polling", "webhook"], checks.choice("polling", "webhook")] = (
        _TELEGRAM.mode
    )
    token_env: Annotated[str, checks.environment_name] = _TELEGRAM.token_env
    api_url: Annotated[str, checks.web_address] = _TELEGRAM.api_url
    webhook_url: Annotated[str | None, checks.web_address] = _TELEGRAM.webhook_url
    secret_env: Annotated[str, checks.environment_name] = _TELEGRAM.secret_env
    host: Annotated[str, checks.host] = _TELEGRAM.host
    port: Annotated[int, _PORT] = _TELEGRAM.port


@dataclass(frozen=True, slots=True, kw_only=True)
class Platforms:
    """The platforms that the file configures; None is one that it does not."""

    slack: SlackSection | None = None
    discord: DiscordSection | None = None
    telegram: TelegramSection | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are configured, in the order of the file's documentation."""
        return tuple(name for name in PLATFORMS if getattr(self, name) is not None)

    def clashes(self) -> Iterator[str]:
        """Settings that cannot hold together, a line each."""
        slack, telegram = self.slack, self.telegram
        if slack is None or slack.mode != "http" or telegram is None or telegram.mode != "webhook":
            return
        if slack.port == telegram.port:
            yield f"[telegram] port: {telegram.port} is the port of [slack] too; choose another"

    def lacking(self, environment: Mapping[str, str]) -> tuple[str, ...]:
        """The secrets that are missing or malformed, a line each, never with their value."""
        lines = list(self.slack.wrong()) if self.slack else []
        if self.discord:
            try:
                self.discord.token(environment)
            except ThawError as error:
                lines.append(str(error))
        return (*lines, *(self.telegram.wrong() if self.telegram else ()))


PLATFORMS: dict[str, type] = {
    "slack": SlackSection,
    "discord": DiscordSection,
    "telegram": TelegramSection,
}
