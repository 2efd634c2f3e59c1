"""Whose money a model call spends. Data only; the ledger is in budget."""

from dataclasses import dataclass
from typing import Literal

from core.messages import ChannelRef
from core.model.amounts import NO_LIMIT, Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All levels that one call counts against.

    `work` names the turn or job for ever ("turn:<id>", "job:<id>"); `budget` bounds that one
    piece of work. The day is that of the time zone `zone`. `kind` says what the call is for.
    """

    channel: ChannelRef
    person_id: str
    work: str
    budget: Limit = NO_LIMIT
    zone: str = "UTC"
    kind: Literal["turn", "job", "draft", "summary"] = "turn"

    @property
    def prompts(self) -> str:
        """Names calls whose prompts begin alike: what a server says of one bounds the next."""
        return f"{self.kind} {self.work}"
