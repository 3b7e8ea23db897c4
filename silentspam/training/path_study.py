"""How well codecs and networks are told: counts on the test split of corpora of simulated paths.

A set of codecs counts as exact when every compressing codec, and no other, is likelier than not. G.711 is
left out of it: a call that arrives as G.711 shows it only by what it lost or by A-law; sets with it are
counted beside. The last coder is the last that compressed, g711 where none did. Calls of which nothing is
told count as wrong.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from silentspam.audio import Recording
from silentspam.provenance.analysis import PACKET_MS
from silentspam.provenance.codecs import LIKELY, PathTold, path_told
from silentspam.provenance.concealment import concealment
from silentspam.provenance.features import measure
from silentspam.provenance.packet_loss import packet_loss
from silentspam.provenance.path_model import CODECS, NETWORKS, PathModel
from silentspam.training.loss_study import Tally
from silentspam.training.path_corpus import PathCall
from silentspam.training.path_rows import heard_of, last_of
from silentspam.training.sources import Split

BINS = (0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)
"""Lower ends of the ranges of probability in which truth is counted."""


def study(
    folder: Path,
    *,
    seconds: float,
    seed: int = 1,
    model: PathModel | None = None,
    encodings: Collection[str] = (),
) -> Tally:
    """Everything counted on the test split of a corpus, calls cut to so many seconds.

    model: in place of the shipped one; encodings: of which a call must have had one, where any are named.
    """
    tally = Tally()
    for call, recording in heard_of(folder, split=Split.TEST, seed=seed, seconds=seconds):
        if not encodings or set(encodings) & set(call.encodings):
            count_path(tally, call, told_of(recording, model))
    return tally


def told_of(recording: Recording, model: PathModel | None = None) -> PathTold | None:
    """What `examine` tells of codecs and networks, without the rest."""
    measures, loss = measure(recording), packet_loss(recording)
    made_up = concealment(recording, packet_ms=loss.packet_ms or PACKET_MS)
    return path_told(measures, loss, made_up, model=model) if measures else None


def count_path(tally: Tally, call: PathCall, told: PathTold | None) -> None:
    """What is told of one call, against the truth."""
    compressing = [codec for codec in call.codecs if codec != "g711"]
    chances = told.codecs if told else dict.fromkeys(CODECS, 0.0)
    found = {codec for codec in CODECS if chances[codec] >= LIKELY}
    exact = found - {"g711"} == set(compressing) and told is not None
    order = "in the order of networks" if call.ordered else "in any order"
    tally.add(f"exact set, {order}", exact)
    tally.add(f"exact set, {order}, {len(compressing)} compressing", exact)
    tally.add(f"exact set, with g711, {order}", found == set(call.codecs))
    tally.add(f"path {'+'.join(compressing) or 'g711 alone'}: exact set", exact)
    tally.add(f"last coder right, {order}", told is not None and told.last_codec == CODECS[last_of(call)])
    _count_labels(tally, call, chances, compressing)
    _count_networks(tally, call, told)


def _count_labels(
    tally: Tally, call: PathCall, chances: dict[str, float], compressing: Sequence[str]
) -> None:
    for codec in CODECS:
        there, said = codec in call.codecs, chances[codec] >= LIKELY
        place = "last" if compressing[-1:] == [codec] else "not last" if codec != "g711" else "a hop"
        tally.add(
            f"codec {codec}, {place}: told" if there else f"codec {codec}, none: not told", said == there
        )
        if codec != "g711":
            _count_chance(tally, "codecs", chances[codec], there)


def _count_networks(tally: Tally, call: PathCall, told: PathTold | None) -> None:
    signature = told.signature if told else ()
    tally.add("signature of networks right", set(signature) == set(call.networks))
    for network in NETWORKS:
        there, said = network in call.networks, network in signature
        tally.add(
            f"network {network}: told" if there else f"network {network}, not gone: not told", said == there
        )
        _count_chance(tally, f"network {network}", told.networks[network] if told else 0.0, there)


def _count_chance(tally: Tally, what: str, chance: float, there: bool) -> None:
    lower = max(low for low in BINS if low <= chance)
    upper = min((low for low in BINS if low > lower), default=1.0)
    tally.add(f"true where said with {lower:.2f} to {upper:.2f}: {what}", there)
