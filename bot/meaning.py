"""What the configuration means to the core: its own types, made from the settings."""

from bot.config import Config
from core.jobs.admission import Limits
from core.model.openai_client import OpenAIModel
from core.model.pots import Limits as BudgetLimits
from core.ports import Model
from core.settings import ChannelSettings
from core.state.operations import Kind
from core.state.rules import Merging, Rule, Rules


def model(config: Config) -> Model:
    """Who answers."""
    if config.model.offline:
        # Its grammar is loaded only where it answers.
        from core.model.offline.model import OfflineModel  # noqa: PLC0415

        return OfflineModel()
    return OpenAIModel(
        base_url=config.model.base_url,
        key=config.model.api_key,
        key_env=config.model.api_key_env,
        timeout_s=config.model.timeout_s,
    )


def defaults(config: Config) -> ChannelSettings:
    """What holds in a channel until somebody sets it there."""
    # What the offline model uses must not be booked under a real model's name.
    name = "offline" if config.model.offline else config.model.name
    subagents = config.subagents
    # Unset, nobody is asked: more than per_message are not started anyway.
    most = subagents.per_message if subagents.confirm_above is None else subagents.confirm_above
    return ChannelSettings(
        model=name,
        subagent_model=name if config.model.offline else config.model.subagent_name or name,
        instructions="",
        max_steps=subagents.max_steps,
        timeout_s=subagents.timeout_s,
        per_job=config.budget.per_job,
        confirm_above=most,
    )


def limits(config: Config) -> Limits:
    """How many jobs run at once."""
    return Limits(
        max_running=config.subagents.max_running,
        per_channel=config.subagents.per_channel,
        per_person=config.subagents.per_person,
    )


def budgets(config: Config) -> BudgetLimits:
    """What may be spent."""
    return BudgetLimits(
        per_person_day=config.budget.per_person_day,
        per_channel_day=config.budget.per_channel_day,
        per_month=config.budget.per_month,
    )


def rules(config: Config) -> Rules:
    """How keys merge."""
    return Rules(
        rules=tuple(
            Rule(
                keys=rule.keys,
                rule=Merging(rule.rule) if rule.rule else None,
                kind=Kind(rule.kind) if rule.kind else None,
                channels=rule.channels,
            )
            for rule in config.rules
        )
    )
