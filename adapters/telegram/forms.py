"""Buttons that need words: a forced reply asks for them, also across a restart. Decides nothing."""

from telegram import ForceReply, ReplyParameters

from adapters.telegram.address import Spot, topic_of
from adapters.telegram.api import QUIET, Api
from adapters.telegram.keys import ASK
from adapters.telegram.translate import Pressed, Said
from core.messages import Press
from core.ports import Places


class Forms:
    """Asks by a message that people reply to; what it asks for is kept with the message."""

    def __init__(self, api: Api, places: Places) -> None:
        self._api = api
        self._places = places

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
                link_preview_options=QUIET,
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


def _question(pressed: Pressed) -> str:
    verb, _, number = pressed.press.action.partition(".")
    name = pressed.press.person.name.replace("@", "")[:80]
    if verb == "steer":
        return f"{name}, what should job {number} know or do differently? Reply to this message."
    what = pressed.label.replace("@", "")[:60] or "Your words"
    return f"{name} · {what}: reply to this message with the text."
