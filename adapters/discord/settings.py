"""The section [discord] of the configuration. Data and its own checks; reads no file."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import ThawError

API_URL = "https://discord.com/api/v10"
GATEWAY_URL = "wss://gateway.discord.gg/"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSettings:
    """Where Discord is, and which environment variable holds the bot's token."""

    token_env: str = "DISCORD_TOKEN"  # noqa: S105 - the variable's name, not a token
    api_url: str = API_URL
    gateway_url: str = GATEWAY_URL

    def token(self, environment: Mapping[str, str]) -> str:
        """The bot's token. Raises ThawError that says what to do when there is none."""
        token = environment.get(self.token_env, "").strip().removeprefix("Bot ").strip()
        if not (token.isascii() and token.isprintable()) or not token or " " in token:
            raise ThawError(
                f"[discord] token_env: the environment variable {self.token_env} does not hold a"
                " bot's token; get it from discord.com/developers/applications, your application,"
                " Bot, Reset Token"
            )
        return token
