"""The pictures of the reports, as matplotlib figures without a window."""

from collections.abc import Mapping
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from silentspam.reports.cases import Cases
from silentspam.reports.scores import N_BINS, ScoreHistogram
from silentspam.reports.tables import volumes

DISPOSITIONS_SHOWN = 8


def daily_volumes(days: Mapping[str, Cases]) -> Figure:
    """Calls of each day as a bar, stacked by disposition; the rare ones share a colour."""
    by_day = {day: volumes(cases).dispositions for day, cases in days.items()}
    totals: dict[str, int] = {}
    for counts in by_day.values():
        for name, calls in counts.items():
            totals[name] = totals.get(name, 0) + calls
    ranked = sorted(totals, key=lambda name: -totals[name])
    shown, rest = ranked[:DISPOSITIONS_SHOWN], ranked[DISPOSITIONS_SHOWN:]
    series = {name: [counts.get(name, 0) for counts in by_day.values()] for name in shown}
    if rest:
        series["others"] = [sum(counts.get(name, 0) for name in rest) for counts in by_day.values()]
    figure, axes = new_figure(9, 4.5)
    bottom = [0] * len(by_day)
    for name, heights in series.items():
        axes.bar(range(len(by_day)), heights, bottom=bottom, label=name)
        bottom = [low + high for low, high in zip(bottom, heights, strict=True)]
    step = max(len(by_day) // 14, 1)
    axes.set_xticks(range(0, len(by_day), step), list(by_day)[::step], rotation=45, ha="right")
    axes.set(ylabel="calls", xlabel="day (UTC)")
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def probability_histogram(scores: ScoreHistogram) -> Figure:
    """Calls by spam probability on a logarithmic scale, with the thresholds that were in use."""
    figure, axes = new_figure(9, 3.5)
    axes.bar([(k + 0.5) / N_BINS for k in range(N_BINS)], scores.bins, width=1 / N_BINS)
    for number, limit in enumerate(scores.limits):
        axes.axvline(limit, color="C3", linestyle="--", label="" if number else "threshold")
    axes.set(xlabel="spam probability", ylabel="calls", xlim=(0, 1), yscale="symlog", ylim=(0, None))
    if scores.limits:
        axes.legend()
    return figure


def new_figure(width: float, height: float) -> tuple[Figure, Any]:
    """An empty figure [inches] and its axes; it knows no window and no global state."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()
