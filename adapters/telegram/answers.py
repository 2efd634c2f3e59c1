"""What a server answered, as the Bot API would have said it, or not at all. Makes no calls. Pure.

The library takes any page with status 403 for Telegram's own word, and breaks at odd fields.
"""

import json
import math

from telegram.error import NetworkError

from adapters.telegram.payload import Fields, number, part, words

_GOOD = (b'{"ok":true,"result":', b'{"ok": true, "result":')


def sound(status: int, body: bytes) -> tuple[int, bytes]:
    """Status and body of an answer that the library can read.

    Raises NetworkError for what is none of Telegram's: a proxy's page, nothing, other JSON. What
    was asked for may then have been done or not.
    """
    if status == 200 and body.startswith(_GOOD) and body.endswith(b"}"):
        return status, body
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        raise NetworkError(f"an answer that is none of Telegram's (HTTP {status})")
    if answer["ok"]:
        if "result" not in answer or status != 200:
            raise NetworkError(f"an answer without a result (HTTP {status})")
        return status, body
    return _refusal(status, answer)


def _refusal(status: int, answer: Fields) -> tuple[int, bytes]:
    code = number(answer, "error_code") or status
    code = code if 400 <= code < 600 else 500
    parameters = part(answer, "parameters")
    kept = {
        "retry_after": _seconds(parameters.get("retry_after")),
        "migrate_to_chat_id": number(parameters, "migrate_to_chat_id"),
    }
    refusal = {
        "ok": False,
        "error_code": code,
        "description": words(answer, "description") or f"refused without a reason (HTTP {code})",
        "parameters": {name: value for name, value in kept.items() if value is not None},
    }
    return code, json.dumps(refusal).encode()


def _seconds(told: object) -> int | None:
    """Whole ones, rounded up; None for what is no time."""
    try:
        seconds = float(told) if isinstance(told, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return math.ceil(seconds) if 0 <= seconds < 10**9 else None
