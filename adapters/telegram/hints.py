"""What may be lost: the sign that a message was seen, words of trouble. Waits for nobody's turn."""

from telegram.constants import ChatAction

from adapters.telegram.address import chat_of, spot, topic_of
from adapters.telegram.api import Api, GroupMoved
from adapters.telegram.moves import Moves
from adapters.telegram.styled import LONGEST, Styled, start_of
from core.errors import DeliveryRefused
from core.messages import Seen, Trouble

_SEEN = "👀"


class Hints:
    """Each call is one small request; errors are the caller's to log."""

    def __init__(self, api: Api, moves: Moves) -> None:
        self._api = api
        self._moves = moves

    async def seen(self, hint: Seen) -> None:
        """A reaction, or typing where reactions are not allowed; nothing but for Telegram's own
        messages.
        """
        at = spot(hint.message_id)
        if at is None:
            return
        bot = self._api.bot
        try:
            await self._api.call(
                at.chat, lambda: bot.set_message_reaction(at.chat, at.message, _SEEN)
            )
        except DeliveryRefused:
            topic = topic_of(hint.thread)
            await self._api.call(
                at.chat,
                lambda: bot.send_chat_action(at.chat, ChatAction.TYPING, message_thread_id=topic),
            )

    async def trouble(self, hint: Trouble) -> None:
        """A message that the bot is in trouble."""
        chat = await self._moves.now(chat_of(hint.thread.channel))
        await self._api.turn(chat)
        said = start_of(Styled(text=hint.text.replace("@", "@\u2060") or "…"), LONGEST)
        try:
            await self._api.send(chat, said, topic=topic_of(hint.thread))
        except GroupMoved as moved:
            await self._moves.learn(chat, moved.new)
