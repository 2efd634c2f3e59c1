"""The one request that is several jobs: launch texts for some platforms. Writes no text."""

import re

from core.model.offline.grammar import bare
from core.model.offline.intents import LaunchText
from core.model.offline.spans import cut, unquoted

_PLATFORMS = re.compile(r",\s+(?:and\s+)?|\s+and\s+", re.IGNORECASE)
_LAUNCH = re.compile(
    r"(?:write|draft|prepare|create)\s+(?:me\s+|us\s+)?(?:the\s+|a\s+|some\s+)?"
    r"launch\s+(?:texts?|posts?|announcements?|copy)\s+(?:for|of|about)\s+(?P<product>.+?)"
    r"\s*(?:\s(?:on|for)|:)\s+(?P<platforms>(?:(?!\bthen\b)[^:.!?;])+)(?:[.!?]\s+(?P<about>.+))?",
    re.IGNORECASE | re.DOTALL,
)
_ONE_LAUNCH = re.compile(
    r"Write the launch text for «(?P<product>[^»]*)» on «(?P<platform>[^»]*)»\.\s*(?P<about>.*)",
    re.DOTALL,
)


def is_launch(words: str) -> bool:
    """Whether these words ask for launch texts."""
    return _LAUNCH.fullmatch(bare(words).rstrip(".! ")) is not None


def ends_in_pitch(words: str) -> bool:
    """Whether they end in what is launched: its words may well sound like a wish."""
    found = _LAUNCH.fullmatch(words)
    return found is not None and found["about"] is not None


def launch_texts(words: str) -> tuple[LaunchText, ...]:
    """A text for each platform; none if it is another request."""
    found = _LAUNCH.fullmatch(bare(words).rstrip(".! "))
    if found is None:
        return ()
    about = " ".join((found["about"] or "").split())
    return tuple(
        LaunchText(product=unquoted(found["product"]), platform=unquoted(platform), about=about)
        for platform in cut(found["platforms"], _PLATFORMS)
    )


def launch_brief(text: LaunchText) -> str:
    """The brief of the job that writes one text."""
    return f"Write the launch text for «{text.product}» on «{text.platform}». {text.about}".strip()


def briefed_launch(brief: str) -> LaunchText | None:
    """The text that such a brief asks for."""
    found = _ONE_LAUNCH.fullmatch(brief)
    return LaunchText(**found.groupdict()) if found else None
