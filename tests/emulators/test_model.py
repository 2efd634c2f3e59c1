"""The emulator does what its script says, as a library and as a program."""

import asyncio
import json
import sys
from pathlib import Path

import aiohttp

from tests.emulators.model import ModelServer, Reply, script_from

RULES = {
    "rules": [
        {"contains": "hello", "times": 1, "reply": {"text": "once"}},
        {"contains": "hello", "stage": 0, "reply": {"calls": [["look", {"a": 1}]]}},
        {"contains": "hello", "stage": 1, "reply": {"text": "looked"}},
        {"offers": "finish", "reply": {"text": "a job"}},
    ],
    "otherwise": {"text": "other"},
}
CALLED = {"role": "assistant", "content": "", "tool_calls": []}
FINISH = {"type": "function", "function": {"name": "finish"}}


async def said(base_url: str, *messages: object, **more: object) -> object:
    body = {"model": "m", "messages": messages, **more}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{base_url}/chat/completions", json=body) as response,
    ):
        message = (await response.json())["choices"][0]["message"]
    calls = message.get("tool_calls")
    return calls[0]["function"] if calls else message["content"]


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


async def test_the_first_rule_that_fits_answers() -> None:
    async with ModelServer(script_from(RULES)) as server:
        url = server.base_url
        assert await said(url, user("hello")) == "once"
        assert await said(url, user("hello")) == {"name": "look", "arguments": '{"a": 1}'}
        assert await said(url, user("hello"), CALLED) == "looked"
        assert await said(url, user("bye"), tools=[FINISH]) == "a job"
        assert await said(url, user("bye")) == "other"
        assert len(server.received) == 5


async def test_replies_in_a_row_are_used_up() -> None:
    async with ModelServer([Reply(text="one"), Reply(text="two")]) as server:
        assert await said(server.base_url, user("x")) == "one"
        assert await said(server.base_url, user("x")) == "two"
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{server.base_url}/chat/completions", json={"messages": []}) as response,
        ):
            assert response.status == 500


async def test_as_a_program_it_prints_its_port_and_records_requests(tmp_path: Path) -> None:
    script, record = tmp_path / "script.json", tmp_path / "record.jsonl"
    script.write_text(json.dumps(RULES))
    arguments = ("-m", "tests.emulators.model", "--script", str(script), "--record", str(record))
    program = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    try:
        assert program.stdout is not None
        port = int(await asyncio.wait_for(program.stdout.readline(), 60))
        assert await said(f"http://127.0.0.1:{port}/v1", user("hello")) == "once"
        assert json.loads(record.read_text())["body"]["messages"] == [user("hello")]
    finally:
        program.kill()
        await program.wait()
