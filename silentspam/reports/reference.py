"""How the training data were spread: what recent calls are compared with. Travels with the model as JSON.

Each quantity (a feature, or the score) has its bins at quantiles of the people in training, and a count of
people and of SPAM for each bin. People and SPAM are kept apart, and divided at the threshold as live calls
are by their verdict, so that an attack, which only changes how many calls are SPAM, is no drift.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from silentspam.errors import SilentSpamError

FORMAT = 1
FILE_NAME = "reference.json"
"""The file's name in a model folder: beside the card, since no call needs it."""

SCORE = "spam_probability"
N_BINS = 16
MIN_PER_CLASS = 50

Vectors = npt.NDArray[np.float32]
Counts = npt.NDArray[np.int64]


class DriftError(SilentSpamError):
    """Drift cannot be told: the message says what is missing."""


@dataclass(frozen=True, eq=False)
class Reference:
    """The spread of the training data.

    names: the quantities, SCORE first, then the features in the model's order. edges [shape=(n, N_BINS - 1)]:
    the inner edges of each one's bins, filled up with infinity where values are few; a value on an edge lies
    above it. unsuspected, suspects [shape=(n, N_BINS)]: people below the threshold, and SPAM from it on, by
    bin. limits: window size [calls] → alarm → the value above which it fires (`calibration`).
    false_alarm_rate: how often each fires on calls like those of training. self_test: what `selftest` found.
    """

    names: tuple[str, ...]
    edges: npt.NDArray[np.float64]
    unsuspected: Counts
    suspects: Counts
    threshold: float
    limits: dict[int, dict[str, float]] = field(default_factory=dict)
    false_alarm_rate: float | None = None
    self_test: dict[str, Any] = field(default_factory=dict)

    def counts(self, codes: npt.NDArray[np.uint8]) -> Counts:
        """How many calls lie in each bin [shape=(n_names, N_BINS)], of `codes` [shape=(n_calls, n_names)]."""
        n = len(self.names)
        flat = codes.astype(np.intp) + np.arange(n) * N_BINS
        return np.bincount(flat.ravel(), minlength=n * N_BINS).reshape(n, N_BINS)

    def codes(self, vectors: Vectors, probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
        """The bin of each quantity of each call [shape=(n_calls, n_names)].

        Parameters: vectors [shape=(n_calls, n_features)], probabilities [shape=(n_calls,)].
        Raises DriftError for other features than the reference's, or values that are not finite.
        """
        columns = _columns(vectors, probabilities)
        if columns.shape[1] != len(self.names):
            raise DriftError(
                f"{columns.shape[1] - 1} features a call, but the reference has {len(self.names) - 1}"
            )
        return _digitised(self.edges, columns)

    def document(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "format": FORMAT,
            "names": list(self.names),
            "edges": [[_short(edge) for edge in row if np.isfinite(edge)] for row in self.edges],
            "unsuspected": self.unsuspected.tolist(),
            "suspects": self.suspects.tolist(),
            "threshold": self.threshold,
            "limits": {str(size): limits for size, limits in self.limits.items()},
            "false_alarm_rate": self.false_alarm_rate,
            "self_test": self.self_test,
        }

    def to_json(self) -> bytes:
        """The content of `reference.json`; equal references give equal bytes."""
        return json.dumps(self.document(), separators=(",", ":")).encode() + b"\n"


def reference_of(
    vectors: Vectors,
    probabilities: npt.NDArray[np.float64],
    names: Sequence[str],
    is_spam: npt.NDArray[np.bool_],
    *,
    threshold: float,
) -> Reference:
    """The reference of training openings, without limits: `calibration.training_reference` adds them.

    Parameters: vectors [shape=(n, n_features)]; probabilities [shape=(n,)] of forests that did not meet these
    openings (those of cross-validation); names of the features; is_spam [shape=(n,)]; threshold of the model.
    Raises DriftError where a class has too few openings.
    """
    columns = _columns(vectors, probabilities)
    people, spam = ~is_spam & (probabilities < threshold), is_spam & (probabilities >= threshold)
    for number, what in ((people.sum(), "people below"), (spam.sum(), "SPAM at or above")):
        if number < MIN_PER_CLASS:
            raise DriftError(f"{number} {what} the threshold {threshold:.3f}: {MIN_PER_CLASS} are needed")
    edges = np.stack([_edges(column) for column in columns[people].T])
    empty = np.zeros((columns.shape[1], N_BINS), dtype=np.int64)
    bare = Reference((SCORE, *names), edges, empty, empty, threshold)
    codes = _digitised(edges, columns)
    return replace(bare, unsuspected=bare.counts(codes[people]), suspects=bare.counts(codes[spam]))


def reference_from(document: Any) -> Reference:
    """What `Reference.document` gave. Raises DriftError for anything else."""
    try:
        if document["format"] != FORMAT:
            raise DriftError(f"the reference has format {document['format']}, this version reads {FORMAT}")
        edges = np.full((len(document["names"]), N_BINS - 1), np.inf)
        for row, inner in zip(edges, document["edges"], strict=True):
            row[: len(inner)] = inner
        reference = Reference(
            names=tuple(map(str, document["names"])),
            edges=edges,
            unsuspected=np.array(document["unsuspected"], dtype=np.int64).reshape(len(edges), N_BINS),
            suspects=np.array(document["suspects"], dtype=np.int64).reshape(len(edges), N_BINS),
            threshold=float(document["threshold"]),
            limits={int(size): dict(limits) for size, limits in document["limits"].items()},
            false_alarm_rate=document["false_alarm_rate"],
            self_test=dict(document["self_test"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise DriftError(f"not a reference: {error!r}") from error
    return reference


def read_reference_file(path: Path) -> Reference:
    """A reference in a file of its own. Raises DriftError."""
    try:
        return reference_from(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise DriftError(f"{path}: {error}") from error


def read_reference(folder: Path) -> Reference | None:
    """The reference in a model folder; None when the model has none.

    Raises DriftError when it cannot be read, or is not the file that the folder's SHA256SUMS lists.
    """
    path, sums = folder / FILE_NAME, folder / "SHA256SUMS"
    if not path.exists():
        return None
    try:
        content = path.read_bytes()
        listed = [line[:64] for line in sums.read_text().splitlines() if line[66:] == FILE_NAME]
        if listed and listed != [hashlib.sha256(content).hexdigest()]:
            raise DriftError(f"{path}: its SHA-256 is not the one in {sums.name}")
        return reference_from(json.loads(content))
    except (OSError, ValueError) as error:
        raise DriftError(f"{path}: {error}") from error


def _columns(vectors: Vectors, probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    columns = np.column_stack([probabilities.astype(np.float32), vectors]).astype(np.float64)
    if not np.isfinite(columns).all():
        raise DriftError("vectors or probabilities hold NaN or infinity")
    return columns


def _edges(column: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Inner edges at equal shares of the values, each once; those of a narrow spread are fewer."""
    quantiles = np.quantile(column, np.linspace(0, 1, N_BINS + 1)[1:-1], method="higher")
    distinct = np.unique([_short(edge) for edge in quantiles])
    return np.pad(distinct, (0, N_BINS - 1 - len(distinct)), constant_values=np.inf)


def _short(edge: float) -> float:
    """Six digits say where a bin ends; the file stays small."""
    return float(f"{edge:.6g}")


def _digitised(edges: npt.NDArray[np.float64], columns: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    codes = np.empty(columns.shape, dtype=np.uint8)
    for k, (row, column) in enumerate(zip(edges, columns.T, strict=True)):
        codes[:, k] = np.searchsorted(row, column, side="right")
    return codes
