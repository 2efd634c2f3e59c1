"""`thaw init`: asks, writes a configuration, says what to click and to export. Starts nothing."""

import json
import os
from pathlib import Path

import click

from bot.platform_sections import PLATFORMS
from bot.questions import Answers, ask
from bot.template import filled
from core.errors import ThawError

_ROOT = Path(__file__).parents[1]
EXAMPLE = _ROOT / "config.example.toml"
MANIFEST = _ROOT / "docs" / "slack-manifest.json"
_SLACK_MODES = {
    "socket": "App-Level Tokens, make one with connections:write: that is the app's token.",
    "http": "App Credentials, is the signing secret; Socket Mode has to be switched off.",
}
_STANDS_FOR = {
    "SLACK_BOT_TOKEN": "xoxb-...",
    "SLACK_APP_TOKEN": "xapp-...",
    "SLACK_SIGNING_SECRET": "...",
    "DISCORD_TOKEN": "...",
    "TELEGRAM_TOKEN": "123456789:AAE...",
    "TELEGRAM_SECRET": "$(openssl rand -hex 32)",
}


def prepare(file: Path, platforms: tuple[str, ...], *, force: bool, ask_nothing: bool) -> str:
    """Make the configuration and write it; returns what to do next.

    Raises ThawError when it cannot be written or no answer comes.
    """
    _may_write(file, force=force, ask_nothing=ask_nothing)
    answers = Answers(platforms=tuple(name for name in PLATFORMS if name in platforms))
    if not ask_nothing:
        try:
            ask(answers, chosen=platforms)
        except click.Abort as error:
            raise ThawError(
                "no answer came, so nothing was written: run it in a terminal, or with --yes and"
                " one --platform for each platform"
            ) from error
    _write(file, configuration(answers))
    return next_steps(answers, file)


def configuration(answers: Answers) -> str:
    """The example with the answers in it."""
    example = _read(EXAMPLE)
    off = () if answers.page else ("web",)
    return filled(example, answers.values, switched_on=answers.platforms, switched_off=off)


def next_steps(answers: Answers, file: Path) -> str:
    """What to click on each platform, what to export, what to run."""
    made = {"slack": _slack, "discord": _discord, "telegram": _telegram}
    parts = [f"Written: {file}", *(made[name](answers) for name in answers.platforms)]
    exports = [f"  export {name}={_STANDS_FOR.get(name, '...')}" for _, name in answers.secrets]
    key = answers.of("model", "api_key_env")
    exports.append(f"  export {key}=...    # without it a small offline model answers")
    parts.append(
        "\n".join(["Then put the secrets into the environment, never into a file:", *exports])
    )
    parts.append(
        "And try it:\n"
        f"  thaw doctor --config {file}    # says what is still missing, and what to click\n"
        f"  thaw run --config {file}"
    )
    return "\n\n".join(parts)


def _slack(answers: Answers) -> str:
    manifest = json.loads(_read(MANIFEST))
    manifest["display_information"]["name"] = answers.name
    manifest["features"]["bot_user"]["display_name"] = answers.name
    shown = json.dumps(manifest, indent=2, ensure_ascii=False)
    return (
        "Slack: on https://api.slack.com/apps click Create New App, From a manifest, JSON, and put"
        f" this in:\n\n{shown}\n\n"
        "Then Install App, Install to Workspace: it shows the bot's token. On Basic Information,"
        f" {_SLACK_MODES[answers.of('slack', 'mode')]} docs/slack.md has each step."
    )


def _discord(answers: Answers) -> str:
    # Only here, since it loads a library for the web.
    from adapters.discord.examination import invite_url  # noqa: PLC0415

    return (
        "Discord: on https://discord.com/developers/applications make an application; Bot, Reset"
        " Token shows its token, and Message Content Intent goes on there. Then open this to"
        " invite it"
        f"{'' if answers.application else ', with the application id in it'}:\n\n"
        f"  {invite_url(answers.application or 'APPLICATION_ID')}\n\n"
        "docs/discord.md has each step."
    )


def _telegram(answers: Answers) -> str:
    lines = (
        "Telegram: write /newbot to @BotFather; it answers with the token. docs/telegram.md has"
        " each step."
    )
    if ("access.telegram", "admins") in answers.values:
        return lines
    return (
        f"{lines} Who writes to the bot gets a code; `thaw pair CODE` on this machine lets them in."
    )


def _may_write(file: Path, *, force: bool, ask_nothing: bool) -> None:
    if force or not os.path.lexists(file):
        return
    if ask_nothing:
        raise ThawError(f"{file} is there already, so nothing was written; --force replaces it")
    try:
        replace = click.confirm(f"{file} is there already. Replace it?", default=False)
    except click.Abort:
        replace = False
    if not replace:
        raise ThawError(f"{file} was left as it is; --config names another one")


def _write(file: Path, text: str) -> None:
    """Whole or not at all: what was there stays until the new one is complete."""
    part = file.with_name(f"{file.name}.part")
    try:
        part.write_text(text, "utf-8")
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ThawError(f"{file} cannot be written: {error.strerror}") from error


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise ThawError(
            f"{file} cannot be read ({error.strerror}): run thaw from the folder it came in"
        ) from error
