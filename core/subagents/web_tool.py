"""The tool `fetch` of one job: who wrote the URL, what the model is told. Connects to nothing."""

import re

from core.errors import BadRequest
from core.jobs.job import JobSpec
from core.model.arguments import parse_arguments
from core.model.chat import ToolCall
from core.ports import Web
from core.records import approvals, questions
from core.records.messages import written_by
from core.state.channels import Channels
from core.state.database import Transaction
from core.subagents.tools import FETCH

_LOOKED_AT = 1000
# What would make another URL of it if it came right behind.
_GOES_ON = r"(?![\w%&=+/?~#;@:$*-])"


async def page_text(job: JobSpec, channels: Channels, web: Web, url: str) -> str:
    """The page, for a fence. Raises BadRequest, StoreError."""

    async def wanted(url: str) -> bool:
        return await is_written(job, channels, url) or await _is_allowed(job, channels, url)

    page = await web.fetch(job.thread.channel, url, wanted)
    head = f"{page.url}\n{page.title}".strip()
    tail = f"\n[{page.more} more characters of the page are left out]" if page.more else ""
    return f"{head}\n\n{page.text}{tail}"


async def is_written(job: JobSpec, channels: Channels, url: str) -> bool:
    """Whether the person who asked has written the URL in the channel, or its instructions."""

    def read(tx: Transaction) -> bool:
        mine = written_by(tx, job.requester.id, _LOOKED_AT)
        return any(stands_in(url, text) for text in (job.instructions, *mine))

    return await channels.read(job.thread.channel, read)


async def _is_allowed(job: JobSpec, channels: Channels, url: str) -> bool:
    """Whether somebody was asked about just this URL and allowed it."""

    def read(tx: Transaction) -> bool:
        return questions.is_allowed(tx, job.number, FETCH.name, url) or approvals.is_allowed(
            tx, FETCH.name, url
        )

    return await channels.read(job.thread.channel, read)


def stands_in(url: str, text: str) -> bool:
    """Whether somebody wrote just this URL, not a longer one that begins with it."""
    return url in text and re.search(re.escape(url) + _GOES_ON, text) is not None


def shown_call(call: ToolCall) -> str:
    """What a call is to fetch, or to have done by a server, for people."""
    if call.name != FETCH.name:
        return call.arguments
    try:
        return str(parse_arguments(FETCH, call.arguments)["url"])
    except BadRequest:
        return "a wrong call"
