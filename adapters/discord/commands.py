"""The slash commands: what Discord is told of them, and the words they stand for. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.discord.fields import Payload, text

_TEXT, _NUMBER = 3, 4
# In servers that the bot was brought to and in direct messages to it, not in chats among people.
_WHERE: dict[str, object] = {"integration_types": [0], "contexts": [0, 1]}
_LONGEST = 6000  # what Discord takes in one option


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing a command takes. `completes` names what is offered while people type.

    `before` is a word that goes before it; a `key` with blanks is put in quotes.
    """

    name: str
    about: str
    number: bool = False
    required: bool = True
    completes: str = ""
    before: str = ""
    key: bool = False

    def registered(self) -> dict[str, object]:
        """As Discord wants it."""
        made: dict[str, object] = {
            "type": _NUMBER if self.number else _TEXT,
            "name": self.name,
            "description": self.about,
            "required": self.required,
        }
        if self.number:
            made["min_value"] = 0
        else:
            made["max_length"] = _LONGEST
        if self.completes:
            made["autocomplete"] = True
        return made

    def words(self, value: str) -> str:
        """As it stands in the text of the command."""
        quoted = json.dumps(value, ensure_ascii=False) if self.key and " " in value else value
        return f"{self.before} {quoted}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommand:
    """One command. `talk`: what follows is said to the bot, as if without a command."""

    name: str
    about: str
    options: tuple[Option, ...] = ()
    talk: bool = False

    def registered(self) -> dict[str, object]:
        """As Discord wants it."""
        return {
            "name": self.name,
            "description": self.about,
            "type": 1,
            **_WHERE,
            "options": [option.registered() for option in self.options],
        }


def _job(about: str) -> Option:
    return Option(name="job", about=about, number=True, completes="jobs")


_KEY = Option(name="key", about="The key", key=True, completes="keys")
_MAYBE_KEY = Option(
    name="key", about="Only this key", key=True, required=False, completes="keys"
)  # fmt: skip
_CONFLICT = Option(name="conflict", about="Which conflict", number=True, completes="conflicts")

COMMANDS: Sequence[SlashCommand] = (
    SlashCommand(
        name="thaw", about="Say something to the bot", talk=True,
        options=(Option(name="text", about="What you want to say"),),
    ),
    SlashCommand(name="jobs", about="The newest jobs"),
    SlashCommand(
        name="job", about="One job with its steps", options=(_job("Which job"),)
    ),
    SlashCommand(
        name="cancel", about="Stop a job; nothing of it is merged",
        options=(_job("Which job to stop"),),
    ),
    SlashCommand(
        name="stop", about="Stop the answer that is being written here, or else this thread's jobs",
        options=(
            Option(
                name="job", about="Only this job", number=True, required=False, completes="jobs"
            ),
        ),
    ),
    SlashCommand(
        name="unwatch", about="Hear no more of a job that others asked for too",
        options=(_job("Which job"),),
    ),
    SlashCommand(
        name="steer", about="Tell a running job something",
        options=(_job("Which job"), Option(name="text", about="What it should know")),
    ),
    SlashCommand(
        name="answer", about="Answer what a job asks",
        options=(_job("Which job"), Option(name="text", about="Your answer")),
    ),
    SlashCommand(
        name="allow", about="Let a job do what it asks to do",
        options=(
            _job("Which job"),
            Option(name="how", about="once, job or always; once if left out", required=False),
        ),
    ),
    SlashCommand(
        name="deny", about="Do not let a job do what it asks to do",
        options=(
            _job("Which job"), Option(name="why", about="What it should know", required=False),
        ),
    ),
    SlashCommand(
        name="approvals", about="What jobs may do here unasked",
        options=(
            Option(
                name="withdraw", about="Take this one back", number=True, required=False,
                before="withdraw",
            ),
        ),
    ),
    SlashCommand(
        name="run", about="Run a job's brief again, on a fresh snapshot",
        options=(_job("Which job to run again"),),
    ),
    SlashCommand(
        name="state", about="The channel's state, or one key with who set it",
        options=(
            _MAYBE_KEY,
            Option(
                name="at", about="A commit, 2026-11-17, yesterday, 3 hours ago", required=False,
                before="at",
            ),
        ),
    ),
    SlashCommand(
        name="set", about="Set a key",
        options=(_KEY, Option(name="value", about="JSON, or text as it is")),
    ),
    SlashCommand(name="unset", about="Delete a key", options=(_KEY,)),
    SlashCommand(name="pin", about="Always show a key to the agent", options=(_KEY,)),
    SlashCommand(name="unpin", about="No longer always show a key to the agent", options=(_KEY,)),
    SlashCommand(
        name="history", about="What changed, when, by whom, based on what",
        options=(
            _MAYBE_KEY,
            Option(
                name="before", about="Older than this commit", number=True, required=False,
                before="before",
            ),
        ),
    ),
    SlashCommand(
        name="undo", about="Undo a commit",
        options=(Option(name="commit", about="Its number, from /history", number=True),),
    ),
    SlashCommand(name="conflicts", about="What waits for a decision"),
    SlashCommand(
        name="resolve", about="Decide a conflict",
        options=(
            _CONFLICT,
            Option(name="choice", about="A candidate's number, or = and a value of your own"),
        ),
    ),
    SlashCommand(
        name="search", about="Search messages, state, files and sources",
        options=(Option(name="words", about="What to search for"),),
    ),
    SlashCommand(name="budget", about="What was used"),
    SlashCommand(name="pause", about="Start no more jobs here; running ones go on"),
    SlashCommand(name="resume", about="Start jobs again"),
    SlashCommand(
        name="settings", about="This channel's settings",
        options=(
            Option(name="name", about="Which setting to change", required=False),
            Option(name="value", about="Its new value, or default", required=False),
        ),
    ),
    SlashCommand(
        name="forget", about="Remove for good; what would go is shown first",
        options=(Option(name="what", about="me, @PERSON, a key, or channel"),),
    ),
    SlashCommand(name="help", about="All commands"),
)  # fmt: skip

_BY_NAME: Mapping[str, SlashCommand] = {command.name: command for command in COMMANDS}


def registration() -> list[dict[str, object]]:
    """All commands, as Discord wants them."""
    return [command.registered() for command in COMMANDS]


def words(name: str, options: Sequence[Payload]) -> str | None:
    """The text that a used command stands for; None for a command that is not ours."""
    command = _BY_NAME.get(name)
    if command is None:
        return None
    given = {text(option, "name"): _shown(option.get("value")) for option in options}
    said = [
        option.words(given[option.name])
        for option in command.options
        if given.get(option.name, "").strip()
    ]
    return " ".join(said if command.talk else [f"/{name}", *said])


def completes(name: str, option: str) -> str:
    """What is offered for an option: "jobs", "conflicts", "keys" or ""."""
    command = _BY_NAME.get(name)
    if command is None:
        return ""
    return next((one.completes for one in command.options if one.name == option), "")


def alike(registered: Sequence[Payload]) -> bool:
    """Whether Discord already knows exactly these commands."""

    def essence(command: Payload) -> str:
        options = command.get("options") or []
        kept = {
            "type",
            "name",
            "description",
            "required",
            "autocomplete",
            "max_length",
            "min_value",
        }
        slim = [
            # Discord leaves out what is false.
            {key: one[key] for key in sorted(kept & set(one)) if one[key] is not False}
            for one in (options if isinstance(options, list) else [])
            if isinstance(one, Mapping)
        ]
        where = [
            sorted(map(str, told)) if isinstance(told := command.get(name), list) else None
            for name in _WHERE
        ]
        return json.dumps([command.get("name"), command.get("description"), where, slim])

    return sorted(map(essence, registered)) == sorted(map(essence, registration()))


def _shown(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else ""
