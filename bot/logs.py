"""How the program logs: constant text plus fields, as text or JSON, to standard error.

Fields carry ids and reasons, never what people wrote, nor a secret.
"""

import logging
import re
import sys
import traceback
from contextlib import suppress
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from bot.checks import printable

Form = Literal["text", "json"]
_USUAL = {"timestamp", "level", "event"}
_UNUSUAL = {"exc_info", "exception", "stack", "logger", "logger_name"}
_QUOTED = re.compile(r"[ \t=\r\n\"']")


def configure(form: Form) -> None:
    """Set up logging for the whole process, ours and the libraries'."""
    structlog.configure(
        processors=[*_first(), *_last(form)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=_StandardError,
        cache_logger_on_first_use=True,
    )
    libraries = _Handler()
    libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_first()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_last(form),
            ],
        )
    )
    # What libraries log at info level may hold the text of messages.
    logging.basicConfig(handlers=[libraries], level=logging.WARNING, force=True)
    logging.captureWarnings(True)


def _first() -> tuple[Processor, ...]:
    return (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    )


def _last(form: Form) -> tuple[Processor, ...]:
    if form == "json":
        # Without the values of variables: keys and messages are among them.
        frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return (
            structlog.processors.ExceptionRenderer(frames),
            structlog.processors.JSONRenderer(default=str),
        )
    return (_Lines(),)


class _Lines:
    """Lines as structlog's console writes them, in a third of the time where there is no traceback:
    each message has two."""

    def __init__(self) -> None:
        self._console = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=_traceback)

    def __call__(self, logger: WrappedLogger, method: str, fields: EventDict) -> str:
        # Ids are a platform's own, and may hold what a terminal acts on.
        for name, value in fields.items():
            if isinstance(value, str):
                fields[name] = printable(value)
        if not fields.keys() >= _USUAL or not _UNUSUAL.isdisjoint(fields):
            return str(self._console(logger, method, fields))
        at, level, event = (fields.pop(name) for name in ("timestamp", "level", "event"))
        rest = " ".join(f"{name}={_shown(fields[name])}" for name in sorted(fields))
        return f"{at} [{level:<9}] {event!s:<30} {rest}".rstrip(" ")


def _shown(value: object) -> str:
    return value if isinstance(value, str) and not _QUOTED.search(value) else repr(value)


def _traceback(to: TextIO, error: ExcInfo) -> None:
    lines = "".join(traceback.format_exception(error[1])).splitlines()
    to.write("\n" + "\n".join(map(printable, lines)))


class _StandardError:
    """Writes lines. One that cannot be written (a full disk, a closed pipe) is dropped: nobody
    could be told, and what goes on must not end for it."""

    def __init__(self, *_: object) -> None:
        pass

    def msg(self, line: str) -> None:
        if sys.stderr is not None:
            with suppress(OSError, ValueError):
                sys.stderr.write(f"{line}\n")
                sys.stderr.flush()

    debug = info = warning = error = critical = msg


class _Handler(logging.Handler):
    """Writes what libraries log in the same way."""

    def emit(self, record: logging.LogRecord) -> None:
        if not _of_a_request(record):
            _StandardError().msg(self.format(record))


def _of_a_request(record: logging.LogRecord) -> bool:
    """Whether it tells of a request that is no HTTP: anybody can send some at will, with anything
    in it. Whoever sent it has its answer."""
    kind = None if record.exc_info is None else record.exc_info[0]
    return kind is not None and kind.__module__ == "aiohttp.http_exceptions"
