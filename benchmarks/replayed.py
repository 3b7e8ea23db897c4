"""Recordings as robocalls and callers play them: real speech and music, through real codecs, in noise.

Speech is Debian's licensed prompts and readings (`training.sources`), joined speaker by speaker into
recordings of nine seconds, no file twice; music is cut into such pieces. Noise is shaped, or a place's.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import SAMPLE_RATE, Codes, Recording, encode_ulaw
from silentspam.kinds.constellation import Constellation, constellation
from silentspam.training.codecs import Codec, frames_of
from silentspam.training.ham import excerpt
from silentspam.training.network import quantised
from silentspam.training.noise import Signal, at_level, draw_shape, rms, shaped_noise
from silentspam.training.sources import Clip, ClipKind, load_clip

CODECS = ("g711u", "g711a", "g729a", "gsm", "ilbc20", "ilbc30")
WHOLE, STORED, OPENING = 9 * SAMPLE_RATE, 7 * SAMPLE_RATE, 2 * SAMPLE_RATE
"""Samples of a recording, of what is stored of it, and of an opening."""

LATEST_START = 5 * SAMPLE_RATE
LEVEL_DBFS, SNR_DB = -22.0, 10.0
GAINS_DB = (-18.0, 4.0)

PIECE = SAMPLE_RATE // 4
SAME_AUDIO = 0.8
"""Correlation of a quarter of a second from which two sounds are one: prompts are cut together from passages
that others have too, and a tune repeats itself. To find those again is no mistake."""


@dataclass(frozen=True, eq=False)
class Played:
    """A recording: `source` is its speaker or tune, signal [shape=(WHOLE,), float64 in ±1]."""

    kind: ClipKind
    source: str
    signal: Signal

    @cached_property
    def known(self) -> Constellation:
        """As it is stored, from the file."""
        return heard(encode_ulaw(quantised(self.signal[:STORED])))


def heard(codes: Codes) -> Constellation:
    """What is kept of a sound's codes."""
    return constellation(Recording(codes).samples)


def recordings_of(clips: Sequence[Clip]) -> list[Played]:
    """Every recording that the clips give, in an order of chance."""
    voices: dict[str, list[Clip]] = {}
    found = []
    for clip in clips:
        if clip.kind is ClipKind.SPEECH:
            voices.setdefault(clip.speaker, []).append(clip)
        elif clip.kind is ClipKind.MUSIC:
            found += [Played(clip.kind, clip.speaker, piece) for piece in _pieces([load_clip(clip)])]
    lot = random.Random(1)
    for speaker in sorted(voices):
        lot.shuffle(voices[speaker])
        sounds = (_spoken(load_clip(clip)) for clip in voices[speaker])
        found += [Played(ClipKind.SPEECH, speaker, piece) for piece in _pieces(sounds)]
    lot.shuffle(found)
    return found


def _spoken(sound: Signal) -> Signal:
    """Without the studio's silence at both ends, but for a breath."""
    loud = np.flatnonzero(np.abs(sound) > 0.03 * np.abs(sound).max(initial=1e-9))
    return sound[max(int(loud[0]) - 800, 0) : int(loud[-1]) + 1200] if len(loud) else sound[:0]


def _pieces(sounds: Sequence[Signal] | Iterator[Signal]) -> Iterator[Signal]:
    """Sounds joined and cut into recordings at one level; what is left over of the last sound goes."""
    waiting: list[Signal] = []
    for sound in sounds:
        waiting.append(sound)
        if sum(map(len, waiting)) < WHOLE:
            continue
        joined, waiting = np.concatenate(waiting), []
        last = len(joined) - WHOLE + 1 if len(sound) >= 2 * WHOLE else 1
        for start in range(0, last, WHOLE):
            yield at_level(joined[start : start + WHOLE], LEVEL_DBFS)


@dataclass(frozen=True, eq=False)
class Network:
    """Codecs by name, and the places whose noise a call may have."""

    codecs: dict[str, Codec]
    places: tuple[Clip, ...]

    def send(self, signal: Signal, name: str) -> Codes:
        """What the far end records, without losses."""
        samples, codec = quantised(signal), self.codecs[name]
        return encode_ulaw(
            codec.transmit(samples, np.zeros(frames_of(len(samples), codec.frame_samples), bool))
        )

    def noise(self, n: int, rng: np.random.Generator) -> Signal:
        """Shaped noise, or a place's, as often."""
        if rng.random() < 0.5:
            return shaped_noise(n, draw_shape(rng), rng)
        return excerpt(self.places[int(rng.integers(len(self.places)))], n, rng)


@dataclass(frozen=True, eq=False)
class Replay:
    """A re-play: stored through one codec (or from the file), heard through another."""

    heard_by: str
    begin: float
    known: Constellation
    opening: Constellation


def replay(played: Played, network: Network, rng: np.random.Generator) -> Replay:
    """One re-play at SNR_DB (of the opening's own level), any start, any gain."""
    stored_by, heard_by = rng.choice(CODECS, 2, replace=False)
    from_file = rng.random() < 0.5
    known = played.known if from_file else heard(network.send(played.signal[:STORED], stored_by))
    start = int(rng.integers(0, LATEST_START + 1))
    opening = played.signal[start : start + OPENING]
    level = 20 * np.log10(max(rms(opening), 1e-6))
    noisy = opening + at_level(network.noise(OPENING, rng), level - SNR_DB)
    codes = network.send(noisy * 10 ** (rng.uniform(*GAINS_DB) / 20), heard_by)
    return Replay(str(heard_by), start / SAMPLE_RATE, known, heard(codes))


def is_same_audio(opening: Signal, recording: Signal, begin: float) -> bool:
    """Whether some quarter of a second of the opening is in the recording too, where it was aligned [s]."""
    at = round(begin * SAMPLE_RATE)
    slack = SAMPLE_RATE // 16
    for start in range(0, len(opening) - PIECE + 1, PIECE // 2):
        first = max(at + start - slack, 0)
        if (
            _correlation(opening[start : start + PIECE], recording[first : at + start + PIECE + slack])
            > SAME_AUDIO
        ):
            return True
    return False


def _correlation(piece: Signal, around: Signal) -> float:
    """The highest normalised correlation of a piece with any stretch of its length."""
    if len(around) < len(piece) or rms(piece) < 1e-3:
        return 0.0
    products: NDArray[np.float64] = np.correlate(around, piece, "valid")
    energies = np.convolve(around**2, np.ones(len(piece)), "valid")
    return float((np.abs(products) / np.sqrt(np.maximum(energies, 1e-9) * (piece @ piece))).max())
