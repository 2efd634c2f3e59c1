"""Room in a job's transcript: a summary for its oldest steps, made between two answers. Where there
is none the oldest results are cut. Either is journaled, so that a resumed job is shown the same."""

from collections.abc import Callable

from core.subagents.broker_asking import Asking
from core.subagents.journal import Journal
from core.subagents.transcript import Transcript

_SUMMED = "summed up its oldest steps"
_CUT = "cut its oldest results"


class Room:
    """Makes it."""

    def __init__(self, *, journal: Journal, asking: Asking) -> None:
        self._journal = journal
        self._asking = asking

    async def make(self, transcript: Transcript, spent: Callable[[int, int], None]) -> None:
        """Bring a transcript that has outgrown its bound below it; `spent` hears of the tokens and
        nanodollars that took. Raises StoreError."""
        if not transcript.outgrown:
            return
        number = await self._journal.begin_summary()
        oldest = transcript.oldest()
        # What is left of a budget that is nearly used up is for the job's own last steps.
        if oldest is not None and await self._asking.scarce(transcript) is None:
            text, reply = await self._asking.sum_up(oldest)
            usage = reply.usage if reply is not None else None
            tokens, cost = usage.total if usage else 0, (reply.cost or 0) if reply else 0
            spent(tokens, cost)
            upto = oldest.upto if text else ""
            title = _SUMMED if text else _CUT
            await self._journal.end_summary(number, upto, text, title, tokens)
            if text:
                transcript.sum_up(oldest.upto, text)
                return
        else:
            await self._journal.end_summary(number, "", "", _CUT)
        transcript.cut()
