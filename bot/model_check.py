"""Asks the configured model server whether it answers and knows the model. Makes no model call."""

import json
from dataclasses import dataclass
from difflib import get_close_matches

import httpx2

from bot.config import OPENAI_URL, ModelSettings
from bot.finding import Finding, Level
from core.model.faults import Place, Refusal, elsewhere, refusal_of

PATIENCE_S = 5.0
LARGEST_LIST = 8 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What the server said to GET /models; `names` is None if that was no list of models."""

    refusal: Refusal
    names: frozenset[str] | None
    page: bool


async def model_finding(model: ModelSettings) -> Finding:
    """One cheap request at most; with the offline model none. Never shows the key."""
    if model.offline:
        return Finding(
            level=Level.NOTE,
            about="model",
            text=f"{model.api_key_env} is not set, so the small built-in offline model answers",
            advice=f"set {model.api_key_env}, or [model] base_url for a server of your own",
        )
    key = model.api_key
    if key and not (key.isascii() and key.isprintable()):
        text = f"the key in {model.api_key_env} has characters that no key has"
        return _finding(Level.PROBLEM, text, f"copy it once more into {model.api_key_env}")
    place = Place(base_url=model.base_url, model=model.name, key_env=model.api_key_env, secret=key)
    try:
        answer = await _ask(model, key)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        why = place.quote(str(error)) or type(error).__name__
        text = f"nothing can be reached at {place.server} within {PATIENCE_S:g} s ({why})"
        return _finding(
            Level.PROBLEM, text, "check [model] base_url, the network, and that the server runs"
        )
    return _judged(model, place, answer)


async def _ask(model: ModelSettings, key: str | None) -> _Answer:
    """Raises httpx2.HTTPError, httpx2.InvalidURL."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    address = f"{model.base_url}/models"
    content = b""
    async with (
        httpx2.AsyncClient(timeout=PATIENCE_S, follow_redirects=False) as client,
        client.stream("GET", address, headers=headers) as response,
    ):
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > LARGEST_LIST:
                break
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = content[:1000].decode("utf-8", "replace")
    return _Answer(
        refusal=refusal_of(response.status_code, document, dict(response.headers)),
        names=_names(document),
        page=content.lstrip()[:1] == b"<",
    )


def _names(document: object) -> frozenset[str] | None:
    listed = document.get("data") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        return None
    ids = [one.get("id") for one in listed if isinstance(one, dict)]
    return frozenset(name.removeprefix("models/") for name in ids if isinstance(name, str))


def _judged(model: ModelSettings, place: Place, answer: _Answer) -> Finding:
    said = f" ({place.quote(answer.refusal.words)})" if answer.refusal.words else ""
    status = answer.refusal.status
    match status:
        case 200 if answer.page:
            text = f"{place.server} answers with a web page"
            return _finding(Level.PROBLEM, text, "check [model] base_url: it ends in /v1 mostly")
        case 200 if answer.names:
            return _listed(model, answer.names)
        case 200 | 404 | 405 | 501:
            return _finding(Level.OK, f"{_described(model)}; it has no list of its models")
        case status if 300 <= status < 400:
            text = f"{place.server} sends {elsewhere(answer.refusal)}"
            return _finding(Level.PROBLEM, text, "set [model] base_url to the address that answers")
        case 401 if model.api_key is None:
            text = f"{place.server} wants a key, and {place.key_env} is not set{said}"
            return _finding(Level.PROBLEM, text, f"put the key into {place.key_env}")
        case 401:
            text = f"{place.server} does not accept the key in {place.key_env}{said}"
            return _finding(Level.PROBLEM, text, f"check the key in {place.key_env}")
        case 403:
            text = f"the key in {place.key_env} may not list the models of {place.server}{said}"
            return _finding(Level.NOTE, text, f"fine if it may use {model.name}")
        case 429:
            text = f"{place.server} allows no more requests for now{said}"
            return _finding(Level.NOTE, text, "check the account's limits and credit")
        case _:
            text = f"{place.server} fails (HTTP {status}){said}"
            return _finding(Level.PROBLEM, text, "check [model] base_url and the server itself")


def _listed(model: ModelSettings, names: frozenset[str]) -> Finding:
    wanted = [name for name in (model.name, model.subagent_name) if name is not None]
    # Ollama lists a model with its tag, and takes it without.
    lacking = [one for one in wanted if one not in names and f"{one}:latest" not in names]
    if not lacking:
        return _finding(Level.OK, _described(model))
    near = get_close_matches(lacking[0], names, n=1) or sorted(names)[:3]
    text = f"{_described(model)}; it does not list {' and '.join(lacking)}"
    listed = ", ".join(name[:100] for name in near)
    return _finding(Level.NOTE, text, f"check the name in [model]; it does list {listed}")


def _described(model: ModelSettings) -> str:
    key = f"key from {model.api_key_env}" if model.api_key else "without a key"
    names = model.name if model.subagent_name is None else f"{model.name}, {model.subagent_name}"
    server = "OpenAI" if model.base_url == OPENAI_URL else model.base_url
    return f"{names} at {server}, {key}"


def _finding(level: Level, text: str, advice: str = "") -> Finding:
    return Finding(level=level, about="model", text=text, advice=advice)
