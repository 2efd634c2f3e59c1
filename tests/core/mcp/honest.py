"""A server of tools made with the `mcp` package, over stdio, or over HTTP on a socket that it is
given. A program: `honest.py [FD TOKEN]`. No test in it."""

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel

server = MCPServer("honest")


class Point(BaseModel):
    """A place."""

    x: float
    label: str | None = None


@server.tool()
def move(to: Point, times: int = 1) -> str:
    """Moves to a point."""
    return f"moved to {to.x:g} {times} times"


@server.tool()
def environment() -> str:
    """Everything it finds in its environment."""
    return "\n".join(f"{name}={value}" for name, value in sorted(os.environ.items()))


@server.tool()
def fail() -> str:
    """Fails."""
    raise ValueError("the moon is not full")


@server.tool()
def folder() -> str:
    """Where it runs."""
    return str(Path.cwd())


@server.tool()
def learn() -> str:
    """Gets itself one more tool."""
    server.add_tool(fail, name="late")
    return "there is one more"


class Doorman:
    """An ASGI application that lets in who shows a token."""

    def __init__(self, app: Any, token: str) -> None:
        self._app = app
        self._token = f"Bearer {token}".encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and dict(scope["headers"]).get(b"authorization") != self._token:
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b"who are you?"})
            return
        await self._app(scope, receive, send)


def serve(fd: int, token: str) -> None:
    """Serve over HTTP until it is ended."""
    app = Doorman(server.streamable_http_app(), token)
    config = uvicorn.Config(app, log_level="critical")
    asyncio.run(uvicorn.Server(config).serve(sockets=[socket.socket(fileno=fd)]))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(int(sys.argv[1]), sys.argv[2])
    else:
        server.run()
