"""The pictures of the reports, drawn from the figures that evaluate, compare, curve and holdout write.

Shares are in 0…1 and shown in percent; every rate is drawn with its 95 % interval. A figure is a matplotlib
Figure of its own: nothing here touches pyplot's state.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

Document = Mapping[str, Any]

WIDE = (9.0, 3.6)
LOWEST_FALSE_RATE = 1e-3
MEASURES = ("precision", "recall", "accuracy")
COLOURS = {"precision": "tab:blue", "recall": "tab:orange", "accuracy": "tab:green"}
STYLES = {"shuffled": "-", "grouped": "--"}
PERCENT = FuncFormatter(lambda value, _: f"{100 * value:g} %")


def roc_figure(parts: Mapping[str, Document]) -> Figure:
    """ROC, with a logarithmic axis of false challenges, and precision over recall, of several parts."""
    figure = Figure(figsize=WIDE, layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, part in parts.items():
        ranking = part["ranking"]
        if ranking is None:
            continue
        x, y = ranking["roc"]["x"], ranking["roc"]["y"]
        left.step([max(v, LOWEST_FALSE_RATE) for v in x], y, where="post", label=name)
        right.plot(ranking["precision_recall"]["x"], ranking["precision_recall"]["y"], label=name)
    left.set(xscale="log", xlim=(LOWEST_FALSE_RATE, 1), ylim=(0, 1.02), ylabel="recall of dead air")
    left.set(xlabel="people falsely challenged", title="ROC")
    right.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision", title="Precision over recall")
    for axis in (left.xaxis, left.yaxis, right.xaxis, right.yaxis):
        axis.set_major_formatter(PERCENT)
    _finish(left, right)
    return figure


def shares_figure(shares: Mapping[str, Document | None], *, label: str) -> Figure:
    """One bar a name, with its interval; what has no openings is left out."""
    there = {name: share for name, share in shares.items() if share and share["rate"] is not None}
    figure = Figure(figsize=(9, 0.8 + 0.32 * max(len(there), 1)), layout="constrained")
    axes = figure.subplots()
    names = [f"{name} (n = {share['n']})" for name, share in there.items()]
    rates = [share["rate"] for share in there.values()]
    low = [max(share["rate"] - share["low"], 0) for share in there.values()]
    high = [max(share["high"] - share["rate"], 0) for share in there.values()]
    axes.barh(names, rates, xerr=[low, high], color="#9cc3e6", ecolor="#444", capsize=3)
    axes.invert_yaxis()
    axes.set(xlabel=label, xlim=(0, None))
    axes.xaxis.set_major_formatter(PERCENT)
    return figure


def campaigns_figure(campaigns: Sequence[Document]) -> Figure:
    """The recall of every campaign, worst first: the mean hides an attack that is never found."""
    figure = Figure(figsize=(9, 3), layout="constrained")
    axes = figure.subplots()
    recalls = [campaign["recall"]["rate"] for campaign in campaigns]
    axes.fill_between(range(len(recalls)), recalls, step="mid", color="#9cc3e6")
    axes.set(xlabel="campaigns, worst first", ylabel="recall", ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(PERCENT)
    axes.grid(alpha=0.3)
    return figure


def parameter_figure(
    points: Mapping[str, Sequence[Document]], *, label: str, logarithmic: bool, title: str
) -> Figure:
    """Precision, recall and accuracy over one parameter with one standard deviation, by kind of split.

    As Figures 2 to 4 of Orife et al. 2018. `points` by split: `setting`, and of each measure mean and std.
    """
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    for split, line in points.items():
        settings = [point["setting"] for point in line]
        for measure in MEASURES:
            mean = [point[measure]["mean"] for point in line]
            spread = [point[measure]["std"] for point in line]
            axes.errorbar(
                settings,
                mean,
                spread,
                color=COLOURS[measure],
                linestyle=STYLES.get(split, ":"),
                capsize=2,
                marker=".",
                label=f"{measure}, {split}",
            )
    axes.set(xlabel=label, title=title, xscale="log" if logarithmic else "linear")
    axes.yaxis.set_major_formatter(PERCENT)
    _finish(axes)
    return figure


def learning_figure(points: Sequence[Document], campaigns: Sequence[Document]) -> Figure:
    """Recall over the number of labelled calls: the mean with its interval, and each campaign, thin."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    for campaign in campaigns:
        axes.plot(
            [point["labelled"] for point in campaign["points"]],
            [point["recall"] for point in campaign["points"]],
            color="#bbb",
            linewidth=0.8,
        )
    labelled = [point["labelled"] for point in points]
    mean = [point["mean"] for point in points]
    low = [max(point["mean"] - point["low"], 0) for point in points]
    high = [max(point["high"] - point["mean"], 0) for point in points]
    axes.errorbar(labelled, mean, [low, high], color="tab:orange", marker="o", capsize=3, label="mean")
    axes.plot(labelled, [point["worst"] for point in points], "v:", color="tab:red", label="worst campaign")
    axes.set(xlabel="labelled calls of the campaign", ylabel="recall on its other calls", ylim=(0, 1.03))
    axes.yaxis.set_major_formatter(PERCENT)
    _finish(axes)
    return figure


def holdout_figure(lines: Sequence[Document]) -> Figure:
    """The recall of every hold-out with its interval, and hollow the recall when the kind was known."""
    there = [line for line in lines if line["recall"]]
    figure = Figure(figsize=(9, 1 + 0.28 * max(len(there), 1)), layout="constrained")
    axes = figure.subplots()
    rows = range(len(there))
    rates = [line["recall"]["rate"] for line in there]
    low = [max(line["recall"]["rate"] - line["recall"]["low"], 0) for line in there]
    high = [max(line["recall"]["high"] - line["recall"]["rate"], 0) for line in there]
    known = [line["recall_known"]["rate"] for line in there]
    axes.errorbar(rates, rows, xerr=[low, high], fmt="o", capsize=3, label="held out")
    axes.plot(known, rows, "o", markerfacecolor="none", color="tab:gray", label="known")
    names = [f"{line['dimension']}: {line['name']} (n = {line['recall']['n']})" for line in there]
    axes.set_yticks(rows, names)
    axes.invert_yaxis()
    axes.set(xlabel="recall", xlim=(0, 1.03))
    axes.xaxis.set_major_formatter(PERCENT)
    _finish(axes)
    return figure


def _finish(*every: Axes) -> None:
    for axes in every:
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[1]:
            axes.legend(fontsize="small")
