"""A bot that does only the unavoidable: takes a message from a socket, asks the model, answers.
`python -m bench.ideal MODEL_URL` prints its port. Keeps, streams and checks nothing."""

import asyncio
import json
import sys

import aiohttp
from aiohttp import web


class Ideal:
    """The bare loop over one model server."""

    def __init__(self, model: str, session: aiohttp.ClientSession) -> None:
        self._model = model
        self._session = session

    async def chat(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one page; messages are answered independently of each other."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async with asyncio.TaskGroup() as answers:
            async for message in socket:
                frame = json.loads(message.data)
                if frame["type"] == "message":
                    answers.create_task(self._answer(socket, frame))
        return socket

    async def _answer(self, socket: web.WebSocketResponse, said: dict[str, str]) -> None:
        body = {"model": "bench", "messages": [{"role": "user", "content": said["text"]}]}
        async with self._session.post(f"{self._model}/chat/completions", json=body) as response:
            completion = await response.json()
        text = completion["choices"][0]["message"]["content"]
        post = {"reply_to": said["id"], "html": text}
        await socket.send_str(json.dumps({"type": "post", "post": post}))


async def serve(model: str) -> None:
    """Serve until killed."""
    async with aiohttp.ClientSession() as session:
        app = web.Application()
        app.router.add_get("/socket", Ideal(model, session).chat)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
