"""How the server says no. Nothing is decided here."""

from collections.abc import Mapping


class Refusal(Exception):
    """One error answer of the Bot API: its HTTP status, description and response parameters."""

    def __init__(
        self, code: int, description: str, parameters: Mapping[str, int] | None = None
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = dict(parameters or {})

    @property
    def body(self) -> dict[str, object]:
        """The JSON of the answer."""
        answer: dict[str, object] = {
            "ok": False,
            "error_code": self.code,
            "description": self.description,
        }
        return answer | ({"parameters": self.parameters} if self.parameters else {})


def bad(description: str) -> Refusal:
    """A request the server will never take."""
    return Refusal(400, f"Bad Request: {description}")
