"""What waits for a person's word in a channel, and what was allowed for good. Reads only."""

from core import approving, asking
from core.messages import Button, ChannelRef
from core.messages.views import ApprovalLine, Approvals
from core.records import approvals, jobs, questions
from core.records.approvals import ApprovalRow
from core.state.database import Transaction

_LISTED = 100


def approvals_view(tx: Transaction, channel: ChannelRef) -> Approvals:
    """Both, what waits in the order of its jobs, what holds with the newest first."""
    waiting = (_waiting(tx, channel, one.job) for one in questions.waiting(tx)[:_LISTED])
    return Approvals(
        waiting=tuple(line for line in waiting if line is not None),
        standing=tuple(map(_standing, approvals.newest(tx, _LISTED))),
    )


def revoke_button(number: int) -> Button:
    """Takes an approval back."""
    return Button(action=f"withdraw.{number}", label=f"Revoke {number}", style="danger")


def _waiting(tx: Transaction, channel: ChannelRef, job: int) -> ApprovalLine | None:
    question, row = asking.open_question(tx, job), jobs.read(tx, channel, job)
    if question is None or question.leave is None or row is None:
        return None
    return ApprovalLine(
        number=question.number, job=job, tool=question.leave.tool, text=question.text,
        about=question.leave.reason, by=row.requester.name, at=None,
        buttons=approving.buttons(job, question.number),
    )  # fmt: skip


def _standing(row: ApprovalRow) -> ApprovalLine:
    return ApprovalLine(
        number=row.number, job=row.job, tool=row.tool, text=row.text, about="", by=row.by,
        at=row.at, buttons=(revoke_button(row.number),),
    )  # fmt: skip
