"""The report on calls, for people to read: volumes, challenges, lines, Tables 2 and 3, and days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from silentspam.call import VerdictKind
from silentspam.reports.attack_sections import lines_section
from silentspam.reports.attacks import Attack
from silentspam.reports.cases import Cases
from silentspam.reports.grid import Cell, Grid, Picture, Section, percent, rate_cells
from silentspam.reports.origins import Origins, origins_section
from silentspam.reports.scores import ScoreHistogram
from silentspam.reports.suspects import OfKind, by_kind, kinds_grid
from silentspam.reports.tables import PAPERS_TABLE_2, Challenged, Volumes, by_day, table2, table3, volumes
from silentspam.training.operating_point import Rate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DAY_HEADS = (
    "day (UTC)",
    "calls",
    "suspects",
    "challenged",
    "passed",
    "failed",
    "abandoned",
    "explored",
    "rejected",
    "INCONCLUSIVE",
    "failed open",
)
PAPERS_SHARE = "98.6 % in the paper (2,100 of 2,128 calls, Orife et al. 2018, section 7)"


@dataclass(frozen=True, kw_only=True)
class Configured:
    """What the configuration says of challenges, as shares 0…1.

    budget: of false challenges, of all kinds; rates: that of each kind of SPAM, by its name; share: of
    unsuspected calls that are challenged by lot; quiet_share: of the quiet ones among them.
    """

    budget: float
    rates: Mapping[str, float] = field(default_factory=dict)
    share: float = 0.0
    quiet_share: float = 0.0


def call_sections(
    cases: Cases,
    scores: ScoreHistogram,
    *,
    configured: Configured,
    found_lines: Sequence[Attack] = (),
    found_origins: Origins | None = None,
) -> list[Section]:
    """Everything of `report calls`; found_lines: the lines heard in the period; found_origins: where its
    calls came from, where that is told."""
    found = volumes(cases)
    return [
        volume_section(found),
        challenge_section(found, configured, by_kind(cases)),
        lines_section(found_lines),
        *([origins_section(found_origins)] if found_origins is not None else []),
        prevalence_section(cases, found),
        endings_section(cases, found),
        days_section(cases, scores),
    ]


def volume_section(found: Volumes) -> Section:
    """How many calls, failures, and what could not be judged."""
    silence = found.digital_silence
    verdict = "as it must be" if not silence.hits else "it must be 0: report this as a defect"
    lesson = (
        f"Pure digital silence among the calls judged silent: {_of(silence)}, {verdict}; {PAPERS_SHARE}. "
        f"More than half digital silence: {found.silent_most}."
    )
    return Section(
        heading="Volumes",
        notes=(lesson,),
        grids=(
            Grid(caption="Calls", heads=("calls", "number", "share of all"), rows=_volume_rows(found)),
            _causes("Failed open, by cause", found.failed_open),
            _causes("INCONCLUSIVE, by reason", found.inconclusive),
        ),
    )


def challenge_section(
    found: Volumes, configured: Configured, suspects: Mapping[str, OfKind] | None = None
) -> Section:
    """Challenges by cause and by kind, against the budgets of false challenges and the share of
    exploration."""
    notes = (
        f"Challenge rate: {_of(found.challenge_rate)} of the judged calls that could be challenged: SPAM and "
        "people.",
        f"False challenges: {_of(found.false_challenges)} of the judged callers of enforce mode who did not "
        "fail passed one, whatever its cause. The budgets of all kinds together allow "
        f"{percent(configured.budget)}.",
        f"Exploration: {_of(found.explored)} of the unsuspected calls that a lot could fall on. Configured: "
        f"{percent(max(configured.share, configured.quiet_share))} of the quiet ones, "
        f"{percent(configured.share)} of the others.",
    )
    rows: tuple[tuple[Cell, ...], ...] = (
        ("line", *_challenge_cells(found.line)),
        ("suspicion", *_challenge_cells(found.suspicion)),
        ("burst", *_challenge_cells(found.burst)),
        ("exploration", *_challenge_cells(found.exploration)),
    )
    heads = ("cause", "challenged", "passed", "failed", "abandoned", "no result")
    held_back = {cause.lower(): calls for cause, calls in found.held_back.items()}
    return Section(
        heading="Challenges",
        notes=notes,
        grids=(
            Grid(caption="Challenges, by cause", heads=heads, rows=rows),
            kinds_grid(suspects or {}, configured.rates),
            _causes("Held back by the budget, by cause", held_back),
        ),
    )


def _volume_rows(found: Volumes) -> tuple[tuple[Cell, ...], ...]:
    failed, doubtful = sum(found.failed_open.values()), sum(found.inconclusive.values())
    lines = (
        ("all", found.calls),
        *((f"in mode {mode}", calls) for mode, calls in found.modes.items()),
        ("judged", found.judged),
        ("judged to be SPAM", found.suspects),
        ("INCONCLUSIVE", doubtful),
        ("rejected for their sound", found.rejected),
        ("of these, rejected unasked", found.unasked),
        ("rejected as blocked numbers", found.blocked),
        ("failed open", failed),
    )
    return tuple(
        (name, calls, percent(calls / found.calls if found.calls else float("nan"))) for name, calls in lines
    )


def _challenge_cells(challenged: Challenged) -> tuple[int, ...]:
    return (
        challenged.calls,
        challenged.passed,
        challenged.failed,
        challenged.abandoned,
        challenged.unfinished,
    )


def _causes(caption: str, counts: dict[str, int]) -> Grid:
    return Grid(caption=caption, heads=("cause", "calls"), rows=tuple(counts.items()))


def prevalence_section(cases: Cases, found: Volumes) -> Section:
    """Table 2."""
    kinds = table2(cases)
    papers = {str(kind): calls for kind, calls in PAPERS_TABLE_2.items()}
    rows = [(f"{kind}", rate.hits, *rate_cells(rate), papers.get(kind, "")) for kind, rate in kinds.items()]
    total = next(iter(kinds.values())).n
    explored = found.exploration.failed
    note = (
        f"Calls that were rejected: {total - found.unasked} failed the challenge that their verdict brought "
        f"them, {found.unasked} were rejected unasked, as configured (kinds). Beside them {explored} "
        "unsuspected calls failed a challenge of exploration and were connected."
    )
    grid = Grid(
        caption="Table 2. Prevalence of SPAM types in rejected calls",
        heads=("Spam Type", "Count", "share", "95 % interval", "in the paper"),
        rows=(*rows, ("Total", total, "", "", sum(papers.values()))),
    )
    return Section(heading="Kinds of SPAM (Table 2)", notes=(note,), grids=(grid,))


def endings_section(cases: Cases, found: Volumes) -> Section:
    """Table 3, and the rejected calls that the paper's leaves out in a table of their own."""
    lines = table3(cases)
    kept = [line for line in lines if not line.rejected]
    total = sum(line.calls for line in kept)
    rows = [(x.disposition, x.ended_by, x.calls, *rate_cells(Rate(hits=x.calls, n=total))) for x in kept]
    heads = ("Call Result", "Ended By", "Count", "share", "95 % interval")
    rejected = tuple((line.disposition, line.ended_by, line.calls) for line in lines if line.rejected)
    note = (
        f"Of {found.judged_silent} calls judged {VerdictKind.CALLER_SILENCE}, those that were not rejected; "
        "in shadow mode none is. Many that ended BRIDGED after a while were people: see `report errors`."
    )
    return Section(
        heading="How calls judged silent ended (Table 3)",
        notes=(note,),
        grids=(
            Grid(
                caption=f'Table 3. Reasons {total} "silent" calls were ended',
                heads=heads,
                rows=tuple(rows),
            ),
            Grid(caption="Judged silent and rejected", heads=heads[:3], rows=rejected),
        ),
    )


def days_section(cases: Cases, scores: ScoreHistogram) -> Section:
    """The same by day, and the pictures."""
    days = by_day(cases)
    pictures = []
    if days:
        pictures.append(
            Picture(
                caption="Calls a day (UTC) by disposition",
                alt=f"Stacked bars of the calls on {len(days)} days, by disposition",
                draw=partial(_daily, days),
            )
        )
    if scores.calls:
        pictures.append(
            Picture(
                caption=f"Spam probability of {scores.calls} calls; dashed: the thresholds in use",
                alt="Histogram of spam probabilities with thresholds",
                draw=partial(_histogram, scores),
            )
        )
    rows = tuple(_day_row(day, volumes(part)) for day, part in days.items())
    grid = Grid(caption="Calls by day", heads=DAY_HEADS, rows=rows)
    return Section(heading="Days", grids=(grid,), pictures=tuple(pictures))


def _day_row(day: str, found: Volumes) -> tuple[Cell, ...]:
    return (
        day,
        found.calls,
        found.suspects,
        *_challenge_cells(found.suspected)[:4],
        found.exploration.calls,
        found.rejected,
        sum(found.inconclusive.values()),
        sum(found.failed_open.values()),
    )


def _daily(days: dict[str, Cases]) -> "Figure":
    from silentspam.reports.pictures import daily_volumes

    return daily_volumes(days)


def _histogram(scores: ScoreHistogram) -> "Figure":
    from silentspam.reports.pictures import probability_histogram

    return probability_histogram(scores)


def _of(rate: Rate) -> str:
    share, interval = rate_cells(rate)
    return f"{rate.hits} of {rate.n}" + (f" ({share}; 95 % interval {interval})" if rate.n else "")
