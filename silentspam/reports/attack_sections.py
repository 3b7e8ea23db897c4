"""The lines of dead air as tables, sections and JSON: for `silentspam attacks` and `report calls`."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from silentspam.calllog.line_calls import LineCall
from silentspam.explain import when
from silentspam.lines.deeds import LineEvent
from silentspam.lines.line import NUMBERS_KEPT
from silentspam.reports.attacks import Attack, history, sparkline
from silentspam.reports.grid import Cell, Grid, Picture, Section, rate_cells

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHORT = 8
"""Characters of a line's id that a table shows: enough to name it."""

HEADS = (
    "line",
    "state",
    "origin",
    "first heard",
    "last heard",
    "5 min",
    "hour",
    "day",
    "last 24 hours",
    "numbers",
    "failed",
    "passed",
    "spoke",
    "share passed",
    "merged into",
)
NUMBERS_LISTED = 20
BESIDE_OTHERS = 20
"""Lines that a report on calls lists; all are counted."""

ORIGINS = {
    "CHALLENGE": "a challenge that nobody answered",
    "BURST": "calls of different numbers that lay together",
    "OPERATOR": "an operator",
}


def short(line_id: str | None) -> str:
    """The beginning of a line's id."""
    return "-" if line_id is None else line_id[:SHORT]


def attack_grid(found: Sequence[Attack], *, caption: str) -> Grid:
    """One row a line; times are UTC."""
    return Grid(caption=caption, heads=HEADS, rows=tuple(map(_row, found)))


def _row(one: Attack) -> tuple[Cell, ...]:
    line, activity = one.line, one.activity
    return (
        short(line.line_id),
        one.state,
        str(line.origin),
        _brief(line.first_seen),
        _brief(line.last_seen),
        activity.now,
        activity.hour,
        activity.day,
        sparkline(activity.hours),
        len(activity.numbers),
        line.failed,
        line.passed,
        line.spoken,
        rate_cells(one.passed)[0],
        short(line.merged_into),
    )


def _brief(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%m-%d %H:%M")


def lines_section(found: Sequence[Attack]) -> Section:
    """The lines of a period, for a report on its calls."""
    states = Counter(str(one.line.state) for one in found)
    told = ", ".join(f"{count} {state.lower()}" for state, count in sorted(states.items())) or "none"
    busiest = sorted(found, key=lambda one: -one.activity.calls)[:BESIDE_OTHERS]
    rows = [
        (short(one.line.line_id), one.state, one.activity.calls, len(one.activity.numbers), *_evidence(one))
        for one in busiest
    ]
    heads = ("line", "state now", "calls", "numbers", "failed", "passed", "spoke", "share passed", "95 %")
    grid = Grid(caption=f"The {len(rows)} busiest lines", heads=heads, rows=tuple(rows))
    note = f"Lines heard in the period: {told}. `silentspam attacks` has them all."
    return Section(heading="Lines of dead air", notes=(note,), grids=(grid,) if rows else ())


def _evidence(one: Attack) -> tuple[Cell, ...]:
    return one.line.failed, one.line.passed, one.line.spoken, *rate_cells(one.passed)


def line_sections(
    one: Attack,
    calls: Sequence[LineCall],
    events: Sequence[LineEvent],
    *,
    listed: int,
    draw: "Callable[[], Figure] | None" = None,
) -> list[Section]:
    """Everything about one line: `calls` are all of it, newest first, the newest `listed` of them in full."""
    pictures: tuple[Picture, ...] = ()
    if draw is not None:
        alt = "Mean spectrum, histogram of mu-law codes and an example waveform of the line's openings"
        pictures = (Picture(caption="Openings of the line", alt=alt, draw=draw),)
    return [
        Section(heading="What it is", notes=_about(one), grids=_deeds(events), pictures=pictures),
        Section(heading="Volume and evidence over time", grids=(_over_time(calls),)),
        Section(heading="Numbers", grids=(_numbers(one),)),
        Section(heading="Calls", grids=(_calls(calls, listed),)),
    ]


def _about(one: Attack) -> tuple[str, ...]:
    line, activity = one.line, one.activity
    share, interval = rate_cells(one.passed)
    merged = (f"It turned out to be line {line.merged_into}, and is part of that one.",)
    bounded = "at least " if len(line.numbers) >= NUMBERS_KEPT else ""
    return (
        f"Line {line.line_id}: {one.state}. Made known by {ORIGINS[line.origin]}.",
        f"Heard from {when(line.first_seen)} to {when(line.last_seen)}; {activity.calls} calls in the call "
        f"log from {len(activity.numbers)} numbers: {activity.now} in the last 5 minutes, {activity.hour} in "
        f"the last hour, {activity.day} in the last day ({sparkline(activity.hours)}).",
        f"Evidence: {line.evidence()}. Passed, of those with a result: {share} (95 % interval {interval}).",
        f"Its place is the mean of {line.count} calls; {bounded}{len(line.numbers)} numbers are remembered.",
        *(merged if line.merged_into else ()),
    )


def _deeds(events: Sequence[LineEvent]) -> tuple[Grid, ...]:
    if not events:
        return ()
    rows = tuple((when(e.changed_at), e.changed_by, str(e.deed).lower(), e.note) for e in events)
    return (Grid(caption="By hand", heads=("when", "who", "what", "note"), rows=rows),)


def _over_time(calls: Sequence[LineCall]) -> Grid:
    moments = history(calls)
    bars = sparkline([moment.calls for moment in moments])
    rows = tuple(
        (when(m.at), m.calls, bar, m.failed, m.passed, m.spoke) for m, bar in zip(moments, bars, strict=True)
    )
    heads = ("from", "calls", "", "failed", "passed", "spoke")
    return Grid(caption="Calls, and what they taught", heads=heads, rows=rows)


def _numbers(one: Attack) -> Grid:
    numbers, without = one.activity.numbers, one.activity.without_number
    rows: list[tuple[Cell, ...]] = list(numbers.most_common(NUMBERS_LISTED))
    if without:
        rows.append(("(no number)", without))
    caption = f"{len(numbers)} numbers, the {min(len(numbers), NUMBERS_LISTED)} most frequent"
    return Grid(caption=caption, heads=("number", "calls"), rows=tuple(rows))


def _calls(calls: Sequence[LineCall], listed: int) -> Grid:
    rows = tuple(
        (
            when(call.started_at),
            call.call_id,
            call.number or "-",
            call.challenge_cause or "-",
            call.challenge_result or "-",
            call.disposition or "-",
            call.outcome or "-",
        )
        for call in calls[:listed]
    )
    heads = ("started", "call id", "number", "challenged for", "challenge", "result", "taught")
    return Grid(caption=f"The newest {len(rows)} of {len(calls)} calls", heads=heads, rows=rows)


def document(one: Attack) -> dict[str, Any]:
    """A line for JSON: everything but its place, and the hashed numbers."""
    line, activity = one.line, one.activity
    return {
        "line_id": line.line_id,
        "space_id": line.space_id,
        "known_to_active_model": one.known,
        "state": line.state,
        "pinned": line.pinned,
        "origin": line.origin,
        "merged_into": line.merged_into,
        "first_seen": line.first_seen,
        "last_seen": line.last_seen,
        "calls_in_mean": line.count,
        "calls": activity.calls,
        "calls_last_5_minutes": activity.now,
        "calls_last_hour": activity.hour,
        "calls_last_day": activity.day,
        "calls_by_hour": activity.hours,
        "numbers": len(activity.numbers),
        "challenges_failed": line.failed,
        "challenges_passed": line.passed,
        "calls_with_speech": line.spoken,
        "share_passed": one.passed,
    }
