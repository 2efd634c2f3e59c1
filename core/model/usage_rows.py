"""Who used what where on which day: the rows behind `thaw usage`. Limits nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.messages import ChannelRef
from core.model.amounts import Amount
from core.model.chat import Usage
from core.state.database import Transaction

KEPT_DAYS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """One model's calls of one kind for one person in one channel on one day of that channel.

    `tokens` and `nanos` are as charged, `unpriced` of the tokens had no known price; `prompt`,
    `cached` (part of it) and `completion` are as far as servers reported them.
    """

    day: str
    channel: ChannelRef
    person: str
    model: str
    kind: str
    calls: int
    prompt: int
    cached: int
    completion: int
    tokens: int
    nanos: int
    unpriced: int


def add(
    tx: Transaction, day: str, whose: Sequence[str], charged: Amount, usage: Usage | None
) -> None:
    """Count one call. `whose` is platform, workspace, channel, person, model, kind."""
    told = usage or Usage(prompt=0, completion=0)
    unpriced = charged.tokens if charged.nanos is None else 0
    tx.execute(
        "INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET calls = calls + 1,"
        " prompt = prompt + excluded.prompt, cached = cached + excluded.cached,"
        " completion = completion + excluded.completion, tokens = tokens + excluded.tokens,"
        " nanos = nanos + excluded.nanos, unpriced = unpriced + excluded.unpriced",
        (
            day, *whose, told.prompt, told.cached, told.completion,
            charged.tokens, charged.nanos or 0, unpriced,
        ),
    )  # fmt: skip


def read(tx: Transaction, since: str, until: str) -> Iterator[UsageRow]:
    """The rows of the days from `since` to `until`, both included, by day."""
    rows = tx.execute(
        "SELECT * FROM usage WHERE day BETWEEN ? AND ?"
        " ORDER BY day, platform, workspace, channel, person, model, kind",
        (since, until),
    )
    for day, platform, workspace, channel, person, model, kind, *numbers in rows:
        calls, prompt, cached, completion, tokens, nanos, unpriced = numbers
        yield UsageRow(
            day=day,
            channel=ChannelRef(platform=platform, workspace=workspace, channel=channel),
            person=person, model=model, kind=kind, calls=calls, prompt=prompt, cached=cached,
            completion=completion, tokens=tokens, nanos=nanos, unpriced=unpriced,
        )  # fmt: skip


def sweep(tx: Transaction, today: str) -> None:
    """Remove what is older than a year and a month."""
    before = date.fromisoformat(today) - timedelta(days=KEPT_DAYS)
    tx.execute("DELETE FROM usage WHERE day < ?", (before.isoformat(),))
