"""What is found of each kind of SPAM, and whom each challenges: the tables of `training.kind_figures`."""

from collections.abc import Iterable

from silentspam.reports.cells import Document, interval, rate
from silentspam.reports.page import Page
from silentspam.training.kind_figures import LABELS, MUCH_LOSS, NAMES, NO_LOSS, SOME_LOSS, UNSAID, VERDICTS

JUDGED = (
    "Every opening is judged as a call is: by the model and by all detectors, each at the threshold that the "
    "configuration gives it, and the most specific kind that is probable enough is the verdict. Line memory "
    "is not asked. Found is taken for its own kind, challenged is taken for any."
)
UNKNOWN_RECORDINGS = (
    "Announcements called unknown are in no library: nobody can know them before they were heard under "
    "several numbers, and of them nothing should be found here."
)

CONFUSION_HEADS = ("openings of ↓ taken for →", *VERDICTS)
FOUND_HEADS = ("kind", "calls", "campaigns", "threshold", "found", "95 %", "challenged", "95 %")
PEOPLE_HEADS = ("taken for", "people", "95 %")
LOSSES = (NO_LOSS, SOME_LOSS, MUCH_LOSS, UNSAID)
PARTS = (("what it is", "families", ()), ("codec", "codecs", ()), ("packets lost", "losses", LOSSES))
"""By what each kind is told apart: a head, its key in the document, and which names come first."""
PART_HEADS = ("found", "95 %")
WORST_HEADS = ("voice, place or tune", "openings", *NAMES)
OPENING_HEADS = ("people", "n", "challenged", "95 %", *NAMES)


def confusion_rows(figures: Document) -> list[tuple[str, ...]]:
    """Labels by verdicts."""
    return [
        (label, *(str(row.get(name, 0)) for name in VERDICTS)) for label, row in figures["confusion"].items()
    ]


def found_rows(figures: Document) -> list[tuple[str, ...]]:
    """One row a kind."""
    return [
        (
            label,
            str(found["found"]["n"]),
            str(found["campaigns"]),
            threshold_of(figures, label),
            rate(found["found"]),
            interval(found["found"]),
            rate(found["challenged"]),
            interval(found["challenged"]),
        )
        for label, found in figures["found"].items()
    ]


def threshold_of(figures: Document, label: str) -> str:
    """The threshold of a kind, or that nobody listened."""
    threshold = figures["thresholds"].get(label.partition(" ")[0])
    return "not listened for" if threshold is None else f"{threshold:.4f}"


def people_rows(figures: Document) -> list[tuple[str, ...]]:
    """False challenges by the kind that causes them."""
    return [
        ("any kind" if name == "any" else name, rate(share), interval(share))
        for name, share in figures["people"]["all"].items()
    ]


def opening_rows(figures: Document) -> list[tuple[str, ...]]:
    """False challenges by how a person's call opens."""
    return [
        (
            name,
            str(shares["any"]["n"]),
            rate(shares["any"]),
            interval(shares["any"]),
            *(str(shares[kind]["hits"]) for kind in NAMES),
        )
        for name, shares in figures["people"]["openings"].items()
    ]


def worst_rows(figures: Document) -> list[tuple[str, ...]]:
    """The voices, places and tunes most of whose people are challenged."""
    return [
        (one["source"], str(one["n"]), *(str(one["kinds"][kind]) for kind in NAMES))
        for one in figures["people"]["worst"]
    ]


def codec_rows(figures: Document) -> list[tuple[str, ...]]:
    """Found through each codec, one column a kind; the last are people who are challenged."""
    kinds = figures["found"]
    columns = [*(kinds[label]["codecs"] for label in kinds), figures["people"]["codecs"]]
    names = sorted({name for column in columns for name in column})
    return [(name, *(_counted(column.get(name)) for column in columns)) for name in names]


def codec_heads(figures: Document) -> tuple[str, ...]:
    """The heads of `codec_rows`."""
    return ("codec", *figures["found"], "people challenged")


def _counted(share: Document | None) -> str:
    return "–" if share is None else f"{share['hits']} of {share['n']}"


def part_rows(shares: Document, order: Iterable[str] = ()) -> list[tuple[str, ...]]:
    """A share for each name, those of `order` first."""
    first = [name for name in order if name in shares]
    names = [*first, *(name for name in shares if name not in first)]
    return [(name or "(none)", rate(shares[name]), interval(shares[name])) for name in names]


def add_kinds(page: Page, figures: Document) -> None:
    """The part of the evaluation's page on all kinds."""
    page.heading("Every kind of SPAM")
    page.paragraph(JUDGED)
    if any(label in figures["found"] for label in LABELS if "(" in label):
        page.paragraph(UNKNOWN_RECORDINGS)
    page.table(CONFUSION_HEADS, confusion_rows(figures), caption="Kinds by what they are taken for")
    page.table(FOUND_HEADS, found_rows(figures), caption="Found of each kind")
    page.table(PEOPLE_HEADS, people_rows(figures), caption="People challenged, by the kind that causes it")
    page.table(OPENING_HEADS, opening_rows(figures), caption="People challenged, by how their call opens")
    page.table(WORST_HEADS, worst_rows(figures), caption="People challenged, the sources with most")
    page.table(codec_heads(figures), codec_rows(figures), caption="Found, by codec")
    for label, found in figures["found"].items():
        for head, key, order in PARTS:
            heads = (head, *PART_HEADS)
            page.table(heads, part_rows(found[key], order), caption=f"{label}: found by {head}")
