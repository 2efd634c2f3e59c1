import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from telegram import Bot, InputFile
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError, TimedOut

from adapters.telegram.request import AiohttpRequest

TOKEN = "4242:AAsecret"
SENT = {"message_id": 5, "date": 1, "chat": {"id": 7, "type": "private"}}


@asynccontextmanager
async def calling(
    handler: Handler, *, connections: int = 4, timeout_s: float = 5.0
) -> AsyncIterator[Bot]:
    """A bot of the library's, whose calls `handler` answers."""
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with bot(f"http://127.0.0.1:{runner.addresses[0][1]}", connections, timeout_s) as one:
        yield one
    await runner.cleanup()


@asynccontextmanager
async def bot(url: str, connections: int = 4, timeout_s: float = 5.0) -> AsyncIterator[Bot]:
    request = AiohttpRequest(connections, timeout_s)
    one = Bot(TOKEN, f"{url}/bot", f"{url}/file/bot", request=request, get_updates_request=request)
    try:
        yield one
    finally:
        await request.shutdown()


async def test_what_is_said_arrives_as_it_is() -> None:
    seen = []

    async def told(request: web.Request) -> web.Response:
        seen.append((request.path, dict(await request.post())))
        return web.json_response({"ok": True, "result": SENT})

    marks = [{"type": "bold", "offset": 0, "length": 1}]
    async with calling(told) as one:
        given = {"chat_id": 7, "text": "a & b = ü\n🙂 + 100%", "entities": marks}
        await one.do_api_request("some_call", given)
    fields = {"chat_id": "7", "text": "a & b = ü\n🙂 + 100%", "entities": json.dumps(marks)}
    assert seen == [(f"/bot{TOKEN}/someCall", fields)]


async def test_a_large_file_goes_up_whole_with_its_name() -> None:
    files = list[tuple[str, bytes]]()

    async def told(request: web.Request) -> web.Response:
        for one in (await request.post()).values():
            if isinstance(one, web.FileField):
                files.append((one.filename, one.file.read()))
        return web.json_response({"ok": True, "result": SENT})

    content = bytes(range(256)) * 12_000
    async with calling(told) as one:
        await one.send_document(7, InputFile(content, "Übersicht 1.bin"))
    assert files == [("Übersicht 1.bin", content)]


async def test_a_file_comes_down_whole() -> None:
    async def given(request: web.Request) -> web.Response:
        if request.path.endswith("/getFile"):
            found = {"file_id": "a", "file_unique_id": "b", "file_path": "documents/a"}
            return web.json_response({"ok": True, "result": found})
        return web.Response(body=b"\0log" * 1000)

    async with calling(given) as one:
        known = await one.get_file("a")
        assert bytes(await known.download_as_bytearray()) == b"\0log" * 1000


async def test_what_telegram_refuses_is_told_as_the_library_tells_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # as adapters.telegram.api does
    answers = iter(
        (
            (400, {"description": "Bad Request: chat not found"}),
            (429, {"description": "Too Many Requests", "parameters": {"retry_after": 3}}),
            (502, {"description": "Bad Gateway"}),
        )
    )

    async def refuses(_: web.Request) -> web.Response:
        status, body = next(answers)
        return web.json_response({"ok": False} | body, status=status)

    ends = []
    async with calling(refuses) as one:
        for _ in range(3):
            with pytest.raises(TelegramError) as refused:
                await one.send_message(7, "hi")
            ends.append(type(refused.value))
    assert ends == [BadRequest, RetryAfter, NetworkError]


async def test_who_never_answers_is_not_waited_for_longer_than_was_said() -> None:
    silent = asyncio.Event()

    async def waits(_: web.Request) -> web.Response:
        await silent.wait()
        return web.Response()

    async with calling(waits, timeout_s=0.1) as one:
        with pytest.raises(TimedOut):
            await one.send_message(7, "hi")
        silent.set()


async def test_a_call_that_may_take_longer_is_waited_for() -> None:
    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(0.3)
        return web.json_response({"ok": True, "result": True})

    async with calling(slow, timeout_s=0.1) as one:
        assert await one.do_api_request("some_call", read_timeout=5.0) is True


async def test_no_more_calls_at_a_time_than_there_are_connections() -> None:
    now, most = 0, 0

    async def counts(_: web.Request) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return web.json_response({"ok": True, "result": True})

    async with calling(counts, connections=3) as one:
        await asyncio.gather(*(one.do_api_request("some_call") for _ in range(12)))
    assert most == 3


async def test_a_redirection_is_an_answer_and_not_followed() -> None:
    asked = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async with calling(elsewhere) as one:
        with pytest.raises(NetworkError):
            await one.send_message(7, "hi")
    assert asked == [f"/bot{TOKEN}/sendMessage"]


async def _html(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"SMTP ready\r\n\r\n")
    writer.close()


async def _hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.parametrize("answer", [_html, _hangs_up])
async def test_the_token_stands_in_no_error(answer: object) -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)  # type: ignore[arg-type]
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, bot(url) as one:
        with pytest.raises(NetworkError) as failed:
            await one.send_message(7, "hi")
    assert "AAsecret" not in repr(failed.value)


async def test_the_token_stands_in_no_error_that_names_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(_: aiohttp.ClientSession, method: str, url: str, **more: object) -> object:
        # As the library does when a connection goes just as something is written to it.
        raise aiohttp.ClientOSError(None, f"Can not write request body for {url}")

    monkeypatch.setattr(aiohttp.ClientSession, "request", breaks)
    async with bot("http://127.0.0.1:9") as one:
        with pytest.raises(NetworkError, match="ClientOSError") as failed:
            await one.send_message(7, "hi")
    assert "AAsecret" not in repr(failed.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "telegram.example", "ftp://telegram.example"]
)
async def test_an_address_that_is_none_is_a_fault_of_the_network(url: str) -> None:
    async with bot(url) as one:
        with pytest.raises(NetworkError) as failed:
            await one.send_message(7, "hi")
    assert "AAsecret" not in repr(failed.value)


@pytest.mark.parametrize(
    ("variables", "through"),
    [
        ({"http_proxy": "{}"}, True),
        ({"all_proxy": "{}"}, True),
        ({"http_proxy": "{}", "no_proxy": "telegram.invalid"}, False),
        ({"https_proxy": "{}"}, False),
    ],
)
async def test_calls_go_through_the_proxy_that_the_environment_names(
    variables: dict[str, str], through: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def passes(request: web.Request) -> web.Response:
        asked.append(str(request.url))
        return web.json_response({"ok": True, "result": True})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", passes)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(f"http://127.0.0.1:{runner.addresses[0][1]}"))
    async with bot("http://telegram.invalid") as one:
        if through:
            await one.do_api_request("some_call")
        else:
            with pytest.raises(NetworkError):
                await one.do_api_request("some_call")
    await runner.cleanup()
    assert asked == ([f"http://telegram.invalid/bot{TOKEN}/someCall"] if through else [])


async def test_a_proxy_that_is_not_spoken_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://anna:secret@127.0.0.1:9")
    async with bot("http://telegram.invalid") as one:
        with pytest.raises(NetworkError, match="has to begin with http://") as failed:
            await one.do_api_request("some_call")
    assert "secret" not in str(failed.value)


async def test_after_the_end_nothing_is_sent_until_it_begins_again() -> None:
    async def well(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": True})

    async with calling(well) as one:
        await one.request.shutdown()
        with pytest.raises(NetworkError):
            await one.do_api_request("some_call")
        await one.request.initialize()
        assert await one.do_api_request("some_call") is True
