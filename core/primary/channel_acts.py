"""What people do to a channel as a whole: pausing, settings, help."""

from core import settings
from core.posts import plain
from core.primary.commands import COMMANDS
from core.primary.doing import Doing, Done
from core.primary.prompt import cut
from core.records import jobs
from core.rights import Right

_LONGEST = 300


def pause(doing: Doing, paused: bool) -> Done:
    """Hold queued jobs back, or let them go on."""
    doing.require(Right.CONFIGURE)
    settings.pause(doing.tx, paused, doing.person, doing.clock())
    left = len(jobs.wanted(doing.tx))
    if paused:
        text = "Paused: no job starts here until /resume. Jobs that run go on."
    else:
        text = "Jobs start again."
    return Done(text=f"{text} Unfinished: {left}.", paused=paused)


def show_settings(doing: Doing) -> Done:
    """List the settings."""
    lines = [
        f"- `{line.name}` = {_value(line.value)}{' (set here)' if line.own else ''}: {line.about}"
        for line in settings.lines(doing.tx, doing.defaults)
    ]
    return Done(text="\n".join([*lines, "", "Change one: `/settings NAME VALUE` or `default`."]))


def _value(text: str) -> str:
    return plain(cut(text, _LONGEST)) or "none"


def change_setting(doing: Doing, name: str, text: str) -> Done:
    """Change one setting for what starts from now on."""
    doing.require(Right.CONFIGURE)
    said = settings.change(doing.tx, name, text, doing.person, doing.clock())
    return Done(text=said)


def show_help() -> Done:
    """List the commands."""
    lines = [f"- `{command.usage}`: {command.about}" for command in COMMANDS.values()]
    opening = (
        "Just talk to me. Heavy work goes to background jobs; results are posted here."
        " These commands work without any model:"
    )
    return Done(text="\n".join([opening, "", *lines]))
