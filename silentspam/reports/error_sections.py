"""The report on errors, ready for people to read."""

from silentspam.explain import when
from silentspam.reports.errors import FALSELY_SUSPECTED, SELECTED_BY, Errors, Finding, LoggedCall
from silentspam.reports.grid import Cell, Grid, Section, percent, rate_cells
from silentspam.training.operating_point import Rate

SELECTION = (
    "A call log holds no truth: these are patterns of what followed on a judgement. Labels by challenge "
    "exist for challenged calls only, so a rate here speaks of the calls it was selected from, and of no "
    "others."
)


def error_sections(errors: Errors, *, budget: float) -> list[Section]:
    """Everything of `report errors`; budget: model.max_false_challenge_rate, 0…1."""
    return [
        rate_section(errors, budget=budget),
        finding_section(errors, "Perhaps people, taken for SPAM", FALSELY_SUSPECTED),
        finding_section(
            errors, "Perhaps SPAM, let through", tuple(f for f in Finding if f not in FALSELY_SUSPECTED)
        ),
    ]


def rate_section(errors: Errors, *, budget: float) -> Section:
    """The estimates, each with its interval and what it was selected by."""
    rates = (
        (
            "false-challenge rate, evidence seen",
            errors.false_challenge_rate,
            "likely people among suspects, of these and all unsuspected calls",
        ),
        (
            "false-challenge rate, hang-ups too",
            errors.false_challenge_rate_with_hang_ups,
            "the same, with all who hung up during the challenge taken for people",
        ),
        (
            "suspects who passed",
            errors.passed_of_challenged,
            "challenged suspects who passed or failed; not of all calls",
        ),
        (
            "missed SPAM among the unsuspected",
            errors.missed_of_explored,
            "unsuspected calls that a lot brought a challenge, and who passed or failed",
        ),
    )
    rows = tuple((name, rate.hits, rate.n, *rate_cells(rate), by) for name, rate, by in rates)
    grid = Grid(
        caption="Estimates",
        heads=("estimate", "hits", "of", "share", "95 % interval", "selected by"),
        rows=rows,
    )
    return Section(
        heading="How often it is wrong", notes=(SELECTION, *_remarks(errors, budget)), grids=(grid,)
    )


def _remarks(errors: Errors, budget: float) -> list[str]:
    rate = errors.false_challenge_rate
    remarks = []
    if rate.n:
        low, high = rate.interval
        word = "above" if low > budget else "below" if high < budget else "not told apart from"
        remarks.append(
            f"By the evidence seen it is {word} model.max_false_challenge_rate ({percent(budget)})."
        )
    if not errors.explored:
        remarks.append(
            "No unsuspected call was challenged (collection.challenge_share): how much SPAM is missed cannot "
            "be said."
        )
    if errors.unchallenged_suspects:
        share = Rate(hits=errors.measured_suspects, n=errors.unchallenged_suspects)
        remarks.append(
            f"{share.n} suspects were connected unchallenged; caller speech was measured in {share.hits} of "
            "them (collection.caller_leg)."
        )
    return remarks


def finding_section(errors: Errors, heading: str, findings: tuple[Finding, ...]) -> Section:
    """How many calls show each pattern, and the newest of them to look at."""
    counts = Grid(
        caption="Calls by what followed",
        heads=("what followed", "calls", "selected by"),
        rows=tuple((str(f.value), errors.counts[f], SELECTED_BY[f]) for f in findings),
    )
    lists = [
        Grid(
            caption=f"{finding.value}: the newest {len(errors.newest[finding])} of {errors.counts[finding]}",
            heads=(
                "call id",
                "started",
                "caller",
                "name",
                "verdict",
                "probability",
                "result",
                "ended by",
                "spoke [s]",
            ),
            rows=tuple(_cells(call) for call in errors.listed(finding)),
        )
        for finding in findings
        if errors.counts[finding]
    ]
    return Section(heading=heading, grids=(counts, *lists))


def _cells(call: LoggedCall) -> tuple[Cell, ...]:
    started = call.started_at
    return (
        str(call.call_id),
        when(started),
        str(call.caller_id or "-"),
        str(call.caller_name or "-"),
        str(call.verdict or "-"),
        _number(call.spam_probability, 3),
        str(call.disposition or "-"),
        str(call.ended_by or "-"),
        _number(call.caller_speech_seconds, 1),
    )


def _number(value: object, places: int) -> str:
    return f"{value:.{places}f}" if isinstance(value, int | float) else "-"
