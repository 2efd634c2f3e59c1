"""What /budget says: each level with what is used, left and reserved, and when it renews. Pure."""

from collections.abc import Sequence

from core.messages.money import dollars, exact_dollars, usage_words
from core.messages.views import SpendLine
from core.model.amounts import NO_LIMIT, Limit
from core.posts import plain


def budget_text(lines: Sequence[SpendLine], per_job: Limit) -> str:
    """The lines as Markdown, with what one job may use."""
    most = per_job.words() if per_job == NO_LIMIT else f"at most {per_job.words()}"
    shown = [*map(_line, lines), f"- each job: {most}"]
    return "\n".join(shown)


def _line(line: SpendLine) -> str:
    limits = [] if line.limit is None else [f"{line.limit:,} tokens"]
    limits += [] if line.cost_limit is None else [exact_dollars(line.cost_limit)]
    limit = f"of {' and '.join(limits)}" if limits else "no limit"
    aside = f", {_reserved(line)} reserved" if line.reserved else ""
    renews = f", renews {line.renews}" if line.renews else ""
    words = usage_words(line.used, line.cost)
    return f"- {plain(line.level)}: {words} {limit}{aside}{renews}{_unknown(line)}"


def _reserved(line: SpendLine) -> str:
    return f"{line.reserved:,}" + (
        f" · {dollars(line.cost_reserved)}" if line.cost_reserved else ""
    )


def _unknown(line: SpendLine) -> str:
    if not line.unpriced:
        return ""
    share = "" if line.unpriced == line.used else f" of {line.unpriced:,} tokens"
    return f" (the price{share} is not known)"
