"""What a model call counts against: pots, their limits, and words about them. Pure; no ledger."""

import json
from dataclasses import dataclass, replace
from enum import StrEnum

from core.messages import ChannelRef
from core.messages.money import exact_dollars
from core.model.account import Account
from core.model.amounts import NO_LIMIT, Amount, Limit
from core.model.periods import day_of, day_renews, month_of, month_renews


class Level(StrEnum):
    """What a pot belongs to. MODEL has no limit: it is there to be looked at."""

    WORK = "work"
    PERSON = "person"
    CHANNEL = "channel"
    ALL = "all"
    MODEL = "model"


_KEYS = {
    Level.PERSON: "per_person_day",
    Level.CHANNEL: "per_channel_day",
    Level.ALL: "per_month",
    Level.MODEL: "per_month",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that may be used and reserved. Days are those of the channel's time zone; the
    month, which is everybody's, is that of `zone`."""

    per_person_day: Limit = NO_LIMIT
    per_channel_day: Limit = NO_LIMIT
    per_month: Limit = NO_LIMIT
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pot:
    """One sum that is kept: of a level, of one name within it, for one period of `zone`."""

    level: Level
    name: str
    period: str
    limit: Limit = NO_LIMIT
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a pot holds: tokens and nanodollars, used and reserved. Of the tokens used, `unpriced`
    have no known price."""

    tokens: int = 0
    nanos: int = 0
    unpriced: int = 0
    reserved_tokens: int = 0
    reserved_nanos: int = 0

    def reserving(self, bound: Amount) -> "Standing":
        """What it holds when so much more is reserved."""
        return replace(
            self, reserved_tokens=self.reserved_tokens + bound.tokens,
            reserved_nanos=self.reserved_nanos + (bound.nanos or 0),
        )  # fmt: skip


def pots_of(account: Account, model: str, at: float, limits: Limits) -> tuple[Pot, ...]:
    """Every pot that one call draws on, narrowest first."""
    return (
        Pot(level=Level.WORK, name=account.work, period="", limit=account.budget),
        person_pot(account.channel, account.person_id, at, account.zone, limits),
        channel_pot(account.channel, at, account.zone, limits),
        month_pot(at, limits),
        model_pot(model, at, limits),
    )


def person_pot(
    channel: ChannelRef, person_id: str, at: float, zone: str, limits: Limits
) -> Pot:  # fmt: skip
    """The pot of one person on one day."""
    # A person's id is the platform's: the same one elsewhere is somebody else.
    name = json.dumps([channel.platform, channel.workspace, person_id])
    period, limit = day_of(at, zone), limits.per_person_day
    return Pot(level=Level.PERSON, name=name, period=period, limit=limit, zone=zone)


def channel_pot(channel: ChannelRef, at: float, zone: str, limits: Limits) -> Pot:
    """The pot of one channel on one day."""
    name = json.dumps([channel.platform, channel.workspace, channel.channel])
    period, limit = day_of(at, zone), limits.per_channel_day
    return Pot(level=Level.CHANNEL, name=name, period=period, limit=limit, zone=zone)


def month_pot(at: float, limits: Limits) -> Pot:
    """The pot of all."""
    period = month_of(at, limits.zone)
    return Pot(level=Level.ALL, name="", period=period, limit=limits.per_month, zone=limits.zone)


def model_pot(model: str, at: float, limits: Limits) -> Pot:
    """What a model was used for this month."""
    period = month_of(at, limits.zone)
    return Pot(level=Level.MODEL, name=model, period=period, zone=limits.zone)


def level_words(pot: Pot) -> str:
    """Whose budget a pot is."""
    match pot.level:
        case Level.WORK:
            return "this job" if pot.name.startswith("job:") else "this answer"
        case Level.PERSON:
            return "each person, today"
        case Level.CHANNEL:
            return "this channel, today"
        case Level.ALL:
            return "everybody, this month"
        case Level.MODEL:
            return f"model {pot.name}, this month"


def renews_words(pot: Pot, at: float) -> str:
    """When a pot is full again; "" if never."""
    match pot.level:
        case Level.WORK:
            return ""
        case Level.PERSON | Level.CHANNEL:
            return day_renews(at, pot.zone)
        case Level.ALL | Level.MODEL:
            return month_renews(at, pot.zone)


def raised_words(pot: Pot) -> str:
    """Who can give a pot more, and where."""
    if pot.level is Level.WORK:
        return "An admin can allow more for jobs to come: /settings per_job, or [budget] per_job."
    return f"An admin can raise it: [budget] {_KEYS[pot.level]} in the configuration."


def obstacle(pot: Pot, now: Standing, bound: Amount, at: float) -> str | None:
    """Why a pot does not allow a call of at most `bound`, in words; None if it does."""
    tokens, nanos = pot.limit.tokens, pot.limit.nanos
    if tokens is not None and now.tokens + now.reserved_tokens + bound.tokens > tokens:
        return exceeded_words(pot, now, bound, at, money=False)
    if nanos is None:
        return None
    if bound.nanos is None:
        return (
            f"The budget of {exact_dollars(nanos)} for {level_words(pot)} cannot be kept with a"
            " model of unknown price, so it was not asked. An admin can name the price under"
            " [[prices]] in the configuration, or choose another model."
        )
    if now.nanos + now.reserved_nanos + bound.nanos > nanos:
        return exceeded_words(pot, now, bound, at, money=True)
    return None


def exceeded_words(pot: Pot, now: Standing, bound: Amount, at: float, *, money: bool) -> str:
    """Which budget is in the way, what is left of it, when there is more, who can raise it."""
    if money:
        limit, used, reserved = pot.limit.nanos or 0, now.nanos, now.reserved_nanos
        total, need, are, write = exact_dollars(limit), bound.nanos or 0, "is", exact_dollars
    else:
        limit, used, reserved = pot.limit.tokens or 0, now.tokens, now.reserved_tokens
        total, need, are, write = f"{limit:,} tokens", bound.tokens, "are", "{:,}".format
    left = max(0, limit - used - reserved)
    renewal = renews_words(pot, at)
    more = f" It renews {renewal}." if renewal else " It does not renew."
    aside = f" and {write(reserved)} reserved for what is under way" if reserved else ""
    return (
        f"The budget of {total} for {level_words(pot)} does not allow this:"
        f" {write(used)} {are} used{aside}, {write(left)} {are} left, and it may need"
        f" {write(need)}.{more} {raised_words(pot)}"
    )


def scarce_words(pot: Pot, now: Standing, bound: Amount, times: int = 1) -> str | None:
    """What is left of a pot, in words, when it is nearly empty: fewer than three calls such as
    this fit into it, or of a job's own pot a tenth is left. None when there is more, or so many
    `times` more."""
    for limit, used, need, unit in (
        (pot.limit.tokens, now.tokens + now.reserved_tokens, bound.tokens, "{:,} tokens".format),
        (pot.limit.nanos, now.nanos + now.reserved_nanos, bound.nanos or 0, exact_dollars),
    ):
        if limit is None:
            continue
        tenth = limit // 10 if pot.level is Level.WORK else 0
        if limit - used < times * max(3 * need, tenth):
            return f"{unit(max(0, limit - used))} of {unit(limit)} for {level_words(pot)}"
    return None
