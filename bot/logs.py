"""How the program logs: constant text plus fields, as text or JSON, to standard error."""

import logging
import sys
from typing import Literal

import structlog


def configure(form: Literal["text", "json"]) -> None:
    """Set up logging for the whole process, ours and the libraries'."""
    # What libraries log at info level may hold the text of messages.
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    last: structlog.typing.Processor
    if form == "json":
        processors: list[structlog.typing.Processor] = [structlog.processors.dict_tracebacks]
        last = structlog.processors.JSONRenderer()
    else:
        processors = []
        last = structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *processors,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
