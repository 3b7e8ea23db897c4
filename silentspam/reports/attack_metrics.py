"""Line memory, the budget and exploration as metrics: `silentspam attacks --format prometheus`.

Gauges throughout: a call log may lose its oldest rows, and a window costs the same however long the log is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from silentspam.call import ChallengeCause
from silentspam.lines.snapshot import Snapshot
from silentspam.metrics import Gauge, gauge
from silentspam.reports.attacks import Attack
from silentspam.reports.call_sections import Configured
from silentspam.reports.tables import Challenged, Volumes
from silentspam.verdict import LineState

LINES_NAMED = 50
"""Lines with metrics of their own, those heard of last: each is a time series of Prometheus'."""


LIVING = (LineState.CANDIDATE, LineState.ACTIVE, LineState.SUSPENDED)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is measured.

    snapshot: what this machine's calls are judged with, None where it is no use; credit and version are the
    database's, of the active model's space; now in seconds since the epoch.
    """

    attacks: Sequence[Attack]
    hour: Volumes
    day: Volumes
    configured: Configured
    waiting: int
    snapshot: Snapshot | None
    credit: float | None
    version: int | None
    now: float


def metrics(standing: Standing) -> list[Gauge]:
    """Every gauge."""
    return [*_lines(standing), *_challenges(standing), *_memory(standing)]


def _lines(standing: Standing) -> list[Gauge]:
    known = [one for one in standing.attacks if one.known]
    states = {state: sum(one.line.state is state for one in known) for state in LIVING}
    named = sorted((one for one in known if one.line.state in LIVING), key=lambda one: -one.line.last_seen)[
        :LINES_NAMED
    ]
    return [
        Gauge(
            name="silentspam_lines",
            help="Lines of the active model, by state",
            samples=tuple(({"state": state.lower()}, float(count)) for state, count in states.items()),
        ),
        Gauge(
            name="silentspam_line_info",
            help=f"1 for each line (the {LINES_NAMED} heard of last), with its state and what made it known",
            samples=tuple((_info(one), 1.0) for one in named),
        ),
        _of_each(named, "calls_last_hour", "Calls on a line in the last hour", lambda one: one.activity.hour),
        _of_each(named, "calls_last_day", "Calls on a line in the last day", lambda one: one.activity.day),
        _of_each(named, "numbers", "Numbers that called on a line", lambda one: len(one.activity.numbers)),
        _of_each(named, "challenges_failed", "Challenges nobody answered", lambda one: one.line.failed),
        _of_each(named, "challenges_passed", "People who passed a challenge", lambda one: one.line.passed),
        _of_each(named, "spoken", "Calls with a person's speech", lambda one: one.line.spoken),
    ]


def _info(one: Attack) -> dict[str, str]:
    line = one.line
    by = "operator" if line.pinned else "evidence"
    return {"line": line.line_id, "state": line.state.lower(), "origin": line.origin.lower(), "by": by}


def _of_each(named: Sequence[Attack], name: str, about: str, value: Callable[[Attack], int]) -> Gauge:
    return Gauge(
        name=f"silentspam_line_{name}",
        help=f"{about} (the {LINES_NAMED} lines heard of last)",
        samples=tuple(({"line": one.line.line_id}, float(value(one))) for one in named),
    )


def _challenges(standing: Standing) -> list[Gauge]:
    hour, day, configured = standing.hour, standing.day, standing.configured
    by_cause = {
        ChallengeCause.LINE: hour.line,
        ChallengeCause.SUSPICION: hour.suspicion,
        ChallengeCause.BURST: hour.burst,
        ChallengeCause.EXPLORATION: hour.exploration,
    }
    results = tuple(
        ({"cause": cause.lower(), "result": result}, float(calls))
        for cause, challenged in by_cause.items()
        for result, calls in _results(challenged).items()
    )
    held = tuple(({"cause": c.lower()}, float(hour.held_back.get(c, 0))) for c in ChallengeCause)
    people, explored = day.false_challenges, day.explored
    quiet = max(configured.share, configured.quiet_share)
    return [
        Gauge(name="silentspam_challenges_last_hour", help="Challenges of the last hour", samples=results),
        Gauge(
            name="silentspam_challenges_held_back_last_hour",
            help="Challenges of the last hour that the budget did not allow",
            samples=held,
        ),
        _two(
            "false_challenge_share",
            "People challenged, of all people: the budget, and of the last day",
            {"configured": configured.budget, "realised": people.value if people.n else None},
        ),
        _two(
            "exploration_share",
            "Unsuspected calls challenged by lot: of quiet ones as configured, and of the last day's",
            {"configured": quiet, "realised": explored.value if explored.n else None},
        ),
    ]


def _results(challenged: Challenged) -> dict[str, int]:
    return {
        "passed": challenged.passed,
        "failed": challenged.failed,
        "abandoned": challenged.abandoned,
        "none": challenged.unfinished,
    }


def _two(name: str, about: str, values: dict[str, float | None]) -> Gauge:
    samples = tuple(({"which": which}, value) for which, value in values.items() if value is not None)
    return Gauge(name=f"silentspam_{name}", help=about, samples=samples)


def _memory(standing: Standing) -> list[Gauge]:
    snapshot = standing.snapshot
    age = None if snapshot is None else standing.now - snapshot.made_at
    credits = {} if snapshot is None else snapshot.kind_credits
    return [
        gauge(
            "silentspam_false_challenge_credit",
            "Challenges of people that may still be made",
            standing.credit,
        ),
        Gauge(
            name="silentspam_kind_false_challenge_credit",
            help="The same for each kind of SPAM with a budget of its own",
            samples=tuple(({"kind": kind}, credit.left) for kind, credit in credits.items()),
        ),
        gauge(
            "silentspam_line_threshold",
            "Natural log ratio from which a call is taken for a line",
            None if snapshot is None else snapshot.threshold,
        ),
        gauge("silentspam_calls_waiting_to_teach", "Calls to be learnt from yet", standing.waiting),
        gauge(
            "silentspam_snapshot_usable",
            "Whether calls here are judged with lines",
            float(snapshot is not None),
        ),
        gauge("silentspam_snapshot_age_seconds", "Since this machine's snapshot of the lines was made", age),
        gauge(
            "silentspam_snapshot_version",
            "Version of this machine's snapshot of the lines",
            None if snapshot is None else snapshot.version,
        ),
        gauge("silentspam_lines_version", "Version of the lines in the database", standing.version),
    ]
