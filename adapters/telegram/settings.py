"""The section [telegram] of the configuration. Data only; loads no library."""

import os
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings:
    """How the bot reaches Telegram, or Telegram the bot.

    `api_url` is the server without `/bot<token>`. `webhook_url` is the address that Telegram sends
    to in webhook mode; `host` and `port` are where the bot listens behind it.
    """

    mode: Literal["polling", "webhook"] = "polling"
    token_env: str = "TELEGRAM_TOKEN"  # noqa: S105 - the name of a variable
    api_url: str = "https://api.telegram.org"
    webhook_url: str | None = None
    secret_env: str = "TELEGRAM_SECRET"  # noqa: S105 - likewise
    host: str = "127.0.0.1"
    port: int = 8443

    @property
    def token(self) -> str:
        """The bot's token as the environment has it now; "" without one."""
        return os.environ.get(self.token_env, "").strip()

    @property
    def secret(self) -> str:
        """What Telegram has to say at each webhook call; "" without one."""
        return os.environ.get(self.secret_env, "").strip()
