"""The tools of servers as one job has them: those that it was offered. Starts no server."""

from core.errors import BadRequest
from core.jobs.job import JobSpec
from core.mcp.server import Offer
from core.model.arguments import parse_object
from core.model.chat import ToolCall
from core.ports import Servers

LARGEST_ARGUMENTS = 200_000
"""Characters of a call's arguments that a server is sent."""


class ServedTools:
    """What an attempt was offered is what it may call, whatever is offered to others later."""

    def __init__(self, job: JobSpec, servers: Servers, offer: Offer) -> None:
        self._channel = job.thread.channel
        self._servers = servers
        self._specs = {spec.name: spec for spec in offer.tools}
        self.names = frozenset(self._specs)

    async def run(self, call: ToolCall) -> str:
        """What the model is told of a call of one of `names`; raises nothing."""
        try:
            if len(call.arguments) > LARGEST_ARGUMENTS:
                raise BadRequest(f"the arguments have more than {LARGEST_ARGUMENTS} characters")
            arguments = parse_object(self._specs[call.name], call.arguments)
            return await self._servers.call(self._channel, call.name, arguments)
        except BadRequest as error:
            return f"error: {error}"
