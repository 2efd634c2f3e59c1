"""Whose money a model call spends. Data only; the ledger is in budget."""

from dataclasses import dataclass

from core.messages import ChannelRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All levels that one call counts against.

    `work` names the turn or job for ever ("turn:<id>", "job:<id>"); `budget_tokens` bounds that
    one piece of work, None is no bound of its own.
    """

    channel: ChannelRef
    person_id: str
    work: str
    budget_tokens: int | None = None
