"""A model server that fails in every way: what people are told, and that the rest goes on."""

import asyncio
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.emulators.script import Received, Reply
from tests.harness.bot import BotProcess
from tests.harness.page import Page
from tests.harness.play import Play, change, finish, say, shell, start, starting
from tests.harness.room import Room, room
from tests.harness.shown import Post

FAULTS = {
    "status 500": Reply(status=500, body="oops"),
    "a web page": Reply(body="<html><h1>Bad gateway</h1></html>", content_type="text/html"),
    "garbage": Reply(body="\x00\x01 garbage", content_type="application/json"),
    "a list": Reply(body="[]"),
    "a cut stream": Reply(text="This answer is cut off in the middle", cut_after=2),
    "no stream": Reply(chunked=[]),
    "busy": Reply(status=429, headers={"Retry-After": "1"}, body='{"error": {"message": "busy"}}'),
    "a wrong key": Reply(status=401, body='{"error": {"message": "Incorrect API key"}}'),
    "too long": Reply(
        status=400,
        body='{"error": {"message": "too long", "code": "context_length_exceeded"}}',
    ),
}


async def test_every_faulty_answer_is_told_and_the_next_message_is_answered(
    tmp_path: Path,
) -> None:
    async with room(tmp_path, Play({**_each(FAULTS), "hello": [say("hi")]})) as r:
        told = await _ask_each(r, FAULTS)
        for fault, post in told.items():
            assert post.kind == "notice", fault
            assert "could not get an answer" in post.text, fault
            assert "/help" in post.text, fault
            assert (await r.page.ask("hello", thread=fault)).text == "hi", fault
        assert "/jobs" in (await r.page.ask("/help")).text


async def test_an_answer_without_words_is_told_as_such(tmp_path: Path) -> None:
    empty = {
        "no choice": Reply(body='{"id": "x", "object": "chat.completion", "choices": []}'),
        "no text": Reply(text=""),
    }
    async with room(tmp_path, Play(_each(empty))) as r:
        for name, post in (await _ask_each(r, empty)).items():
            assert "nothing to say" in post.text, name


async def test_a_busy_server_is_asked_again_when_it_says_so(tmp_path: Path) -> None:
    busy = Reply(status=429, headers={"Retry-After": "1"}, body='{"error": {"message": "busy"}}')
    times: list[float] = []

    def script(received: Received) -> Reply:
        times.append(received.at)
        return busy if len(times) == 1 else say("hi")

    async with room(tmp_path, script) as r:
        assert (await r.page.ask("hello")).text == "hi"
    assert times[1] - times[0] >= 1.0


async def test_an_unreachable_server_is_told_at_once_and_commands_go_on(tmp_path: Path) -> None:
    sections = {"model": {"base_url": "http://127.0.0.1:9/v1", "name": "nobody"}}
    async with BotProcess(tmp_path, sections=sections, warm=True) as bot:
        await bot.start()
        async with Page(bot.url) as page:
            before = time.monotonic()
            told = await page.ask("hello")
            assert time.monotonic() - before < 20  # the time of one call is thirty
            assert told.kind == "notice"
            assert "127.0.0.1:9" in told.text
            assert (
                "`a`" in (await page.ask("/set a 1")).html or "a" in (await page.ask("/state")).text
            )
        assert await bot.stop() == 0


async def test_a_job_waits_for_an_unreachable_server_and_goes_on_when_it_is_back(
    tmp_path: Path,
) -> None:
    left = 4

    def script(received: Received) -> Reply:
        nonlocal left
        if "finish" not in received.tools:
            return starting("wait")[min(received.stage, 1)]
        left -= 1
        return Reply(status=503, body="down") if left >= 0 else finish("it came back")

    async with room(tmp_path, script) as r:
        await r.page.ask("go")
        assert "it came back" in (await r.page.result(1)).text


async def test_a_server_that_never_answers_is_given_up_after_the_timeout(tmp_path: Path) -> None:
    play = Play({"hang": [Reply(hang=True)]})
    sections = {"model": {"timeout_s": 0.5}}
    async with room(tmp_path, play, sections=sections) as r:
        assert "could not get an answer" in (await r.page.ask("hang")).text


WRONG_CALLS: dict[str, tuple[str, dict[str, object] | str]] = {
    "no JSON": ("start_job", "{title: "),
    "no object": ("start_job", "[1, 2]"),
    "a wrong type": ("start_job", {"title": 7, "brief": ["x"]}),
    "nothing": ("start_job", {}),
    "an unknown tool": ("launch_rocket", {"where": "moon"}),
    "an unknown job": ("cancel_job", {"job": 99}),
    "a huge number": ("cancel_job", {"job": 10**40}),
    "an unknown operation": ("change_state", {"key": "a", "operation": "explode", "value": 1}),
    "a wrong value": ("change_state", {"key": "a", "operation": "add", "value": "many"}),
}


async def test_every_wrong_tool_call_gets_an_error_that_the_model_can_act_on(
    tmp_path: Path,
) -> None:
    parts = {f"{name}.": [Reply(calls=[call]), say("sorry")] for name, call in WRONG_CALLS.items()}
    play = Play(parts)
    async with room(tmp_path, play) as r:
        for name, post in (await _ask_each(r, WRONG_CALLS)).items():
            assert post.text == "sorry", name
        for name in WRONG_CALLS:
            (told,) = (q.messages[-1] for q in play.requests if f"{name}." in q.asked and q.stage)
            assert told["role"] == "tool", name
            assert told["content"].startswith("Error: "), name
        assert (await r.page.look("jobs"))["cards"] == []


WRONG_CALLS_OF_JOBS: dict[str, tuple[str, dict[str, object] | str]] = {
    "no JSON": ("shell", "{command: "),
    "a wrong type": ("shell", {"command": 3}),
    "a way out": ("write_file", {"path": "../../x", "content": "out"}),
    "a place outside": ("write_file", {"path": "/etc/x", "content": "out"}),
    "an unknown tool": ("launch_rocket", {}),
    "a wrong value": ("change_state", {"key": "a", "operation": "add", "value": "many"}),
    "another channel": ("read_state", {"channel": "other", "key": "a"}),
    "a wrong end": ("finish", {"result": 3}),
}


@pytest.mark.needs_system("bubblewrap")
async def test_every_wrong_call_of_a_job_gets_an_error_and_the_job_goes_on(tmp_path: Path) -> None:
    calls = WRONG_CALLS_OF_JOBS
    briefs = [f"{name}." for name in calls]
    parts = {f"{name}.": [Reply(calls=[call]), finish("went on")] for name, call in calls.items()}
    play = Play({"go": starting(*briefs)}, parts)
    async with room(tmp_path, play) as r:
        await r.page.ask("go")
        results = await asyncio.gather(*(r.page.result(n + 1) for n in range(len(calls))))
        assert [result.text for result in results] == ["went on"] * len(calls)
        for brief in briefs:
            told = play.of_job(brief)[-1].messages[-1]
            assert told["role"] == "tool", brief
            # What comes out of a sandbox is fenced, also an error.
            said = re.sub(r'\A<untrusted from="\w+">\n', "", told["content"])
            assert said.lower().startswith("error"), brief


@pytest.mark.needs_system("bubblewrap")
async def test_a_job_that_loops_for_ever_ends_at_its_steps(tmp_path: Path) -> None:
    play = Play({"go": starting("circles")}, {"circles": [shell("true")]})
    async with room(tmp_path, play, sections={"subagents": {"max_steps": 5}}) as r:
        await r.page.ask("go")
        result = await r.page.result(1)
        assert "failed" in result.text
        assert "5" in result.text
        assert len(play.of_job("circles")) == 5


async def test_a_turn_that_goes_in_circles_ends_and_keeps_what_it_did(tmp_path: Path) -> None:
    play = Play({"go": [change("n", "add", 1)], "hello": [say("hi")]})
    async with room(tmp_path, play) as r:
        told = await r.page.ask("go")
        assert "circles" in told.text
        calls = len(play.requests)
        assert calls <= 30
        assert f"{calls}" in (await r.page.ask("/state n")).text
        assert (await r.page.ask("hello")).text == "hi"


async def test_one_message_starts_at_most_so_many_jobs(tmp_path: Path) -> None:
    briefs = [f"job {n}" for n in range(20)]
    play = Play({"go": [start(*briefs), say("some")]}, {"job": [finish("ok")]})
    async with room(tmp_path, play, sections={"subagents": {"per_message": 3}}) as r:
        await r.page.ask("go")
        refused = [m for m in play.requests[1].messages if "at most 3 jobs" in str(m["content"])]
        assert len(refused) == 17
        await asyncio.gather(*(r.page.result(job) for job in (1, 2, 3)))
        assert len((await r.page.look("jobs"))["cards"]) == 3


def _each(replies: Mapping[str, Reply]) -> dict[str, list[Reply]]:
    """A part for each reply, played to the message that is its name and a full stop."""
    return {f"{name}.": [reply] for name, reply in replies.items()}


async def _ask_each(r: Room, names: Iterable[str]) -> dict[str, Post]:
    """Say each name in a thread of its own, all at once; the answers."""
    asked = {name: r.page.ask(f"{name}.", thread=name) for name in names}
    return dict(zip(asked, await asyncio.gather(*asked.values()), strict=True))
