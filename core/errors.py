"""The errors that callers treat differently. Expected ends of work are values, not errors."""

import re
from socket import gaierror

_PATH = re.compile(r"(?<=://)([^/\s?]*)[/?]\S*")


class ThawError(Exception):
    """Root of all errors that the program raises on purpose; the text is fit for people."""


class StoreError(ThawError):
    """A database file cannot be used (foreign, newer, corrupt, disk full); names the file."""


class UnusableFile(StoreError):
    """The file is not what the program wrote (foreign, newer, damaged): waiting mends nothing."""


class DamagedFile(UnusableFile):
    """What is there is no file of ours any more (cut, overwritten, no file): the rest of it may be
    worth keeping, but nothing more can be kept in it."""


class NewerDatabase(UnusableFile):
    """The file was written by a newer program; it is left untouched."""


class DiskFull(StoreError):
    """The disk has no room for what has to be kept; nothing of the transaction was kept."""


class NotAllowed(ThawError):
    """The person lacks the right; the text says who has it.

    `word` is what a stranger is to hear; "" is nothing, which is the rule.
    """

    def __init__(self, text: str, *, word: str = "") -> None:
        super().__init__(text)
        self.word = word


class BadRequest(ThawError):
    """A command, press or query cannot be understood; the text says what to do instead."""


class BudgetExceeded(ThawError):
    """The call would go over a budget, so it was not made; the text says which and what is left."""


class DeliveryFailed(ThawError):
    """A platform did not take an item for now; it is to be tried again.

    `retry_after_s` is the platform's own word on when, if it gave one.
    """

    def __init__(self, text: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class DeliveryRefused(ThawError):
    """A platform will never take this item; trying again is pointless."""


class ModelError(ThawError):
    """A model call ended without a usable answer.

    `free`: the server surely did no work for it; otherwise its usage is unknown.
    """

    def __init__(self, text: str, *, free: bool = False) -> None:
        super().__init__(text)
        self.free = free


class ModelUnreachable(ModelError):
    """The server did not answer, was overloaded, or cut the answer: worth another try later."""

    def __init__(
        self, text: str, *, retry_after_s: float | None = None, free: bool = False
    ) -> None:
        super().__init__(text, free=free)
        self.retry_after_s = retry_after_s


class ModelRefused(ModelError):
    """The server will not answer this request (bad key, unknown model, bad request)."""


class ContextTooLong(ModelRefused):
    """The request does not fit the model's context window."""


class SandboxUnavailable(ThawError):
    """No sandbox can be started; the text says why and what to install or set."""


def said(error: BaseException) -> str:
    """What an error of the world says, for the log and for people.

    Not its repr: libraries put whole requests there, tokens included. Nor more of an address than
    its host: some platforms want tokens in the path.
    """
    if (unknown := _unknown_name(error)) is not None:
        return unknown
    status = getattr(error, "status", None)
    words = f"HTTP {status} {getattr(error, 'message', '')}" if status else str(error)
    shown = _PATH.sub(r"\1/…", words)
    return f"{type(error).__name__}: {shown}".rstrip(": ")


def _unknown_name(error: BaseException) -> str | None:
    """Words for a host's name that cannot be looked up; libraries wrap that in their own errors."""
    for one in (error, getattr(error, "os_error", None), error.__cause__):
        if isinstance(one, gaierror):
            host = getattr(error, "host", None) or "of the host"
            return f"the name {host} cannot be looked up ({one.strerror or one})"
    return None
