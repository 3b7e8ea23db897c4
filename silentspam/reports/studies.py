"""The reports of `silentspam curve` and `silentspam holdout`, from their figures."""

from silentspam.reports.cells import Document, interval, percent, rate
from silentspam.reports.charts import holdout_figure, learning_figure
from silentspam.reports.page import Page

CURVE_HEADS = ("labelled calls", "mean recall", "95 %", "worst campaign", "people challenged")
CURVE_TEXT = (
    "Each campaign was never met in training. Its recall is measured on calls of it that are never "
    "trained on, the same ones at every point. The threshold is the one that challenges the nominal share"
    " of one half of the held-out people; the people challenged are counted on the other half, and both "
    "ways round. The interval is the wider of Wilson's and a bootstrap over campaigns."
)
HOLDOUT_TEXT = (
    "For every line the model was trained without the openings named, and measured on openings of that "
    "kind whose campaigns, speakers and places training did not meet either. The threshold challenges the"
    " nominal share of held-out people who are not of the kind. Beside it, in the columns called known, "
    "stands the model trained on everything, on the same openings: the difference is the price of never "
    "having met the kind. Training people's own sources have no such column, since that model was trained"
    " on them."
)
HOLDOUT_HEADS = (
    "held out",
    "kind",
    "recall",
    "95 %",
    "recall, known",
    "people challenged",
    "95 %",
    "challenged, known",
)
SUMMARY_HEADS = ("held out", "kinds", "mean recall", "worst recall", "mean challenged", "worst challenged")


def curve_rows(figures: Document) -> list[tuple[str, ...]]:
    """The curve as text."""
    return [
        (
            str(point["labelled"]),
            percent(point["mean"]),
            interval(point),
            percent(point["worst"]),
            percent(point["false_challenges"]),
        )
        for point in figures["points"]
    ]


def curve_page(figures: Document) -> Page:
    """The whole report of the document that `silentspam curve --json` writes."""
    page = Page("Silentspam: the learning curve of an attack")
    if figures.get("statement"):
        page.paragraph(figures["statement"])
    training, nominal = figures["training"], figures["params"]["rate"]
    page.paragraph(
        f"{len(figures['campaigns'])} campaigns, added one at a time to {training['spam']} dead-air calls "
        f"and {training['ham']} people; {figures['people']} people held out; nominally {nominal:.1%} of them "
        "challenged."
    )
    page.paragraph(CURVE_TEXT)
    picture = learning_figure(figures["points"], figures["campaigns"])
    page.figure(picture, caption="Recall over labelled calls", alt="Recall rises with labelled calls.")
    page.table(CURVE_HEADS, curve_rows(figures), caption="All campaigns")
    labelled = figures["params"]["labelled"]
    rows = [
        (
            line["campaign"],
            line["kind"],
            line["codec"],
            *(percent(point["recall"], 1) for point in line["points"]),
        )
        for line in figures["campaigns"]
    ]
    page.table(("campaign", "kind", "codec", *map(str, labelled)), rows, caption="Each campaign")
    return page


def holdout_rows(figures: Document) -> list[tuple[str, ...]]:
    """Every hold-out as text."""
    return [
        (
            line["dimension"],
            line["name"],
            rate(line["recall"]),
            interval(line["recall"]),
            rate(line["recall_known"]),
            rate(line["false_challenges"]),
            interval(line["false_challenges"]),
            rate(line["false_challenges_known"]),
        )
        for line in figures["lines"]
    ]


def summary_rows(figures: Document) -> list[tuple[str, ...]]:
    """By dimension, mean and worst."""
    return [
        (
            line["dimension"],
            str(line["kinds"]),
            percent(line["mean_recall"]),
            _worst(line["worst_recall"]),
            percent(line["mean_false"]),
            _worst(line["worst_false"]),
        )
        for line in figures["summary"]
    ]


def _worst(worst: Document | None) -> str:
    return "–" if worst is None else f"{worst['rate']:.2%} ({worst['name']})"


def holdout_page(figures: Document) -> Page:
    """The whole report of the document that `silentspam holdout --json` writes."""
    page = Page("Silentspam: what training never met")
    if figures.get("statement"):
        page.paragraph(figures["statement"])
    page.paragraph(f"Nominally {figures['rate']:.1%} of held-out people are challenged. " + HOLDOUT_TEXT)
    page.table(SUMMARY_HEADS, summary_rows(figures), caption="Mean and worst by what was held out")
    page.figure(
        holdout_figure(figures["lines"]),
        caption="Recall of dead air held out (dots) and, hollow, of the same calls when their kind was known",
        alt="Recall for every hold-out, with intervals.",
    )
    page.table(HOLDOUT_HEADS, holdout_rows(figures), caption="Every hold-out")
    if figures["too_few"]:
        page.paragraph(f"Too few openings to hold out: {', '.join(figures['too_few'])}.")
    return page
