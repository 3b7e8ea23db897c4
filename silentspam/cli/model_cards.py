"""Models for people: the list, a card, and the names `active`, `shadow` and `shipped`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from silentspam import resources
from silentspam.calllog.models import ModelEvent
from silentspam.card import ModelCard
from silentspam.cli.common import printable, table
from silentspam.config import Config
from silentspam.errors import ModelError
from silentspam.explain import when
from silentspam.model import SpamModel, load_model
from silentspam.registry.history import SHIPPED
from silentspam.registry.links import Role
from silentspam.registry.registry import Registry

SECTIONS = ("test_unseen", "test", "cross_validated")
"""Parts of a card's evaluation, the one that says most about new campaigns first."""


@dataclass(frozen=True, kw_only=True)
class ListedModel:
    """A line of the list. since in seconds since the epoch; fault: why it cannot be loaded.

    threshold: the one in effect, for the configured budget.
    """

    model_id: str
    state: str
    since: float | None
    threshold: float | None = None
    n_features: int | None = None
    trained_on: str = ""
    recall: dict[str, Any] | None = None
    false_challenges: dict[str, Any] | None = None
    fault: str = ""


def listed(config: Config, registry: Registry) -> list[ListedModel]:
    """Every model of the registry, and the shipped one last."""
    models = [
        _listed(model.folder, config, model.state.lower(), model.model_id, model.since)
        for model in registry.models()
    ]
    shipped_judges = registry.id_of(Role.ACTIVE) is None
    state = "active (shipped)" if shipped_judges and not config.model.folder else SHIPPED
    return [*models, _listed(resources.shipped_model(), config, state)]


def as_table(models: list[ListedModel]) -> str:
    """The list as a table, damaged models with what is wrong below it."""
    heads = (
        "model",
        "state",
        "since",
        "threshold",
        "features",
        "trained on",
        "card: recall",
        "false challenges",
    )
    rows = [
        (
            model.model_id,
            f"{model.state}, damaged" if model.fault else model.state,
            when(model.since) if model.since else "-",
            "-" if model.threshold is None else f"{model.threshold:.3f}",
            str(model.n_features or "-"),
            model.trained_on or "-",
            _share(model.recall),
            _share(model.false_challenges),
        )
        for model in models
    ]
    return "\n".join([table(heads, rows), *(f"{model.fault}" for model in models if model.fault)])


def as_json(models: list[ListedModel]) -> str:
    """The list as JSON."""
    return json.dumps([asdict(model) for model in models], indent=1)


def shown(folder: Path, config: Config, registry: Registry) -> str:
    """A card and a history for people."""
    model = load_model(folder)
    lines = [f"{key:<24}{value}" for key, value in summary(model, config).items()]
    for section, figures in model.card.evaluation.items():
        for name in ("recall", "false_challenges"):
            if isinstance(rate := figures.get(name), dict):
                lines.append(f"{section:<24}{name.replace('_', ' ')} {_share(rate, interval=True)}")
    lines += ["", operating_points(model.card), ""] if model.card.operating_points else []
    lines += [f"{when(event.changed_at)}  {_told(event)}" for event in _history(registry, model.model_id)]
    return "\n".join([*lines, *([model.card.statement] if model.card.statement else [])])


def shown_json(folder: Path, config: Config, registry: Registry) -> str:
    """A card and a history as JSON."""
    model = load_model(folder)
    document = {
        "model_id": model.model_id,
        "threshold_in_effect": threshold_in_effect(model.card, config),
        "card": msgspec.to_builtins(model.card),
        "history": [asdict(event) for event in _history(registry, model.model_id)],
    }
    return json.dumps(document, indent=1)


def summary(model: SpamModel, config: Config) -> dict[str, str]:
    """What a model is, in few words."""
    card = model.card
    return {
        "model": model.model_id,
        "threshold": f"{threshold_in_effect(card, config):.3f} ({_threshold_from(card, config)})",
        "trees": f"{card.trees}, {len(model.forest.roots)} of depth {card.depth} at most",
        "known lines": known_lines(model),
        "features": f"{card.n_features}: {', '.join(card.groups)}",
        "trained on": trained_on(card) or "-",
        "recall (card)": _share(_figures(card).get("recall"), interval=True),
        "false challenges (card)": _share(_figures(card).get("false_challenges"), interval=True),
        "by": card.created_by or "-",
        "seed": str(card.seed),
        "data": card.data_hash[:12],
    }


def threshold_in_effect(card: ModelCard, config: Config) -> float:
    """The threshold that calls meet: the configuration's own, else the card's for the configured budget."""
    section = config.model
    if section.threshold is not None:
        return section.threshold
    return card.threshold_for(section.max_false_challenge_rate)


def known_lines(model: SpamModel) -> str:
    """Which lines a model remembers; `none` where they take no part."""
    if model.lines is None:
        return "none"
    return f"{len(model.lines.dead_air.counts)} of dead air, {len(model.lines.people.counts)} of people"


def operating_points(card: ModelCard) -> str:
    """What each budget costs, as a table: people held out of training whom its threshold challenged."""
    rows = [
        (
            f"{point.max_false_challenge_rate:.2%}",
            f"{point.threshold:.3f}",
            f"{point.hits} of {point.n}",
            f"{point.wilson95[0]:.2%} to {point.wilson95[1]:.2%}",
        )
        for point in card.operating_points
    ]
    return table(("budget", "threshold", "held-out people challenged", "95 %"), rows)


def trained_on(card: ModelCard) -> str:
    """How many openings of each label."""
    openings = card.training.get("openings")
    if not isinstance(openings, dict):
        return ""
    return ", ".join(f"{count} {label}" for label, count in openings.items())


def id_of(name: str, registry: Registry) -> str:
    """The model id that an argument means. Raises ModelError, for the shipped model too."""
    if name not in (*Role, SHIPPED):
        return registry.model_folder(name).name
    found = registry.id_of(Role(name)) if name != SHIPPED else None
    if found is None and name == Role.SHADOW:
        raise ModelError(f"{name}: no model is on trial: see `silentspam models`")
    if found is None:
        raise ModelError(
            f"{name}: the shipped model is not in the registry: roll back to return to it, or add its "
            f"folder as a candidate: silentspam models add {resources.shipped_model()}"
        )
    return found


def folder_of(name: str, config: Config, registry: Registry) -> Path:
    """The folder that an argument means; `active` is whichever model judges calls. Raises ModelError."""
    from silentspam import judging

    if name == Role.ACTIVE:
        return judging.model_folder(config)
    return resources.shipped_model() if name == SHIPPED else registry.model_folder(id_of(name, registry))


def _listed(
    folder: Path, config: Config, state: str, model_id: str = "", since: float | None = None
) -> ListedModel:
    try:
        model = load_model(folder)
    except ModelError as error:
        return ListedModel(model_id=model_id, state=state, since=since, fault=str(error))
    card = model.card
    figures = _figures(card)
    return ListedModel(
        model_id=model_id or model.model_id,
        state=state,
        since=since,
        threshold=threshold_in_effect(card, config),
        n_features=card.n_features,
        trained_on=trained_on(card),
        recall=figures.get("recall"),
        false_challenges=figures.get("false_challenges"),
    )


def _threshold_from(card: ModelCard, config: Config) -> str:
    if config.model.threshold is not None:
        return "model.threshold"
    budget = config.model.max_false_challenge_rate
    return (
        f"for a budget of {budget:.2%}" if card.operating_points and budget is not None else "the card's own"
    )


def _figures(card: ModelCard) -> dict[str, Any]:
    """Of the card's evaluation, the part that says most."""
    return next((dict(card.evaluation[name]) for name in SECTIONS if name in card.evaluation), {})


def _share(rate: Any, *, interval: bool = False) -> str:
    if not isinstance(rate, dict) or rate.get("rate") is None:
        return "-"
    text = f"{rate['rate']:.2%}"
    if not interval or "wilson95" not in rate:
        return text
    low, high = rate["wilson95"]
    return f"{text} ({rate['hits']} of {rate['n']}; 95 % {low:.2%} to {high:.2%})"


def _history(registry: Registry, model_id: str) -> list[ModelEvent]:
    return [event for event in registry.events() if event.model_id == model_id]


def _told(event: ModelEvent) -> str:
    return f"{event.state.lower()} by {event.changed_by}" + (
        f": {printable(event.note)}" if event.note else ""
    )
