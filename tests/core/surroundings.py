"""What lies around a core under test: what jobs left, a finder, an account. No assertions."""

from core.forgetting.traces import Traces
from core.messages import ChannelRef
from core.model.budget import Ledger
from core.model.metered import JOB, Metered
from core.model.offline.model import OfflineModel
from core.model.pots import Limits as BudgetLimits
from core.search.hits import Found
from core.state.control import Control


def spending(control: Control, limits: BudgetLimits | None) -> tuple[Ledger, Metered]:
    """A ledger with these limits, and the purse that lets jobs in by it."""
    ledger = Ledger(control.database, limits or BudgetLimits())
    return ledger, Metered(OfflineModel(), ledger, retries=JOB, clock=lambda: 1.0)


class Attic:
    """What jobs left, as the test says: `seen` are the ids of those that saw what is forgotten."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.forgotten: list[str] = []

    async def saw(self, job_id: str, traces: Traces) -> bool:
        return job_id in self.seen

    async def forget(self, job_id: str) -> None:
        self.forgotten.append(job_id)


class Nothing:
    """A finder that finds nothing and remembers the questions."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def find(
        self,
        channel: ChannelRef,
        query: str,
        source: str | None = None,
        *,
        upto_message: int | None = None,
        commit: int | None = None,
    ) -> Found:
        self.asked.append(query)
        return Found(text="nothing found")
