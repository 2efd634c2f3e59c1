"""What a model call counts against: pots, their limits, and words about them. Pure; no ledger."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from core.messages import ChannelRef
from core.model.account import Account

_DAY_S = 86_400


class Level(StrEnum):
    """What a pot belongs to. MODEL has no limit: it is there to be looked at."""

    WORK = "work"
    PERSON = "person"
    CHANNEL = "channel"
    ALL = "all"
    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most tokens that may be used and reserved; None is no limit. Days and months are UTC."""

    per_person_day: int | None = None
    per_channel_day: int | None = None
    per_month: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pot:
    """One sum that is kept: of a level, of one name within it, for one period."""

    level: Level
    name: str
    period: str
    limit: int | None = None


def pots_of(account: Account, model: str, at: float, limits: Limits) -> tuple[Pot, ...]:
    """Every pot that one call draws on, narrowest first."""
    day, month = day_of(at), month_of(at)
    return (
        Pot(level=Level.WORK, name=account.work, period="", limit=account.budget_tokens),
        person_pot(account.channel, account.person_id, day, limits),
        channel_pot(account.channel, day, limits),
        Pot(level=Level.ALL, name="", period=month, limit=limits.per_month),
        Pot(level=Level.MODEL, name=model, period=month),
    )


def person_pot(channel: ChannelRef, person_id: str, day: str, limits: Limits) -> Pot:
    """The pot of one person on one day."""
    # A person's id is the platform's: the same one elsewhere is somebody else.
    name = json.dumps([channel.platform, channel.workspace, person_id])
    return Pot(level=Level.PERSON, name=name, period=day, limit=limits.per_person_day)


def channel_pot(channel: ChannelRef, day: str, limits: Limits) -> Pot:
    """The pot of one channel on one day."""
    name = json.dumps([channel.platform, channel.workspace, channel.channel])
    return Pot(level=Level.CHANNEL, name=name, period=day, limit=limits.per_channel_day)


def day_of(at: float) -> str:
    """The day of a time in Unix seconds, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def month_of(at: float) -> str:
    """The month of a time in Unix seconds, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m")


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
            minutes = int(_DAY_S - at % _DAY_S) // 60
            return f"at midnight UTC, in {minutes // 60} h {minutes % 60} min"
        case Level.ALL | Level.MODEL:
            now = datetime.fromtimestamp(at, UTC)
            year, month = (now.year + 1, 1) if now.month == 12 else (now.year, now.month + 1)
            return f"on {datetime(year, month, 1, tzinfo=UTC):%Y-%m-%d} UTC"


def exceeded_words(pot: Pot, limit: int, used: int, reserved: int, bound: int, at: float) -> str:
    """Why a call was not made: which budget, what is left of it, when there is more."""
    left = max(0, limit - used - reserved)
    renewal = renews_words(pot, at)
    more = f" It renews {renewal}." if renewal else " It does not renew."
    aside = f" and {reserved:,} reserved for calls under way" if reserved else ""
    return (
        f"The budget of {limit:,} tokens for {level_words(pot)} does not allow this model call: "
        f"{used:,} are used{aside}, {left:,} are left, and the call may need {bound:,}.{more}"
    )
