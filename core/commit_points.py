"""The named instants between durable steps, where a kill must lose nothing. Not a tracer."""

import os
import signal
from enum import StrEnum
from itertools import count


class CommitPoint(StrEnum):
    """Every instant at which the process may die and tests make it die."""

    INBOX_BEFORE = "inbox.before"
    INBOX_ACCEPTED = "inbox.accepted"
    TURN_STARTED = "turn.started"
    CALL_RESERVED = "call.reserved"
    CALL_ANSWERED = "call.answered"
    CALL_SETTLED = "call.settled"
    TURN_STEP = "turn.step"
    TURN_BEFORE_COMMIT = "turn.before_commit"
    TURN_COMMITTED = "turn.committed"
    COMMAND_COMMITTED = "command.committed"
    JOB_ADMITTED = "job.admitted"
    ATTEMPT_STARTED = "attempt.started"
    STEP_BEGUN = "step.begun"
    STEP_ENDED = "step.ended"
    DELTA_FROZEN = "delta.frozen"
    OUTCOME_BEFORE_COMMIT = "outcome.before_commit"
    OUTCOME_COMMITTED = "outcome.committed"
    OUTBOX_BEFORE_SEND = "outbox.before_send"
    OUTBOX_SENT = "outbox.sent"
    OUTBOX_MARKED = "outbox.marked"


_target, _, _count = os.environ.get("THAW_KILL_AT", "").partition(":")
_times = count(1)


def reached(point: CommitPoint) -> None:
    """Say that the work stands at `point`. With THAW_KILL_AT=name[:n] the n-th time is the last."""
    if point.value == _target and next(_times) == int(_count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
