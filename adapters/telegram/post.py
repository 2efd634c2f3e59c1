"""A post as the messages that show it: texts that fit, then files. Pure; sends nothing."""

import re
from dataclasses import dataclass, field

from adapters.telegram.markdown import has_table, styled
from adapters.telegram.rich import rich_html
from adapters.telegram.styled import LONGEST, Styled, marked, split, start_of, units
from core.messages import Button, Post, PostKind

MOST_PARTS = 4
_WORD = re.compile(r"\w+")
_LONGEST_NAME = 60
_WHOLE = "\n\n… The whole text is in the file below."


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a post becomes. `texts` has at least one; `buttons` go under the last.

    `whole` is Markdown that was too long for messages and goes out as a file. `rich` is the same as
    `texts` in one rich message, where there is something that only such a one can show.
    """

    texts: tuple[Styled, ...]
    buttons: tuple[Button, ...] = ()
    whole: str | None = None
    files: tuple[str, ...] = field(default=())
    rich: str | None = None


def letter(post: Post) -> Letter:
    """Lay a post out. Takes milliseconds for long texts: not on the loop."""
    head, body, foot = _head(post), styled(post.text), _foot(post)
    texts, whole = split(head + body + foot), None
    if len(texts) > (1 if post.single else MOST_PARTS):
        begin = start_of(body, LONGEST - units(head.text) - units(_WHOLE) - 1)
        texts = split(head + begin + Styled(text=_WHOLE) + foot)
        whole = post.text
    return Letter(
        texts=tuple(texts),
        buttons=post.buttons,
        whole=whole,
        files=post.files,
        rich=rich_html(head, post.text, foot) if has_table(post.text) else None,
    )


def file_name(post: Post, title: str) -> str:
    """What a text that is too long for messages is called: after its job, where it has one."""
    if post.job is None:
        return "answer.md"
    short = "-".join(_WORD.findall(title.lower()))[:_LONGEST_NAME].strip("-")
    return f"job-{post.job}-{short}.md" if short else f"job-{post.job}.md"


def _head(post: Post) -> Styled:
    job = f"job {post.job}" if post.job is not None and post.kind is PostKind.RESULT else ""
    if post.mention is None:
        return marked(f"{job.capitalize()}\n\n", "bold") if job else Styled(text="")
    digits = post.mention.id.isascii() and post.mention.id.isdigit()
    person = int(post.mention.id) if digits else None
    name = post.mention.name.replace("@", "")[:80] or "You"
    mention = marked(name, "text_mention", person=person) if person else Styled(text=name)
    return mention + Styled(text=f" · {job}\n\n" if job else ":\n\n")


def _foot(post: Post) -> Styled:
    foot = Styled(text="")
    for title, lines in (
        ("Changed", post.receipt),
        ("Based on what has changed since", post.drift),
    ):
        if lines:
            listed = "\n".join(f"• {' '.join(line.split())}" for line in lines)
            foot += Styled(text="\n\n") + marked(f"{title}:", "bold") + _plain(f"\n{listed}")
    if post.offline:
        foot += Styled(text="\n\n") + marked("Written by the built-in offline model.", "italic")
    return foot


def _plain(text: str) -> Styled:
    return Styled(text=text.replace("@", "@\u2060"))
