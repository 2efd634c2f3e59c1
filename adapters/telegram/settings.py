"""The section [telegram] of the configuration. Data only; loads no library."""

import os
import re
from dataclasses import dataclass
from typing import Literal

_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


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

    def wrong(self) -> tuple[str, ...]:
        """What keeps the platform from starting, a line each, naming the setting."""
        lines = []
        if not _TOKEN.fullmatch(self.token):
            lines.append(
                f"[telegram] token_env: the environment variable {self.token_env} does not hold a"
                " bot's token (123456789:AAE…); get it from @BotFather: /mybots, your bot,"
                " API Token"
            )
        if self.mode == "webhook" and not self.webhook_url:
            lines.append(
                "[telegram] webhook_url: must be set in webhook mode: the address that Telegram"
                " sends to"
            )
        if self.mode == "webhook" and not _SECRET.fullmatch(self.secret):
            lines.append(
                f"[telegram] secret_env: the environment variable {self.secret_env} does not hold"
                " a secret of 1 to 256 of the characters A-Z, a-z, 0-9, _ and -; make one with"
                " openssl rand -hex 32"
            )
        return tuple(lines)
