"""One verdict of all that was heard: the most specific kind that is probable enough.

Each kind has a probability of its own, which is logged whatever the verdict; the order of the table decides
between several that are probable enough. So fax tones under speech are a fax, and a recording that is known
stays one though it is also noise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from silentspam.call import VerdictKind
from silentspam.kinds.finding import Finding
from silentspam.kinds.listening import Heard
from silentspam.kinds.table import KINDS, SpamKind, kind_named
from silentspam.verdict import Verdict


def settle(
    verdict: Verdict, heard: Heard, thresholds: Mapping[str, float], kinds: Sequence[SpamKind] = KINDS
) -> Verdict:
    """The verdict of the model, or of a listener whose kind goes before it.

    verdict: the model's, which knows dead air alone; thresholds by the names of kinds, 0…1: a kind without
    one is never the verdict. What speaks for no kind is told among the reasons.
    """
    probabilities = _probabilities(verdict, heard)
    noted = replace(
        verdict,
        kind_probabilities=tuple(
            (kind.name, probabilities[kind.name]) for kind in kinds if kind.name in probabilities
        ),
        reasons=(*verdict.reasons, *_beside(heard, verdict.kind, thresholds)),
        unheard=heard.unheard,
        features=None,  # a call may last: nobody needs them any more
    )
    for kind in kinds:
        if kind.name == verdict.kind:
            return noted
        probability, threshold = probabilities.get(kind.name), thresholds.get(kind.name)
        if kind.listener and probability is not None and threshold is not None and probability >= threshold:
            return _of(kind, noted, verdict, heard, probability, thresholds)
    return noted


def _probabilities(verdict: Verdict, heard: Heard) -> dict[str, float]:
    found: dict[str, float] = {}
    if verdict.spam_probability is not None:
        found[VerdictKind.CALLER_SILENCE] = verdict.spam_probability
    for finding in heard.findings:
        if finding.kind is not None:
            found[finding.kind] = max(found.get(finding.kind, 0.0), finding.probability)
    return found


def _of(
    kind: SpamKind,
    noted: Verdict,
    verdict: Verdict,
    heard: Heard,
    probability: float,
    thresholds: Mapping[str, float],
) -> Verdict:
    """The verdict of a listener. It teaches no line of dead air: it lies nowhere in their space."""
    threshold = thresholds[kind.name]
    own = sorted(_for(heard, kind), key=lambda finding: -finding.probability)
    return replace(
        noted,
        kind=kind.name,
        spam_probability=probability,
        threshold=threshold,
        sure_threshold=None,
        embedding=None,
        reasons=(
            f"{kind.words}: probability {probability:.3f} ≥ threshold {threshold:.3f}",
            *(finding.reason for finding in own),
            *verdict.reasons,
            *_beside(heard, kind.name, thresholds),
        ),
    )


def _for(heard: Heard, kind: SpamKind) -> list[Finding]:
    return [finding for finding in heard.findings if finding.kind == kind.name]


def _beside(heard: Heard, taken: str | None, thresholds: Mapping[str, float]) -> tuple[str, ...]:
    """What else was heard, or nearly, and what could not be listened for."""
    others = [finding for finding in heard.findings if finding.kind != taken]
    return (*(_told(finding, thresholds.get(finding.kind or "")) for finding in others), *heard.faults)


def _told(finding: Finding, threshold: float | None) -> str:
    if finding.kind is None or threshold is None or finding.probability >= threshold:
        return f"also heard: {finding.reason}"
    kind = kind_named(finding.kind)
    what = kind.words if kind else finding.kind
    return f"not {what}, probability {finding.probability:.3f} < threshold {threshold:.3f}: {finding.reason}"
