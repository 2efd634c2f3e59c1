"""What people do to a channel as a whole: pausing, settings, help."""

from collections.abc import Iterator

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


def show_help(doing: Doing) -> Done:
    """List the commands that the person may use here."""
    opening = (
        "Just talk to me. Heavy work goes to background jobs; results are posted here."
        " These commands work without any model:"
    )
    lines = [f"- `{usage}`: {about}" for usage, about in _helps(doing)]
    return Done(text="\n".join([opening, "", *lines]))


def _helps(doing: Doing) -> Iterator[tuple[str, str]]:
    for command in COMMANDS.values():
        if command.right is Right.PAIR and not doing.rights.pairs(doing.channel):
            continue
        # Of their own jobs and messages: whose they are is found when it is done.
        own = doing.person.id
        if doing.rights.may(command.right, doing.person, doing.channel, owner=own):
            full = doing.rights.may(command.right, doing.person, doing.channel)
            yield command.own if command.own and not full else (command.usage, command.about)
        elif command.own:
            yield command.own
