"""Posts, cards and job views -> messages of Discord, as data. Pure; sends nothing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from adapters.discord.blocks import Block, blocks, escaped, storable, without_marks
from adapters.discord.splitting import LIMIT, beginning, packed, shortened, units
from core.messages import Button, Card, Post, PostKind
from core.messages.money import dollars, usage_words
from core.messages.views import JobView

_PREFIX = "thaw"
_NO_UNFURL, _EPHEMERAL = 1 << 2, 1 << 6
_MOST_PARTS, _MOST_WHOLE = 6, 30
_STYLES = {"danger": 4, "primary": 1, "success": 3}
_COLOURS = {
    "queued": 0x95A5A6, "running": 0x3498DB, "completed": 0x2ECC71, "failed": 0xE74C3C,
    "cancelled": 0x7F8C8D, "waiting": 0xF1C40F,
}  # fmt: skip
_SIGNS = {
    "queued": "⏳", "running": "⚙️", "waiting": "❓", "completed": "✅", "failed": "❌",
    "cancelled": "⏹️",
}  # fmt: skip
_STEPS = 40

Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message of Discord. `files` are names with bytes; `pings` who may be notified."""

    content: str = ""
    embeds: tuple[Json, ...] = ()
    rows: tuple[Json, ...] = ()
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    pings: tuple[str, ...] = ()

    def body(self) -> Json:
        """The JSON of a request that sends or edits it."""
        return {
            "content": self.content,
            "embeds": list(self.embeds),
            "components": list(self.rows),
            "allowed_mentions": {"parse": [], "users": list(self.pings), "replied_user": False},
            "flags": 0 if self.embeds else _NO_UNFURL,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a button of ours stands for. `asks`: it needs words first."""

    action: str
    asks: bool


def read_action(custom_id: str) -> Action | None:
    """The action in a button's id; None when it is none of ours."""
    found = re.fullmatch(rf"{_PREFIX}:([?!])([\x21-\x7e]{{1,64}})", custom_id)
    return None if found is None else Action(action=found[2], asks=found[1] == "?")


def custom_id(action: str, *, asks: bool) -> str:
    """A button's id: it says all there is to know, so that a press works after a restart."""
    return f"{_PREFIX}:{'?' if asks else '!'}{action}"


def post_parts(post: Post, remarks: Sequence[str] = (), *, attach: bool = True) -> list[Part]:
    """A post as messages; a text of many messages becomes a file with its beginning, or, without
    `attach`, stays a text of as many messages as anybody may read.

    `remarks` are lines about its files.
    """
    heading = _heading(post)
    tail = [*_small(post.receipt, "✎"), *_small(post.drift, "⚠"), *_small(remarks, "📎")]
    if post.offline:
        tail += _small(["offline model"], "")
    body = blocks(post.text)
    made = packed([*heading, *body, *_lines(tail)]) or ["(nothing to say)"]
    files: tuple[tuple[str, bytes], ...] = ()
    if not attach:
        if len(made) > _MOST_WHOLE:
            left = Block(lines=("-# … the rest is not shown: the bot may attach no file here.",))
            made = [*made[: _MOST_WHOLE - 1], *packed([left, *_lines(tail)])]
    elif len(made) > (1 if post.single else _MOST_PARTS):
        begin = beginning([*heading, *body], LIMIT - 200)
        end, *more = packed([Block(lines=("-# … the whole text is in the file.",)), *_lines(tail)])
        joined = f"{begin}\n{end}"
        made = [*([joined] if units(joined) <= LIMIT else [begin, end]), *more]
        files = ((_file_name(post), storable(post.text).encode()),)
    rows = button_rows(post.buttons)
    pings = (post.mention.id,) if _can_be_named(post) and post.mention is not None else ()
    parts = [Part(content=_visible(text), pings=pings if not place else ()) for place, text in
             enumerate(made)]  # fmt: skip
    return _dressed(parts, rows, files)


def stream_parts(text: str) -> list[Part]:
    """An answer as far as it has come; what would not fit into messages is not shown yet."""
    return [Part(content=_visible(one)) for one in packed(blocks(text))[:_MOST_PARTS]]


def text_parts(text: str) -> list[Part]:
    """Markdown alone."""
    return [Part(content=_visible(one)) for one in packed(blocks(text))]


def card_part(card: Card) -> Part:
    """The one message that shows a job. Times are Discord's own: they tick by themselves."""
    fields = [
        ("State", f"{_SIGNS.get(card.state, '•')} {escaped(card.state)}"),
        ("Time", _time(card)),
        ("Steps", str(card.steps)),
        ("Tokens", f"{card.tokens:,}"),
        *([("Cost", dollars(card.cost))] if card.cost else []),
    ]
    embed: Json = {
        "title": shortened(f"Job {card.job}: {_flat(card.title) or 'untitled'}", 256),
        "description": shortened(escaped(card.step), 600),
        "color": _COLOURS.get(card.state, 0x95A5A6),
        "fields": [{"name": name, "value": value, "inline": True} for name, value in fields],
        "footer": {"text": shortened(f"asked by {_flat(card.requester.name)}", 200)},
    }
    return Part(embeds=(embed,), rows=button_rows(card.buttons)[:5])


def card_text(card: Card) -> Part:
    """The same in words alone, for where embeds may not be shown."""
    told = [
        f"{_SIGNS.get(card.state, '•')} {escaped(card.state)}", _time(card),
        f"{card.steps} step{'' if card.steps == 1 else 's'}", usage_words(card.tokens, card.cost),
    ]  # fmt: skip
    lines = [
        f"**Job {card.job}: {escaped(shortened(_flat(card.title), 256)) or 'untitled'}**",
        ", ".join(told),
        escaped(shortened(_flat(card.step), 600)),
        f"-# asked by {escaped(shortened(_flat(card.requester.name), 200))}",
    ]
    return Part(content="\n".join(filter(None, lines)), rows=button_rows(card.buttons)[:5])


def button_rows(buttons: Sequence[Button]) -> tuple[Json, ...]:
    """Buttons as rows of five."""
    once = {button.action: button for button in buttons}
    shown = [
        {
            "type": 2,
            "style": _STYLES.get(button.style, 2),
            "label": shortened(_flat(button.label) or "…", 80),
            "custom_id": custom_id(button.action, asks=button.asks is not None),
        }
        for button in once.values()
    ]
    starts = range(0, len(shown), 5)
    return tuple({"type": 1, "components": shown[start : start + 5]} for start in starts)


def form(action: str, label: str) -> Json:
    """The form that a button opens."""
    return {
        "title": shortened(_flat(label), 45) or "Words",
        "custom_id": custom_id(action, asks=True),
        "components": [
            {
                "type": 18,
                "label": "Your words",
                "component": {
                    "type": 4, "custom_id": "words", "style": 2, "required": True,
                    "max_length": 4000,
                },
            }
        ],
    }  # fmt: skip


def details(view: JobView) -> Part:
    """A job with its steps, for whoever asked; what is long goes into a file."""
    card = view.card
    steps_taken = f"{card.steps} step{'' if card.steps == 1 else 's'}"
    state = f"{_SIGNS.get(card.state, '•')} {escaped(card.state)}, {steps_taken}"
    used = usage_words(card.tokens, card.cost)
    head = [
        f"**Job {card.job}: {escaped(card.title)}**",
        f"{state}, {used}, {_time(card)}, base commit {view.base_commit}",
        *([escaped(view.outcome)] if view.outcome else []),
    ]
    steps = [_step(step.number, step.kind, step.title, step.seconds) for step in view.steps]
    left = len(steps) - _STEPS
    shown = [*([f"-# … {left} earlier steps"] if left > 0 else []), *steps[-_STEPS:]]
    text = "\n".join([*head, "", *shown])
    if units(text) <= LIMIT and left <= 0:
        return Part(content=text)
    whole = "\n\n".join(
        [f"# Job {card.job}: {card.title}", view.brief, view.outcome, view.result]
        + [f"## {step.number}. {step.kind}: {step.title}\n\n{step.detail}" for step in view.steps]
    )
    file = (f"job-{card.job}.md", storable(whole).encode())
    return Part(content=shortened(text, LIMIT - 100), files=(file,))


def ephemeral(part: Part) -> Json:
    """The body of an answer that only the person who asked sees."""
    body = part.body()
    body["flags"] = _NO_UNFURL | _EPHEMERAL
    return body


def _dressed(
    parts: list[Part], rows: tuple[Json, ...], files: tuple[tuple[str, bytes], ...]
) -> list[Part]:
    """Buttons under the last message, five rows each; a file in a message of its own."""
    if rows:
        last = parts.pop()
        parts.append(Part(content=last.content, pings=last.pings, rows=rows[:5]))
    parts += [
        Part(content="-# more choices", rows=rows[start : start + 5])
        for start in range(5, len(rows), 5)
    ]
    if files:
        parts.append(Part(files=files))
    return parts


def _heading(post: Post) -> list[Block]:
    said: list[str] = []
    if post.mention is not None:
        named = f"<@{post.mention.id}>" if _can_be_named(post) else escaped(post.mention.name)
        said.append(named)
    if post.kind is PostKind.RESULT and post.job is not None:
        said.append(f"**Job {post.job}**")
    return [Block(lines=(" ".join(said),), tight=True)] if said else []


def _can_be_named(post: Post) -> bool:
    """Whether the mentioned person is one of Discord's: it refuses other ids."""
    return post.mention is not None and re.fullmatch(r"[0-9]{1,20}", post.mention.id) is not None


def _small(lines: Sequence[str], sign: str) -> list[str]:
    return [f"-# {sign} {_named(line)}".replace("  ", " ") for line in lines if line.strip()]


def _named(line: str) -> str:
    """Plain text, in which keys stand in backticks: those become code, the rest stays plain."""
    pieces = re.split(r"(`[^`]{1,300}`)", _flat(line))
    return "".join(
        piece if place % 2 else without_marks(piece) for place, piece in enumerate(pieces)
    )


def _lines(lines: list[str]) -> list[Block]:
    return [Block(lines=tuple(lines))] if lines else []


def _step(number: int, kind: str, title: str, seconds: float | None) -> str:
    took = "" if seconds is None else f" ({seconds:.1f} s)"
    return f"{number}\\. *{escaped(kind)}* {shortened(escaped(title), 120)}{took}"


def _time(card: Card) -> str:
    if card.started_at is None:
        return f"queued <t:{int(card.created_at)}:R>"
    if card.ended_at is None:
        return f"started <t:{int(card.started_at)}:R>"
    seconds = max(int(card.ended_at - card.started_at), 0)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _flat(text: str) -> str:
    return " ".join(storable(text).split())


def _visible(text: str) -> str:
    """Discord refuses a message of which nothing can be seen."""
    return text if re.sub("[\\s\u200b-\u200f\u2060\ufeff]", "", text) else "(nothing to see)"


def _file_name(post: Post) -> str:
    return f"job-{post.job}.md" if post.job is not None else "answer.md"
