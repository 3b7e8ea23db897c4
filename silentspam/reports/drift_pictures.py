"""The pictures of the drift report."""

from typing import Any

from matplotlib.figure import Figure

from silentspam.reports.drift import Drift
from silentspam.reports.pictures import new_figure
from silentspam.reports.selftest import ALWAYS, Worth

SHOWN = 25


def drifted_features(drift: Drift) -> Figure:
    """The features that moved most: their population stability index as bars."""
    worst = drift.features[:SHOWN][::-1]
    figure, axes = new_figure(9, 1 + 0.25 * max(len(worst), 4))
    axes.barh([feature.name for feature in worst], [feature.psi for feature in worst])
    axes.set(xlabel="population stability index, less chance")
    return figure


def score_drift(drift: Drift) -> Figure:
    """The scores of recent unsuspected calls beside those of training's people."""
    figure, axes = new_figure(9, 3.5)
    _steps(axes, drift.score_edges, drift.score_expected, "people in training")
    _steps(axes, drift.score_edges, drift.score_recent, "recent unsuspected calls")
    axes.set(xlabel="spam probability", ylabel="share of calls below", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend()
    return figure


def worth_of_alarms(worths: dict[str, Worth]) -> Figure:
    """F1 of each alarm as bars, and as a line that of one that always fires."""
    named = [worth for name, worth in worths.items() if name != ALWAYS][::-1]
    figure, axes = new_figure(9, 1 + 0.35 * len(named))
    axes.barh([worth.alarm for worth in named], [worth.f1 for worth in named])
    axes.axvline(worths[ALWAYS].f1, color="C3", linestyle="--", label=ALWAYS)
    axes.set(xlabel="F1, drift in half of the windows", xlim=(0, 1))
    axes.legend(loc="lower right")
    return figure


def _steps(axes: Any, edges: tuple[float, ...], shares: tuple[float, ...], label: str) -> None:
    below, reached = [0.0], 0.0
    for share in shares:
        reached += share
        below.append(reached)
    axes.plot([0.0, *edges, 1.0], below, marker=".", label=label)
