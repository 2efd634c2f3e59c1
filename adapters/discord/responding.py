"""Answers to presses, forms, completions and slash commands, within Discord's three seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import assert_never

import structlog

from adapters.discord import commands, interactions
from adapters.discord.directory import Directory
from adapters.discord.fields import Payload, id_of
from adapters.discord.interactions import Asked, Click, Command, Completion, Filled, Strange
from adapters.discord.members import Members
from adapters.discord.rendering import Json, Part, details, ephemeral, form
from adapters.discord.rest import ANSWERED_ALREADY, Refusal, Rest
from adapters.discord.splitting import shortened, units
from adapters.discord.tokens import Tokens
from adapters.discord.whispers import Whispers
from core.errors import (
    BadRequest,
    DeliveryFailed,
    DeliveryRefused,
    NotAllowed,
    StoreError,
)
from core.messages import Message, Press
from core.messages.queries import ListConflicts, ListJobs, ReadJob, ReadState
from core.messages.views import Conflicts, Jobs, JobView, StateView
from core.ports import Door, Guard, Window

log = structlog.get_logger(__name__)

_MESSAGE, _LATER, _QUIETLY, _CHOICES, _FORM = 4, 5, 6, 8, 9
_MOST_CHOICES = 25
_IN_TIME_S = 2.0
_NONE_OF_MINE = "This is none of my buttons or commands; nothing was done."
_TRY_AGAIN = "I could not keep this just now: please try again in a moment."

Spawn = Callable[[Awaitable[None], str], object]


class Responding:
    """Takes interactions from the gateway. Strangers get no answer at all."""

    def __init__(
        self,
        *,
        door: Door,
        window: Window,
        guard: Guard,
        directory: Directory,
        rest: Rest,
        tokens: Tokens,
        whispers: Whispers,
        members: Members,
        spawn: Spawn,
    ) -> None:
        self._door = door
        self._window = window
        self._guard = guard
        self._directory = directory
        self._rest = rest
        self._tokens = tokens
        self._whispers = whispers
        self._members = members
        self._spawn = spawn

    def take(self, payload: Payload) -> None:
        """An interaction. Returns at once; each has a task of its own, for it must not wait."""
        found = interactions.read(payload, self._directory)
        if found is None:
            return
        asked, application = found.asked, id_of(payload, "application_id")
        if self._guard.allows(asked.person, asked.thread.channel):
            self._spawn(self._answered(found, application), f"discord interaction {asked.id}")
        elif asked.person.outside:
            self._spawn(self._meet(found, application), f"discord asks who {asked.id} is")

    async def _meet(self, found: interactions.Interaction, application: str) -> None:
        """In a direct message: somebody of a server of the bot's, or a stranger."""
        asked, allows, channel = found.asked, self._guard.allows, found.asked.thread.channel
        person = await self._members.known(asked.person, lambda one: allows(one, channel))
        if allows(person, channel):
            known = replace(asked, person=person)
            await self._answered(replace(found, asked=known), application)

    async def _answered(self, found: interactions.Interaction, application: str) -> None:
        try:
            match found:
                case Command():
                    await self._command(found, application)
                case Completion():
                    await self._complete(found)
                case Click():
                    await self._click(found, application)
                case Filled():
                    await self._press(found.asked, application, found.action, found.text)
                case Strange():
                    await self._whisper(found.asked, _NONE_OF_MINE)
                case _ as unreachable:
                    assert_never(unreachable)
        except (DeliveryFailed, DeliveryRefused) as error:
            log.warning("an interaction was not answered", error=str(error))
        except Exception:
            # Around one event: a press that breaks concerns nobody else.
            log.exception("an interaction broke", interaction=found.asked.id)

    async def _command(self, found: Command, application: str) -> None:
        asked = found.asked
        # It is none of the channel's messages: nobody may look for it there and find it deleted.
        id = f"command:{asked.id}"
        message = Message(
            id=id, thread=asked.thread, author=asked.person, text=found.text, at=asked.at
        )
        # Before the core has it: its answer may be there sooner than this one.
        await self._respond(asked, _LATER)
        self._tokens.keep(id, application, asked.token)
        refused = await self._kept(message)
        if refused is not None:
            self._tokens.take(id)
            await self._rest.ask(
                "PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
                body=Part(content=refused).body(),
                webhook_id=application, webhook_token=asked.token,
            )  # fmt: skip

    async def _click(self, found: Click, application: str) -> None:
        if found.form:
            await self._respond(found.asked, _FORM, form(found.action, found.label))
        elif found.action.startswith("details."):
            await self._details(found)
        else:
            await self._press(found.asked, application, found.action, None)

    async def _press(self, asked: Asked, application: str, action: str, text: str | None) -> None:
        press = Press(
            id=asked.id,
            thread=asked.thread,
            person=asked.person,
            action=action,
            at=asked.at,
            text=text,
        )
        with self._whispers.pressed(asked.id, application, asked.token):
            keeping = asyncio.ensure_future(self._kept(press))
            done, _ = await asyncio.wait({keeping}, timeout=_IN_TIME_S)
            refused = keeping.result() if done else None
            if refused is None:
                # Also when the disk is slow: the press is on its way.
                await self._respond(asked, _QUIETLY)
            elif refused:
                await self._whisper(asked, refused)
        await keeping

    async def _kept(self, event: Message | Press) -> str | None:
        """None when the core has the event, "" when the person is to hear nothing, else why not."""
        try:
            await self._door.accept(event)
        except NotAllowed:
            return ""
        except BadRequest as error:
            return str(error)
        except StoreError as error:
            log.warning("an interaction cannot be kept", error=str(error))
            return _TRY_AGAIN
        return None

    async def _details(self, found: Click) -> None:
        number = found.action.removeprefix("details.")
        if not number.isdigit() or len(number) > 15:
            await self._whisper(found.asked, _NONE_OF_MINE)
            return
        query = ReadJob(channel=found.asked.thread.channel, number=int(number))
        try:
            async with asyncio.timeout(_IN_TIME_S):
                view = await self._window.look(query)
        except (BadRequest, StoreError) as error:
            await self._whisper(found.asked, str(error))
            return
        except TimeoutError:
            await self._whisper(found.asked, _TRY_AGAIN)
            return
        if isinstance(view, JobView):
            part = details(view)
            try:
                await self._respond(found.asked, _MESSAGE, ephemeral(part), part.files)
            except Refusal:
                if not part.files:
                    raise
                await self._respond(found.asked, _MESSAGE, ephemeral(part))

    async def _complete(self, found: Completion) -> None:
        try:
            async with asyncio.timeout(_IN_TIME_S):
                offered = await self._offered(found)
        except (BadRequest, StoreError, TimeoutError):
            offered = []
        typed = found.typed.casefold()
        fitting = [one for one in offered if typed in str(one["name"]).casefold()]
        await self._respond(found.asked, _CHOICES, {"choices": fitting[:_MOST_CHOICES]})

    async def _offered(self, found: Completion) -> list[Json]:
        channel = found.asked.thread.channel
        match found.kind:
            case "jobs":
                view = await self._window.look(ListJobs(channel=channel))
                cards = view.cards if isinstance(view, Jobs) else ()
                return [
                    _choice(f"{card.job}: {card.title} ({card.state})", card.job) for card in cards
                ]
            case "conflicts":
                view = await self._window.look(ListConflicts(channel=channel))
                lines = view.lines if isinstance(view, Conflicts) else ()
                return [_choice(f"{line.number}: {line.key}", line.number) for line in lines]
            case "keys":
                view = await self._window.look(ReadState(channel=channel, prefix=found.typed))
                entries = view.entries if isinstance(view, StateView) else ()
                return [
                    _choice(entry.key, entry.key) for entry in entries if units(entry.key) <= 100
                ]
            case _:
                return []

    async def _whisper(self, asked: Asked, words: str) -> None:
        await self._respond(asked, _MESSAGE, ephemeral(Part(content=words[:2000])))

    async def _respond(
        self, asked: Asked, kind: int, data: Json | None = None,
        files: tuple[tuple[str, bytes], ...] = (),
    ) -> None:  # fmt: skip
        body: Json = {"type": kind}
        if data is not None:
            body["data"] = data

        async def respond() -> None:
            await self._rest.ask(
                "POST", "/interactions/{webhook_id}/{webhook_token}/callback", body=body,
                files=files, webhook_id=asked.id, webhook_token=asked.token,
            )  # fmt: skip

        try:
            await respond()
        except DeliveryFailed:
            # It may have come through: then the second one is refused for that.
            try:
                await respond()
            except Refusal as refusal:
                if refusal.code != ANSWERED_ALREADY:
                    raise


async def register(rest: Rest, application: str) -> None:
    """Tell Discord the slash commands, unless it has just these."""
    path = "/applications/{application_id}/commands"
    try:
        there = await rest.ask_list("GET", path, application_id=application)
        known = [one for one in there if isinstance(one, dict)] if isinstance(there, list) else []
        if not commands.alike(known):
            await rest.ask_list("PUT", path, commands.registration(), application_id=application)
    except (DeliveryFailed, DeliveryRefused) as error:
        log.warning("the slash commands are not registered", error=str(error))


def _choice(name: str, value: str | int) -> Json:
    return {"name": shortened(" ".join(name.split()), 100) or "…", "value": value}
