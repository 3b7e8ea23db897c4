"""What an opening was found to be, and why: plain values without numpy, for whoever logs or decides."""

from dataclasses import dataclass

from silentspam.call import VerdictKind


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The judgement of one opening.

    kind is None when the opening was measured only, not judged. spam_probability and threshold in 0…1, both
    None when nothing was judged or the kind is INCONCLUSIVE; seconds of audio there were;
    digital_silence_share of its 20 ms frames, 0…1; reasons in words, most important first.
    """

    kind: VerdictKind | None
    spam_probability: float | None = None
    threshold: float | None = None
    model_id: str | None = None
    seconds: float = 0.0
    digital_silence_share: float = 0.0
    reasons: tuple[str, ...] = ()
