"""Which of the channel's files the tools inside a sandbox showed to the model, and in which
version. Opens no file: it goes by the model's calls, never by what the sandbox says of them."""

from collections.abc import Iterable
from functools import partial

from core.errors import BadRequest
from core.jobs.job import JobSpec
from core.model.arguments import parse_arguments
from core.model.chat import ToolCall
from core.state.channels import Channels
from core.state.database import Transaction
from core.state.files import find_file
from core.state.reads import FileRead, FolderRead, Read
from core.subagents.journal_rows import Step, StepKind
from core.subagents.tools import BY_NAME, EDIT_FILE, LIST_FILES, READ_FILE, WRITE_FILE

_FILES = frozenset(tool.name for tool in (READ_FILE, EDIT_FILE, WRITE_FILE, LIST_FILES))
_ERROR = "error: "


class FileReads:
    """One job's, over all its attempts: what it wrote itself is nothing of the channel's."""

    def __init__(self, *, job: JobSpec, channels: Channels, steps: Iterable[Step]) -> None:
        """`steps` are those of earlier attempts."""
        self._job = job
        self._channels = channels
        self._own: set[str] = set()
        for step in steps:
            if step.kind is StepKind.TOOL and step.name == WRITE_FILE.name:
                self._note(_path(step.name, step.request), step.response or _ERROR)

    async def look(self, call: ToolCall, result: str) -> tuple[Read, ...]:
        """What a call that has run showed. Raises StoreError."""
        if call.name not in _FILES:
            return ()
        path = _path(call.name, call.arguments)
        if call.name == LIST_FILES.name and path is not None:
            return (FolderRead(path=f"{path}/" if path else ""),)
        if call.name == WRITE_FILE.name:
            self._note(path, result)
            return ()
        if not path or path in self._own:
            return ()
        commit = await self._channels.read(
            self._job.thread.channel, partial(_commit, path=path, at=self._job.base_commit)
        )
        # What is there and is not the channel's is the job's own.
        if not commit and not result.startswith(_ERROR):
            return ()
        return (FileRead(path=path, commit=commit),)

    def _note(self, path: str | None, result: str) -> None:
        if path is not None and not result.startswith(_ERROR):
            self._own.add(path)


def _commit(tx: Transaction, path: str, at: int) -> int:
    found = find_file(tx, path, at)
    return found.commit if found else 0


def _path(tool: str, arguments: str) -> str | None:
    """The path that a call names, as the channel has it; None when it leads elsewhere."""
    try:
        given = parse_arguments(BY_NAME[tool], arguments).get("path", "")
    except BadRequest:
        return None
    path = str(given)
    if path == "/workspace" or path.startswith("/workspace/"):
        path = path.removeprefix("/workspace").lstrip("/")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ".." in parts:
        return None
    return "/".join(parts)
