"""How a message's files are told: to people, to the primary agent, to a job. Pure."""

from collections.abc import Iterable

from core.attachments.limits import shown
from core.messages import Attachment, Message


def kept_lines(message: Message) -> tuple[str, ...]:
    """What a receipt says of the files that a message brought."""
    return tuple(f"kept `{file.path}` ({shown(file.size)})" for file in message.files if file.path)


def marks(files: Iterable[Attachment]) -> list[str]:
    """A line for each file, for the primary agent. Names were cleaned of what could end a mark."""
    return [_mark(file) for file in files]


def _mark(file: Attachment) -> str:
    if not file.path:
        return f'<file name="{file.name}" not-taken="{_quoted(file.problem)}"/>'
    size = shown(file.size)
    return f'<file path="{file.path}" name="{file.name}" kind="{file.kind}" size="{size}"/>'


def _quoted(text: str) -> str:
    flat = " ".join(text.split())[:300]
    return flat.replace('"', "'").replace("<", "(").replace(">", ")")


def steering(message: Message) -> str:
    """What a message says to a job: its files are there, but not for the job."""
    paths = [f"`{file.path}`" for file in message.files if file.path]
    if not paths:
        return message.text
    note = (
        f"(With this came {', '.join(paths)}. That is in the channel's workspace now; yours is from"
        " before, so a job that starts after this has to read it.)"
    )
    return f"{message.text}\n\n{note}".strip()
