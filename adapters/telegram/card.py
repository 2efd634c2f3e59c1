"""A job's card as one message, and buttons as Telegram has them. Pure; sends nothing."""

from collections.abc import Sequence

from adapters.telegram.styled import Styled, marked, start_of
from adapters.telegram.translate import ASKS
from core.messages import Button, Card
from core.messages.money import usage_words

_SIGNS = {
    "queued": "🕓", "running": "⏳", "waiting": "❓", "completed": "✅", "failed": "❌",
    "cancelled": "⏹",
}  # fmt: skip
_LONGEST_TITLE = 300
_LONGEST_STEP = 1000
_LONGEST_DATA = 64
_IN_A_ROW = 3

Rows = tuple[tuple[tuple[str, str], ...], ...]


def card_text(card: Card, now: float) -> Styled:
    """The card as it is at `now` (Unix seconds)."""
    facts = [f"{_SIGNS.get(card.state, '•')} {card.state}"]
    if card.started_at is not None:
        facts.append(elapsed((card.ended_at or now) - card.started_at))
    if card.tokens:
        facts.append(usage_words(card.tokens, card.cost))
    if card.steps:
        facts.append(f"{card.steps} step{'' if card.steps == 1 else 's'}")
    title = marked(f"Job {card.job} · {in_a_line(card.title, _LONGEST_TITLE)}", "bold")
    text = title + Styled(text=f"\n{' · '.join(facts)}")
    if card.step.strip():
        text += Styled(text="\n") + marked(in_a_line(card.step, _LONGEST_STEP), "italic")
    return start_of(text, 4096)


def elapsed(seconds: float) -> str:
    """A span of time in words: 45 s, 3 min 20 s, 2 h 5 min."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def keyboard(buttons: Sequence[Button]) -> Rows:
    """Rows of (label, callback data). A button whose id does not fit is left out."""
    fitting = [
        (button.label[:60] or "…", data)
        for button in buttons
        if (data := _data(button)) is not None
    ][:90]
    return tuple(
        tuple(fitting[start : start + _IN_A_ROW]) for start in range(0, len(fitting), _IN_A_ROW)
    )


def _data(button: Button) -> str | None:
    data = f"{ASKS}{button.action}" if button.asks is not None else button.action
    return data if 0 < len(data.encode()) <= _LONGEST_DATA else None


def in_a_line(text: str, longest: int) -> str:
    """The text on one line, cut to so many letters, in which `@` names nobody."""
    flat = " ".join(text.split()).replace("@", "@\u2060")
    return flat if len(flat) <= longest else f"{flat[: longest - 1]}…"
