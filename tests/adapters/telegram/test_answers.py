"""Whatever a server says, the library is given what it can read, or it is the network's fault."""

import json
from typing import Any

import pytest
from telegram.error import NetworkError

from adapters.telegram.answers import sound


def refusal(**fields: Any) -> bytes:
    return json.dumps({"ok": False, "description": "no"} | fields).encode()


@pytest.mark.parametrize(
    "body",
    [
        b'{"ok":true,"result":{"message_id":1}}',
        b'{"ok": true, "result": []}',
        b' {"result": 5, "ok": true} ',
    ],
)
def test_a_good_answer_is_left_as_it_is(body: bytes) -> None:
    assert sound(200, body) == (200, body)


@pytest.mark.parametrize("status", [200, 302, 400, 403, 404, 413, 502])
@pytest.mark.parametrize(
    "body",
    [b"<html>Forbidden</html>", b"", b"\0\xff", b"null", b"[1]", b'"ok"', b"{}", b'{"ok": 1}',
     b'{"ok": true}', b"[" * 100_000],
)  # fmt: skip
def test_what_is_none_of_telegrams_is_a_fault_of_the_network(status: int, body: bytes) -> None:
    with pytest.raises(NetworkError, match=f"HTTP {status}"):
        sound(status, body)


def test_a_refusal_that_comes_as_a_success_is_a_refusal() -> None:
    status, body = sound(200, refusal(error_code=403))
    assert (status, json.loads(body)["description"]) == (403, "no")


@pytest.mark.parametrize(
    ("parameters", "kept"),
    [
        ({"retry_after": 3}, {"retry_after": 3}),
        ({"retry_after": 0.2}, {"retry_after": 1}),
        ({"retry_after": "7"}, {"retry_after": 7}),
        ({"retry_after": -1, "migrate_to_chat_id": -100}, {"migrate_to_chat_id": -100}),
        ({"retry_after": "soon", "migrate_to_chat_id": "x"}, {}),
        ({"retry_after": [3]}, {}),
        ({"retry_after": float("nan")}, {}),
        ([1], {}),
        (None, {}),
    ],
)
def test_of_what_goes_with_a_refusal_only_what_makes_sense_is_kept(
    parameters: object, kept: object
) -> None:
    status, body = sound(429, refusal(parameters=parameters, extra=1))
    assert (status, json.loads(body)["parameters"]) == (429, kept)


@pytest.mark.parametrize(
    ("code", "taken"), [("500", 400), (True, 400), (None, 400), (0, 400), (7, 500), (200, 500)]
)
def test_a_refusal_whose_number_is_none_has_that_of_the_answer(code: object, taken: int) -> None:
    status, body = sound(400, refusal(error_code=code, description=5))
    assert (status, json.loads(body)["error_code"]) == (taken, taken)
    assert "without a reason" in json.loads(body)["description"]
