"""Sums of tokens and money, and limits on them. Data and their words; no ledger, no prices."""

import re
from dataclasses import dataclass

from core.messages.money import NANOS, exact_dollars

MOST_TOKENS = 10**12
MOST_DOLLARS = 1_000_000
_MONEY = re.compile(r"\$(\d[\d,_]*)(?:\.(\d{1,9}))?")
_TOKENS = re.compile(r"\d[\d,_]*")
_FORM = 'a number of tokens ("2000000"), an amount of money ("$2.50"), or both ("2000000, $2.50")'


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Tokens, and what they cost in nanodollars; None where no price is known."""

    tokens: int
    nanos: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most that may be used and reserved, in tokens, in nanodollars, or in both; None is no
    limit. As text it is what `parse_limit` reads."""

    tokens: int | None = None
    nanos: int | None = None

    def __str__(self) -> str:
        parts = [] if self.tokens is None else [str(self.tokens)]
        parts += [] if self.nanos is None else [exact_dollars(self.nanos).replace(",", "")]
        return ", ".join(parts) or "no limit"

    def words(self) -> str:
        """For people: "2,000,000 tokens and $2.50"."""
        parts = [] if self.tokens is None else [f"{self.tokens:,} tokens"]
        parts += [] if self.nanos is None else [exact_dollars(self.nanos)]
        return " and ".join(parts) or "no limit"


NO_LIMIT = Limit()


def parse_limit(text: str) -> Limit:
    """Read a limit as people write it. Raises ValueError, which says what can be written."""
    tokens: int | None = None
    nanos: int | None = None
    for part in re.split(r",?\s+", text.strip()):
        if part in ("tokens", "and", "or"):
            continue
        if part.startswith("$") and nanos is None:
            nanos = _nanos(part)
        elif _TOKENS.fullmatch(part) and tokens is None:
            tokens = _tokens(part)
        else:
            raise ValueError(f"must be {_FORM}, not {text[:40]!r}")
    if tokens is None and nanos is None:
        raise ValueError(f"must be {_FORM}, not {text[:40]!r}")
    return Limit(tokens=tokens, nanos=nanos)


def _tokens(text: str) -> int:
    digits = re.sub(r"[,_]", "", text)
    if not (digits.isascii() and len(digits) <= 20 and 1 <= int(digits) <= MOST_TOKENS):
        raise ValueError(
            f"must be a whole number from 1 to {MOST_TOKENS} of tokens, not {text[:40]!r}"
        )
    return int(digits)


def _nanos(text: str) -> int:
    found = _MONEY.fullmatch(text)
    if found is None or not text.isascii():
        raise ValueError(f"must be money as in $2.50, not {text[:40]!r}")
    whole = int(re.sub(r"[,_]", "", found[1])[:20])
    nanos = whole * NANOS + int((found[2] or "").ljust(9, "0"))
    if not 1 <= nanos <= MOST_DOLLARS * NANOS:
        raise ValueError(f"must be more than $0 and at most ${MOST_DOLLARS:,}, not {text[:40]!r}")
    return nanos
