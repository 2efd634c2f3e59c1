"""Text as people can be shown it: letters that cannot be seen, or that move others about, are
written out. Pure; cuts nothing."""

# What joins letters, in Persian and in emoji, and what lays text out.
_KEPT = frozenset("\u200c\u200d\n\t")


def legible(text: str) -> str:
    """The text with every such letter as its number, `⟦U+202E⟧`."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in _KEPT else named(one) for one in text)


def named(letter: str) -> str:
    """A letter that cannot be shown, by its number."""
    return f"⟦U+{ord(letter):04X}⟧"
