"""What tells codecs and networks of a call's vector: trees and small networks, and their folder of arrays.

Two steps, from the listener's end (a classifier chain, Read et al. 2011): which coder was the last one, then
which coders and networks there were at all, the first answer among the inputs. In both, boosted trees
(Friedman 2001) and networks of rectified units (`path_net`) are added up, learnt by `training.path_training`.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from silentspam.errors import ModelError
from silentspam.hashed import arrays_in, npy, verified_files, with_sums
from silentspam.provenance import features
from silentspam.provenance.path_net import PathNet, load_path_net, net_names
from silentspam.provenance.tree_sums import TreeSums, load_tree_sums, tree_files

CODECS = ("g711", "gsm_fr", "ilbc", "speex", "g729", "amr_nb", "opus", "g726")
"""Labels, each of one kind of trace; `training.paths.FAMILIES` says which encodings each stands for."""

NETWORKS = ("pstn", "cellular", "voip")
LABELS = (*CODECS, *NETWORKS)

SECONDS = "seconds"
"""One more figure beside a vector's: the natural logarithm of how long the call is [s]."""
MOST_SECONDS = 15.0
"""Of the calls of training; a longer one counts as one of these."""

SHIPPED = Path(__file__).parent.parent / "models" / "provenance_codecs"
LIMIT = 30.0
"""Log odds beyond which nothing is surer."""
LEAST = 1e-6
"""Of a probability, before its logarithm."""

Chances = NDArray[np.float64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class PathModel:
    """Trees and networks, and what they look at.

    figures: names of what they look at, in their order: entries of a vector, or SECONDS; neutral: those of no
    call in particular [shape=(len(figures),)]; last: trees with log probabilities of CODECS but for a
    constant, of the figures; labels: trees with log odds of LABELS, of the logarithms of the first answer and
    the figures; net: of the figures, what is added to both, those of CODECS first.
    """

    figures: tuple[str, ...]
    neutral: Vectors
    last: TreeSums
    labels: TreeSums
    net: PathNet

    @cached_property
    def _entries(self) -> NDArray[np.intp]:
        places = {name: at for at, name in enumerate(known_figures())}
        return np.array([places[name] for name in self.figures], dtype=np.intp)

    def figures_of(self, vectors: Vectors, seconds: Vectors) -> Vectors:
        """Of whole vectors [shape=(n, width)] of calls of so many seconds [shape=(n,)] what is looked at
        [shape=(n, len(figures))]."""
        return np.asarray(with_seconds(vectors, seconds)[:, self._entries])

    def last_of(self, figures: Vectors) -> Chances:
        """How likely each of CODECS was the last [shape=(n, len(CODECS))], of figures."""
        return softmax(self.last.sums(figures) + self.net.sums(figures)[: len(CODECS)])

    def log_odds_of(self, figures: Vectors, last: Chances) -> Chances:
        """Of each of LABELS [shape=(n, len(LABELS))]."""
        trees = self.labels.sums(with_last(figures, last))
        return np.asarray((trees + self.net.sums(figures)[len(CODECS) :]).T)

    def files(self) -> dict[str, bytes]:
        """The model's folder."""
        trees = tree_files({"last": self.last, "labels": self.labels})
        arrays = {name: content for name, content in trees.items() if name.endswith(".npy")}
        names = npy(np.array(self.figures, dtype=np.bytes_))
        own = {"neutral.npy": npy(self.neutral), "figures.npy": names}
        return with_sums({**arrays, **self.net.files(), **own})


def known_figures() -> tuple[str, ...]:
    """The names of what can be looked at, as `with_seconds` has them."""
    return (*features.names(), SECONDS)


def with_seconds(vectors: Vectors, seconds: Vectors) -> Vectors:
    """Whole vectors [shape=(n, width)] with SECONDS at their end [shape=(n, width + 1)]."""
    told = np.log(np.minimum(np.asarray(seconds, dtype=np.float32), MOST_SECONDS))
    return np.concatenate([vectors, told[:, np.newaxis]], axis=1)


def softmax(sums: Chances) -> Chances:
    """Probabilities [shape=(n, n_classes)] of their logarithms but for a constant [shape=(n_classes, n)]."""
    odds = np.exp(sums - sums.max(axis=0))
    return np.asarray((odds / odds.sum(axis=0)).T)


def with_last(figures: Vectors, last: Chances) -> Vectors:
    """The logarithms of the first answer and the figures, side by side."""
    told = np.log(np.maximum(last, LEAST)).astype(np.float32)
    return np.concatenate([told, figures], axis=1)


@lru_cache(maxsize=1)
def shipped_model() -> PathModel:
    """The model that comes with the program. Raises ModelError for files that were changed."""
    return load_model(SHIPPED)


def load_model(folder: Path) -> PathModel:
    """The model of a folder. Raises ModelError for files that are missing or changed, or that look at figures
    which this program does not measure."""
    files, _ = verified_files(folder, ["neutral.npy", "figures.npy", *net_names()], [])
    arrays = arrays_in(files, ["neutral", "figures"])
    figures = tuple(name.decode("utf-8", "replace") for name in arrays["figures"].astype(np.bytes_).tolist())
    neutral = np.asarray(arrays["neutral"], dtype=np.float32)
    if unknown := sorted(set(figures) - set(known_figures())):
        raise ModelError(
            f"{folder}: it looks at {unknown[0]!r}, which a vector of this version does not have"
        )
    if neutral.shape != (len(figures),):
        raise ModelError(f"{folder}: neutral has shape {neutral.shape}, figures {len(figures)} names")
    trees = load_tree_sums(folder, {"last": len(figures), "labels": len(CODECS) + len(figures)})
    net = load_path_net(files, len(figures), len(CODECS) + len(LABELS))
    return PathModel(figures=figures, neutral=neutral, last=trees["last"], labels=trees["labels"], net=net)


def chance(log_odds: Chances) -> Chances:
    """Probabilities of log odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -LIMIT, LIMIT))))
