"""What people press, read into acts. Does nothing itself; commands are for `commands`."""

from core.errors import BadRequest
from core.primary.acts import (
    Act,
    AnswerJob,
    ConfirmForget,
    DecideLeave,
    DecidePlan,
    Resolve,
    RunAgain,
    ShowJob,
    SteerJob,
    StopJob,
    StopThread,
    TakeLost,
    UndoCommit,
    WithdrawApproval,
)
from core.primary.commands import ALLOWING, needed
from core.records.questions import Decision


def parse_press(action: str, text: str | None) -> Act:
    """The act behind a button. Raises BadRequest for what no button of ours says."""
    if action == "stop.thread":
        return StopThread()
    verb, *parts = action.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
        raise BadRequest("This button is none of mine; nothing was done.")
    numbers = [int(part) for part in parts]
    match verb, numbers:
        case "stop", [job]:
            return StopJob(job=job)
        case "steer", [job]:
            return SteerJob(job=job, text=needed(text, "Write what the job should know."))
        case "answer", [job, question]:
            words = needed(text, "Write your answer.")
            return AnswerJob(job=job, question=question, text=words)
        case "answer", [job, question, choice]:
            return AnswerJob(job=job, question=question, choice=choice)
        case "allow", [job, question, choice] if 1 <= choice <= len(ALLOWING):
            return DecideLeave(job=job, question=question, decision=ALLOWING[choice - 1])
        case "deny", [job, question]:
            return DecideLeave(job=job, question=question, decision=Decision.NO)
        case "refuse", [job, question]:
            words = needed(text, "Write what the job should know.")
            return DecideLeave(job=job, question=question, decision=Decision.NO, text=words)
        case "withdraw", [number]:
            return WithdrawApproval(number=number)
        case "details", [job]:
            return ShowJob(job=job)
        case "start" | "drop", [plan]:
            return DecidePlan(plan=plan, start=verb == "start")
        case "again", [job]:
            return RunAgain(job=job)
        case "undo", [commit]:
            return UndoCommit(commit=commit)
        case "pick", [conflict, revision, choice]:
            return Resolve(conflict=conflict, revision=revision, choice=choice)
        case "both", [conflict, revision, choice]:
            return Resolve(conflict=conflict, revision=revision, choice=choice, both=True)
        case "take", [commit, line]:
            return TakeLost(commit=commit, line=line)
        case "forget", [number]:
            return ConfirmForget(number=number)
        case "edit", [conflict, revision]:
            own = needed(text, "Write the value that should stand.")
            return Resolve(conflict=conflict, revision=revision, text=own)
        case _:
            raise BadRequest("This button is none of mine; nothing was done.")
