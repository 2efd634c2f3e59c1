"""Which kind the keys of a channel have and how their values merge. Does not merge."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from core.messages import ChannelRef
from core.state.database import Transaction
from core.state.operations import Kind, Op, Operation
from core.state.standing import Fields, Merging, Ruling

__all__ = ["Merging", "Rule", "Rules", "adopt", "adopted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Keys under a pattern have this kind, or merge in this way; one of the two is set.

    In patterns `*` is any text and `?` one character. Channels are platform/workspace/channel.
    """

    keys: str
    rule: Merging | None = None
    kind: Kind | None = None
    channels: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All rules; the first that matches counts. `revision` is 0 until a channel adopts them."""

    revision: int = 0
    rules: tuple[Rule, ...] = ()

    def for_channel(self, ref: ChannelRef) -> "Rules":
        """Those that apply to one channel, not adopted yet."""
        name = str(ref)
        kept = (r for r in self.rules if any(_matches(p, name) for p in r.channels))
        return Rules(rules=tuple(kept))

    def merging(self, key: str) -> Merging:
        """How values under `key` merge."""
        found = (r.rule for r in self.rules if r.rule is not None and _matches(r.keys, key))
        return next(found, Merging.ASK)

    @property
    def has_groups(self) -> bool:
        """Whether any rule is `together`."""
        return any(rule.rule is Merging.TOGETHER for rule in self.rules)

    def group(self, key: str) -> str | None:
        """The pattern of a `together` under which the key is; None: it is decided alone."""
        for rule in self.rules:
            if rule.rule is not None and _matches(rule.keys, key):
                return rule.keys if rule.rule is Merging.TOGETHER else None
        return None

    def fields(self, key: str, names: Iterable[str]) -> Fields:
        """What holds for fields of a record, which patterns name as KEY.FIELD."""
        dotted = {name: f"{key}.{name}" for name in names}
        return {name: Ruling(self.merging(at), self.kind(at)) for name, at in dotted.items()}

    def fitted(self, operation: Operation) -> Operation:
        """The operation as it is meant: a put of a string is a text where a rule says so."""
        puts_text = operation.op is Op.PUT and isinstance(operation.argument, str)
        if puts_text and self.kind(operation.key) is Kind.TEXT:
            return Operation(key=operation.key, op=Op.TEXT, argument=operation.argument)
        return operation

    def kind(self, key: str) -> Kind | None:
        """The kind that `key` must have; None: that of its first operation."""
        found = (r.kind for r in self.rules if r.kind is not None and _matches(r.keys, key))
        return next(found, None)


def adopt(tx: Transaction, rules: Rules) -> Rules:
    """Give `rules` the channel's revision of their content, so that a snapshot can name them."""
    if not rules.rules:
        return Rules()
    content = json.dumps([[r.keys, r.rule, r.kind, r.channels] for r in rules.rules])
    found = tx.execute("SELECT revision FROM rules WHERE content = ?", (content,)).fetchone()
    if found is None:
        found = tx.execute(
            "INSERT INTO rules (content) VALUES (?) RETURNING revision", (content,)
        ).fetchone()
    return Rules(revision=found[0], rules=rules.rules)


def adopted(tx: Transaction, revision: int) -> Rules:
    """The rules of a revision; there are none with 0."""
    found = tx.execute("SELECT content FROM rules WHERE revision = ?", (revision,)).fetchone()
    if found is None:
        return Rules()
    rules = tuple(
        Rule(
            keys=keys,
            rule=None if rule is None else Merging(rule),
            kind=None if kind is None else Kind(kind),
            channels=tuple(channels),
        )
        for keys, rule, kind, channels in json.loads(found[0])
    )
    return Rules(revision=revision, rules=rules)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    signs = {"*": ".*", "?": "."}
    return re.compile("".join(signs.get(c) or re.escape(c) for c in pattern), re.DOTALL)


def _matches(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None
