"""A model server's refusals and failures as errors fit for people. Pure; never shows a key."""

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from core.errors import ContextTooLong, ModelError, ModelRefused, ModelUnreachable

LONGEST_QUOTE = 300
# More words than any answer has; they become one message of a chat.
LARGEST_ANSWER = 2 * 2**20

# How servers say that a request does not fit the model: OpenAI, vLLM, llama.cpp, TGI, Anthropic,
# Gemini, Mistral, Qwen, Groq, Ollama.
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|string_above_max_length|model_max_prompt_tokens"
    r"|(maximum|max|available) (context|model) (length|size|window)|context (length|window|size)"
    r"|prompt (is )?too long|input (is )?too long|reduce the length|too many (input )?tokens"
    r"|exceeds the maximum number of tokens|input token count"
    r"|inputs`? tokens \+|range of input length|too large for model",
    re.IGNORECASE,
)
# A 429 that no waiting helps: the request alone is above the allowance per minute.
_TOO_LARGE = re.compile(r"request too large", re.IGNORECASE)
_NO_CREDIT = re.compile(r"insufficient_quota|insufficient (balance|credit|fund)", re.IGNORECASE)
_NO_TOOLS = re.compile(
    r"not support (the )?(tools?|function)|tool.{0,20}not supported", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which server, model and key an error is about. `secret` is cut out of every text."""

    base_url: str
    model: str
    key_env: str
    secret: str | None = field(default=None, repr=False)

    @property
    def server(self) -> str:
        """The server's address without user, password and query."""
        try:
            parts = urlsplit(self.base_url)
            host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            return "the address in [model] base_url"
        return f"{parts.scheme}://{host}{port}{parts.path}"

    def quote(self, words: str) -> str:
        """The server's own words on one short line, without the key."""
        if self.secret:
            words = words.replace(self.secret, "[key]")
        words = "".join(c if c.isprintable() else " " for c in words[: 20 * LONGEST_QUOTE])
        words = " ".join(words.split())
        return words if len(words) <= LONGEST_QUOTE else words[: LONGEST_QUOTE - 1] + "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer that is an error: its HTTP status, the error's code and words, the headers."""

    status: int
    code: str = ""
    words: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All that the server said, to look for known wordings in."""
        return f"{self.code} {self.words}"


def refusal_of(status: int, body: object, headers: Mapping[str, str]) -> Refusal:
    """Read the error out of a body: parsed JSON in any of the common shapes, or text."""
    if isinstance(body, str):
        page = "<html" in body[:1000].lower() or "<!doctype" in body[:1000].lower()
        return Refusal(status=status, words="a web page" if page else body, headers=headers)
    error = body
    for key in ("error", "detail"):
        if isinstance(error, Mapping) and error.get(key):
            error = error[key]
            break
    if isinstance(error, list) and error:
        error = error[0]
    if not isinstance(error, Mapping):
        return Refusal(status=status, words=str(error or ""), headers=headers)
    # The parameter's name counts as words: some servers say only "extra fields not permitted".
    said = error.get("message") or error.get("msg") or dict(error)
    words = [said, error.get("param") or error.get("loc")]
    code = error.get("code") or error.get("type") or ""
    joined = " ".join(str(word) for word in words if word)
    return Refusal(status=status, code=str(code), words=joined, headers=headers)


def error_within(document: Mapping[str, object], place: Place) -> ModelError:
    """An error sent with status 200, or in the middle of a stream: its work may be counted."""
    code = refusal_of(0, document, {}).code
    status = int(code) if code.isascii() and code.isdigit() and len(code) == 3 else 500
    error = error_of(refusal_of(status, document, {}), place)
    error.free = False
    return error


def not_a_model(place: Place, what: str) -> str:
    """Words for an answer that no model server gives."""
    return f"{place.server} answered with {what}: check base_url in [model]."


def endless() -> ModelRefused:
    """The answer has too many words; asked again it would have them again."""
    limit = f"{LARGEST_ANSWER // 2**20} MB"
    return ModelRefused(f"The model's answer was dropped: it is longer than {limit}.")


def silent(place: Place, timeout_s: float) -> ModelUnreachable:
    """The server said nothing for the whole time limit."""
    text = f"{place.server} did not answer within {timeout_s:g} s ([model] timeout_s)."
    return ModelUnreachable(text)


def unending(place: Place, limit_s: float) -> ModelUnreachable:
    """The server was still at its answer when the time for a whole one was over."""
    limit = f"{limit_s / 60:.0f} minutes" if limit_s >= 120 else f"{limit_s:g} s"
    return ModelUnreachable(
        f"{place.server} did not come to the end of its answer within {limit}"
        " (ten times [model] timeout_s)."
    )


def error_of(refusal: Refusal, place: Place) -> ModelError:
    """What a refusal means for the caller, in words that say what to check."""
    said = f" It says: {place.quote(refusal.words)}" if refusal.words else ""
    server = place.server
    match refusal.status:
        case 400 | 422 | 500 if _TOO_LONG.search(refusal.text):
            return ContextTooLong(_too_long(place) + said, free=True)
        case 413 | 429 if refusal.status == 413 or _TOO_LARGE.search(refusal.text):
            return ContextTooLong(_too_long(place) + said, free=True)
        case 401:
            text = f"{server} does not accept the API key: check the key in {place.key_env}."
        case 403:
            text = (
                f"{server} does not allow this: check whether the key in {place.key_env} "
                f"may use the model {place.model!r}."
            )
        case 404 | 405:
            text = (
                f"{server} does not know the model {place.model!r} or is not the right address: "
                "check name and base_url in [model]."
            )
        case 402 | 429 if refusal.status == 402 or _NO_CREDIT.search(refusal.text):
            text = f"The account of the key in {place.key_env} has no credit left at {server}."
        case status if status in (408, 409, 425, 429) or status >= 500:
            return _failing(refusal, server, said)
        case status if 300 <= status < 400:
            text = f"{server} sends {elsewhere(refusal)}: check base_url in [model]."
        case _ if _NO_TOOLS.search(refusal.text):
            text = f"The model {place.model!r} cannot call tools: choose another in [model] name."
        case status:
            text = f"{server} refused the request to model {place.model!r} (HTTP {status})."
    return ModelRefused(text + said, free=True)


def elsewhere(refusal: Refusal) -> str:
    """Where a redirection leads: its status and host, for tokens stand in paths."""
    try:
        parts = urlsplit(refusal.headers.get("location", ""))
        host = f"to {parts.scheme}://{parts.hostname}" if parts.hostname else "to another path"
        where = f"{host}:{parts.port}" if parts.port else host
    except ValueError:
        where = "to no address"
    return f"elsewhere (HTTP {refusal.status}, {where[:LONGEST_QUOTE]})"


def _too_long(place: Place) -> str:
    return f"The conversation is too long for the model {place.model!r}."


def _failing(refusal: Refusal, server: str, said: str) -> ModelUnreachable:
    status = refusal.status
    match status:
        case 429:
            text = f"{server} allows no more requests for now (HTTP 429)."
        case 503 | 529:
            text = f"{server} is overloaded (HTTP {status})."
        case _:
            text = f"{server} failed (HTTP {status})."
    # A gateway's 502 or 504 and a server's 500 may come after the work was done and counted.
    free = status < 500 or status in (503, 529)
    wait = retry_after(refusal.headers, time.time())
    return ModelUnreachable(text + said, retry_after_s=wait, free=free)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds the server asks to wait (`headers` in lower case; `now` is Unix seconds)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        try:
            seconds = float(value) * unit
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        at = parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, at.timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None
