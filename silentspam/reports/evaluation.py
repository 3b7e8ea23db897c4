"""The report of `silentspam evaluate`, from its figures."""

from collections.abc import Mapping
from typing import Any

from silentspam.reports.cells import Document, interval, percent, rate, resolved
from silentspam.reports.charts import campaigns_figure, roc_figure, shares_figure
from silentspam.reports.kinds import add_kinds
from silentspam.reports.page import Page

INTERVALS = (
    "Every interval is of 95 %. For people and calls taken one by one it is Wilson's. Calls of one campaign, "
    "or people of one source, are found or missed together: there it is the wider of Wilson's and of a "
    "bootstrap over campaigns and sources. The calls of a single campaign are taken as independent."
)
OWN_PEOPLE = (
    "Here the threshold is chosen on the evaluated people themselves, once for each rate: it says how well "
    "the scores part the classes, not how well a threshold was chosen beforehand. Where fewer people than "
    "one over the rate were evaluated, the rate cannot be told from zero, and the table says so."
)
PREVALENCE = "Precision and accuracy depend on the share of dead air in the sample, which is no line's."


def evaluation_page(figures: Document) -> Page:
    """The whole report of the document that `silentspam evaluate --json` prints."""
    model = figures["model"]
    page = Page(f"Silentspam: evaluation of model {model['model_id']}")
    for text in (figures["statement"], f"The model: {model['statement']}"):
        if text:
            page.paragraph(text)
    _openings(page, figures)
    parts = {"all": figures["overall"], **figures["splits"]}
    _at_threshold(page, figures, parts)
    _ranking(page, parts)
    _campaigns(page, figures)
    _kinds(page, figures)
    if figures.get("kinds"):
        add_kinds(page, figures["kinds"])
    return page


def _openings(page: Page, figures: Document) -> None:
    openings = figures["openings"]
    page.heading("What was measured")
    page.paragraph(
        f"{openings['spam']} dead-air calls of {openings['campaigns']} campaigns and "
        f"{openings['ham']} people of {openings['ham_sources']} sources; {openings['judged']} were judged. "
        f"Splits: {', '.join(figures['splits_used']) or 'none'}."
    )
    rows = [
        (label, cause, count)
        for label, causes in figures["not_judged"].items()
        for cause, count in causes.items()
    ]
    caption = "Not judged, counted in no other figure: such a call is bridged without a challenge"
    page.table(("label", "cause", "openings"), rows, caption=caption)
    if figures["digital_silence"]:
        caption = (
            "Openings made to have digital silence in them, in no other figure: nobody may be challenged"
        )
        page.table(SILENCE_HEADS, silence_rows(figures), caption=caption)
    page.paragraph(INTERVALS)


SILENCE_HEADS = ("digital silence", "openings", "judged", "challenged", "95 %")


def silence_rows(figures: Document) -> list[tuple[str, ...]]:
    """The digital-silence test by kind."""
    return [
        (
            name,
            str(found["challenged"]["n"]),
            str(found["judged"]),
            str(found["challenged"]["hits"]),
            interval(found["challenged"]),
        )
        for name, found in figures["digital_silence"].items()
    ]


BUDGET_HEADS = ("budget", "threshold", "people challenged", "95 %", "dead air of", "recall", "95 %")
BUDGETS = (
    "A budget is the share of people whom one is willing to challenge (model.max_false_challenge_rate). Its "
    "threshold was chosen in training, on people held out there; here it meets others, so the share really "
    "challenged may lie above or below it."
)


def budget_rows(figures: Document) -> list[tuple[str, ...]]:
    """The card's operating points on the evaluated openings."""
    return [
        (
            f"{point['max_false_challenge_rate']:.2%}",
            f"{point['threshold']:.4f}",
            rate(point["false_challenges"]),
            interval(point["false_challenges"]),
            split,
            rate(recall),
            interval(recall),
        )
        for point in figures["budgets"]
        for split, recall in (point["recall"] or {"-": None}).items()
    ]


def _at_threshold(page: Page, figures: Document, parts: Mapping[str, Document]) -> None:
    threshold = figures["model"]["threshold"]
    page.heading("At the card's threshold")
    heads = ("openings", "recall", "95 %", "people challenged", "95 %", "precision", "accuracy", "F1")
    page.table(
        heads, [_threshold_row(name, part) for name, part in parts.items()], caption=f"{threshold:.4f}"
    )
    page.paragraph(PREVALENCE)
    if figures["budgets"]:
        page.table(BUDGET_HEADS, budget_rows(figures), caption="At the card's budgets, all openings")
        page.paragraph(BUDGETS)


def _threshold_row(name: str, part: Document) -> tuple[str, ...]:
    confusion: Mapping[str, Any] = part["confusion"] or {}
    return (
        name,
        rate(part["recall"]),
        interval(part["recall"]),
        rate(part["false_challenges"]),
        interval(part["false_challenges"]),
        *(percent(confusion.get(measure)) for measure in ("precision", "accuracy", "f1")),
    )


def _ranking(page: Page, parts: Mapping[str, Document]) -> None:
    page.heading("At other thresholds")
    page.paragraph(OWN_PEOPLE)
    rows = [
        (name, f"{point['rate']:.1%}", percent(point["recall"]), interval(point), resolved(point))
        for name, part in parts.items()
        for point in part["recall_at"] or []
    ]
    heads = ("openings", "false challenges at most", "recall", "95 %", "people challenged")
    page.table(heads, rows, caption="Recall at rates of false challenges")
    areas = [
        (
            name,
            f"{part['ranking']['roc_area']:.4f}",
            f"{part['ranking']['average_precision']:.4f}",
            part["people_of"],
        )
        for name, part in parts.items()
        if part["ranking"]
    ]
    page.table(("openings", "ROC area", "average precision", "people of"), areas, caption="Areas")
    if areas:
        alt = "Recall rises with the rate of false challenges; precision falls with recall."
        page.figure(roc_figure(parts), caption="ROC and precision over recall", alt=alt)


def _campaigns(page: Page, figures: Document) -> None:
    campaigns = figures["campaigns"]
    if not campaigns:
        return
    page.heading("By campaign, worst first")
    page.figure(campaigns_figure(campaigns), caption="Recall by campaign", alt="Recall of each campaign.")
    rows = [
        (
            campaign["campaign"],
            ", ".join(campaign["kinds"]),
            ", ".join(campaign["codecs"]),
            ", ".join(campaign["splits"]),
            rate(campaign["recall"]),
            interval(campaign["recall"]),
        )
        for campaign in campaigns
    ]
    page.table(("campaign", "kind", "codec", "split", "recall", "95 %"), rows, caption="Campaigns")


def _kinds(page: Page, figures: Document) -> None:
    page.heading("By kind and codec")
    for title, shares, label in (
        ("People challenged, by kind of opening", figures["ham_kinds"], "people challenged"),
        ("Recall, by kind of dead air", figures["spam_kinds"], "recall"),
    ):
        if shares:
            page.figure(shares_figure(shares, label=label), caption=title, alt=title)
            page.table(
                ("kind", label, "95 %"),
                [(name, rate(share), interval(share)) for name, share in shares.items()],
                caption=title,
            )
    rows = [
        (
            codec,
            rate(both["recall"]),
            interval(both["recall"]),
            rate(both["false_challenges"]),
            interval(both["false_challenges"]),
        )
        for codec, both in figures["codecs"].items()
    ]
    page.table(("codecs", "recall", "95 %", "people challenged", "95 %"), rows, caption="By chain of codecs")
