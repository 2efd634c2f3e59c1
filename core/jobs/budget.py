"""What a job must be able to spend to be let in. Decides nothing about calls: the ledger does."""

from core.jobs.job import JobSpec, account_of
from core.ports import Purse

# What every job's first request has beside its brief, in tokens as they are bounded: what all jobs
# are told, the tools, the channel's instructions.
OPENING = 8_000
# A job that can ask once cannot act on the answer.
CALLS = 2


async def admit(purse: Purse, job: JobSpec) -> None:
    """Hold what the job's first calls may need. Raises BudgetExceeded."""
    prompt = OPENING + len(job.brief.encode("utf-8", "replace"))
    await purse.admit(account_of(job), job.model, CALLS * prompt, CALLS * job.max_completion_tokens)
