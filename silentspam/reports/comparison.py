"""The report of `silentspam compare`: Table 1 and Figures 2 to 4, and what stands beside them."""

from matplotlib.figure import Figure

from silentspam.reports.cells import Document, interval, rate, spread
from silentspam.reports.charts import parameter_figure
from silentspam.reports.page import Page

SPLITS = (
    "The shuffled split is the paper's: a stratified shuffle split. It puts calls of one campaign, and "
    "people of one source, on both sides, so that it says how well a known campaign is found again, and "
    "flatters every classifier that learns a line by heart. The grouped split holds campaigns and sources "
    "apart: campaigns and people that training never met."
)
BEST = (
    "Table 1 has each classifier at the setting that was most accurate on the shuffled splits, as the paper "
    "chose its own: chosen on the same splits it is a little flattered. Precision and accuracy depend on the "
    "share of dead air. The decision is the classifier's own (the majority of trees, the sign of the margin, "
    "one half); recall at a rate of false challenges takes the threshold from each test side's own people."
)
PAPER = (
    "The paper had 948 dead-air calls of one attack and 1,500 people, and chose 100 trees at 84 % precision "
    "and 90 % accuracy. These are other calls, so the figures are beside the paper's, not against them."
)
NUMBERS = {"forest": "Figure 2", "sgd": "Figure 3", "linear_svc": "Figure 4"}


def comparison_page(figures: Document) -> Page:
    """The whole report of the document that `silentspam compare --json` writes."""
    page = Page("Silentspam: comparison of classifiers")
    openings, params = figures["openings"], figures["params"]
    if figures.get("statement"):
        page.paragraph(figures["statement"])
    page.paragraph(
        f"{openings['spam']} dead-air calls of {openings['campaigns']} campaigns and "
        f"{openings['ham']} people of {openings['ham_sources']} sources; seed {params['seed']}, "
        f"{params['splits']} splits of each kind."
    )
    page.paragraph(SPLITS)
    page.heading("Table 1: classifiers")
    page.table(TABLE_HEADS, table_rows(figures), caption="Mean ± standard deviation over the splits")
    page.paragraph(BEST)
    page.paragraph(PAPER)
    for key, figure in figures["figures"].items():
        page.heading(f"{NUMBERS[key]}: {figure['title']}")
        caption = f"Precision, recall and accuracy over {figure['parameter']}"
        page.figure(study_figure(figure), caption=caption, alt=caption)
    if figures.get("differences"):
        _differences(page, figures["differences"])
    if figures.get("amd"):
        _amd(page, figures["amd"])
    return page


def study_figure(figure: Document) -> Figure:
    """The picture of one of Figures 2 to 4."""
    return parameter_figure(
        figure["points"],
        label=figure["parameter"],
        logarithmic=figure["logarithmic"],
        title=figure["title"],
    )


TABLE_HEADS = (
    "classifier",
    "features",
    "setting",
    "split",
    "precision",
    "recall",
    "accuracy",
    "recall at 0.5 %",
    "recall at 1 %",
)


def table_rows(figures: Document) -> list[tuple[str, ...]]:
    """Table 1 as text."""
    return [
        (
            line["method"],
            line["features"],
            f"{line['setting']:g}",
            line["split"],
            *(
                spread(line[name])
                for name in ("precision", "recall", "accuracy", "recall_at_0.005", "recall_at_0.01")
            ),
        )
        for line in figures["table"]
    ]


DIFFERENCE_HEADS = ("feature", "area under ROC", "median of dead air", "median of quiet people")


def difference_rows(found: Document) -> list[tuple[str, ...]]:
    """The features that tell quiet people from dead air best, as text."""
    return [
        (
            line["feature"],
            f"{line['area']:.3f}",
            f"{line['dead_air_median']:.4g}",
            f"{line['quiet_people_median']:.4g}",
        )
        for line in found["features"]
    ]


def difference_caption(found: Document) -> str:
    """What is compared."""
    return (
        f"{found['dead_air']} dead-air calls against {found['quiet_people']} people at or below "
        f"{found['quiet_dbfs']:g} dBFS; the area is the chance that dead air has more of the feature"
    )


def _differences(page: Page, found: Document) -> None:
    page.heading("What tells a person's quiet line from a machine's")
    page.table(DIFFERENCE_HEADS, difference_rows(found), caption=difference_caption(found))


AMD_HEADS = ("AMD()", "openings", "MACHINE", "95 %", "for initial silence", "95 %", "HUMAN", "NOTSURE")


def amd_rows(amd: Document) -> list[tuple[str, ...]]:
    """What Asterisk's AMD() said of real calls, by setting and kind of call."""
    return [
        (
            line["setting"],
            line["openings"],
            rate(line["machine"]),
            interval(line["machine"]),
            rate(line["silent"]),
            interval(line["silent"]),
            *(str(line["statuses"].get(status, 0)) for status in ("HUMAN", "NOTSURE")),
        )
        for line in amd["lines"]
    ]


def _amd(page: Page, amd: Document) -> None:
    page.heading("Asterisk's AMD() on real calls")
    page.paragraph(amd["about"])
    page.table(AMD_HEADS, amd_rows(amd), caption=f"{amd['version']}, {amd['calls']} calls")
