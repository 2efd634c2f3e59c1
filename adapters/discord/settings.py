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
        if not token:
            raise ThawError(
                f"[discord] needs the bot's token in the environment variable {self.token_env}:"
                " copy it from discord.com/developers, your application, Bot, Reset Token"
            )
        if any(sign.isspace() or not sign.isascii() for sign in token):
            raise ThawError(
                f"what {self.token_env} holds is no token of Discord: copy it again, whole"
            )
        return token
