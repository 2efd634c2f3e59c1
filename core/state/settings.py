"""The settings that a channel has of its own: name -> JSON, with who set it. Knows no names."""

from dataclasses import dataclass

from core.messages import Person
from core.state.database import Transaction
from core.state.operations import Json
from core.state.values import dump, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting. `by` is the name of who set it, `at` when, in Unix seconds."""

    name: str
    value: Json
    by: str
    at: float


def read_settings(tx: Transaction) -> tuple[Setting, ...]:
    """All that the channel has set itself, by name."""
    return tuple(_setting(*row) for row in tx.execute("SELECT * FROM settings ORDER BY name"))


def write_setting(tx: Transaction, name: str, value: Json, by: Person, at: float) -> None:
    """Set it for the channel. Raises BadRequest for a value that JSON has not."""
    tx.execute(
        "INSERT OR REPLACE INTO settings (name, value, by, at) VALUES (?, ?, ?, ?)",
        (name, dump(value, f"the setting {name}"), by.name, at),
    )


def remove_setting(tx: Transaction, name: str) -> bool:
    """Leave it to the configuration again; False when the channel had none."""
    return tx.execute("DELETE FROM settings WHERE name = ?", (name,)).rowcount == 1


def _setting(name: str, value: str, by: str, at: float) -> Setting:
    try:
        return Setting(name=name, value=load(value), by=by, at=at)
    except ValueError:
        # One row that cannot be read must not cost the channel all that hangs on its settings.
        return Setting(name=name, value=None, by=by, at=at)
