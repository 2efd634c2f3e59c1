"""Posts and cards as Slack's blocks. Pure; slow for long texts, so not for the event loop.

What people or models wrote goes into markdown blocks with its mentions defused, everything else
into plain_text, where no sign means anything.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.slack import markdown
from adapters.slack.events import Json
from adapters.slack.markdown import Block, Fence, Table, Text, aligned
from adapters.slack.text import defused, escaped, mention
from core.messages import Button, Card, Post, PostKind
from core.messages.money import usage_words

_ROOM = 9_000  # of Slack's 12,000 characters of Markdown and 13,200 in all
_FULL = 11_500
_LEAST = 500
_TABLE = 5_000
_MOST_BLOCKS = 40
_MOST_PARTS = 5  # a longer text goes out as a file, after its beginning
_MOST_INSTEAD = 30  # messages in the place of a file that Slack does not take
_PLAIN = 2_900
_NOTICE = 200
_ROW_OF_BUTTONS = 10
_LABEL = 75
_STYLES = {"danger": "danger", "primary": "primary"}
_MARKS = {
    "queued": "⏳",
    "running": "⚙️",
    "waiting": "❓",
    "completed": "✅",
    "failed": "❌",
    "cancelled": "⏹️",
}
_NO_FILE = {
    "missing_scope": "the app lacks the scope files:write; who looks after it can take its manifest"
    " again and install it again",
    "storage_limit_reached": "the workspace has no room for more files",
    "HTTP 413": "it is too large",
}
# Slack takes no commands but its own and those of apps, and none at all in a thread.
_COMMANDS = re.compile(r"(?<![\w/])/(?:help|jobs)\b")
_TYPED = "In Slack, /jobs is typed as /thaw jobs; in a thread, as my name and /jobs. So are all."
_LINK = re.compile(r"\[([^\]\n]+)\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message. `text` is what notifications show. `lead` is its Markdown when `tail` is all
    that comes after it, else None."""

    blocks: tuple[Json, ...]
    text: str
    lead: str | None = None
    tail: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file. `whole`: it is what the post says, for which messages have no room."""

    name: str
    content: bytes
    whole: bool = False


def post(post: Post, unattached: Sequence[str] = ()) -> tuple[Part | Upload, ...]:
    """A post as messages, in order; `unattached` says which files could not be had and why."""
    head = [words("section", _mention(post), "mrkdwn")] if _mention(post) else []
    bodies = list(_packed(markdown.blocks(_sound(post.text))))
    whole: tuple[Upload, ...] = ()
    if len(bodies) > (1 if post.single else _MOST_PARTS):
        name = f"{post.id.replace(':', '-')}.md"
        whole = (Upload(name=name, content=post.text.encode("utf-8", "replace"), whole=True),)
        begin = _beginning(_sound(post.text)) if post.single else bodies[0]
        bodies = [[*begin, words("context", "The whole text is in the file below.")]]
    bodies = bodies or [[]]
    bodies[0] = [*head, *bodies[0]]
    text = _notice(post)
    tail = tuple(_tail(post, unattached))
    last = bodies[-1]
    if _size([*last, *tail]) <= _FULL and len(last) + len(tail) <= _MOST_BLOCKS:
        only = last[0]["text"] if len(last) == 1 and last[0]["type"] == "markdown" else None
        ends = [Part(blocks=(*last, *tail), text=text, lead=only, tail=tail)]
    else:
        ends = [Part(blocks=tuple(last), text=text)]
        ends += [Part(blocks=blocks, text=text) for blocks in _groups(tail)]
    begins = [Part(blocks=tuple(body), text=text) for body in bodies[:-1]]
    made = tuple(part for part in (*begins, *ends) if part.blocks)
    return (*(made or (Part(blocks=(words("section", "…"),), text=text),)), *whole)


def instead(post: Post, refused: Sequence[tuple[Upload, str]]) -> tuple[Part, ...]:
    """What is posted in the place of files that Slack took not, each with its word for why: the
    text whose file it would have been; of others, that they are not there."""
    lines = [
        f"{upload.name} is not attached: {_why(word)}. It is kept in the channel's workspace."
        for upload, word in refused
        if not upload.whole
    ]
    parts = [Part(blocks=(block,), text=_notice(post)) for block in _long("\n".join(lines))]
    word = next((word for upload, word in refused if upload.whole), None)
    if word is None:
        return tuple(parts)
    bodies = list(_packed(markdown.blocks(_sound(post.text))))
    shown, left = bodies[:_MOST_INSTEAD], len(bodies[_MOST_INSTEAD:])
    shown[0].insert(0, words("context", f"There is no file: {_why(word)}. The whole text is here:"))
    if left:
        rest = f"The rest, {left} more messages of this size, is left out."
        shown[-1].append(words("context", rest))
    return (*(Part(blocks=tuple(body), text=_notice(post)) for body in shown), *parts)


def _why(word: str) -> str:
    return _NO_FILE.get(word, f"Slack does not take it ({word})")


def card(card: Card, now: float) -> Part:
    """A job's card as one message."""
    mark = _MARKS.get(card.state, "•")
    title = " ".join(card.title.split())[:200]
    facts = [
        card.state,
        _elapsed(card, now),
        usage_words(card.tokens, card.cost),
        f"{card.steps} step{'' if card.steps == 1 else 's'}",
    ]
    facts.append(f"asked by {card.requester.name[:80]}")
    step = " ".join(card.step.split())[:300]
    blocks: list[Json] = [words("section", f"{mark} Job {card.job} · {title}")]
    if step:
        blocks.append(words("context", step))
    blocks.append(words("context", " · ".join(fact for fact in facts if fact)))
    blocks += _buttons(card.buttons)
    text = escaped(f"{mark} Job {card.job}: {title} ({card.state})")
    return Part(blocks=tuple(blocks), text=text)


def streaming(text: str) -> str:
    """As much of a growing answer as may be shown: nothing that could yet become a mention."""
    opened = text.rfind("<", max(0, len(text) - 250))
    if opened >= 0 and ">" not in text[opened:]:
        text = text[:opened]
    return defused(text)


def plain_parts(post: Post) -> tuple[Part, ...]:
    """The post as plain text, for the case that Slack refuses the dressed one."""
    cuts = markdown.cut(Text(text=post.text or "…"), _PLAIN)
    texts = [piece.text for piece in cuts if isinstance(piece, Text)]
    notice = _notice(post)
    parts = [Part(blocks=(words("section", text),), text=notice) for text in texts if text.strip()]
    tail = (*_long("\n".join(post.drift)), *_long("\n".join(post.receipt)))
    return (*parts, *(Part(blocks=(block,), text=notice) for block in tail))


def plain_buttons(post: Post) -> tuple[Part, ...]:
    """The post's buttons by themselves, for the same case."""
    blocks = tuple(_buttons(post.buttons))
    return (Part(blocks=blocks, text=_notice(post)),) if blocks else ()


def _mention(post: Post) -> str:
    return mention(post.mention.id) if post.mention else ""


def _notice(post: Post) -> str:
    flat = " ".join(_sound(post.text[: 4 * _NOTICE]).split())
    short = escaped(flat[:_NOTICE] + ("…" if len(flat) > _NOTICE else "")) or "…"
    return f"{_mention(post)} {short}".strip()


def _packed(blocks: Iterable[Block]) -> Iterator[list[Json]]:
    """Blocks in as few messages as they fit; text that stands together is one block."""
    made: list[Json] = []
    texts: list[str] = []
    used, tables = 0, 0
    for block in _pieces(blocks):
        native = _table(block) if isinstance(block, Table) else None
        size = _size([native]) if native else markdown.cost(_text(block)) + 2
        if used + size > _ROOM and (made or texts):
            yield [*made, *_joined(texts)]
            made, texts, used, tables = [], [], 0, 0
        if native is not None and not tables:
            made, texts, tables = [*made, *_joined(texts), native], [], 1
        else:
            texts.append(_text(block))
        used += size
    if made or texts:
        yield [*made, *_joined(texts)]


def _beginning(text: str) -> list[Json]:
    """As much of the text as one message holds; its last block is cut where it has to be."""
    texts: list[str] = []
    left = _ROOM
    for block in map(_told, markdown.blocks(text)):
        fits = markdown.cost(_text(block)) <= left
        piece = block if fits else next(markdown.cut(block, left), Text(text=""))
        texts.append(_text(piece))
        left -= markdown.cost(texts[-1]) + 2
        if not fits or left < _LEAST:
            break
    return _joined(texts)


def _told(block: Block) -> Block:
    return aligned(block) if isinstance(block, Table) else block


def _pieces(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        # Small tables are Slack's own; others would burst its limits and are code in columns.
        fits = isinstance(block, Table) and _size([_table(block)]) <= _TABLE
        if isinstance(block, Table) and not (
            fits and len(block.rows) <= 100 and len(block.rows[0]) <= 20
        ):
            block = aligned(block)  # noqa: PLW2901 - the same table, told in another way
        if isinstance(block, Text | Fence) and markdown.cost(_text(block)) > _ROOM:
            yield from markdown.cut(block, _ROOM)
        else:
            yield block


def _text(block: Block) -> str:
    return defused(aligned(block).text if isinstance(block, Table) else block.text)


def _joined(texts: Sequence[str]) -> list[Json]:
    text = "\n\n".join(text for text in texts if text.strip())
    return [{"type": "markdown", "text": text}] if text else []


def _table(table: Table) -> Json:
    rows = [
        [{"type": "raw_text", "text": defused(_undressed(cell)) or " "} for cell in row]
        for row in table.rows
    ]
    return {"type": "table", "rows": rows}


def _undressed(cell: str) -> str:
    return _LINK.sub(r"\1 (\2)", cell).replace("**", "").replace("`", "").strip()


def _tail(post: Post, unattached: Sequence[str]) -> Iterator[Json]:
    if post.drift:
        changed = "\n".join(f"• {line}" for line in post.drift)
        yield from _long(f"⚠️ Based on what has changed meanwhile:\n{changed}")
    if post.receipt:
        yield from _long("\n".join(f"• {line}" for line in post.receipt))
    if unattached:
        yield from _long("Not attached:\n" + "\n".join(f"• {line}" for line in unattached))
    if post.offline and post.kind is not PostKind.NOTICE:
        yield words("context", "Words of the built-in offline model.")
    if post.kind is not PostKind.RESULT and _COMMANDS.search(post.text):
        yield words("context", _TYPED)
    yield from _buttons(post.buttons)


def _long(text: str) -> Iterator[Json]:
    for piece in markdown.cut(Text(text=text), _PLAIN):
        if isinstance(piece, Text) and piece.text.strip():
            yield words("section", piece.text)


def _buttons(buttons: Sequence[Button]) -> Iterator[Json]:
    # Slack refuses a message in which two buttons do the same.
    once = list({button.action: button for button in buttons}.values())
    for start in range(0, len(once), _ROW_OF_BUTTONS):
        row = [_button(button) for button in once[start : start + _ROW_OF_BUTTONS]]
        yield {"type": "actions", "elements": row}


def _button(button: Button) -> Json:
    label = defused(" ".join(_sound(button.label).split())) or "…"
    short = markdown.fitted(label, _LABEL - 1)
    label = label if short == label else f"{markdown.fitted(label, _LABEL // 2)}…"
    made: dict[str, Any] = {
        "type": "button",
        "text": {"type": "plain_text", "text": label, "emoji": False},
        "action_id": button.action,
    }
    if button.style in _STYLES:
        made["style"] = _STYLES[button.style]
    # What its form asks for travels with the button, so that it works after a restart.
    return made | ({"value": markdown.fitted(button.asks, 1_900)} if button.asks else {})


def words(kind: str, text: str, type_: str = "plain_text") -> Json:
    """A section or a context with a text in which nothing notifies, unless it is mrkdwn."""
    inner: dict[str, Any] = {"type": type_, "text": _sound(text)}
    if type_ == "plain_text":
        inner |= {"text": defused(_sound(text)), "emoji": False}
    return (
        {"type": kind, "elements": [inner]} if kind == "context" else {"type": kind, "text": inner}
    )


def _sound(text: str) -> str:
    # Half a surrogate pair is no text, and no UTF-8.
    return text.encode("utf-8", "replace").decode()


def _size(blocks: Sequence[Json]) -> int:
    text = json.dumps(blocks, ensure_ascii=False)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _groups(blocks: Sequence[Json]) -> Iterator[tuple[Json, ...]]:
    held: list[Json] = []
    for block in blocks:
        if held and (_size([*held, block]) > _FULL or len(held) == _MOST_BLOCKS):
            yield tuple(held)
            held = []
        held.append(block)
    if held:
        yield tuple(held)


def _elapsed(card: Card, now: float) -> str:
    if card.started_at is None:
        return ""
    seconds = max(0, int((card.ended_at or now) - card.started_at))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
