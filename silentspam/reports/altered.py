"""Openings as another line would have brought them: louder, quieter, or through another codec."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from silentspam.audio import Recording, encode_ulaw, read_ulaw
from silentspam.features import FeatureParams, feature_vector
from silentspam.fitness import why_inconclusive
from silentspam.reports.reference import DriftError, Vectors
from silentspam.training.codecs import CodecUnavailableError, frames_of, open_codec
from silentspam.training.dataset import OPENING_SECONDS, Labelled

Alteration = Callable[[Recording], Recording]

SHIFT_DB = 6.0
CODECS = ("g711a", "gsm", "amr475")
"""Legs that calls may come to run over; those whose library is not here are left out."""


@dataclass(frozen=True, eq=False)
class Altered:
    """Feature vectors [shape=(n, n_features)] of the rows that could still be judged."""

    vectors: Vectors
    rows: tuple[Labelled, ...]


def alterations() -> dict[str, Alteration]:
    """Name → alteration, of those that this machine can make."""
    made: dict[str, Alteration] = {
        f"level {decibels:+.0f} dB": _gain(decibels) for decibels in (SHIFT_DB, -SHIFT_DB)
    }
    for name in CODECS:
        try:
            made[f"codec {name}"] = _through(name)
        except CodecUnavailableError:
            continue
    return made


def altered(
    rows: Sequence[Labelled],
    params: FeatureParams,
    alteration: Alteration,
    *,
    progress: Callable[[Iterable[Labelled], int], Iterable[Labelled]] | None = None,
) -> Altered:
    """The features of openings after an alteration; what it leaves as digital silence is left out.

    Raises AudioError where a file cannot be read, DriftError when nothing is left.
    """
    vectors, kept = [], []
    for row in progress(rows, len(rows)) if progress else rows:
        opening = alteration(read_ulaw(row.path, max_seconds=OPENING_SECONDS))
        if not why_inconclusive(opening):
            vectors.append(feature_vector(opening.sounding, params))
            kept.append(row)
    if not kept:
        raise DriftError(f"none of {len(rows)} openings can be judged")
    return Altered(np.stack(vectors), tuple(kept))


def unaltered(recording: Recording) -> Recording:
    """The recording as it is."""
    return recording


def _gain(decibels: float) -> Alteration:
    factor = 10 ** (decibels / 20)

    def louder(recording: Recording) -> Recording:
        samples = np.clip(np.round(recording.linear * factor), -32768, 32767).astype(np.int16)
        return Recording(encode_ulaw(samples), recording.sample_rate)

    return louder


def _through(name: str) -> Alteration:
    codec = open_codec(name)

    def sent(recording: Recording) -> Recording:
        lost = np.zeros(frames_of(len(recording.linear), codec.frame_samples), dtype=bool)
        return Recording(encode_ulaw(codec.transmit(recording.linear, lost)), recording.sample_rate)

    return sent
