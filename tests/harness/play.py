"""A model that plays a part: what it says to which message, and what its jobs do. Knows no bot."""

from collections.abc import Mapping, Sequence

from tests.emulators.script import Received, Reply

Part = Sequence[Reply]


class Play:
    """The script for `ModelServer`. A turn plays the part whose key its message contains, a job the
    one whose key its brief contains; the last reply of a part is for all calls that follow.
    """

    def __init__(
        self, turns: Mapping[str, Part] | None = None, jobs: Mapping[str, Part] | None = None
    ) -> None:
        self._turns = dict(turns or {})
        self._jobs = dict(jobs or {})
        self.requests: list[Received] = []

    def __call__(self, received: Received) -> Reply:
        """Answer one request."""
        self.requests.append(received)
        if "finish" in received.tools:
            said = _brief(received)
            stage = sum(message["role"] == "assistant" for message in received.messages)
            return _reply(self._jobs, said, stage)
        return _reply(self._turns, received.asked, received.stage)

    def of_job(self, key: str) -> list[Received]:
        """The requests of the jobs whose brief contains `key`."""
        return [
            request
            for request in self.requests
            if "finish" in request.tools and key in _brief(request)
        ]


def start(*briefs: str) -> Reply:
    """Start one job for each brief."""
    return Reply(calls=[("start_job", {"title": brief, "brief": brief}) for brief in briefs])


def say(text: str) -> Reply:
    """Answer."""
    return Reply(text=text)


def change(key: str, operation: str, value: object = None) -> Reply:
    """Change the state."""
    arguments = {"key": key, "operation": operation}
    return Reply(calls=[("change_state", arguments | ({} if value is None else {"value": value}))])


def shell(command: str) -> Reply:
    """Run a command."""
    return Reply(calls=[("shell", {"command": command})])


def write(path: str, content: str) -> Reply:
    """Write a file."""
    return Reply(calls=[("write_file", {"path": path, "content": content})])


def finish(result: str, *files: str) -> Reply:
    """End a job."""
    return Reply(calls=[("finish", {"result": result, "files": list(files)})])


def starting(*briefs: str, answer: str = "Started.") -> Part:
    """The part of a turn that starts jobs and says so."""
    return [start(*briefs), say(answer)]


def _reply(parts: Mapping[str, Part], said: str, stage: int) -> Reply:
    for key, part in parts.items():
        if key in said:
            return part[min(stage, len(part) - 1)]
    return Reply(text=f"(no part for {said[:200]!r})")


def _brief(received: Received) -> str:
    """What a job was told: the first message that is not the prompt."""
    return next(_content(each) for each in received.messages if each["role"] == "user")


def _content(message: Mapping[str, object]) -> str:
    return str(message.get("content") or "")
