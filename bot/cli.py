"""The command line: reads arguments, calls what does the work. Decides nothing itself."""

import asyncio
import gc
import io
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, TextIO

import click

import bot
from bot.checks import printable
from bot.config import Config, ConfigError, load
from bot.descriptors import stand_in
from bot.finding import Level
from bot.platform_sections import PLATFORMS
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
as_json: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--json", "in_json", is_flag=True, help="Write a JSON object on each line."
)
COMMIT = click.IntRange(1, 10**15)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def thaw() -> None:
    """Thaw, a team-chat agent that never freezes."""


def _load_log() -> None:
    """Load structlog as if rich were not there, which it loads for tracebacks that the log does not
    draw: where people develop, that is a twentieth of the start."""
    if "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # what an import takes for missing
    try:
        import structlog  # noqa: F401, PLC0415
    finally:
        del sys.modules["rich"]


@thaw.command()
@with_config
@click.option("--no-open", is_flag=True, help="Do not show the page in the browser.")
def run(config_file: Path | None, *, no_open: bool) -> None:
    """Run the bot until it is told to stop (Ctrl-C or SIGTERM)."""
    config = configured(config_file)
    if lacking := config.platforms.lacking(os.environ):
        refuse(config_file, lacking)
    # Nothing that is loaded goes again: looking for it takes a tenth of the start. `run` says when
    # collections begin.
    gc.disable()
    _load_log()
    import uvloop  # noqa: PLC0415 - the other commands start without these

    from bot import browser  # noqa: PLC0415
    from bot.wiring import run as run_bot  # noqa: PLC0415

    def ready(address: str | None) -> None:
        names = " and ".join(name.capitalize() for name in config.platforms.names)
        with suppress(OSError):  # whoever does not hear it finds the bot all the same
            click.echo(f"{config.bot.name} is ready: {address or f'it serves {names}'}")
            if names:
                click.echo(f"{names}: the log says when it is connected.")
            if config.model.offline:
                key = config.model.api_key_env
                click.echo(f"The small offline model answers; set {key} for a real one.")
        if (
            address is not None
            and not no_open
            and browser.at_hand(os.environ, sys.stdin, sys.stdout)
        ):
            browser.show(address)

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            sys.exit(runner.run(run_bot(config, ready)))
    except ConfigError as error:
        refuse(config_file, error.lines)
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


@thaw.command("init")
@click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("config.toml"),
    show_default=True,
    metavar="FILE",
    help="The file to write.",
)
@click.option(
    "--platform",
    "platforms",
    type=click.Choice(list(PLATFORMS)),
    multiple=True,
    help="Serve this one; once for each. Without it you are asked.",
)
@click.option("--yes", is_flag=True, help="Ask nothing: the defaults are right.")
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
def init(file: Path, platforms: tuple[str, ...], *, yes: bool, force: bool) -> None:
    """Write a configuration with all that can be set, and say what to click on each platform.

    Secrets are never asked for: the file names the environment variables that hold them.
    """
    from bot.init import prepare  # noqa: PLC0415 - the other commands start without it

    try:
        say(prepare(file, platforms, force=force, ask_nothing=yes))
    except ThawError as error:
        fail(FAILED, str(error))


@thaw.command()
@with_config
@click.argument("channel", required=False)
def jobs(config_file: Path | None, channel: str | None) -> None:
    """List the newest jobs, of one CHANNEL or of each."""
    show(config_file, "inspect", lambda inspect, root: inspect.jobs_of(root, channel))


@thaw.command()
@with_config
@as_json
@click.argument("channel")
@click.argument("key", required=False)
@click.option(
    "--at",
    "at",
    metavar="WHEN",
    help='As it was: a commit, "2026-11-17", "2026-11-17 14:30", "yesterday", "last tuesday", '
    '"3 hours ago".',
)
def state(
    config_file: Path | None, channel: str, key: str | None, at: str | None, *, in_json: bool
) -> None:
    """Show the state of CHANNEL: its entries and files, now or as it was.

    With KEY the one key or path of that name, with who set it, when, in which job and based on
    what; or all whose names begin so.
    """
    show(
        config_file,
        "inspect",
        lambda inspect, root: inspect.state_of(root, channel, key, at, in_json=in_json),
    )


@thaw.command()
@with_config
@as_json
@click.argument("channel")
@click.argument("key", required=False)
@click.option("--before", type=COMMIT, metavar="N", help="Only commits before commit N.")
@click.option("--commit", "number", type=COMMIT, metavar="N", help="One commit, in full.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
def history(
    config_file: Path | None,
    channel: str,
    key: str | None,
    before: int | None,
    number: int | None,
    limit: int,
    *,
    in_json: bool,
) -> None:
    """Show what changed in CHANNEL, when, by whom and based on what; the newest first.

    With KEY only what changed that key or path, and how.
    """
    if number is not None and (key is not None or before is not None):
        raise click.UsageError("--commit shows one commit whole: leave KEY and --before out")

    def ask(past: Any, root: Path) -> Any:
        if number is not None:
            return past.commit_of(root, channel, number, in_json=in_json)
        return past.history_of(root, channel, key, before, limit, in_json=in_json)

    show(config_file, "past", ask)


@thaw.command()
@with_config
@as_json
@click.argument("channel")
@click.argument("commit", type=COMMIT)
@click.option("--as", "by", metavar="NAME", help="Who does it. Without it, the user's name.")
def undo(
    config_file: Path | None, channel: str, commit: int, by: str | None, *, in_json: bool
) -> None:
    """Undo COMMIT in CHANNEL, also while the bot runs. What came after it stays.

    That is a commit itself and can be undone. The channel is told.
    """
    show(
        config_file,
        "past",
        lambda past, root: past.undo_of(root, channel, commit, by, in_json=in_json),
    )


@thaw.command()
@with_config
def pairs(config_file: Path | None) -> None:
    """List who waits to be let in, with their codes, and who was let in."""
    show(config_file, "pairs", lambda pairs, root: pairs.pairs_of(root))


@thaw.command()
@with_config
@click.argument("code")
@click.option("--as", "by", metavar="NAME", help="Who does it. Without it, the user's name.")
def pair(config_file: Path | None, code: str, by: str | None) -> None:
    """Let in who was given CODE, also while the bot runs. They are told."""
    show(config_file, "pairs", lambda pairs, root: pairs.pair_of(root, code, by))


@thaw.command()
@with_config
@click.argument("person")
def unpair(config_file: Path | None, person: str) -> None:
    """Let the person with the id PERSON in no more, also while the bot runs."""
    show(config_file, "pairs", lambda pairs, root: pairs.unpair_of(root, person))


@thaw.command()
@with_config
@click.argument("channel")
def export(config_file: Path | None, channel: str) -> None:
    """Write all of CHANNEL to standard output: UTF-8, a JSON object on each line."""
    as_text(sys.stdout, encoding="utf-8")
    show(config_file, "inspect", lambda inspect, root: inspect.export_of(root, channel))


@thaw.command()
@with_config
@click.option(
    "--by",
    type=click.Choice(["day", "channel", "person", "model", "kind"]),
    help="Add up by one of these; without it each combination has a line.",
)
@click.option("--since", metavar="DAY", help="Only from this day on, as 2026-11-22.")
@click.option("--until", metavar="DAY", help="Only up to this day, which counts.")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV, for a spreadsheet.")
def usage(
    config_file: Path | None, by: str | None, since: str | None, until: str | None, *, as_csv: bool
) -> None:
    """Show what was used, in tokens and in dollars, by whom, where, when and on which model."""
    show(
        config_file,
        "usage",
        lambda module, root: module.usage_of(root, by, since, until, as_csv=as_csv),
    )


@thaw.command()
@with_config
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
def backup(config_file: Path | None, folder: Path) -> None:
    """Copy all that the bot keeps into DIR, also while the bot runs. DIR must be new or empty."""
    show(config_file, "backup", lambda module, root: module.back_up(root, folder))


@thaw.command()
@with_config
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--replace", is_flag=True, help="Set aside what is in the data directory already.")
def restore(config_file: Path | None, folder: Path, *, replace: bool) -> None:
    """Put the backup in DIR in the place of the data directory, while no bot runs.

    It is checked before, and swapped in whole.
    """
    show(
        config_file,
        "restore",
        lambda module, root: module.restore(folder, root, replace=replace),
    )


@thaw.command()
def version() -> None:
    """Print the version."""
    say(f"thaw {bot.__version__}")


def show(file: Path | None, name: str, ask: Callable[[ModuleType, Path], Iterable[str]]) -> None:
    """Print what the module of that name in `bot` finds in the data directory."""
    config = configured(file)
    module = import_module(f"bot.{name}")  # the other commands start without it
    try:
        for line in ask(module, config.bot.data_dir):
            say(line)
    except ThawError as error:
        fail(FAILED, str(error))


def configured(file: Path | None) -> Config:
    """Load the configuration, or end the program with all that is wrong with it."""
    try:
        return load(file)
    except ConfigError as error:
        refuse(file, error.lines)


def refuse(file: Path | None, lines: Iterable[str]) -> NoReturn:
    """End the program with all that is wrong with its configuration."""
    heading = "The configuration cannot be used:" if file is None else f"{file} cannot be used:"
    fail(MISUSED, "\n  ".join([heading, *lines]))


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
    stand_in()
    for stream in (sys.stdout, sys.stderr):
        as_text(stream)
    thaw(prog_name="thaw")
