"""What a job is told of the one whose brief it runs again. Starts nothing."""

from core.jobs.job import Completed, Failed, Former
from core.posts import outcome_words
from core.records.jobs import JobRow

LONGEST_RESULT = 4_000
"""Characters of the former result that are told. Of the run before that nothing is: a chain of
runs does not grow."""


def former(row: JobRow) -> Former | None:
    """The former run; None while it has not ended."""
    if row.outcome is None:
        return None
    done = row.outcome if isinstance(row.outcome, Completed) else None
    partial = row.outcome.partial if isinstance(row.outcome, Failed) else ""
    return Former(
        number=row.number,
        ended=outcome_words(row.outcome),
        result=_shortened(done.result if done else partial),
        drift=done.drift if done else (),
        merged=done is not None,
    )


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_RESULT else f"{text[:LONGEST_RESULT]}\n(cut here)"
