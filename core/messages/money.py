"""Money in words, for platforms and the core. Sums are whole nanodollars; keeps no accounts."""

NANOS = 1_000_000_000
"""Nanodollars of a dollar."""
_CENT = NANOS // 100


def dollars(nanos: int) -> str:
    """Cents, and of what is less than ten cents two digits: $1,234.50, $0.04, $0.0042. Nothing
    that was spent looks like nothing."""
    sign, nanos = ("-", -nanos) if nanos < 0 else ("", nanos)
    unit = _CENT
    while 0 < nanos < 10 * unit and unit > 1:
        unit //= 10
    rounded = (nanos + unit // 2) // unit * unit
    whole, part = divmod(rounded, NANOS)
    digits = f"{part:09}".rstrip("0").ljust(2, "0")
    return f"{sign}${whole:,}.{digits}"


def exact_dollars(nanos: int) -> str:
    """All digits that there are, for limits: as people wrote them."""
    whole, part = divmod(nanos, NANOS)
    return f"${whole:,}.{f'{part:09}'.rstrip('0').ljust(2, '0')}"


def usage_words(tokens: int, cost: int | None) -> str:
    """What was used: "12,300 tokens · $0.04"; tokens alone where the cost is not known or nil."""
    words = f"{tokens:,} tokens"
    return f"{words} · {dollars(cost)}" if cost else words
