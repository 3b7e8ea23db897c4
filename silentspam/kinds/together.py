"""The verdict of all kinds on an opening that the model has judged: everybody listens, the table settles."""

from collections.abc import Mapping

from silentspam.audio import Recording
from silentspam.features import FeatureParams
from silentspam.kinds.listening import Listeners
from silentspam.kinds.settling import settle
from silentspam.kinds.sound import Sound
from silentspam.kinds.table import KINDS
from silentspam.verdict import Verdict


def settled(
    verdict: Verdict,
    recording: Recording,
    params: FeatureParams,
    listeners: Listeners,
    rates: Mapping[str, float],
) -> Verdict:
    """The model's verdict, or that of a kind which goes before it.

    params: what the features in the verdict were made with; rates: by the name of a kind, the share of people
    that may be challenged for it by mistake, 0…1; a kind without one is never the verdict.
    """
    heard = listeners.hear(Sound(recording, verdict.features, params))  # type: ignore[arg-type]
    found = {
        kind.name: listeners.threshold_for(kind, rates[kind.name]) for kind in KINDS if kind.name in rates
    }
    return settle(verdict, heard, {name: limit for name, limit in found.items() if limit is not None})
