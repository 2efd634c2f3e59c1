"""The seam's dataclasses as JSON text and back. Only for our own files: adapters have wires of
their own."""

import json

from pydantic import TypeAdapter

from core.jobs.job import Outcome
from core.messages import Asking, Attachment, Outbound, Post
from core.model.chat import ModelReply
from core.state.operations import Op, Operation

inbound: TypeAdapter[Asking] = TypeAdapter(Asking)
outbound: TypeAdapter[Outbound] = TypeAdapter(Outbound)
# A union is tried member by member, which costs twice where it is known what comes.
post: TypeAdapter[Post] = TypeAdapter(Post)
files: TypeAdapter[tuple[Attachment, ...]] = TypeAdapter(tuple[Attachment, ...])
outcome: TypeAdapter[Outcome] = TypeAdapter(Outcome)
reply: TypeAdapter[ModelReply] = TypeAdapter(ModelReply)


def dump_operation(operation: Operation) -> str:
    """An operation as JSON text. By hand: the type of JSON itself is recursive, which pydantic
    follows without end."""
    return json.dumps([operation.key, operation.op.value, operation.argument])


def load_operation(text: str) -> Operation:
    """The operation that `dump_operation` wrote."""
    key, op, argument = json.loads(text)
    return Operation(key=key, op=Op(op), argument=argument)
