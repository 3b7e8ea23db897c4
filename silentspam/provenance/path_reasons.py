"""What speaks for a label: how much surer the trees are of it than without one kind of figures.

Figures of one kind are replaced by those of no call in particular (the median of training); what a label's
log odds lose by it is what they say for it (occlusion; Zeiler and Fergus 2014).
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from silentspam.provenance.frame_grid import PERIOD
from silentspam.provenance.path_model import LABELS, NETWORKS, SECONDS, PathModel, Vectors

TOLD = 0.5
"""Probability from which on reasons are given for a label."""
SPEAKS = 0.5
"""Log odds that a kind of figures must add, to be named."""
CARRIES = {"cellular": ("gsm_fr", "amr_nb"), "voip": ("ilbc", "speex", "g729", "opus", "g726")}
"""Codecs that one network alone has in the paths of training (`training.path_drawing`)."""
PACKETS = "what became of its packets"
UNTRACED = "nothing tells it, paths often have it"
NAMED = 2
"""Kinds that are named for a label, the strongest ones."""

KINDS = {
    "colour": "the colour of its spectrum",
    "excitation": "how its excitation is made",
    "quiet": "what is made of its room",
    "codes": "which mu-law codes it uses",
    "comb": "which mu-law codes it prefers to their neighbours",
    "noise": "its noise",
    "pauses": "what is heard in its pauses",
}
FRAMES = {40: "5 ms", 80: "10 ms", 160: "20 ms", 240: "30 ms"}


def kinds(figures: Sequence[str]) -> dict[str, NDArray[np.intp]]:
    """In words each kind of figures, and which of them are of it; how long a call is speaks for nothing."""
    found: dict[str, list[int]] = {}
    for at, name in enumerate(figures):
        if name != SECONDS:
            found.setdefault(_kind(name), []).append(at)
    return {words: np.array(entries) for words, entries in found.items()}


def _kind(name: str) -> str:
    first, _, rest = name.partition("_")
    if first in KINDS:
        return KINDS[first]
    line = int(rest.rpartition("_")[2])
    period = next(samples for samples in FRAMES if line % (PERIOD // samples) == 0)
    return f"what comes again with every {FRAMES[period]}"


def reasons_of(
    figures: Vectors, chances: Mapping[str, float], model: PathModel, packets: Mapping[str, float]
) -> tuple[str, ...]:
    """For each label that is likelier than not, the kinds of figures that speak most for it.

    figures: of a call, those the model looks at [shape=(n,)]; chances: of each of LABELS; packets: how likely
    lost or concealed packets make a label.
    """
    there = kinds(model.figures)
    lost = dict(zip(LABELS, _lost(figures, there.values(), model), strict=True))
    return tuple(
        f"{_title(label)} with probability {chances[label]:.2f}: "
        + (
            _carried(label, chances)
            or (PACKETS if packets.get(label, 0.0) >= TOLD else "")
            or _strongest(dict(zip(there, lost[label].tolist(), strict=True)))
        )
        for label in LABELS
        if chances[label] >= TOLD
    )


def _title(label: str) -> str:
    return f"{'network' if label in NETWORKS else 'codec'} {label}"


def _carried(label: str, chances: Mapping[str, float]) -> str:
    return ", ".join(codec for codec in CARRIES.get(label, ()) if chances[codec] >= TOLD)


def _lost(figures: Vectors, groups: Collection[NDArray[np.intp]], model: PathModel) -> NDArray[np.float64]:
    """Log odds that each label loses without each group [shape=(len(LABELS), len(groups))]."""
    occluded = np.tile(figures, (len(groups) + 1, 1))
    for row, entries in zip(occluded[1:], groups, strict=True):
        row[entries] = model.neutral[entries]
    log_odds = model.log_odds_of(occluded, model.last_of(occluded))
    return np.asarray((log_odds[0] - log_odds[1:]).T)


def _strongest(lost: Mapping[str, float]) -> str:
    speaking = sorted((words for words in lost if lost[words] >= SPEAKS), key=lambda words: -lost[words])
    return " and ".join(f"{words} (+{lost[words]:.1f})" for words in speaking[:NAMED]) or UNTRACED
