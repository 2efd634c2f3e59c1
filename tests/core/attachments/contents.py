"""Contents of files as they come in from a platform."""

from collections.abc import AsyncGenerator


async def once(content: bytes) -> AsyncGenerator[bytes, None]:
    """In one piece."""
    yield content
