"""The client against the emulator, with the real library over real sockets."""

import asyncio
import itertools
import json
from dataclasses import replace

import pytest

from core.errors import ModelRefused
from core.model.chat import ChatMessage, Role, ToolCall, Usage
from core.model.dialect import DialectLearned
from core.model.openai_client import OpenAIModel, _Relay
from tests.core.model.chats import TOOL, asking
from tests.core.model.serving import KEY, answered, ignore, refused, serving
from tests.emulators.model import Received, Reply


async def test_text_calls_and_usage_come_back(stream: bool) -> None:
    told = Reply(text="I look.", calls=[("look", {"where": "ö"}), ("look", {})], usage=(11, 7))
    reply = await answered(told, stream=stream)
    assert reply.text == "I look."
    assert [json.loads(call.arguments) for call in reply.tool_calls] == [{"where": "ö"}, {}]
    assert len({call.id for call in reply.tool_calls}) == 2
    assert reply.usage == Usage(prompt=11, completion=7)
    assert reply.finish == "tool_calls"
    assert not reply.offline


async def test_what_is_sent_is_what_most_servers_take() -> None:
    call = ToolCall(id="c1", name="look", arguments='{"a":1}')
    broken = ToolCall(id="c2", name="look", arguments='{"a":')
    transcript = (
        ChatMessage(role="assistant", text="", tool_calls=(call, broken)),
        ChatMessage(role="tool", text="seen \udcff", tool_call_id="c1"),
    )
    request = asking("hi", tools=[TOOL], most=321)
    request = type(request)(
        model="tiny", messages=transcript, tools=request.tools, max_completion_tokens=321
    )
    async with serving([Reply(text="ok")]) as (server, model):
        await model.complete(request)
    body = server.received[0].body
    assert body["max_completion_tokens"] == 321
    assert "stream" not in body
    assert server.received[0].headers["Authorization"] == f"Bearer {KEY}"
    assistant, tool = body["messages"]
    assert assistant["content"] == ""
    first, second = (call["function"]["arguments"] for call in assistant["tool_calls"])
    assert first == '{"a":1}'
    assert json.loads(second) == {"malformed": '{"a":'}
    assert tool == {"role": "tool", "content": "seen ?", "tool_call_id": "c1"}
    assert body["tools"][0]["function"]["name"] == "look"


async def test_a_stream_hands_over_its_text_piece_by_piece_but_for_what_comes_with_the_end() -> (
    None
):
    words = [json.dumps({"choices": [{"delta": {"content": word}}]}) for word in "abc"]
    end = '{"choices": [{"delta": {"content": "d"}, "finish_reason": "stop"}]}'
    spoken = asyncio.Event()
    pieces: list[str] = []

    def hear(piece: str) -> None:
        pieces.append(piece)
        spoken.set()

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        for batch in (words[:1], words[1:]):
            spoken.clear()
            writer.write(b"".join(b"data: %s\n\n" % word.encode() for word in batch))
            await spoken.wait()
        writer.write(b"data: %s\n\ndata: [DONE]\n\n" % end.encode())
        writer.close()

    async with await asyncio.start_server(tell, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        model = OpenAIModel(base_url=f"http://127.0.0.1:{port}/v1", key=KEY, key_env="MY_KEY")
        reply = await asyncio.wait_for(model.complete(asking("hi"), hear), 60)
        await model.close()
    assert pieces == ["a", "bc"]
    assert reply.text == "abcd"


async def test_a_stream_asks_for_its_usage() -> None:
    async with serving([Reply(text="ok")]) as (server, model):
        await model.complete(asking("hi"), ignore)
    assert server.received[0].body["stream_options"] == {"include_usage": True}


async def test_the_first_piece_arrives_before_the_last_is_sent() -> None:
    first = asyncio.Event()
    told = Reply(text="a b", pieces=2, piece_latency_s=0.2)
    async with serving([told]) as (_, model):
        call = asyncio.create_task(model.complete(asking("hi"), lambda _: first.set()))
        await asyncio.wait_for(first.wait(), 60)
        assert not call.done()
        assert (await call).text == "a b"


async def test_missing_usage_is_unknown(stream: bool) -> None:
    assert (await answered(Reply(text="x", usage=None), stream=stream)).usage is None


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 0, "completion_tokens": 0},
        {"prompt_tokens": -5, "completion_tokens": 3},
        {"prompt_tokens": 10**30, "completion_tokens": 3},
        {"prompt_tokens": True, "completion_tokens": 3},
        {"completion_tokens": 3},
        "many",
    ],
)
async def test_nonsense_usage_is_unknown(usage: object) -> None:
    body = json.dumps({"choices": [{"message": {"content": "x"}}], "usage": usage})
    reply = await answered(Reply(body=body), stream=False)
    assert (reply.text, reply.usage) == ("x", None)


async def test_cached_and_reasoning_tokens_are_read() -> None:
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 8,
        "prompt_tokens_details": {"cached_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 6},
    }
    body = json.dumps({"choices": [{"message": {"content": ""}}], "usage": usage})
    reply = await answered(Reply(body=body), stream=False)
    assert reply.usage == Usage(prompt=9, completion=8, cached=5, reasoning=6)


@pytest.mark.parametrize(
    "body",
    [
        '{"choices": []}',
        '{"choices": null, "usage": null}',
        '{"choices": [{"message": null}]}',
        '{"choices": [{"message": {"content": null, "tool_calls": null}}]}',
        '{"choices": [{"message": {"content": 5, "tool_calls": [3]}, "finish_reason": 7}]}',
        '{"choices": ["x"]}',
    ],
)
async def test_an_answer_without_words_is_an_empty_reply(body: str) -> None:
    reply = await answered(Reply(body=body), stream=False)
    assert (reply.text, reply.tool_calls) == ("", ())


async def test_content_in_parts_and_a_refusal_are_text() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]
    body = json.dumps({"choices": [{"message": {"content": parts}}]})
    assert (await answered(Reply(body=body), stream=False)).text == "ab"
    body = json.dumps({"choices": [{"message": {"content": None, "refusal": "I will not."}}]})
    assert (await answered(Reply(body=body), stream=False)).text == "I will not."


async def test_calls_without_id_or_with_the_same_one_are_told_apart() -> None:
    calls = [
        {"function": {"name": "look", "arguments": ""}},
        {"id": "x", "function": {"name": "look", "arguments": {"a": 1}}},
        {"id": "x", "function": {"name": "bad name!", "arguments": "{}"}},
    ]
    body = json.dumps({"choices": [{"message": {"tool_calls": calls}}]})
    reply = await answered(Reply(body=body), stream=False)
    assert [call.name for call in reply.tool_calls] == ["look", "look", "bad_name_"]
    assert [call.arguments for call in reply.tool_calls] == ["{}", '{"a":1}', "{}"]
    assert len({call.id for call in reply.tool_calls}) == 3
    assert all(call.id for call in reply.tool_calls)


def chunk(*fragments: dict[str, object]) -> str:
    return json.dumps({"choices": [{"delta": {"tool_calls": list(fragments)}}]})


END = '{"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}'


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(
            [
                chunk({"index": 0, "id": "a", "function": {"name": "one", "arguments": "{"}}),
                chunk({"index": 1, "id": "b", "function": {"name": "two", "arguments": ""}}),
                chunk({"index": 0, "function": {"arguments": '"k":1}'}}),
                chunk({"index": 1, "function": {"arguments": "{}"}}),
            ],
            id="interleaved",
        ),
        pytest.param(
            [
                chunk({"id": "a", "function": {"name": "one", "arguments": '{"k":'}}),
                chunk({"function": {"arguments": "1}"}}),
                chunk({"id": "b", "function": {"name": "two"}}),
            ],
            id="without index",
        ),
        pytest.param(
            [
                chunk({"function": {"name": "one", "arguments": '{"k":1}'}}),
                chunk({"function": {"name": "two", "arguments": "{}"}}),
            ],
            id="without index and id",
        ),
        pytest.param(
            [
                chunk({"index": 0, "id": "a", "function": {"name": "one", "arguments": '{"k":'}}),
                chunk({"index": 0, "id": "a", "function": {"name": "one", "arguments": "1}"}}),
                chunk({"index": 0, "id": "b", "function": {"name": "two", "arguments": "{}"}}),
            ],
            id="index always 0",
        ),
    ],
)
async def test_calls_in_fragments_are_put_together(chunks: list[str]) -> None:
    reply = await answered(Reply(chunked=[*chunks, END, "[DONE]"]), stream=True)
    assert [(c.name, json.loads(c.arguments)) for c in reply.tool_calls] == [
        ("one", {"k": 1}),
        ("two", {}),
    ]


async def test_a_server_that_ignores_the_wish_to_stream_is_understood() -> None:
    pieces: list[str] = []
    async with serving([Reply(text="whole", ignore_stream=True)]) as (_, model):
        reply = await model.complete(asking("hi"), pieces.append)
    assert (reply.text, pieces) == ("whole", [])


def old_server(received: Received) -> Reply:
    """Knows neither of the newer parameters, as many self-hosted servers."""
    for name in ("stream_options", "max_completion_tokens"):
        if name in received.body:
            problem = {"loc": ["body", name], "msg": "Extra inputs are not permitted"}
            return Reply(status=422, body=json.dumps({"detail": [problem]}))
    return Reply(text="ok", usage=None)


async def test_what_a_server_does_not_know_is_learned_once() -> None:
    async with serving(old_server) as (server, model):
        for _ in range(2):
            with pytest.raises(DialectLearned) as caught:
                await model.complete(asking("hi"), ignore)
            assert caught.value.free
        assert (await model.complete(asking("hi", most=77), ignore)).text == "ok"
        assert (await model.complete(asking("hi"))).text == "ok"
    assert server.received[2].body["max_tokens"] == 77
    assert len(server.received) == 4


async def test_what_many_calls_learn_at_once_is_learned_by_each() -> None:
    async with serving(old_server) as (_, model):
        calls = [model.complete(asking("hi")) for _ in range(10)]
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(end, DialectLearned) for end in ends)
        assert (await model.complete(asking("hi"))).text == "ok"


async def test_different_things_learned_at_once_are_both_kept() -> None:
    async with serving(old_server) as (_, model):
        calls = [model.complete(asking("hi"), ignore), model.complete(asking("hi"))]
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(end, DialectLearned) for end in ends)
        assert (await model.complete(asking("hi"), ignore)).text == "ok"


def in_turns(received: Received) -> Reply:
    """Refuses, as Mistral's templates do, what does not alternate; a result is the user's."""
    roles = [message["role"] for message in received.body["messages"]]
    for before, role in itertools.pairwise(roles):
        if role == "user" and before in ("user", "tool"):
            error = {"message": f"Unexpected role 'user' after role {before!r}", "code": "3230"}
            words = "conversation roles must alternate user and assistant"
            told = error if before == "tool" else {"message": words}
            return Reply(status=400 if before == "tool" else 500, body=json.dumps({"error": told}))
    return Reply(text="ok")


@pytest.mark.parametrize("last", ["tool", "user"])
async def test_a_server_that_wants_turns_is_given_them(last: Role) -> None:
    call = ToolCall(id="c1", name="look", arguments="{}")
    before = (
        ChatMessage(role="user", text="look"),
        ChatMessage(role="assistant", text="", tool_calls=(call,)),
        ChatMessage(role="tool", text="seen", tool_call_id="c1"),
    )
    words = (ChatMessage(role="user", text="Ann says: a"), ChatMessage(role="user", text="b"))
    transcript = (*(before if last == "tool" else ()), *words)
    request = replace(asking(), messages=transcript)
    async with serving(in_turns) as (server, model):
        with pytest.raises(DialectLearned):
            await model.complete(request)
        assert (await model.complete(request)).text == "ok"
    sent = [(one["role"], one["content"]) for one in server.received[1].body["messages"]]
    assert sent[-1] == ("user", "Ann says: a\n\nb")
    assert [one for one in sent if one[0] == "tool"] == [("tool", "seen")] * (last == "tool")


async def test_a_parameter_refused_under_both_names_is_a_refusal() -> None:
    body = json.dumps({"error": {"message": "bad value for max_completion_tokens or max_tokens"}})
    async with serving(lambda _: Reply(status=400, body=body)) as (_, model):
        with pytest.raises(DialectLearned):
            await model.complete(asking("hi"))
        with pytest.raises(ModelRefused):
            await model.complete(asking("hi"))


async def test_a_model_without_tools_is_named_as_such() -> None:
    body = json.dumps({"error": {"message": "tiny:latest does not support tools"}})
    assert "cannot call tools" in str(await refused(Reply(status=400, body=body)))


@pytest.mark.parametrize("key", ["sk-a\nb", "sk-ä", "sk-\x00"])
async def test_a_key_that_cannot_be_one_is_refused_without_showing_it(key: str) -> None:
    async with serving([Reply(text="no")], key=key) as (server, model):
        with pytest.raises(ModelRefused, match="MY_KEY") as caught:
            await model.complete(asking("hi"))
    assert key not in str(caught.value)
    assert not server.received


async def test_no_key_and_a_key_with_a_line_end_work() -> None:
    for key in (None, f"{KEY}\n"):
        async with serving([Reply(text="ok")], key=key) as (_, model):
            assert (await model.complete(asking("hi"))).text == "ok"


@pytest.mark.parametrize("base_url", ["localhost:8080/v1", "ftp://127.0.0.1/v1"])
async def test_an_address_that_is_none_is_refused(base_url: str) -> None:
    model = OpenAIModel(base_url=base_url, key=KEY, key_env="MY_KEY", timeout_s=5)
    with pytest.raises(ModelRefused, match="base_url"):
        await model.complete(asking("hi"))
    await model.close()


async def test_64_calls_at_once_share_the_client_and_none_waits_for_another() -> None:
    async with serving(lambda _: Reply(text="ok", latency_s=0.5)) as (server, model):
        await model.warm()
        calls = [model.complete(asking("hi")) for _ in range(64)]
        assert {reply.text for reply in await asyncio.gather(*calls)} == {"ok"}
    times = [received.at for received in server.received]
    assert max(times) - min(times) < 0.5


async def test_a_large_request_is_sent_whole() -> None:
    text = "ü" * 2_000_000
    async with serving([Reply(text="ok", usage=None)]) as (server, model):
        await model.complete(asking(text))
    assert server.received[0].messages[0]["content"] == text


async def test_text_on_its_way_when_a_call_is_cancelled_is_not_handed_over() -> None:
    heard = asyncio.Queue[str]()
    relay = _Relay(heard.put_nowait)
    relay.give("before")
    assert await heard.get() == "before"
    relay.give("after")
    relay.stop()
    for _ in range(3):
        await asyncio.sleep(0)
    assert heard.empty()


async def test_a_closed_client_opens_again() -> None:
    async with serving(lambda _: Reply(text="ok")) as (_, model):
        for _ in range(2):
            assert (await model.complete(asking("hi"))).text == "ok"
            await model.close()


async def test_closing_while_a_call_runs_ends_the_call() -> None:
    async with serving([Reply(hang=True)]) as (server, model):
        call = asyncio.create_task(model.complete(asking("hi")))
        await asyncio.wait_for(server.arrived(1), 60)
        await model.close()
        with pytest.raises(asyncio.CancelledError):
            await call
