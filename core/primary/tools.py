"""The primary agent's tools: names, arguments and what each does. None of them blocks."""

from core.model.chat import ToolSpec
from core.state.operations import Op

_JOB = {"type": "integer", "description": "the job's number"}

START_JOB = ToolSpec(
    name="start_job",
    description=(
        "Start one background job. Returns its number at once; the result is posted in this"
        " thread when it is ready. Call it several times for several independent parts."
    ),
    parameters={
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "a few words for the job's card"},
            "brief": {
                "type": "string",
                "description": "everything the job needs to know; it does not see this chat",
            },
            "budget": {"type": "integer", "description": "the most tokens it may use"},
        },
        "required": ["title", "brief"],
    },
)
LIST_JOBS = ToolSpec(
    name="list_jobs",
    description="This channel's newest jobs with their states.",
    parameters={"type": "object", "properties": {}},
)
JOB_DETAILS = ToolSpec(
    name="job_details",
    description="One job: brief, state, step, outcome.",
    parameters={"type": "object", "properties": {"job": _JOB}, "required": ["job"]},
)
STEER_JOB = ToolSpec(
    name="steer_job",
    description="Tell a running or queued job something; it reads it before its next step.",
    parameters={
        "type": "object",
        "properties": {"job": _JOB, "message": {"type": "string"}},
        "required": ["job", "message"],
    },
)
CANCEL_JOB = ToolSpec(
    name="cancel_job",
    description="Stop a job for good. Nothing of it is merged.",
    parameters={"type": "object", "properties": {"job": _JOB}, "required": ["job"]},
)
READ_STATE = ToolSpec(
    name="read_state",
    description="Read one key of the channel's state, with who set it, when and based on what, or"
    " all that start with a prefix.",
    parameters={
        "type": "object",
        "properties": {"key": {"type": "string"}, "prefix": {"type": "string"}},
    },
)
CHANGE_STATE = ToolSpec(
    name="change_state",
    description=(
        "Change one key of the channel's state: put a value, delete, add a number to a counter,"
        " include or exclude an element of a set, append a line to a log, patch fields of a record"
        " (an object; null removes a field), text: a whole new text that merges by lines."
    ),
    parameters={
        "type": "object",
        "properties": {
            "key": {"type": "string"},
            "operation": {"type": "string", "enum": [op.value for op in Op]},
            "value": {"description": "any JSON; left out for delete"},
        },
        "required": ["key", "operation"],
    },
)
SEARCH = ToolSpec(
    name="search",
    description="Search the channel: messages, state, files and source folders; or one of these.",
    parameters={
        "type": "object",
        "properties": {
            "query": {"type": "string", "description": 'words, "a phrase", begin*'},
            "source": {"type": "string"},
        },
        "required": ["query"],
    },
)

TOOLS: tuple[ToolSpec, ...] = (
    START_JOB,
    LIST_JOBS,
    JOB_DETAILS,
    STEER_JOB,
    CANCEL_JOB,
    READ_STATE,
    CHANGE_STATE,
    SEARCH,
)
BY_NAME = {tool.name: tool for tool in TOOLS}
