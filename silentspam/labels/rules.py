"""What the outcome of a call says about what it was: a table, the first line that fits counts.

The rules for challenged calls are those of Orife et al. 2018, section 5: failed and no speech is SPAM, failed
and not measured is for somebody to look at, passed and speech is HAM. The rest is decided here: what speaks
against itself is looked at, and one sign alone is a label of a weaker source. A call whose opening is digital
silence, or cannot be judged, is never SPAM and never looked at (section 7): nothing could be learnt from it.
But a signal may stand in digital silence. Who was rejected unasked says nothing.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from silentspam.call import Disposition, VerdictKind
from silentspam.calllog.labels import Answer, LabelSource
from silentspam.kinds.table import kind_named, kind_rejected

FACT_COLUMNS = (
    "verdict",
    "recording",
    "recorded_seconds",
    "digital_silence_share",
    "challenge_result",
    "caller_speech_seconds",
    "disposition",
)
"""The columns of the call log that the rules read."""

MAX_DIGITAL_SILENCE = 0.5
"""More digital silence in the opening than this, and the call is never SPAM, whatever verdict it had."""

Row = Mapping[str, str | int | float | None]


class Speech(enum.StrEnum):
    """What was measured of the caller's speech."""

    SOME = "some"
    ZERO = "zero"
    UNKNOWN = "unknown"


class Challenge(enum.StrEnum):
    """How the challenge ended; NONE: there was none."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    ABANDONED = "ABANDONED"
    NONE = "NONE"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What follows: a label of some source, or a look at it, or (neither) nothing; `why` in words."""

    why: str
    answer: Answer | None = None
    source: LabelSource = LabelSource.OUTCOME
    for_review: bool = False


def _label(answer: Answer, source: LabelSource, why: str) -> Finding:
    return Finding(answer=answer, source=source, why=why)


def _look(why: str) -> Finding:
    return Finding(for_review=True, why=why)


_OUTCOME, _CONDUCT = LabelSource.OUTCOME, LabelSource.CONDUCT

RULES: dict[tuple[Challenge, Speech], Finding] = {
    (Challenge.FAILED, Speech.ZERO): _label(Answer.SPAM, _OUTCOME, "failed the challenge and never spoke"),
    (Challenge.FAILED, Speech.UNKNOWN): _look("failed the challenge; speech was not measured"),
    (Challenge.FAILED, Speech.SOME): _look("failed the challenge, and yet somebody spoke"),
    (Challenge.PASSED, Speech.SOME): _label(Answer.HAM, _OUTCOME, "passed the challenge and spoke"),
    (Challenge.PASSED, Speech.UNKNOWN): _label(
        Answer.HAM, _CONDUCT, "passed the challenge; speech was not measured"
    ),
    (Challenge.PASSED, Speech.ZERO): _look("passed the challenge, and yet never spoke"),
    (Challenge.ABANDONED, Speech.UNKNOWN): _look("left during the challenge"),
    (Challenge.NONE, Speech.SOME): _label(Answer.HAM, _CONDUCT, "spoke with an agent, unchallenged"),
    (Challenge.NONE, Speech.ZERO): _look("was with an agent and never spoke"),
}
"""Challenge and speech → what follows."""

NOTHING = Finding(why="nothing follows: not challenged, and speech not measured")
UNASKED = Finding(why="nothing follows: rejected unasked")
NOT_JUDGEABLE = Finding(
    why="its opening is digital silence, or holds too little: never SPAM, never trained on"
)


def find(row: Row) -> Finding:
    """What a row of the call log says; `row` has at least `FACT_COLUMNS`."""
    challenge = Challenge(str(row["challenge_result"] or Challenge.NONE))
    speech = _speech(row)
    if challenge is Challenge.NONE and row["disposition"] != Disposition.BRIDGED:
        return UNASKED if kind_rejected(_text(row["disposition"])) else NOTHING
    finding = RULES.get((challenge, speech), NOTHING)
    if finding.answer is not Answer.HAM and not is_judgeable(row):
        return NOT_JUDGEABLE
    return finding


def is_judgeable(row: Row) -> bool:
    """Whether the opening was kept and holds enough that is not digital silence: else it is never SPAM.

    What a listener heard it heard, however much digital silence there is around it.
    """
    if row["verdict"] == VerdictKind.INCONCLUSIVE or not row["recording"]:
        return False
    kind, share = kind_named(row["verdict"]), row["digital_silence_share"]
    heard = kind is not None and bool(kind.listener)
    return heard or (share is not None and float(share) <= MAX_DIGITAL_SILENCE)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _speech(row: Row) -> Speech:
    seconds = row["caller_speech_seconds"]
    if seconds is None:
        return Speech.UNKNOWN
    return Speech.SOME if float(seconds) > 0 else Speech.ZERO
