"""A person as the contract needs them: what they can do on any platform, and what they see."""

from collections.abc import Collection
from typing import Protocol

from tests.harness.people import Asked, Shown, Side, one


class Somebody(Side, Protocol):
    """A person on one platform. Places from SHARED on hold several people."""

    me: str

    async def edit(self, asked: Asked, text: str) -> None:
        """Change one's message."""

    async def delete(self, asked: Asked) -> None:
        """Delete one's message."""

    async def reply(self, shown: Shown, text: str) -> None:
        """Answer one message of the bot."""

    async def fill(self, shown: Shown, label: str, text: str) -> None:
        """Press a button that asks for words, and give them."""

    async def details(self, shown: Shown) -> str:
        """Press Details; what is shown then."""

    async def native(self, asked: Asked, command: str) -> str:
        """Use a command without words as the platform has them; what the bot says, to whomever."""

    async def again(self, asked: Asked) -> None:
        """Have the platform deliver the message once more."""

    async def forge(self, asked: Asked, shown: Shown, action: str) -> None:
        """Press a button which has this id, whether or not there is one."""

    async def submit(self, asked: Asked, shown: Shown, action: str, text: str) -> None:
        """Send the form of a button which has this id, whether or not one was opened."""

    def action(self, shown: Shown, label: str) -> str:
        """The id of a button."""

    def growing(self, asked: Asked) -> Collection[str]:
        """The texts that an answer in the conversation had while it was written."""

    def notified(self, asked: Asked) -> Collection[str]:
        """Whom the bot's messages in the conversation have notified."""

    def heard_privately(self) -> Collection[str]:
        """What the person was told alone, by hints or private messages."""


SHARED = 30
"""The first of the places that hold several people; those before it are a person's own on
platforms that have such."""
PLACES = (*range(26), *range(SHARED, SHARED + 8))


def texts(who: Somebody, asked: Asked) -> str:
    """All that the bot shows in the conversation."""
    return "\n".join(shown.text for shown in who.shown(asked))


async def settled(who: Somebody, asked: Asked) -> None:
    """Return when all is shown that the bot had to say in the conversation so far.

    What it says in a thread comes in order, and a command is answered at once.
    """
    await who.more(asked, "/thaw there-is-no-such-command")
    await one(who, asked, "There is no command")
