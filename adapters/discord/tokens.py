"""The tokens that answer slash commands, while they are good. In memory only: they are secrets of
15 minutes, and a command that outlives them is answered by an ordinary message."""

import time
from collections import OrderedDict
from dataclasses import dataclass

_GOOD_S = 840.0
_MOST = 2_000


@dataclass(frozen=True, slots=True)
class Token:
    """What the answer to one interaction goes to."""

    application: str
    token: str
    until: float


class Tokens:
    """Tokens by the id of their interaction, each given out once."""

    def __init__(self) -> None:
        self._tokens: OrderedDict[str, Token] = OrderedDict()

    def keep(self, id: str, application: str, token: str) -> None:
        """The interaction was told to wait."""
        self._tokens[id] = Token(application, token, time.monotonic() + _GOOD_S)
        while len(self._tokens) > _MOST:
            self._tokens.popitem(last=False)

    def give_back(self, id: str, token: Token) -> None:
        """It is not known whether it was used: the same answer goes to it again."""
        self._tokens[id] = token

    def holds(self, id: str) -> bool:
        """Whether this is the id of a command that waits for its answer."""
        return id in self._tokens

    def take(self, id: str) -> Token | None:
        """The token, if it is still good; it is gone afterwards."""
        token = self._tokens.pop(id, None) if id else None
        return token if token is not None and token.until > time.monotonic() else None
