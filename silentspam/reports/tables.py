"""The paper's Tables 2 and 3 and the volumes, from cases of the call log.

Orife et al. 2018, section 7: Table 2, which kinds of SPAM the rejected calls were; Table 3, how the calls
judged silent that were not rejected ended, and by whom; and the share of digital silence among them, 98.6 %
in the paper. All are pure sums over `Cases`, for any period; `by_day` splits them.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from silentspam.call import ChallengeCause, ChallengeResult, Disposition, Mode, VerdictKind
from silentspam.kinds.table import names
from silentspam.reports.cases import Case, Cases
from silentspam.training.operating_point import Rate

Key = TypeVar("Key")

PAPERS_TABLE_2 = {
    VerdictKind.CALLER_FAX: 611,
    VerdictKind.CALLER_SILENCE: 233,
    VerdictKind.CALLER_RECORDING: 87,
    VerdictKind.CALLER_NOISE: 32,
    VerdictKind.CALLER_BUSY: 5,
}
"""Table 2 of Orife et al. 2018: of 968 rejected calls of one host and day, the most frequent first."""

NOT_ENDED = "(no end reported)"
NOBODY_KNOWN = "(unknown)"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """One line of Table 3: this many calls judged silent ended so, by whom."""

    disposition: str
    ended_by: str
    calls: int
    rejected: bool


@dataclass(frozen=True, kw_only=True)
class Challenged:
    """The challenges of one cause: how many, and what came of them. `unfinished`: no result was logged."""

    calls: int
    passed: int
    failed: int
    abandoned: int
    unfinished: int

    def __add__(self, other: "Challenged") -> "Challenged":
        """The challenges of both."""
        return Challenged(
            calls=self.calls + other.calls,
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            abandoned=self.abandoned + other.abandoned,
            unfinished=self.unfinished + other.unfinished,
        )


@dataclass(frozen=True, kw_only=True)
class Volumes:
    """How many calls there were, and what became of them.

    judged: HAM or a kind of SPAM; suspects: the latter; inconclusive and failed_open by cause; dispositions
    by name; line, suspicion, burst, exploration: the challenges of each cause; held_back: those that the
    budget did not allow, by cause; lots: unsuspected calls that a lot could fall on; silent_all, silent_most:
    calls judged CALLER_SILENCE whose opening was digital silence wholly, or for more than half;
    challengeable: judged calls in enforce mode, the denominator of the challenge rate; unasked: of the
    rejected, those whom the configuration rejects without a question.
    """

    calls: int
    modes: dict[str, int]
    verdicts: dict[str, int]
    judged: int
    suspects: int
    challengeable: int
    line: Challenged
    suspicion: Challenged
    burst: Challenged
    exploration: Challenged
    held_back: dict[str, int]
    lots: int
    false_challenges: Rate
    rejected: int
    unasked: int
    blocked: int
    failed_open: dict[str, int]
    inconclusive: dict[str, int]
    dispositions: dict[str, int]
    judged_silent: int
    silent_all: int
    silent_most: int

    @property
    def challenge_rate(self) -> Rate:
        """Challenges of suspects among the calls that could have been: people and SPAM alike."""
        return Rate(hits=min(self.suspected.calls, self.challengeable), n=self.challengeable)

    @property
    def suspected(self) -> Challenged:
        """The challenges of suspects: for their line, by the model, or for a burst."""
        return self.line + self.suspicion + self.burst

    @property
    def explored(self) -> Rate:
        """The share of exploration as it came to be."""
        return Rate(hits=min(self.exploration.calls, self.lots), n=self.lots)

    @property
    def digital_silence(self) -> Rate:
        """Pure digital silence among calls judged silent: must be 0 (98.6 % in the paper, section 7)."""
        return Rate(hits=self.silent_all, n=self.judged_silent)


def table2(cases: Cases) -> dict[str, Rate]:
    """SPAM kind → its share of all calls rejected for their sound, asked or not.

    The most frequent first, zeros included; of equally frequent ones, those that were in the paper's table.
    """
    counts = _count(cases, lambda case: case.rejected_for)
    total = sum(calls for kind, calls in counts.items() if kind is not None)
    papers: dict[str, int] = {str(kind): -calls for kind, calls in PAPERS_TABLE_2.items()}
    ranked = sorted(names(), key=lambda kind: (-counts[kind], papers.get(kind, 0)))
    return {kind: Rate(hits=counts[kind], n=total) for kind in ranked}


def table3(cases: Cases) -> list[Ended]:
    """How calls judged CALLER_SILENCE ended, most frequent first; those that were rejected come last."""
    counts: Counter[tuple[bool, str, str]] = Counter()
    for case, calls in cases.items():
        if case.verdict == VerdictKind.CALLER_SILENCE:
            rejected = case.rejected_for is not None or case.disposition == Disposition.REJECTED_BLOCKED
            counts[rejected, case.disposition or NOT_ENDED, case.ended_by or NOBODY_KNOWN] += calls
    ranked = sorted(counts.items(), key=lambda item: (item[0][0], -item[1], item[0]))
    return [Ended(disposition=d, ended_by=by, calls=n, rejected=rejected) for (rejected, d, by), n in ranked]


def volumes(cases: Cases) -> Volumes:
    """The volumes of a period."""
    verdicts = _count(cases, lambda case: case.verdict or "(not judged)")
    silent = Counter[str | None]()
    for case, calls in cases.items():
        if case.verdict == VerdictKind.CALLER_SILENCE:
            silent[case.silence] += calls
    return Volumes(
        calls=cases.total(),
        modes=_named(_count(cases, lambda case: case.mode or "(unknown)")),
        verdicts=_named(verdicts),
        judged=_sum(cases, lambda case: case.is_suspect or case.verdict == VerdictKind.HAM),
        suspects=_sum(cases, lambda case: case.is_suspect),
        challengeable=_sum(cases, _could_be_challenged),
        line=_challenged(cases, ChallengeCause.LINE),
        suspicion=_challenged(cases, ChallengeCause.SUSPICION),
        burst=_challenged(cases, ChallengeCause.BURST),
        exploration=_challenged(cases, ChallengeCause.EXPLORATION),
        held_back=_named(_count(cases, lambda case: case.held_back)),
        lots=_sum(cases, lambda case: case.lot),
        false_challenges=false_challenges(cases),
        rejected=_sum(cases, lambda case: case.rejected_for is not None),
        unasked=_sum(cases, lambda case: case.unasked),
        blocked=_sum(cases, lambda case: case.disposition == Disposition.REJECTED_BLOCKED),
        failed_open=_named(_count(cases, lambda case: case.failure)),
        inconclusive=_named(_count(cases, lambda case: case.doubt)),
        dispositions=_named(_count(cases, lambda case: case.disposition or NOT_ENDED)),
        judged_silent=silent.total(),
        silent_all=silent["all"],
        silent_most=silent["all"] + silent["most"],
    )


def false_challenges(cases: Cases) -> Rate:
    """People challenged, of all people: who passed, of the judged callers of enforce mode who did not fail.

    Whoever hung up during the challenge is counted among the people, and not as challenged: nobody knows what
    they were. `report errors` has the cautious reading too. Who was rejected unasked counts for nobody.
    """
    passed = _sum(cases, lambda case: _maybe_person(case) and case.result == ChallengeResult.PASSED)
    return Rate(hits=passed, n=people_of(cases))


def people_of(cases: Cases) -> int:
    """The judged callers of enforce mode whom no challenge found out, and who were not rejected unasked."""
    return _sum(cases, _maybe_person)


def _maybe_person(case: Case) -> bool:
    judged = case.is_suspect or case.verdict == VerdictKind.HAM
    found_out = case.result == ChallengeResult.FAILED or case.unasked
    return judged and case.mode == Mode.ENFORCE and not found_out


def by_day(cases: Cases) -> dict[str, Cases]:
    """UTC day → the cases of that day, in order."""
    days: dict[str, Cases] = {}
    for case, calls in cases.items():
        days.setdefault(case.day, Counter())[case] += calls
    return dict(sorted(days.items()))


def _could_be_challenged(case: Case) -> bool:
    judged = case.is_suspect or case.verdict == VerdictKind.HAM
    suspected = case.challenge not in (None, ChallengeCause.EXPLORATION)
    return suspected or (judged and case.mode == Mode.ENFORCE)


def _challenged(cases: Cases, cause: ChallengeCause) -> Challenged:
    results = _count(cases, lambda case: case.result or "" if case.challenge == cause else None)
    results.pop(None, None)
    passed, failed, abandoned = (results[result] for result in ChallengeResult)
    calls = results.total()
    return Challenged(
        calls=calls,
        passed=passed,
        failed=failed,
        abandoned=abandoned,
        unfinished=calls - passed - failed - abandoned,
    )


def _sum(cases: Cases, wanted: Callable[[Case], bool]) -> int:
    return sum(calls for case, calls in cases.items() if wanted(case))


def _count(cases: Cases, key: Callable[[Case], Key]) -> Counter[Key]:
    counts: Counter[Key] = Counter()
    for case, calls in cases.items():
        counts[key(case)] += calls
    return counts


def _named(counts: Counter[str] | Counter[str | None]) -> dict[str, int]:
    """Most frequent first, those without a name left out."""
    named = [(name, calls) for name, calls in counts.items() if name is not None]
    return dict(sorted(named, key=lambda item: (-item[1], item[0])))
