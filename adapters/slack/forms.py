"""Windows that open over the chat: a form that asks for words, a job's steps. Pure."""

import json
from collections.abc import Iterator, Mapping

from adapters.slack.events import Json
from adapters.slack.markdown import fitted
from adapters.slack.translate import FORM
from core.messages import ThreadRef
from core.messages.money import usage_words
from core.messages.views import JobView, StepLine

_SECTION = 2_900
_MOST_SECTIONS = 90
_DETAIL = 400


def form(asks: str, action: str, thread: ThreadRef) -> Json:
    """Asks for words; they come back as a press on `action` in `thread`."""
    carried = {"channel": thread.channel.channel, "thread": thread.thread, "action": action}
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": json.dumps(carried),
        "title": _words("Thaw"),
        "submit": _words("Send"),
        "close": _words("Cancel"),
        "blocks": [
            {
                "type": "input",
                "block_id": FORM,
                "label": _words(fitted(asks, 1_900) or "What should it be?"),
                "element": {
                    "type": "plain_text_input",
                    "action_id": FORM,
                    "multiline": True,
                    "max_length": 3_000,
                },
            }
        ],
    }


def carried(view: object) -> Json:
    """What a form carries, {} when it is none of ours."""
    text = view.get("private_metadata") if isinstance(view, Mapping) else None
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def details(job: JobView) -> Json:
    """A job with its steps; of very many the newest."""
    used = usage_words(job.card.tokens, job.card.cost)
    head = [f"{job.card.title}\n{job.card.state} · {used}", job.brief]
    if job.outcome:
        head.append(job.outcome)
    sections = [*(fitted(text, _SECTION) for text in head if text.strip()), *_steps(job)]
    if len(sections) > _MOST_SECTIONS:
        older = "(Older steps are left out.)"
        sections = [*sections[: len(head)], older, *sections[-_MOST_SECTIONS + len(head) + 1 :]]
    blocks = [{"type": "section", "text": _words(text)} for text in sections]
    title = _words(f"Job {job.card.job}"[:24])
    return {"type": "modal", "title": title, "close": _words("Close"), "blocks": blocks}


def _steps(job: JobView) -> Iterator[str]:
    held = ""
    for step in job.steps:
        line = _step(step)
        if held and len(held.encode("utf-16-le")) // 2 + len(line) > _SECTION // 2:
            yield held
            held = ""
        held = f"{held}\n{line}".strip()
    if held:
        yield held


def _step(step: StepLine) -> str:
    took = "" if step.seconds is None else f" ({step.seconds:.1f} s)"
    detail = " ".join(step.detail[: 2 * _DETAIL].split())[:_DETAIL]
    line = f"{step.number}. {step.title[:200]}{took}"
    return f"{line}\n    {detail}" if detail else line


def _words(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}
