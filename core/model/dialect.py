"""Which parameters of Chat Completions one server knows, as learned from its refusals. No I/O."""

import re
from dataclasses import dataclass, replace

from core.errors import ModelUnreachable

# Each parameter may be learned once, so a server cannot make a caller try for ever.
MOST_LESSONS = 2


class DialectLearned(ModelUnreachable):
    """The server refused a parameter that the next try leaves out: try again at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a request is written. `limit` is the name of the bound on the answer's tokens."""

    limit: str = "max_completion_tokens"
    stream_options: bool = True

    def learn(self, refusal: str) -> "Dialect | None":
        """The dialect to use after a refusal with these words; None if they teach nothing new."""
        if self.stream_options and re.search(r"\b(stream_options|include_usage)\b", refusal):
            return replace(self, stream_options=False)
        if self.limit == "max_completion_tokens" and re.search(
            r"\bmax_completion_tokens\b", refusal
        ):
            return replace(self, limit="max_tokens")
        return None
