"""Which thread, message and job the work at hand belongs to: the log names them. Logs nothing."""

from structlog.contextvars import bind_contextvars, clear_contextvars


def begin(**ids: object) -> None:
    """From here on this task, and what it starts, works for these and for nothing before."""
    clear_contextvars()
    also(**ids)


def also(**ids: object) -> None:
    """What this task works for besides. Ids only: whatever is given is in the log."""
    bind_contextvars(**{name: str(id) for name, id in ids.items()})
