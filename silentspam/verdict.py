"""What an opening was found to be, and why: plain values without numpy, for whoever logs or decides."""

import enum
from dataclasses import dataclass, field

from silentspam.call import VerdictKind


class LineState(enum.StrEnum):
    """How a line stands.

    CANDIDATE: calls that lie together, none of which was asked yet. ACTIVE: calls of it failed the challenge.
    SUSPENDED: people call on it, so it challenges nobody. EXPIRED: long not heard of, or given up.
    """

    CANDIDATE = "CANDIDATE"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, kw_only=True)
class LineMatch:
    """The line that an opening was taken for: score and threshold are natural log likelihood ratios.

    probe: share of its calls to challenge although it is suspended, 0…1.
    """

    line_id: str
    state: LineState
    score: float
    threshold: float
    evidence: str = ""
    probe: float = 0.0


UNSUSPECTED = frozenset({None, VerdictKind.HAM, VerdictKind.INCONCLUSIVE})
"""Verdicts that are no kind of SPAM; None was measured, not judged."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The judgement of one opening.

    kind: a VerdictKind, or another name of the table of kinds (`kinds.table`); None when the opening was
    measured only, not judged. spam_probability and threshold in 0…1, of that kind, of dead air for HAM; both
    None when nothing was judged or the kind is INCONCLUSIVE; kind_probabilities of every kind that was heard
    at all, with its name; seconds of audio there were; digital_silence_share of its 20 ms frames, 0…1;
    reasons in words, most important first. level_dbfs: RMS of what sounds; embedding: where it lies in the
    space `space_id` of lines, packed; line: what it was taken for; sure_threshold: from which on the model is
    sure, where it shares a budget with others. unheard: names of kinds that could not be listened for; it is
    in the reasons and no column of the log. features: what the model measured, for whoever goes on judging;
    it is in no log.
    """

    kind: str | None
    spam_probability: float | None = None
    threshold: float | None = None
    model_id: str | None = None
    seconds: float = 0.0
    digital_silence_share: float = 0.0
    reasons: tuple[str, ...] = ()
    level_dbfs: float | None = None
    space_id: str | None = None
    embedding: str | None = None
    line: LineMatch | None = None
    sure_threshold: float | None = None
    kind_probabilities: tuple[tuple[str, float], ...] = ()
    unheard: tuple[str, ...] = ()
    features: object = field(default=None, repr=False, compare=False)

    @property
    def by_model(self) -> bool:
        """Whether the model itself takes it for SPAM, whatever line it is on."""
        if self.spam_probability is None or self.threshold is None:
            return self.kind not in UNSUSPECTED
        return self.spam_probability >= self.threshold

    @property
    def sure(self) -> bool:
        """Whether the model's suspicion stands at its own share of the budget too."""
        if self.sure_threshold is None or self.spam_probability is None:
            return True
        return self.spam_probability >= self.sure_threshold
