"""What `read_result` shows: a part of what an earlier call returned. Runs nothing again."""

from core.errors import BadRequest
from core.model.arguments import parse_arguments
from core.model.chat import ToolCall
from core.subagents.broker_tools import Done
from core.subagents.journal import Journal
from core.subagents.tools import READ_RESULT
from core.subagents.transcript import Transcript

PART = 12_000
"""Characters of a result that are shown at once."""


async def show(call: ToolCall, transcript: Transcript, journal: Journal) -> Done:
    """A call that cannot be done is told so in the text. Raises StoreError."""
    try:
        number, part = _asked(call)
        made = transcript.result(number)
        if made is None:
            raise BadRequest(f"there is no result {number}; there are {len(transcript.calls)}")
        whole = await journal.result(made.id)
        parts = -(-len(whole) // PART) or 1
        if part > parts:
            raise BadRequest(f"result {number} has {parts} parts")
    except BadRequest as error:
        return Done(text=f"error: {error}")
    shown = whole[(part - 1) * PART : part * PART]
    head = f"[result {number}, of {made.name}; part {part} of {parts}]"
    return Done(text=f"{head}\n{shown}", title=f"result {number}")


def _asked(call: ToolCall) -> tuple[int, int]:
    given = parse_arguments(READ_RESULT, call.arguments)
    number, part = given["result"], given.get("part", 1)
    if not isinstance(number, int) or not isinstance(part, int) or part < 1:
        raise BadRequest("result and part are numbers from 1")
    return number, part
