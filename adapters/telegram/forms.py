"""Buttons that need words: a forced reply asks for them, also across a restart. Decides nothing."""

import re

from telegram import ForceReply, LinkPreviewOptions, ReplyParameters

from adapters.telegram.address import Spot, topic_of
from adapters.telegram.api import Api
from adapters.telegram.keys import ASK
from adapters.telegram.translate import Pressed, Said
from core.errors import BadRequest
from core.messages import Press
from core.messages.queries import ListConflicts, ReadJob
from core.messages.views import Conflicts, JobView
from core.ports import Places, Window

_QUIET = LinkPreviewOptions(is_disabled=True)
_ABOUT = re.compile(
    r"(?:steer|answer|refuse)\.(?P<job>\d{1,15})(?:\.\d{1,15})?"
    r"|edit\.(?P<conflict>\d{1,15})\.\d{1,15}"
)


class Forms:
    """Asks by a message that people reply to; what it asks for is kept with the message."""

    def __init__(self, api: Api, places: Places, window: Window) -> None:
        self._api = api
        self._places = places
        self._window = window

    async def refused(self, pressed: Pressed) -> str:
        """Why nobody is asked, for the presser alone; "" when there is what the button is about."""
        channel = pressed.press.thread.channel
        found = _ABOUT.fullmatch(pressed.press.action)
        if found is None:
            return "This button is none of mine; nothing was done."
        if found["conflict"] is not None:
            number = int(found["conflict"])
            view = await self._window.look(ListConflicts(channel=channel))
            if isinstance(view, Conflicts) and not view.more and number not in _numbers(view):
                return f"There is no open conflict {number}; nothing was done."
            return ""
        try:
            view = await self._window.look(ReadJob(channel=channel, number=int(found["job"])))
        except BadRequest as error:
            return str(error)
        if isinstance(view, JobView) and view.outcome:
            return f"Job {view.card.job} has ended already: {view.outcome}"
        return ""

    async def ask(self, pressed: Pressed) -> None:
        """Show the question under the message that has the button; once for a press."""
        press, chat = pressed.press, pressed.spot.chat
        item = f"{ASK}{press.action}:{press.id}"
        if await self._places.of(press.thread.channel, item):
            return
        await self._api.turn(chat)
        sent = await self._api.say(
            chat,
            lambda: self._api.bot.send_message(
                chat,
                _question(pressed),
                message_thread_id=topic_of(press.thread),
                reply_parameters=ReplyParameters(
                    pressed.spot.message, allow_sending_without_reply=True
                ),
                reply_markup=ForceReply(input_field_placeholder="Your words"),
                link_preview_options=_QUIET,
            ),
        )
        at = Spot(chat=chat, message=sent.message_id)
        await self._places.keep(press.thread.channel, item, (str(at),))

    def answered(self, item: str, said: Said) -> Press | None:
        """The press that a reply to the message of `item` makes, if that message asked."""
        if not item.startswith(ASK):
            return None
        action = item.removeprefix(ASK).split(":", 1)[0]
        message = said.message
        return Press(
            id=message.id,
            thread=message.thread,
            person=message.author,
            action=action,
            at=message.at,
            text=message.text,
        )


def _numbers(view: Conflicts) -> set[int]:
    return {line.number for line in view.lines}


def _question(pressed: Pressed) -> str:
    verb, _, number = pressed.press.action.partition(".")
    name = pressed.press.person.name.replace("@", "")[:80]
    if verb == "steer":
        return f"{name}, what should job {number} know or do differently? Reply to this message."
    what = pressed.label.replace("@", "")[:60] or "Your words"
    return f"{name} · {what}: reply to this message with the text."
