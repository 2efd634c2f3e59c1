"""Which errors let a job rest and go on later, how long, and when that is given up. Pure."""

from core.errors import SandboxUnavailable, StoreError
from core.jobs.job import Failed, FailureKind

LATER = (StoreError, SandboxUnavailable)
MOST_RESTS = 5
"""So often a store may fail a job while it runs, before it is given up after some five minutes."""
MOST_SANDBOXLESS = 4
"""So often no sandbox may start for it: fewer than the attempts without getting on that it has."""


def given_up(error: StoreError | SandboxUnavailable, rests: int) -> Failed | None:
    """How a job ends that has rested so often for such errors; None: it rests once more."""
    if isinstance(error, StoreError):
        kind, most = FailureKind.STORE, MOST_RESTS
    else:
        kind, most = FailureKind.SANDBOX, MOST_SANDBOXLESS
    return Failed(kind=kind, reason=str(error)) if rests >= most else None


def rest_s(rests: int, first_s: float) -> float:
    """How long the next rest is, in seconds: each time longer."""
    return first_s * 2.0 ** min(rests, MOST_RESTS)
