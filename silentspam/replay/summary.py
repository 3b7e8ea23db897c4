"""What a replay came to: for each campaign how soon it was caught, for people how many were challenged.

A campaign is caught when one of its calls is challenged for the first time, or rejected unasked where `kinds`
says so. Its calls are those of the timeline that name it and that nobody would pass; people are all who would
pass.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from silentspam.call import Decision
from silentspam.replay.replay import Replayed
from silentspam.training.operating_point import Rate


@dataclass(frozen=True, kw_only=True)
class CampaignFigures:
    """One campaign: bridged are its calls that reached an agent without a challenge.

    caught_by, caught_as: the cause and the kind of the first challenge; bridged_before and seconds_until:
    before it, None where there was none; recall_after: the share challenged of its calls from the first
    challenge on, None of nothing.
    """

    campaign: str
    calls: int
    caught_by: str | None
    caught_as: str | None
    bridged_before: int
    seconds_until: float | None
    bridged: int
    recall_after: float | None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A whole replay; false_challenges counts calls of people, by_cause and by_kind the same for each.

    Who is rejected unasked counts as challenged, and among rejected_unasked. held_back: challenges that the
    budget did not allow, by cause; not_judged: openings without a probability; turned_away: people rejected;
    failed_open: calls bridged because the screening failed; calls_per_second of the replay itself, None where
    it was not measured.
    """

    calls: int
    people: int
    campaigns: tuple[CampaignFigures, ...]
    false_challenges: Rate
    false_by_cause: Mapping[str, int]
    false_by_kind: Mapping[str, int]
    challenged_by_cause: Mapping[str, int]
    challenged_by_kind: Mapping[str, int]
    rejected_unasked: int
    held_back: Mapping[str, int]
    not_judged: int
    turned_away: int
    failed_open: int
    calls_per_second: float | None = None

    @property
    def bridged(self) -> list[int]:
        """Calls bridged unchallenged, campaign by campaign."""
        return [one.bridged for one in self.campaigns]

    def document(self) -> dict[str, object]:
        """For JSON."""
        campaigns = [asdict(one) for one in self.campaigns]
        worst = max(self.bridged, default=None)
        return {
            "calls": self.calls,
            "people": self.people,
            "campaigns": campaigns,
            "bridged_median": median(self.bridged) if campaigns else None,
            "bridged_worst": worst,
            "false_challenges": self.false_challenges.card(),
            "false_by_cause": dict(self.false_by_cause),
            "false_by_kind": dict(self.false_by_kind),
            "challenged_by_cause": dict(self.challenged_by_cause),
            "challenged_by_kind": dict(self.challenged_by_kind),
            "rejected_unasked": self.rejected_unasked,
            "held_back": dict(self.held_back),
            "not_judged": self.not_judged,
            "people_turned_away": self.turned_away,
            "failed_open": self.failed_open,
            "calls_per_second": self.calls_per_second,
        }


def summarise(replayed: Sequence[Replayed], *, seconds: float | None = None) -> Summary:
    """The summary of all calls of a replay, in its order; seconds it took."""
    people = [one for one in replayed if one.call.passes]
    stopped = [one for one in replayed if challenged(one) or rejected_unasked(one)]
    falsely = [one for one in stopped if one.call.passes]
    return Summary(
        calls=len(replayed),
        people=len(people),
        campaigns=tuple(_campaigns(replayed)),
        false_challenges=Rate(hits=len(falsely), n=len(people)),
        false_by_cause=_causes(falsely),
        false_by_kind=_kinds(falsely),
        challenged_by_cause=_causes(stopped),
        challenged_by_kind=_kinds(stopped),
        rejected_unasked=sum(map(rejected_unasked, stopped)),
        held_back=_count(one.record.held_back for one in replayed),
        not_judged=sum(one.record.spam_probability is None for one in replayed),
        turned_away=sum(one.record.decision is Decision.REJECT for one in people),
        failed_open=sum(one.record.failed_open for one in replayed),
        calls_per_second=len(replayed) / seconds if seconds else None,
    )


def challenged(one: Replayed) -> bool:
    """Whether the caller was asked."""
    return one.record.challenged_at is not None


def rejected_unasked(one: Replayed) -> bool:
    """Whether the caller was rejected without a question."""
    return one.record.decision is Decision.REJECT and not challenged(one)


def _kinds(replayed: Iterable[Replayed]) -> dict[str, int]:
    """By what they were suspected of; a lot, or a burst, may fall on calls that are nothing."""
    return _count(one.record.verdict for one in replayed)


def _causes(replayed: Iterable[Replayed]) -> dict[str, int]:
    return _count(one.record.challenge_cause for one in replayed)


def _count(names: Iterable[str | None]) -> dict[str, int]:
    return dict(sorted(Counter(str(name) for name in names if name is not None).items()))


def _campaigns(replayed: Sequence[Replayed]) -> Iterable[CampaignFigures]:
    calls: dict[str, list[Replayed]] = {}
    for one in replayed:
        if one.call.campaign and not one.call.passes:
            calls.setdefault(one.call.campaign, []).append(one)
    return (_figures(name, calls[name]) for name in sorted(calls))


def _figures(name: str, calls: Sequence[Replayed]) -> CampaignFigures:
    asked = [challenged(one) or rejected_unasked(one) for one in calls]
    first = asked.index(True) if any(asked) else None
    caught = None if first is None else calls[first]
    after = asked[first:] if first is not None else []
    return CampaignFigures(
        campaign=name,
        calls=len(calls),
        caught_by=str(caught.record.challenge_cause) if caught else None,
        caught_as=caught.record.verdict if caught else None,
        bridged_before=len(calls) if first is None else first,
        seconds_until=round(caught.call.time - calls[0].call.time, 2) if caught else None,
        bridged=asked.count(False),
        recall_after=round(sum(after) / len(after), 4) if after else None,
    )


def _decision(one: Replayed) -> Decision:
    """What was decided when the opening had been heard."""
    if challenged(one):
        return Decision.CHALLENGE
    return Decision.REJECT if rejected_unasked(one) else Decision.BRIDGE


def call_document(one: Replayed) -> dict[str, object]:
    """One call for JSON: what was heard, decided, by what, and what became of it."""
    call, record = one.call, one.record
    return asdict(call) | {
        "verdict": record.verdict,
        "decision": _decision(one),
        "source": record.challenge_cause,
        "held_back": record.held_back,
        "result": record.challenge_result,
        "ends": record.decision,
        "spam_probability": record.spam_probability,
        "kind_probabilities": dict(record.kind_probabilities),
        "threshold": record.threshold,
        "line_id": record.line_id,
        "line_state": record.line_state,
        "line_score": record.line_score,
        "line_threshold": record.line_threshold,
        "challenge_probability": record.challenge_probability,
        "level_dbfs": record.level_dbfs,
        "screened_seconds": record.screened_at and round(record.screened_at - call.time, 2),
        "reasons": record.reasons,
        "failed_open_cause": record.failed_open_cause,
    }
