"""The registry's history: events in a file, and what they say of the order in which models were active."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from silentspam.calllog.models import ModelEvent, ModelState
from silentspam.errors import ModelError

HISTORY_NAME = "history.jsonl"

SHIPPED = "shipped"
"""Stands for the model that ships with the package, wherever a model id would."""

_LASTING = {
    ModelState.CANDIDATE: ModelState.CANDIDATE,
    ModelState.SHADOW: ModelState.CANDIDATE,
    ModelState.ACTIVE: ModelState.RETIRED,
    ModelState.RETIRED: ModelState.RETIRED,
    ModelState.ROLLED_BACK: ModelState.RETIRED,
}
"""What a model is by its last event when no link names it."""


def read_history(registry: Path) -> list[ModelEvent]:
    """Every event, oldest first; none where there is no history yet. Raises ModelError for a damaged file."""
    path = registry / HISTORY_NAME
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"model.registry: {path}: {getattr(error, 'strerror', None) or error}") from error
    return [_parsed(line, f"{path} line {number}") for number, line in enumerate(lines, 1)]


def history_text(events: Iterable[ModelEvent]) -> str:
    """The file's content: one event a line, in ASCII, so that no character in it ends the line."""
    return "".join(json.dumps(asdict(event)) + "\n" for event in events)


def activations(events: Iterable[ModelEvent]) -> list[str]:
    """The models to which one could go back, the active one last; the shipped one was before all others."""
    stack = [SHIPPED]
    for event in events:
        if event.state is ModelState.ACTIVE and event.model_id != stack[-1]:
            stack.append(event.model_id)
        elif event.state is ModelState.ROLLED_BACK and event.model_id == stack[-1] and len(stack) > 1:
            stack.pop()
    return stack


def last_state(events: Sequence[ModelEvent], model_id: str) -> tuple[ModelState, float | None]:
    """What a model that has no link is, and since when [s since the epoch]; None: not known."""
    for event in reversed(events):
        if event.model_id == model_id and event.state in _LASTING:
            return _LASTING[event.state], event.changed_at
    return ModelState.CANDIDATE, None


def _parsed(line: str, where: str) -> ModelEvent:
    try:
        columns = json.loads(line)
        return ModelEvent(**columns | {"state": ModelState(columns["state"])})
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{where}: not an event of a model: {line[:80]!r}: mend it, or move the file away: the links "
            "stand by themselves"
        ) from error
