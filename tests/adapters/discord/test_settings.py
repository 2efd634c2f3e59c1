import subprocess
import sys

import pytest

from adapters.discord.settings import DiscordSettings
from core.errors import ThawError


def test_the_token_comes_from_the_environment_with_or_without_its_prefix() -> None:
    settings = DiscordSettings(token_env="MY_BOT")
    assert settings.token({"MY_BOT": " abc.def \n"}) == "abc.def"
    assert settings.token({"MY_BOT": "Bot abc.def"}) == "abc.def"


@pytest.mark.parametrize("value", ["", "  ", "two words", "tökén"])
def test_what_is_no_token_is_refused_with_the_variable_s_name(value: str) -> None:
    with pytest.raises(ThawError, match="DISCORD_TOKEN"):
        DiscordSettings().token({"DISCORD_TOKEN": value})


def test_a_bot_without_discord_does_not_load_the_library() -> None:
    program = "import sys, adapters.discord.settings; sys.exit('discord' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
