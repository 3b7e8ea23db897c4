"""How a rating of quality falls with codecs and lost packets, and whether it tells more than is told without.

The same calls, of speakers that training never met, go through each chain at each rate of loss on its last
hop that loses packets, with the codec's own concealment (G.711: its Appendix I). Telephones, rooms and losses
are synthetic, the codecs real.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from silentspam.audio import Recording
from silentspam.errors import AudioError
from silentspam.provenance.concealment import concealment
from silentspam.provenance.quality import lacking, quality
from silentspam.training.codecs import Codec, available_codecs, open_codec
from silentspam.training.network import Loss, quantised
from silentspam.training.operating_point import Z_95
from silentspam.training.path_corpus import read_path_corpus, recording_of
from silentspam.training.path_drawing import Talk, draw_telephone
from silentspam.training.path_truth import concealed, losses_of
from silentspam.training.paths import Hop, Network
from silentspam.training.paths import Path as NetworkPath
from silentspam.training.sources import Split, find_clips

CHAINS: tuple[tuple[str, ...], ...] = (
    ("g711u",), ("gsm",), ("ilbc30",), ("speex8",), ("g729a",), ("amr122",), ("opus12",),
    ("gsm", "ilbc30"), ("gsm", "speex8", "g729a"),
)  # fmt: skip
LOSSES = (0.0, 0.01, 0.03, 0.05, 0.1)
SECONDS = 15.0
CELLULAR = ("gsm", "amr122")


@dataclass(frozen=True, kw_only=True)
class Mean:
    """A mean of n values and its interval of 95 %, as of a normal distribution."""

    values: tuple[float, ...]

    def told(self) -> dict[str, Any]:
        """For a file."""
        mean, n = float(np.mean(self.values)), len(self.values)
        spread = Z_95 * float(np.std(self.values, ddof=1)) / n**0.5 if n > 1 else float("inf")
        return {
            "mean": round(mean, 3),
            "interval": [round(mean - spread, 3), round(mean + spread, 3)],
            "n": n,
        }


def _path(chain: Sequence[str], share: float) -> NetworkPath:
    hops = [
        Hop(
            network=Network.CELLULAR if codec in CELLULAR else Network.VOIP,
            codec=codec,
            packet_ms=30 if codec == "ilbc30" else 20,
            loss=Loss(share=share if last else 0.0),
        )
        for codec, last in zip(chain, [*[False] * (len(chain) - 1), True], strict=True)
    ]
    return NetworkPath(hops=tuple(hops))


def rated(recording: Recording) -> float:
    """The rating of a call. Raises AudioError where there is none."""
    score, why = quality(recording)
    if score is None:
        raise AudioError(str(why))
    return score


def falls(folders: Sequence[Path], *, calls: int, seed: int = 1) -> list[dict[str, Any]]:
    """Of each chain and rate of loss the mean rating of so many calls.

    Raises AudioError where audio, codecs or the network that rates are missing.
    """
    if missing := lacking():
        raise AudioError(missing)
    codecs = _codecs(folders)
    talk = Talk(find_clips(folders), Split.TEST)
    scores: dict[tuple[tuple[str, ...], float], list[float]] = {}
    for number in tqdm(range(calls), unit="call", disable=None):
        rng = np.random.default_rng([seed, number])
        speaker = talk.speakers[number % len(talk.speakers)]
        speech = quantised(draw_telephone(rng).send(talk.draw(SECONDS, speaker, rng), rng))
        for chain in CHAINS:
            for share in LOSSES:
                codes, _ = _path(chain, share).send(speech, codecs, np.random.default_rng([seed, number, 1]))
                scores.setdefault((chain, share), []).append(rated(Recording(codes)))
    return [
        {"chain": list(chain), "loss": share, **Mean(values=tuple(found)).told()}
        for (chain, share), found in scores.items()
    ]


def _codecs(folders: Sequence[Path]) -> Mapping[str, Codec]:
    names = sorted({name for chain in CHAINS for name in chain})
    there = set(available_codecs(folders=tuple(folders)))
    if gone := [name for name in names if name not in there]:
        raise AudioError(f"no library of the codecs {', '.join(gone)}: `python -m lab.corpus_audio`")
    return {name: open_codec(name, folders=tuple(folders)) for name in names}


@dataclass(frozen=True, eq=False, kw_only=True)
class _Known:
    """Of each call: its rating, the chance that anything was concealed, and the truth [shape=(n,)]."""

    ratings: Any
    chances: Any
    any_concealed: Any
    coders: Any


def _known(folder: Path) -> _Known:
    rows = []
    for call in tqdm(
        [c for c in read_path_corpus(folder) if c.split is Split.TEST], unit="call", disable=None
    ):
        recording = recording_of(folder, call)
        coders = sum(codec != "g711" for codec in call.codecs)
        chance = concealment(recording).probability
        rows.append((rated(recording), chance, bool(concealed(losses_of(call))), coders))
    ratings, chances, made_up, coders = zip(*rows, strict=True)
    return _Known(
        ratings=np.array(ratings), chances=np.array(chances), any_concealed=np.array(made_up),
        coders=np.array(coders),
    )  # fmt: skip


def adds(folder: Path) -> dict[str, Any]:
    """What the rating tells of the test split of a corpus, beside what concealment is told by without it.

    Areas under the ROC: of the rating alone, of the chance alone, and of both by logistic regression, learnt
    on every second call and counted on the others. coders: mean rating by how many coders compressed a call.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    known = _known(folder)
    odds = np.log(np.clip(known.chances, 1e-6, 1 - 1e-6) / (1 - np.clip(known.chances, 1e-6, 1 - 1e-6)))
    both = np.stack([odds, known.ratings], axis=1)
    fitted = LogisticRegression().fit(both[::2], known.any_concealed[::2])
    truth = known.any_concealed[1::2]
    areas = {
        "rating alone": -known.ratings[1::2],
        "concealment alone": odds[1::2],
        "both": fitted.decision_function(both[1::2]),
    }
    return {
        "calls": len(known.ratings),
        "any_concealed": {name: round(float(roc_auc_score(truth, by)), 4) for name, by in areas.items()},
        "coders": dict(_by_coders(known)),
    }


def _by_coders(known: _Known) -> Iterator[tuple[str, dict[str, Any]]]:
    for count in np.unique(known.coders):
        yield str(count), Mean(values=tuple(known.ratings[known.coders == count])).told()
