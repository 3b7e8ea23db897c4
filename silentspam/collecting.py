"""Measuring an opening without judging it: collection needs no model (Orife et al. 2018, section 5)."""

from pathlib import Path

from silentspam.call import Call, VerdictKind
from silentspam.gate.passage import SCREENED, Passage
from silentspam.policy import Standing
from silentspam.verdict import Verdict

NOT_JUDGED = "not judged: mode is collect"


class OpeningMeter:
    """Measures length and digital silence (implements `screening.Judge`); numpy comes in with `prepare`.

    The verdict is INCONCLUSIVE for what no model could judge either, else it is of no kind.
    """

    def __init__(self, *, max_seconds: float, min_seconds: float, max_digital_silence_share: float) -> None:
        self._max_seconds = max_seconds
        self._min_seconds = min_seconds
        self._max_silence = max_digital_silence_share

    def prepare(self) -> None:
        """Import numpy while the caller is being recorded; `judge` says what was wrong with it."""
        try:
            import silentspam.fitness  # noqa: F401
        except ImportError:
            return

    def judge(self, path: Path, passage: Passage = SCREENED) -> Verdict:
        """Length and digital silence of a recorded opening. Raises AudioError."""
        from silentspam.audio import read_ulaw
        from silentspam.fitness import why_inconclusive

        recording = read_ulaw(path, max_seconds=self._max_seconds)
        doubt = why_inconclusive(recording, min_seconds=self._min_seconds, max_silence=self._max_silence)
        return Verdict(
            kind=VerdictKind.INCONCLUSIVE if doubt else None,
            seconds=recording.seconds,
            digital_silence_share=recording.digital_silence_share,
            reasons=(doubt or NOT_JUDGED,),
        )

    def standing(self, call: Call) -> Standing:
        """Nothing is known of anybody: nothing is remembered in collection."""
        return Standing()
