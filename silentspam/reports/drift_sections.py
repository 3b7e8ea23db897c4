"""The report on drift, and the trial of its alarms, ready for people to read."""

from functools import partial
from typing import TYPE_CHECKING

from silentspam.reports.drift import ALARMS, TEXTBOOK, Alarm, Drift, Moved
from silentspam.reports.grid import Grid, Picture, Section, percent
from silentspam.reports.reference import Reference
from silentspam.reports.selftest import ALWAYS, Worth, overall

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from silentspam.reports.recent import Recent

FEATURES_SHOWN = 20
RARE = 0.05
UNTRIED = "-"


def drift_sections(drift: Drift, reference: Reference, recent: "Recent") -> list[Section]:
    """Everything of `report drift`."""
    return [alarm_section(drift, reference, recent), moved_section(drift)]


def alarm_section(drift: Drift, reference: Reference, recent: "Recent") -> Section:
    """The alarms, each beside its limit and what it was worth in trials."""
    notes = [
        f"{recent.recorded} calls of the period have a recording, {recent.sampled} were drawn from them: "
        f"{drift.unsuspected} unsuspected, {drift.suspects} suspects, {recent.unfit} that cannot be judged, "
        f"{recent.gone} whose file is gone."
    ]
    if drift.window is None:
        notes.append("Too few calls for the limits of this reference, or it has none: no alarm can fire.")
    else:
        rate = reference.false_alarm_rate or 0.0
        notes.append(
            f"Limits for windows of {drift.window} calls: each alarm fires on {percent(rate)} of windows of "
            "training openings whose sources were held out."
        )
    if not reference.self_test:
        notes.append("The alarms of this reference were not tried: `silentspam report drift --self-test`.")
    heads = ("alarm", "statistic", "limit", "", "F1 in trials", "false alarms in trials", "what it looks at")
    rows = tuple(_alarm_row(alarm, reference) for alarm in drift.alarms)
    always = _tried(reference, ALWAYS)
    grid = Grid(
        caption=f"Alarms; one that always fires has F1 {always[0]} in the same trials", heads=heads, rows=rows
    )
    return Section(heading="Alarms", notes=tuple(notes), grids=(grid,))


def _alarm_row(alarm: Alarm, reference: Reference) -> tuple[str, ...]:
    return (
        alarm.name,
        f"{alarm.statistic:.3f}",
        "-" if alarm.limit is None else f"{alarm.limit:.3f}",
        "FIRES" if alarm.fires else "",
        *_tried(reference, alarm.name),
        (ALARMS | TEXTBOOK)[alarm.name],
    )


def _tried(reference: Reference, alarm: str) -> tuple[str, str]:
    try:
        found = reference.self_test["alarms"][alarm]
        return f"{float(found['f1']):.3f}", percent(float(found["false_alarms"]["rate"]))
    except (KeyError, TypeError, ValueError):
        return UNTRIED, UNTRIED


def moved_section(drift: Drift) -> Section:
    """The score and the features that moved most."""
    shown = drift.features[:FEATURES_SHOWN]
    differ = sum(feature.rejected for feature in drift.features)
    note = (
        f"{differ} of {len(drift.features)} features differ at a false discovery rate of 5 %, if calls were "
        "independent, which calls of one room or speaker are not: the limits above are what to go by."
    )
    grid = Grid(
        caption=f"The score, and the {len(shown)} features of unsuspected calls that moved most",
        heads=("quantity", "PSI less chance", "KS", "p, corrected"),
        rows=tuple(_moved_row(moved) for moved in (drift.score, *shown)),
    )
    pictures = (
        Picture(
            caption="Scores of unsuspected calls: how many lie below each value",
            alt="Cumulative shares of the scores of recent calls and of people in training",
            draw=partial(_score_drift, drift),
        ),
        Picture(
            caption="The features that moved most",
            alt="Bars of the population stability index of the features that moved most",
            draw=partial(_drifted_features, drift),
        ),
    )
    return Section(heading="What moved", notes=(note,), grids=(grid,), pictures=pictures)


def _moved_row(moved: Moved) -> tuple[str, ...]:
    return moved.name, f"{moved.psi:.3f}", f"{moved.ks:.3f}", f"{moved.p_value:.2g}"


def trial_sections(worths: list[Worth], *, size: int, about: str) -> list[Section]:
    """Everything of `report drift --self-test`: each alarm beside one that always fires."""
    together = overall(worths)
    notes = (
        about,
        f"Windows of {size} calls, half of them with drift. Recall: drifting windows on which it fires. The "
        f"last column is for lines where one window in {round(1 / RARE)} drifts.",
    )
    heads = ("alarm", "recall", "false alarms", "precision", "F1", f"precision, drift in {RARE:.0%}")
    grid = Grid(
        caption="Each alarm over all kinds of drift",
        heads=heads,
        rows=tuple(_worth_row(worth) for worth in together.values()),
    )
    kinds = list(dict.fromkeys(worth.kind for worth in worths))
    by_kind = {(worth.alarm, worth.kind): worth for worth in worths}
    recalls = Grid(
        caption="Recall by kind of drift",
        heads=("alarm", *kinds, "false alarms"),
        rows=tuple(
            (
                alarm,
                *(percent(by_kind[alarm, kind].found.value) for kind in kinds),
                percent(worth.false_alarms.value),
            )
            for alarm, worth in together.items()
        ),
    )
    picture = Picture(
        caption="F1 of each alarm; dashed: an alarm that always fires",
        alt="Bars of F1 by alarm with a line for an alarm that always fires",
        draw=partial(_worth_of_alarms, together),
    )
    return [
        Section(heading="Alarms on trial", notes=notes, grids=(grid, recalls), pictures=(picture,)),
    ]


def _worth_row(worth: Worth) -> tuple[str, ...]:
    return (
        worth.alarm,
        percent(worth.found.value),
        percent(worth.false_alarms.value),
        percent(worth.precision),
        f"{worth.f1:.3f}",
        percent(worth.precision_at(RARE)),
    )


def _score_drift(drift: Drift) -> "Figure":
    from silentspam.reports.drift_pictures import score_drift

    return score_drift(drift)


def _drifted_features(drift: Drift) -> "Figure":
    from silentspam.reports.drift_pictures import drifted_features

    return drifted_features(drift)


def _worth_of_alarms(worths: dict[str, Worth]) -> "Figure":
    from silentspam.reports.drift_pictures import worth_of_alarms

    return worth_of_alarms(worths)
