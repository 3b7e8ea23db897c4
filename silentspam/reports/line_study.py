"""The tables and curves of line memory, from the document that `silentspam lines-study --json` writes."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from silentspam.reports.cells import Document, interval, percent
from silentspam.reports.charts import PERCENT
from silentspam.reports.pictures import new_figure

RECALL_HEADS = (
    "setting",
    "challenges failed",
    "lines active",
    "threshold for",
    "recall",
    "95 %",
    "worst campaign",
    "people matched",
)
ACTIVE_HEADS = ("setting", "lines active", "false at 12's threshold", "recall at 0.5 % false", "threshold")
BURST_HEADS = ("setting", "windows", "found", "95 %", "people in false bursts", "people challenged", "95 %")

RECALL_TEXT = (
    "Each line is the mean of so many calls of a campaign, drawn at random again and again; the lines of "
    "twelve campaigns are active together, and with them, where more are active, a line of each of a hundred "
    "other campaigns. Recall is over all other calls of the twelve, averaged over a campaign's draws; the "
    "interval is the wider of Wilson's and a bootstrap over campaigns; the worst campaign is the one of the "
    "lowest average. A threshold for 0.5 % is the one that this share of one half of the held-out people "
    "reach; the people matched are counted on the other half, both ways round. `live` is the threshold that "
    "a call meets as the software ships: set by the people kept with the model, by the part of the budget "
    "that the lines have, and not below a floor, which holds while few lines are active."
)
ACTIVE_TEXT = (
    "Every line is learnt from three calls. The more lines are active, the more people come near one of "
    "them: the first column is what the threshold that twelve lines need would do with more; the second the "
    "recall of the first twelve lines at a threshold set anew. So lines expire, and the threshold follows "
    "their number."
)
BURST_TEXT = (
    "Five calls of one campaign, never met and without any label, among 300 calls. A burst is three openings "
    "of different callers, each close to each. People challenged: of 300 further people after each window, "
    "those who come near a line that its bursts made, false or not."
)


def recall_rows(figures: Document) -> list[tuple[str, ...]]:
    """Every point of recall as text."""
    return [
        (
            setting["name"],
            str(point["enrolled"]),
            str(point["lines"]),
            threshold(point["rate"]),
            percent(point["mean"]),
            interval(point),
            f"{percent(point['worst'], 0)} ({point['worst_campaign']})",
            percent(point["false"]),
        )
        for setting in figures["settings"]
        for point in setting["recall"]
    ]


def threshold(rate: float | None) -> str:
    """What a threshold was set for."""
    return "live" if rate is None else f"{rate:.1%}"


def active_rows(figures: Document) -> list[tuple[str, ...]]:
    """False matches by the number of lines active."""
    return [
        (
            setting["name"],
            str(point["lines"]),
            percent(point["false_at_twelve"]),
            percent(point["recall"]),
            f"{point['threshold']:.1f}",
        )
        for setting in figures["settings"]
        for point in setting["active"]
    ]


def burst_rows(figures: Document) -> list[tuple[str, ...]]:
    """Bursts found, and whom they cost."""
    return [
        (
            setting["name"],
            str(bursts["trials"]),
            f"{percent(bursts['found']['rate'])} ({bursts['found']['hits']})",
            interval(bursts["found"]),
            _counted(bursts["in_false_bursts"]),
            _counted(bursts["challenged"]),
            interval(bursts["challenged"]),
        )
        for setting in figures["settings"]
        for bursts in (setting["bursts"],)
    ]


def _counted(share: Document) -> str:
    return f"{percent(share['rate'], 3)} ({share['hits']} of {share['n']})"


def recall_figure(figures: Document) -> Figure:
    """Recall over the calls that a line was learnt from, one panel a setting; worst campaigns dotted."""
    settings = figures["settings"]
    figure = Figure(figsize=(5.2 * len(settings), 4), layout="constrained")
    for axes, setting in zip(figure.subplots(1, len(settings), squeeze=False)[0], settings, strict=True):
        _recall_panel(axes, setting)
    return figure


def _recall_panel(axes: Axes, setting: Document) -> None:
    kinds = sorted({(point["lines"], point["rate"] or 0.0) for point in setting["recall"] if point["rate"]})
    for number, (lines, rate) in enumerate(kinds):
        points = [p for p in setting["recall"] if (p["lines"], p["rate"]) == (lines, rate)]
        calls = [point["enrolled"] for point in points]
        mean = [point["mean"] for point in points]
        error = [[p["mean"] - p["low"] for p in points], [p["high"] - p["mean"] for p in points]]
        label = f"{lines} lines, {rate:.1%}"
        axes.errorbar(calls, mean, error, color=f"C{number}", marker="o", capsize=3, label=label)
        axes.plot(calls, [point["worst"] for point in points], ":", color=f"C{number}", linewidth=0.9)
    axes.set(xlabel="failed challenges", ylabel="recall (dotted: worst campaign)", ylim=(0, 1.03))
    axes.set(title=f"{setting['name']}: {setting['campaigns']} campaigns", xscale="log")
    axes.set_xticks(sorted({point["enrolled"] for point in setting["recall"]}))
    axes.get_xaxis().set_major_formatter("{x:g}")
    axes.get_xaxis().set_minor_formatter("")
    axes.yaxis.set_major_formatter(PERCENT)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", loc="lower right")


def active_figure(figures: Document) -> Figure:
    """False matches at the threshold of twelve lines, and recall at one set anew, over the lines active."""
    figure, axes = new_figure(8, 4)
    right = axes.twinx()
    for number, setting in enumerate(figures["settings"]):
        lines = [point["lines"] for point in setting["active"]]
        false = [point["false_at_twelve"] for point in setting["active"]]
        axes.plot(lines, false, "o-", color=f"C{number}", label=f"{setting['name']}: people matched")
        recall = [point["recall"] for point in setting["active"]]
        right.plot(lines, recall, "s--", color=f"C{number}", label=f"{setting['name']}: recall at 0.5 %")
    axes.set(xscale="log", xlabel="lines active", ylabel="people matched at the threshold of 12 lines")
    axes.set_ylim(0, None)
    right.set(ylabel="recall, threshold set anew for 0.5 %", ylim=(0.8, 1.005))
    for each in (axes, right):
        each.yaxis.set_major_formatter(PERCENT)
    axes.grid(alpha=0.3)
    handles = [*axes.get_lines(), *right.get_lines()]
    axes.legend(handles, [str(handle.get_label()) for handle in handles], fontsize="small", loc="center left")
    return figure
