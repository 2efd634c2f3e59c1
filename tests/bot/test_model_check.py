import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from bot import model_check
from bot.config import ModelSettings
from bot.finding import Finding, Level
from bot.model_check import model_finding
from tests.emulators.model import ModelServer, Reply

KEY = "sk-hush-hush"
Asking = Callable[..., AbstractAsyncContextManager[tuple[Finding, ModelServer]]]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@asynccontextmanager
async def asked(
    models: Reply | None, name: str = "small", subagent_name: str | None = None
) -> AsyncIterator[tuple[Finding, ModelServer]]:
    """What is found with a server that answers so."""
    async with ModelServer([], models=models) as server:
        settings = ModelSettings(base_url=server.base_url, name=name, subagent_name=subagent_name)
        found = await model_finding(settings)
        assert KEY not in str(found)
        yield found, server


def listing(*names: str) -> Reply:
    return Reply(body=json.dumps({"object": "list", "data": [{"id": name} for name in names]}))


def refusal(status: int, words: str) -> Reply:
    return Reply(status=status, body=json.dumps({"error": {"message": words}}))


async def test_without_a_key_the_offline_model_is_announced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    found = await model_finding(ModelSettings())
    assert found.level is Level.NOTE
    assert "offline model" in found.text


async def test_a_server_that_lists_the_models_is_fine_and_is_asked_once_with_the_key() -> None:
    async with asked(listing("other", "small", "big"), subagent_name="big") as (found, server):
        assert found.level is Level.OK
        assert found.text == f"small, big at {server.base_url}, key from OPENAI_API_KEY"
        (request,) = server.received
        assert request.headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("listed", ["models/small", "small:latest"])
async def test_other_spellings_of_a_models_name_are_known(listed: str) -> None:
    async with asked(listing(listed)) as (found, _):
        assert found.level is Level.OK


async def test_a_model_that_is_not_listed_is_noticed_with_the_nearest_that_is() -> None:
    async with asked(listing("large", "smal\x1b"), name="smalll") as (found, _):
        assert found.level is Level.NOTE
        assert found.text.endswith("it does not list smalll")
        assert str(found).endswith("it does list smal\\u001b")


async def test_a_subagents_model_that_is_not_listed_is_noticed() -> None:
    async with asked(listing("small"), subagent_name="big") as (found, _):
        assert found.level is Level.NOTE
        assert found.text.endswith("it does not list big")


async def test_a_server_without_a_list_is_fine() -> None:
    async with asked(None) as (found, _):
        assert found.level is Level.OK
        assert found.text.endswith("it has no list of its models")


@pytest.mark.parametrize("body", ["{}", "[]", '{"data": {}}', '{"data": []}', "ok", "[" * 5000])
async def test_a_list_that_is_none_is_no_list(body: str) -> None:
    async with asked(Reply(body=body)) as (found, _):
        assert found.level is Level.OK
        assert found.text.endswith("it has no list of its models")


async def test_a_web_page_means_a_wrong_address() -> None:
    async with asked(Reply(body="\n<html>hello</html>", content_type="text/html")) as (found, _):
        assert found.level is Level.PROBLEM
        assert "web page" in found.text
        assert "base_url" in found.advice


async def test_a_refused_key_is_a_problem_and_never_shown() -> None:
    async with asked(refusal(401, f"Incorrect API key provided: {KEY}.")) as (found, _):
        assert found.level is Level.PROBLEM
        assert "does not accept the key in OPENAI_API_KEY" in found.text
        assert "Incorrect API key provided: [key]." in found.text


async def test_a_missing_key_is_told_apart_from_a_wrong_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    async with asked(refusal(401, "no")) as (found, server):
        assert found.level is Level.PROBLEM
        assert "wants a key, and OPENAI_API_KEY is not set" in found.text
        assert "Authorization" not in server.received[0].headers


@pytest.mark.parametrize(
    ("status", "level"), [(403, Level.NOTE), (429, Level.NOTE), (500, Level.PROBLEM)]
)
async def test_other_refusals_are_weighed(status: int, level: Level) -> None:
    async with asked(refusal(status, "because of the moon")) as (found, _):
        assert found.level is level
        assert "because of the moon" in found.text
        assert found.advice


async def test_a_server_that_is_not_there_is_a_problem() -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unheard.getsockname()[1]}/v1"
        found = await model_finding(ModelSettings(base_url=address))
    assert found.level is Level.PROBLEM
    assert found.text.startswith(f"nothing can be reached at {address}")
    assert "base_url" in found.advice


async def test_a_server_that_never_answers_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model_check, "PATIENCE_S", 0.1)
    async with asked(Reply(hang=True)) as (found, _):
        assert found.level is Level.PROBLEM
        assert "nothing can be reached" in found.text


async def test_a_list_without_end_is_not_read_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_check, "LARGEST_LIST", 10_000)
    async with asked(Reply(body="[" + "1," * 5_000_000)) as (found, _):
        assert found.level is Level.OK


@pytest.mark.parametrize("key", ["sk-hush\u2028hush", "sk-hüsh"])
async def test_a_key_that_cannot_be_sent_is_told_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    found = await model_finding(ModelSettings())
    assert found.level is Level.PROBLEM
    assert "characters that no key has" in found.text
    assert "sk-h" not in str(found)


async def test_a_server_that_sends_elsewhere_is_told_with_where() -> None:
    moved = Reply(
        status=301, body="{}", headers={"Location": "https://api.example:444/t0ken?key=x"}
    )
    async with asked(moved) as (found, server):
        assert found.level is Level.PROBLEM
        place = "elsewhere (HTTP 301, to https://api.example:444)"
        assert found.text == f"{server.base_url} sends {place}"
