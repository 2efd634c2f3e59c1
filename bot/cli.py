"""The command line: reads arguments, calls what does the work. Decides nothing itself."""

import asyncio
import io
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, TextIO

import click

import bot
from bot.checks import printable
from bot.config import Config, ConfigError, load
from bot.finding import Level
from core.errors import ThawError

FAILED = 1
MISUSED = 2

with_config: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The TOML file with the settings. Without it all defaults hold.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def thaw() -> None:
    """Thaw, a team-chat agent that never freezes."""


@thaw.command()
@with_config
@click.option("--no-open", is_flag=True, help="Do not show the page in the browser.")
def run(config_file: Path | None, *, no_open: bool) -> None:
    """Run the bot until it is told to stop (Ctrl-C or SIGTERM)."""
    config = configured(config_file)
    import uvloop  # noqa: PLC0415 - the other commands start without these

    from bot import browser  # noqa: PLC0415
    from bot.wiring import run as run_bot  # noqa: PLC0415

    def ready(address: str) -> None:
        with suppress(OSError):  # whoever does not hear it finds the bot all the same
            click.echo(f"{config.bot.name} is ready: {address}")
            if config.model.offline:
                key = config.model.api_key_env
                click.echo(f"The small offline model answers; set {key} for a real one.")
        if not no_open and browser.at_hand(os.environ, sys.stdin, sys.stdout):
            browser.show(address)

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            sys.exit(runner.run(run_bot(config, ready)))
    except ThawError as error:
        fail(FAILED, str(error))


@thaw.command()
@with_config
def doctor(config_file: Path | None) -> None:
    """Say what is configured, what is missing, and what to do about it."""
    config = configured(config_file)
    from bot.doctor import examine  # noqa: PLC0415 - the other commands start without it

    findings = asyncio.run(examine(config))
    for finding in findings:
        say(str(finding))
    sys.exit(FAILED if any(finding.level is Level.PROBLEM for finding in findings) else 0)


@thaw.command()
@with_config
@click.argument("channel", required=False)
def jobs(config_file: Path | None, channel: str | None) -> None:
    """List the newest jobs, of one CHANNEL or of each."""
    show(config_file, lambda inspect, root: inspect.jobs_of(root, channel))


@thaw.command()
@with_config
@click.argument("channel")
def state(config_file: Path | None, channel: str) -> None:
    """Show the state of CHANNEL: entries and files."""
    show(config_file, lambda inspect, root: inspect.state_of(root, channel))


@thaw.command()
@with_config
@click.argument("channel")
def export(config_file: Path | None, channel: str) -> None:
    """Write all of CHANNEL to standard output: UTF-8, a JSON object on each line."""
    as_text(sys.stdout, encoding="utf-8")
    show(config_file, lambda inspect, root: inspect.export_of(root, channel))


@thaw.command()
def version() -> None:
    """Print the version."""
    say(f"thaw {bot.__version__}")


def show(file: Path | None, ask: Callable[[ModuleType, Path], Iterable[str]]) -> None:
    """Print what `bot.inspect` finds in the data directory."""
    config = configured(file)
    from bot import inspect  # noqa: PLC0415 - the other commands start without it

    try:
        for line in ask(inspect, config.bot.data_dir):
            say(line)
    except ThawError as error:
        fail(FAILED, str(error))


def configured(file: Path | None) -> Config:
    """Load the configuration, or end the program with all that is wrong with it."""
    try:
        return load(file)
    except ConfigError as error:
        heading = "The configuration cannot be used:" if file is None else f"{file} cannot be used:"
        fail(MISUSED, "\n  ".join([heading, *error.lines]))


def say(line: str) -> None:
    """Print a line, or end the program with a word on why that cannot be done."""
    try:
        click.echo(line)
    except BrokenPipeError:
        raise  # nobody listens any more: click ends the program without a word
    except OSError as error:
        fail(FAILED, f"the output cannot be written: {error.strerror}")


def fail(code: int, text: str) -> NoReturn:
    """End the program with a word to the person who started it."""
    click.echo("\n".join(map(printable, text.split("\n"))), err=True)
    sys.exit(code)


def as_text(stream: TextIO, encoding: str | None = None) -> None:
    """Let a stream show what its encoding lacks as escapes, instead of raising."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding=encoding, errors="backslashreplace")


def main() -> None:
    """Run the command that the arguments name; exit 0, 1 (it failed) or 2 (misused)."""
    for stream in (sys.stdout, sys.stderr):
        as_text(stream)
    thaw(prog_name="thaw")
