"""A page as jobs get it. Data only."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Written = Callable[[str], Awaitable[bool]]
"""Whether the person who asked wrote this URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as text. `url` is where it was in the end; `more` characters were left out."""

    url: str
    title: str
    text: str
    more: int
