"""A channel's settings: their names, meaning and values over the configuration's defaults."""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace

from core.errors import BadRequest
from core.messages import Person
from core.messages.views import SettingLine
from core.model.amounts import Limit, parse_limit
from core.model.periods import known_zone
from core.posts import plain
from core.state.database import Transaction
from core.state.operations import Json
from core.state.settings import Setting, read_settings, remove_setting, write_setting

# Kept as a setting is, but it has commands of its own.
_PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """What is in force in one channel. `per_job` bounds one job, `timeout_s` one attempt."""

    model: str
    subagent_model: str
    instructions: str
    max_steps: int
    timeout_s: int
    per_job: Limit
    timezone: str = "UTC"
    confirm_above: int = 1000
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """`parse` reads what people write into what is kept, `use` makes of that what is in force."""

    about: str
    parse: Callable[[str], str | int]
    use: Callable[[str | int], str | int | Limit] = lambda kept: kept

    def holds(self, value: Json) -> bool:
        """Whether it is a value as `parse` returns it: an older program may have kept others."""
        try:
            return not isinstance(value, bool) and self.parse(str(value)) == value
        except BadRequest:
            return False


def _name(text: str) -> str:
    if not text or len(text) > 200 or not text.isprintable():
        raise BadRequest("a model's name is one line of at most 200 characters")
    return text


def _instructions(text: str) -> str:
    if len(text) > 8000:
        raise BadRequest(f"instructions are at most 8000 characters, these are {len(text)}")
    return text


def _between(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        digits = text.replace("_", "").replace(",", "")
        if not (digits.isascii() and digits.isdigit() and low <= int(digits[:20]) <= high):
            raise BadRequest(f"a whole number from {low} to {high} is needed, not {text[:40]!r}")
        return int(digits)

    return parse


def _limit(text: str) -> str:
    try:
        return str(parse_limit(text))
    except ValueError as error:
        raise BadRequest(f"a job's budget {error}") from error


def _timezone(text: str) -> str:
    try:
        return known_zone(text)
    except ValueError as error:
        raise BadRequest(f"the time zone {error}") from error


_SETTINGS: Mapping[str, _Setting] = {
    "instructions": _Setting(
        about="what the agent and its jobs always keep in mind here", parse=_instructions
    ),
    "model": _Setting(about="the model that answers in the chat", parse=_name),
    "subagent_model": _Setting(about="the model that works on jobs", parse=_name),
    "max_steps": _Setting(about="the most steps of one job", parse=_between(1, 10_000)),
    "timeout_s": _Setting(
        about="the most seconds of one job's attempt", parse=_between(1, 604_800)
    ),
    "per_job": _Setting(
        about="the most one job may use: tokens (2000000), money ($2.50), or both",
        parse=_limit,
        use=lambda kept: parse_limit(str(kept)),
    ),
    "confirm_above": _Setting(
        about="more jobs than this of one message start only when who asked agrees",
        parse=_between(0, 1000),
    ),
    "timezone": _Setting(about="whose midnight the budgets of a day renew at", parse=_timezone),
}


def effective(tx: Transaction, defaults: ChannelSettings) -> ChannelSettings:
    """The channel's settings over the defaults."""
    kept = read_settings(tx)
    paused = any(one.name == _PAUSED and one.value is True for one in kept)
    return replace(defaults, **_own(kept), paused=paused)  # type: ignore[arg-type]  # checked


def change(tx: Transaction, name: str, text: str, by: Person, at: float) -> str:
    """Set (or with "default" reset) a setting; returns what is to be said. Raises BadRequest."""
    setting = _SETTINGS.get(name)
    if setting is None:
        raise BadRequest(f"there is no setting {name[:40]!r}; there are: {', '.join(_SETTINGS)}")
    if text == "default":
        remove_setting(tx, name)
        return f"`{name}` is back at its default."
    write_setting(tx, name, setting.parse(text), by, at)
    return f"`{name}` is now {plain(text)}. It holds for turns and jobs that start from now on."


def pause(tx: Transaction, paused: bool, by: Person, at: float) -> None:
    """Keep whether the channel's queued jobs are held back."""
    write_setting(tx, _PAUSED, paused, by, at)


def lines(tx: Transaction, defaults: ChannelSettings) -> tuple[SettingLine, ...]:
    """Every setting as a page shows it."""
    return described(effective(tx, defaults), _own(read_settings(tx)))


def described(now: ChannelSettings, own: Container[str]) -> tuple[SettingLine, ...]:
    """The settings `now`, of which the channel has set `own` itself."""
    return tuple(
        SettingLine(
            name=name,
            value=str(getattr(now, name)),
            own=name in own,
            about=setting.about,
        )
        for name, setting in _SETTINGS.items()
    )


def _own(kept: Iterable[Setting]) -> dict[str, str | int | Limit]:
    """What the channel has set itself, as far as it makes sense now."""
    return {
        found.name: _SETTINGS[found.name].use(found.value)
        for found in kept
        if found.name in _SETTINGS
        and isinstance(found.value, str | int)
        and _SETTINGS[found.name].holds(found.value)
    }
