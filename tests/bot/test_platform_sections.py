import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from adapters.discord.settings import DiscordSettings
from adapters.slack.settings import SlackSettings
from adapters.telegram.settings import TelegramSettings
from bot.config import Config, ConfigError, load
from bot.platform_sections import DiscordSection, SlackSection, TelegramSection
from bot.sections import settings


def loaded(folder: Path, text: str) -> Config:
    file = folder / "config.toml"
    file.write_text(text)
    return load(file)


def refused(folder: Path, text: str) -> str:
    """The one line that the configuration is refused with."""
    with pytest.raises(ConfigError) as error:
        loaded(folder, text)
    (line,) = error.value.lines
    return line


def test_without_a_file_the_page_is_served_alone() -> None:
    assert (load(None).page, load(None).platforms.names) == (True, ())


@pytest.mark.parametrize(
    ("text", "page", "names"),
    [
        ("", True, ()),
        ("[bot]\nname = 'Ice'", True, ()),
        ("[slack]", False, ("slack",)),
        ("[web]\n[slack]", True, ("slack",)),
        ("[telegram]\n[discord]\n[slack]", False, ("slack", "discord", "telegram")),
    ],
)
def test_a_file_starts_what_it_has_a_section_for(
    tmp_path: Path, text: str, page: bool, names: tuple[str, ...]
) -> None:
    config = loaded(tmp_path, text)
    assert (config.page, config.platforms.names) == (page, names)


@pytest.mark.parametrize(
    ("section", "adapters"),
    [
        (SlackSection(), SlackSettings()),
        (DiscordSection(), DiscordSettings()),
        (TelegramSection(), TelegramSettings()),
    ],
)
def test_each_setting_of_an_adapter_can_be_set_and_has_its_default(
    section: SlackSettings | DiscordSettings | TelegramSettings,
    adapters: SlackSettings | DiscordSettings | TelegramSettings,
) -> None:
    assert asdict(section) == asdict(adapters)
    assert set(settings(type(section))) == set(asdict(adapters))


def test_every_address_can_be_set(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        """
        [slack]
        api_url = "http://127.0.0.1:1/api"
        path = "/events"
        [discord]
        api_url = "http://127.0.0.1:2/api/v10/"
        gateway_url = "ws://127.0.0.1:2/gateway"
        [telegram]
        api_url = "http://[::1]:3/"
        webhook_url = "https://bot.example.org/telegram"
        host = "::1"
        """,
    )
    slack, discord, telegram = (
        config.platforms.slack, config.platforms.discord, config.platforms.telegram,
    )  # fmt: skip
    assert slack is not None
    assert discord is not None
    assert telegram is not None
    assert (slack.api_url, slack.path) == ("http://127.0.0.1:1/api/", "/events")
    assert discord.api_url == "http://127.0.0.1:2/api/v10"
    assert discord.gateway_url == "ws://127.0.0.1:2/gateway"
    assert (telegram.api_url, telegram.host) == ("http://[::1]:3", "::1")
    assert telegram.webhook_url == "https://bot.example.org/telegram"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[slack]\nmode = 'rtm'", '[slack] mode: must be one of "socket", "http"'),
        ("[slack]\napi_url = 'slack.com/api/'", "[slack] api_url: must be an address such as"),
        ("[slack]\nport = 0", "[slack] port: must be a whole number from 1 to 65535"),
        ("[slack]\npath = 'events'", "[slack] path: must be a path such as /slack/events"),
        ("[slack]\npath = '/a?b'", "[slack] path: must be a path such as /slack/events"),
        ("[slack]\nhost = 'a b'", "[slack] host: must be an address of this machine"),
        ("[slack]\nhost = 0", "[slack] host: must be an address of this machine"),
        ("[discord]\ngateway_url = 'https://x'", "[discord] gateway_url: must be an address"),
        ("[discord]\napi_url = 'https://u:p@x/'", "[discord] api_url: must not hold a user name"),
        ("[discord]\napi_url = 7", "[discord] api_url: must be an address such as"),
        ("[telegram]\nmode = 'push'", '[telegram] mode: must be one of "polling", "webhook"'),
        ("[telegram]\nwebhook_url = 'bot'", "[telegram] webhook_url: must be an address"),
        ("[telegram]\napi_url = 'http://x:99999'", "[telegram] api_url: must be an address"),
        ("[slak]", "[slak]: there is no such section; did you mean slack?"),
        ("[[telegram]]", "[telegram]: must be one section, written [telegram]"),
        ("[slack]\nbot_token = 'xoxb-hush'", "did you mean bot_token_env?"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_key(tmp_path: Path, text: str, word: str) -> None:
    assert word in refused(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "[slack]\nbot_token_env = 'xoxb-hush-1'",
        "[discord]\ntoken_env = 'MTA.hush.x'",
        "[telegram]\ntoken_env = '4242:hush'",
        "[slack]\nbot_token = 'xoxb-hush'",
    ],
)
def test_a_secret_in_the_file_is_never_repeated(tmp_path: Path, text: str) -> None:
    assert "hush" not in refused(tmp_path, text)


def test_two_platforms_cannot_listen_on_one_port(tmp_path: Path) -> None:
    both = "[slack]\nmode = '{}'\n[telegram]\nmode = 'webhook'\nport = 3000"
    assert refused(tmp_path, both.format("http")).startswith("[telegram] port: 3000 is the port of")
    assert loaded(tmp_path, both.format("socket")).platforms.telegram is not None


def test_reading_the_settings_loads_no_library_of_a_platform() -> None:
    code = (
        "import sys, bot.config;"
        "print(sorted({'slack_sdk', 'slack_bolt', 'discord', 'telegram', 'aiohttp', 'httpx'}"
        " & {name.split('.')[0] for name in sys.modules}))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
