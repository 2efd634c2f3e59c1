"""What may be lost: the sign that a message was seen, words of trouble. Waits for nobody's turn."""

from collections import OrderedDict

from telegram.constants import ChatAction

from adapters.telegram.address import Spot, chat_of, spot, topic_of
from adapters.telegram.api import Api, GroupMoved
from adapters.telegram.chores import Chores
from adapters.telegram.moves import Moves
from adapters.telegram.styled import LONGEST, Styled, start_of
from core.errors import DeliveryFailed, DeliveryRefused
from core.messages import Seen, Trouble

_SEEN = "👀"
_SIGNED = 2_000  # messages whose sign is not given again


class Hints:
    """Each call is one small request. Signs go by connections of their own."""

    def __init__(self, api: Api, moves: Moves, chores: Chores) -> None:
        self._api = api
        self._moves = moves
        self._chores = chores
        self._signed: OrderedDict[Spot, None] = OrderedDict()

    def seen(self, hint: Seen) -> None:
        """A reaction, or typing where reactions are not allowed; nothing but for Telegram's own
        messages, and nothing the second time. Returns at once.
        """
        at = spot(hint.message_id)
        if at is None or at in self._signed:
            return
        self._signed[at] = None
        while len(self._signed) > _SIGNED:
            self._signed.popitem(last=False)
        self._chores.spawn(self._sign(at, hint), f"telegram sign at {at}")

    async def _sign(self, at: Spot, hint: Seen) -> None:
        signs = self._api.signs
        try:
            await self._api.react(at.chat, at.message, _SEEN)
        except DeliveryRefused:
            topic = topic_of(hint.thread)
            await self._api.call(
                at.chat,
                lambda: signs.send_chat_action(at.chat, ChatAction.TYPING, message_thread_id=topic),
            )
        except DeliveryFailed:
            self._signed.pop(at, None)  # the core will say again that it was seen
            raise

    async def trouble(self, hint: Trouble) -> None:
        """A message that the bot is in trouble."""
        chat = await self._moves.now(chat_of(hint.thread.channel))
        await self._api.turn(chat)
        said = start_of(Styled(text=hint.text.replace("@", "@\u2060") or "…"), LONGEST)
        try:
            await self._api.send(chat, said, topic=topic_of(hint.thread))
        except GroupMoved as moved:
            await self._moves.learn(chat, moved.new)
