"""Presses, forms and slash commands of the gateway, read into data. Pure; answers nothing."""

import re
from dataclasses import dataclass

from adapters.discord import commands
from adapters.discord.directory import Directory
from adapters.discord.fields import Payload, id_of, made_at, number, part, parts, text
from adapters.discord.rendering import read_action
from adapters.discord.translation import person
from core.messages import Person, ThreadRef

# A chat that the bot is not in: somebody has the app for themselves, and the others would read.
_AMONG_PEOPLE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What every interaction has. `token` answers it, for 15 minutes; it is secret."""

    id: str
    token: str
    thread: ThreadRef
    person: Person
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A slash command, as the text it stands for."""

    asked: Asked
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Somebody types into an option: `kind` is what to offer, `typed` what is there already."""

    asked: Asked
    kind: str
    typed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A pressed button of ours. `form`: it asks for words first. `label` is what it shows."""

    asked: Asked
    action: str
    form: bool
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The words that somebody typed into the form of a button."""

    asked: Asked
    action: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strange:
    """An interaction that no command, button or form of ours can have made."""

    asked: Asked


Interaction = Command | Completion | Click | Filled | Strange


def read(payload: Payload, directory: Directory) -> Interaction | None:
    """The interaction; None for what lacks even a place, a person or a way to answer."""
    asked = _asked(payload, directory)
    if asked is None:
        return None
    data = part(payload, "data")
    match number(payload, "type"):
        case 2:
            said = commands.words(text(data, "name"), parts(data, "options"))
            return Strange(asked=asked) if said is None else Command(asked=asked, text=said)
        case 3:
            return _click(asked, payload, data, directory)
        case 4:
            return _completion(asked, data)
        case 5:
            found = read_action(text(data, "custom_id"))
            if found is None:
                return Strange(asked=asked)
            return Filled(asked=asked, action=found.action, text=_typed(data))
        case _:
            return None


def _asked(payload: Payload, directory: Directory) -> Asked | None:
    id, token = id_of(payload), text(payload, "token")
    member = part(payload, "member")
    guild = id_of(payload, "guild_id")
    if number(payload, "context", 0) == _AMONG_PEOPLE:
        return None
    if guild and guild not in directory.guilds:
        # Somebody has the app for themselves and tries it in a server that the bot is not in.
        return None
    place = directory.place(id_of(payload, "channel_id"), guild)
    if place is None:
        # A thread that nobody spoke in for long is not announced, but comes with the press.
        place = directory.learn(part(payload, "channel"), guild)
    if place is None:
        return None
    who = person(part(member, "user") or part(payload, "user"), member, place)
    if not id or not re.fullmatch(r"[\w.~+/=-]{1,500}", token) or not who.id:
        return None
    return Asked(
        id=id,
        token=token,
        thread=place.thread,
        person=who,
        at=made_at(id),
    )


def _click(asked: Asked, payload: Payload, data: Payload, directory: Directory) -> Interaction:
    custom = text(data, "custom_id")
    found = read_action(custom)
    message = part(payload, "message")
    ours = id_of(part(message, "author")) == directory.me
    if found is None or not ours or number(data, "component_type") != 2:
        return Strange(asked=asked)
    labels = [
        text(button, "label")
        for row in parts(message, "components")
        for button in parts(row, "components")
        if text(button, "custom_id") == custom
    ]
    return Click(
        asked=asked, action=found.action, form=found.asks, label=next(iter(labels), "") or "Words"
    )


def _completion(asked: Asked, data: Payload) -> Completion:
    name = text(data, "name")
    for option in parts(data, "options"):
        if option.get("focused") is True:
            typed = option.get("value")
            return Completion(
                asked=asked,
                kind=commands.completes(name, text(option, "name")),
                typed=str(typed) if isinstance(typed, str | int) else "",
            )
    return Completion(asked=asked, kind="", typed="")


def _typed(data: Payload) -> str:
    """The one text of a form; older clients send rows where newer ones send labels."""
    for row in parts(data, "components"):
        for field in (part(row, "component"), *parts(row, "components")):
            if "value" in field:
                return text(field, "value")
    return ""
