"""Which codecs and networks a call came through, each with its probability.

Labels and signature are those of US 9,516,497 B2 and PinDr0p (CCS 2010); how they are told is in
`path_model`. G.711 leaves a trace only by what it lost, or by an A-law leg: its probability, and that of the
switched network, which is G.711 alone, are little more than how often the paths of training have them.
"""

from collections.abc import Mapping

import msgspec
import numpy as np

from silentspam.provenance.concealment import Concealment
from silentspam.provenance.features import Measures
from silentspam.provenance.noise import NoiseProfile
from silentspam.provenance.packet_loss import PacketLoss
from silentspam.provenance.path_model import CODECS, LABELS, NETWORKS, PathModel, chance, shipped_model
from silentspam.provenance.path_reasons import reasons_of

LIKELY = 0.5
"""Probability from which on a network belongs to a call's signature."""

SILENT_DBFS = -66.0
"""Loudest third of a call below which nobody speaks: mu-law's smallest steps."""

STEADY_DB = 1.5
"""From a call's quietest fifth to its loudest third, below which it is steady noise where nothing is voiced:
of white noise 0.5 to 1; of 1,000 calls held out of training none is told nothing by it, at 15 s or 2 s."""

FEWEST_LOST = 3
"""Packets lost without concealment from which on one network lost them, not chance."""
LOST_BY_PACKETS = 0.97
"""Probability that what is found as lost packets was (`silentspam paths losses`: 1,891 of 1,981)."""


class PathTold(msgspec.Struct, frozen=True, kw_only=True):
    """Through what one side of a call came.

    codecs, networks: each label's probability, 0…1; last: that the coder before the listener was this one,
    g711 where nothing compressed the call: together 1; signature: the networks that are likelier than not
    (the path traversal signature); reasons: in words.
    """

    codecs: dict[str, float]
    networks: dict[str, float]
    last: dict[str, float]
    signature: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def last_codec(self) -> str:
        """The likeliest coder before the listener."""
        return max(self.last, key=lambda codec: self.last[codec])


def path_told(
    measures: Measures, loss: PacketLoss, made_up: Concealment, *, model: PathModel | None = None
) -> PathTold | None:
    """The codecs and networks of a call; None where nobody speaks (`nobody_speaks`).

    loss, made_up: packets, which VoIP loses unless a cellular network does; what G.711's algorithm concealed
    was G.711 over VoIP (the patent, on FIG. 3).
    """
    if nobody_speaks(measures.noise):
        return None
    model = model or shipped_model()
    figures = model.figures_of(measures.vector[np.newaxis], np.array([measures.seconds], dtype=np.float32))
    last = model.last_of(figures)
    chances = dict(zip(LABELS, chance(model.log_odds_of(figures, last)[0]).tolist(), strict=True))
    chances |= _of_last(dict(zip(CODECS, last[0].tolist(), strict=True)), chances)
    packets = _of_packets(loss, made_up, chances["cellular"])
    chances |= {label: max(chances[label], one) for label, one in packets.items()}
    networks = _rounded(chances, NETWORKS)
    return PathTold(
        codecs=_rounded(chances, CODECS),
        networks=networks,
        last=_rounded(dict(zip(CODECS, last[0].tolist(), strict=True)), CODECS),
        signature=tuple(name for name in NETWORKS if networks[name] >= LIKELY),
        reasons=reasons_of(figures[0], chances, model, packets),
    )


def nobody_speaks(noise: NoiseProfile) -> bool:
    """Whether a call is silence or steady noise: nothing that coders of speech would have shaped."""
    steady = noise.clarity is None and noise.speech_dbfs - noise.floor_dbfs < STEADY_DB
    return steady or noise.speech_dbfs < SILENT_DBFS


def _of_last(last: Mapping[str, float], chances: Mapping[str, float]) -> dict[str, float]:
    """A codec that was the last was there: its probability is no less. G.711 as the last is none at all."""
    return {codec: max(chances[codec], last[codec]) for codec in CODECS if codec != "g711"}


def _of_packets(loss: PacketLoss, made_up: Concealment, cellular: float) -> dict[str, float]:
    """How likely what became of packets makes a label."""
    lost = LOST_BY_PACKETS * (1 - cellular) if len(loss.spans) >= FEWEST_LOST else 0.0
    replicated = made_up.algorithms["g711"]
    return {"g711": replicated, "voip": max(lost, replicated)}


def _rounded(chances: Mapping[str, float], labels: tuple[str, ...]) -> dict[str, float]:
    return {label: round(chances[label], 3) for label in labels}
