"""What the core's facts look like to people: cards, results, conflicts, receipts. Pure."""

from collections.abc import Sequence
from typing import assert_never

from core.jobs.job import Cancelled, Completed, Failed, JobState, Outcome, Progress
from core.legible import legible
from core.messages import Button, Card, Post, PostKind
from core.model.offline.words import signed
from core.records.jobs import JobRow
from core.state.apply import Merged

# Durable versions of a card leave room for the live ones between them.
_LIVE_VERSIONS = 1_000_000


def card(row: JobRow, progress: Progress | None = None, moves: int = 0) -> Card:
    """The job's card; `progress` and `moves` are of the live run, fresher than the row."""
    buttons: tuple[Button, ...] = (details_button(row.number),)
    if row.state is not JobState.ENDED:
        buttons = (stop_button(row.number), steer_button(row.number), *buttons)
    return Card(
        id=f"card:{row.number}",
        thread=row.thread,
        job=row.number,
        title=row.title,
        requester=row.requester,
        state=card_state(row),
        step=progress.step if progress else _standing(row),
        version=row.version * _LIVE_VERSIONS + moves,
        tokens=progress.tokens if progress else row.tokens,
        cost=(progress.cost if progress else row.cost) or None,
        steps=progress.steps if progress else row.steps,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        buttons=buttons,
    )


def card_state(row: JobRow) -> str:
    """One word: queued, running, waiting, completed, failed or cancelled."""
    match row.outcome:
        case None:
            return row.state.value
        case Completed():
            return "completed"
        case Failed():
            return "failed"
        case Cancelled():
            return "cancelled"
        case _ as unreachable:
            assert_never(unreachable)


def outcome_words(outcome: Outcome) -> str:
    """How a job ended, in a sentence or two."""
    match outcome:
        case Completed(drift=()):
            return "Completed."
        case Completed():
            return "Completed. Of what it read, something had changed by then."
        case Failed(reason=reason):
            return f"Failed: {reason}"
        case Cancelled(by=by):
            return f"Stopped by {by}."
        case _ as unreachable:
            assert_never(unreachable)


def outcome_whole(outcome: Outcome) -> str:
    """The same with all that had changed."""
    words = outcome_words(outcome)
    if not isinstance(outcome, Completed) or not outcome.drift:
        return words
    return f"{words.removesuffix('.')}: {'; '.join(outcome.drift)}."


def worth_again(outcome: Outcome) -> bool:
    """Whether running the same brief again may well come to something else."""
    return not isinstance(outcome, Completed) or bool(outcome.drift)


def result_id(job: int) -> str:
    """The id of the post that brings the result of the channel's job of this number."""
    return f"result:{job}"


def result_post(
    row: JobRow, outcome: Outcome, at: float, receipt: Sequence[str], buttons: Sequence[Button]
) -> Post:
    """The new message that brings a job's result to the thread that asked."""
    text, files, drift, offline = "", tuple[str, ...](), tuple[str, ...](), False
    match outcome:
        case Completed(result=result):
            text = result or "Done; the job had nothing to say."
            files, drift, offline = outcome.files, outcome.drift, signed(result)
        case Failed():
            text = f"**{plain(row.title)}** (job {row.number}) {_failed(outcome)}"
            text += f"\n\n{outcome.partial}" if outcome.partial else ""
        case Cancelled(by=by):
            text = (
                f"**{plain(row.title)}** (job {row.number}) was stopped by {plain(by)}."
                " Nothing of it was merged."
            )
        case _ as unreachable:
            assert_never(unreachable)
    return Post(
        id=result_id(row.number),
        thread=row.thread,
        kind=PostKind.RESULT,
        text=text,
        at=at,
        mention=row.requester,
        reply_to=asked_by(row),
        job=row.number,
        receipt=tuple(receipt),
        drift=drift,
        buttons=tuple(buttons),
        files=files,
        offline=offline,
    )


def asked_by(row: JobRow) -> str | None:
    """The platform's id of the message that asked for the job; None when a button did."""
    kind, _, id = row.message.partition(":")
    return id if kind == "message" else None


def receipt_lines(merged: Merged) -> tuple[str, ...]:
    """What a merge did, a plain line each."""
    return tuple(legible(line.text) for line in merged.receipt)


def stop_button(number: int) -> Button:
    """Stops job `number`."""
    return Button(action=f"stop.{number}", label="Stop", style="danger")


def steer_button(number: int) -> Button:
    """Says something to job `number`."""
    return Button(
        action=f"steer.{number}",
        label="Steer",
        asks=f"What should job {number} know or do differently?",
    )


def details_button(number: int) -> Button:
    """Shows the steps of job `number`."""
    return Button(action=f"details.{number}", label="Details")


def again_button(number: int) -> Button:
    """Runs the brief of job `number` again on a fresh snapshot."""
    return Button(action=f"again.{number}", label="Run again")


def undo_button(commit: int) -> Button:
    """Undoes commit `commit`."""
    return Button(action=f"undo.{commit}", label="Undo")


def _standing(row: JobRow) -> str:
    if row.state is JobState.QUEUED:
        return "waiting for a free place"
    if row.state is JobState.WAITING:
        return "waiting for an answer"
    if row.outcome is not None:
        return outcome_words(row.outcome)
    return row.step or "starting"


def _failed(outcome: Failed) -> str:
    # A reason may quote what a sandbox said.
    return f"failed: {plain(outcome.reason).rstrip('.')}. Nothing of it was merged."


def plain(text: str) -> str:
    """Any text as one line that Markdown takes as text."""
    flat = legible(" ".join(text.split()))
    return "".join(f"\\{char}" if char in "\\`*_[]<>#|~" else char for char in flat)
