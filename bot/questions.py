"""What `thaw init` asks, and the configuration that the answers make. Asks; writes no file."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import click

from bot.access import ACCESS
from bot.checks import Check, Wrong
from bot.config import SECTIONS
from bot.platform_sections import PLATFORMS
from bot.sections import settings
from bot.template import Value

Key = tuple[str, str]

_ADMINS = {
    "slack": "member ids of who may do everything, such as U012AB3CD",
    "discord": "ids of who may do everything (Developer Mode, right-click, Copy ID)",
    "telegram": "numbers of who may do everything (`thaw pairs` shows those of who has written)",
}
_SECRETS: dict[str, dict[str, tuple[str, ...]]] = {
    "slack": {
        "socket": ("bot_token_env", "app_token_env"),
        "http": ("bot_token_env", "signing_secret_env"),
    },
    "discord": {"": ("token_env",)},
    "telegram": {"polling": ("token_env",), "webhook": ("token_env", "secret_env")},
}


@dataclass(slots=True)
class Answers:
    """What is wanted; `values` holds what differs from the defaults, by section and key."""

    platforms: tuple[str, ...] = ()
    page: bool = True
    values: dict[Key, Value] = field(default_factory=dict)
    application: str = ""

    def of(self, section: str, key: str) -> str:
        """A setting as text: the answer, or its default."""
        default = getattr(SECTIONS[section](), key)
        return str(self.values.get((section, key), default))

    @property
    def name(self) -> str:
        """What the bot is called."""
        return self.of("bot", "name")

    @property
    def secrets(self) -> tuple[tuple[str, str], ...]:
        """(platform, environment variable) of each secret that will be needed."""
        found = []
        for platform in self.platforms:
            mode = "" if platform == "discord" else self.of(platform, "mode")
            found += [(platform, self.of(platform, key)) for key in _SECRETS[platform][mode]]
        return tuple(found)


def ask(answers: Answers, *, chosen: Collection[str]) -> None:
    """Ask for what matters at the beginning, with the defaults at hand. `chosen` are the platforms
    that were named already; then nothing is asked about the others.

    Raises click.Abort when no answer comes.
    """
    answers.platforms = tuple(
        name
        for name in PLATFORMS
        if name in chosen
        or (not chosen and click.confirm(f"Serve {name.capitalize()}?", default=False))
    )
    if answers.platforms:
        answers.page = click.confirm("Serve the page on this machine too?", default=True)
    for platform in answers.platforms:
        _ask_about(answers, platform)
    _setting(answers, "bot", "name", "What is the bot called?")
    _setting(answers, "bot", "data_dir", "Where does it keep its data?")
    _setting(answers, "model", "base_url", "Which model server (OpenAI's Chat Completions)?")
    _setting(answers, "model", "name", "Which model answers people?")
    _setting(answers, "model", "api_key_env", "Which environment variable holds its key?")


def _ask_about(answers: Answers, platform: str) -> None:
    if platform != "discord":
        _setting(answers, platform, "mode", f"{platform.capitalize()}: which mode?")
    if platform == "discord":
        label = "Discord: the application's ID, for the invite link (Enter: later)"
        answers.application = click.prompt(
            label, default="", show_default=False, value_proc=_application
        )
    if answers.values.get(("telegram", "mode")) == "webhook" and platform == "telegram":
        _setting(answers, platform, "webhook_url", "Telegram: the address that Telegram calls?")
    for key in _SECRETS[platform]["" if platform == "discord" else answers.of(platform, "mode")]:
        what = key.removesuffix("_env").replace("_", " ")
        label = f"{platform.capitalize()}: which environment variable holds the {what}?"
        _setting(answers, platform, key, label)
    _ask_admins(answers, platform)


def _ask_admins(answers: Answers, platform: str) -> None:
    section = f"access.{platform}"
    check = settings(ACCESS[section])["admins"]

    def checked(text: str) -> tuple[str, ...]:
        ids = text.replace(",", " ").split()
        _passed(check, ids)
        return tuple(ids)

    label = f"{platform.capitalize()}: {_ADMINS[platform]} (Enter: nobody yet)"
    admins = click.prompt(label, default="", show_default=False, value_proc=checked)
    if admins:
        answers.values[section, "admins"] = admins


def _setting(answers: Answers, section: str, key: str, question: str) -> None:
    check = settings(SECTIONS[section])[key]
    default = _default(section, key)

    def checked(text: str) -> str:
        if text != default:
            _passed(check, text)
        return text

    given = click.prompt(question, default=default or None, value_proc=checked)
    if given != default:
        answers.values[section, key] = given


def _default(section: str, key: str) -> str:
    found = getattr(SECTIONS[section](), key)
    return "" if found is None else str(found)


def _passed(check: Check, value: object) -> None:
    try:
        check(value, Path.cwd())
    except Wrong as wrong:
        raise click.BadParameter(f"it {wrong}") from wrong


def _application(text: str) -> str:
    if text and not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise click.BadParameter("it is a number, on General Information of your application")
    return text
