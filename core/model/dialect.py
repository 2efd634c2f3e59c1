"""What of Chat Completions one server takes, as learned from its refusals. No I/O."""

import re
from dataclasses import dataclass, replace

from core.errors import ModelUnreachable

# Each may be learned once, so a server cannot make a caller try for ever.
MOST_LESSONS = 3

_ORDER = re.compile(r"role '?user'? after role '?tool'?|\bmust alternate\b", re.IGNORECASE)


class DialectLearned(ModelUnreachable):
    """The server refused what the next try writes in another way: try again at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a request is written. `limit` is the name of the bound on the answer's tokens;
    `alternating`: user and assistant take turns strictly, and a tool's result is the user's."""

    limit: str = "max_completion_tokens"
    stream_options: bool = True
    alternating: bool = False

    def learn(self, refusal: str) -> "Dialect | None":
        """The dialect to use after a refusal with these words; None if they teach nothing new."""
        if self.stream_options and re.search(r"\b(stream_options|include_usage)\b", refusal):
            return replace(self, stream_options=False)
        if self.limit == "max_completion_tokens" and re.search(
            r"\bmax_completion_tokens\b", refusal
        ):
            return replace(self, limit="max_tokens")
        if not self.alternating and _ORDER.search(refusal):
            return replace(self, alternating=True)
        return None
