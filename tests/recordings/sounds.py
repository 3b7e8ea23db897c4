"""Real prompts of one voice through real codecs, for tests; skipped where nothing may be fetched."""

import os
from functools import cache

import numpy as np
import pytest

from silentspam.audio import SAMPLE_RATE, Codes, encode_ulaw
from silentspam.audio_files import read_recording
from silentspam.training.codecs import Codec, frames_of, open_codec
from silentspam.training.network import quantised
from silentspam.training.noise import Signal

N = 2 * SAMPLE_RATE
"""Samples of an opening."""

_VOICE = "usr/share/asterisk/sounds/en_US_f_Allison"
_LONG_BYTES = 44 + 2 * 8 * SAMPLE_RATE
"""Of a WAV that lasts eight seconds."""


@cache
def _prompts() -> tuple[Signal, ...]:
    if os.environ.get("SILENTSPAM_TEST_FETCH") != "1":
        pytest.skip("SILENTSPAM_TEST_FETCH is not set: nothing is fetched")
    from lab.corpus_audio import fetch_audio

    paths = sorted((fetch_audio() / _VOICE).rglob("*.wav"))
    spoken = [path for path in paths if "silence" not in path.parts]
    long = [path for path in spoken if path.stat().st_size >= _LONG_BYTES]
    return tuple(_spoken(read_recording(path).samples[: 9 * SAMPLE_RATE]) for path in long)


def _spoken(samples: np.ndarray) -> Signal:
    """From where the voice begins, at −22 dBFS."""
    begun = int(np.flatnonzero(np.abs(samples) > 0.05 * np.abs(samples).max())[0])
    speech = samples[max(begun - 400, 0) :].astype(np.float64)
    return np.asarray(speech * 10 ** (-22 / 20) / np.sqrt(np.mean(speech**2)))


def prompts() -> list[Signal]:
    """Twelve prompts of one voice, of eight seconds or more [shape=(n,), float64 in ±1].

    Those of conferences are left out: they were cut together from the same passages.
    """
    return [_prompts()[row] for row in (0, *range(8, 15), 17, 19, 20, 21)]


def other_prompts() -> list[Signal]:
    """Others of the same voice."""
    return [_prompts()[row] for row in (1, 3, 5, 7, 15, 18, 22, 23)]


@cache
def _codec(name: str) -> Codec:
    from lab.corpus_audio import fetch_codecs

    return open_codec(name, folders=[fetch_codecs()])


def sent(signal: Signal, codec: str = "g711u") -> Codes:
    """What the far end records of a signal that went through a codec, without losses."""
    samples = quantised(signal)
    if codec == "g711u":
        return encode_ulaw(samples)
    way = _codec(codec)
    lost = np.zeros(frames_of(len(samples), way.frame_samples), bool)
    return encode_ulaw(way.transmit(samples, lost))
