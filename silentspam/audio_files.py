"""Recordings from files of any kind: raw mu-law, and what libsndfile reads. Not for the call path.

A mu-law WAV keeps its codes as they are; other encodings are encoded to mu-law from their 16-bit samples.
Floating point is taken to have its full scale at 1.0, as WAV and AIFF define it.
"""

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import SAMPLE_RATE, Codes, Recording, encode_ulaw, read_ulaw
from silentspam.errors import AudioError

RAW_SUFFIXES = frozenset({".ulaw", ".ul", ".pcmu", ".mulaw"})
SEALED_SUFFIX = ".sealed"
"""Of a recording that is encrypted: `retention.openings` reads it, with its key."""
FILE_SUFFIXES = RAW_SUFFIXES | {".wav", SEALED_SUFFIX}

MAX_HEADER_BYTES = 1 << 16
"""Chunks that stand before the audio: a WAV with more of them is left to libsndfile."""

MAX_PEAK = 8.0
"""Floating-point samples beyond 18 dB over full scale are no overshoot, but another scale or no audio."""

_FLOATING = frozenset({"FLOAT", "DOUBLE"})
"""Subtypes of libsndfile that hold floating point."""

_MULAW = struct.pack("<HHIIHH", 7, 1, SAMPLE_RATE, SAMPLE_RATE, 1, 8)
_PCM = struct.pack("<HHIIHH", 1, 1, SAMPLE_RATE, 2 * SAMPLE_RATE, 2, 16)
"""The first 16 bytes of a `fmt ` chunk: format (RFC 2361), channels, rate, bytes a second, block, bits."""

_CONTAINER = re.compile(rb"RIFF|RIFX|fLaC|OggS|ID3|\x89PNG|\x7fELF|PK\x03\x04|\x1f\x8b|%PDF|FORM|\.snd")
_TEXT = re.compile(rb"(?=.*\s)(?=.*\S)[\t\n\r\x20-\x7e]{32,}", re.DOTALL)
"""Printable, with a space or line break. Without one it may be a quiet line: the codes 0x7a…0x7e read
`z{|}~`, while a space is a sample of −12 dBFS and a line break one of −5 dBFS or more."""


def read_recording(path: Path, *, max_seconds: float = 3600.0) -> Recording:
    """Read a recording, at most `max_seconds` of it.

    Raises AudioError when the file cannot be read, is no audio, or is not 8 kHz mono.
    """
    if path.suffix == SEALED_SUFFIX:
        raise AudioError(f"{path}: sealed: it has to be opened with its private key first (--key)")
    if path.suffix.lower() not in RAW_SUFFIXES:
        return _read_container(path, max_seconds)
    recording = read_ulaw(path, max_seconds=max_seconds)
    head = recording.codes[:4096].tobytes()
    if _CONTAINER.match(head) or _TEXT.fullmatch(head):
        raise AudioError(f"{path}: named as raw mu-law, but it starts like another kind of file")
    return recording


def find_recordings(paths: list[Path]) -> Iterator[Path]:
    """The files named, and every recording below the folders named, in the order of their names."""
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in FILE_SUFFIXES)
        else:
            yield path


def _read_container(path: Path, max_seconds: float) -> Recording:
    """A plain telephone WAV is read here; anything else is left to libsndfile."""
    codes = _wav_codes(path, limit=int(max_seconds * SAMPLE_RATE))
    return Recording(codes) if codes is not None else _read_by_soundfile(path, max_seconds)


def _read_by_soundfile(path: Path, max_seconds: float) -> Recording:
    try:
        import soundfile
    except ImportError as error:
        raise AudioError(f"{path}: reading it needs the package soundfile (silentspam[training])") from error
    try:
        with soundfile.SoundFile(path) as file:
            if file.samplerate != SAMPLE_RATE or file.channels != 1:
                raise AudioError(
                    f"{path}: {file.samplerate} Hz with {file.channels} channels, "
                    f"telephone audio is {SAMPLE_RATE} Hz mono: convert it first"
                )
            limit = int(max_seconds * SAMPLE_RATE)
            # libsndfile does not scale ±1 to 16 bits: all of it would come as zeros.
            floating = file.subtype in _FLOATING
            samples = file.read(limit, dtype="float64" if floating else "int16")
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        raise AudioError(f"{path}: not a readable recording: {error}") from error
    return Recording(encode_ulaw(_in_16_bits(samples, path) if floating else samples))


def _in_16_bits(samples: NDArray[np.float64], path: Path) -> NDArray[np.int16]:
    """Samples in ±1 as 16 bits; what is louder clips. Raises AudioError for what cannot be audio."""
    if not np.isfinite(samples).all():
        raise AudioError(f"{path}: not finite samples (NaN or infinity)")
    peak = float(np.abs(samples).max(initial=0.0))
    if peak > MAX_PEAK:
        raise AudioError(f"{path}: samples up to {peak:.3g}, full scale is 1 and {MAX_PEAK:g} the limit")
    return (samples.clip(-1.0, 1.0) * 32767.0).round().astype(np.int16)


def _wav_codes(path: Path, *, limit: int) -> Codes | None:
    """The first `limit` codes of an 8 kHz mono WAV of mu-law or 16-bit samples; None for any other file.

    RIFF: chunks of id, little-endian length, and content padded to an even length. Mu-law comes as it is.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_HEADER_BYTES + 2 * limit)
    except OSError as error:
        raise AudioError(f"{path}: {error.strerror or error}") from error
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        return None
    position, form = 12, b""
    while position + 8 <= len(raw):
        name, length = (
            raw[position : position + 4],
            int.from_bytes(raw[position + 4 : position + 8], "little"),
        )
        content = raw[position + 8 : position + 8 + length]
        if name == b"fmt ":
            form = content[:16]
        elif name == b"data":
            return _codes_of(form, content, limit)
        position += 8 + length + length % 2
    return None


def _codes_of(form: bytes, content: bytes, limit: int) -> Codes | None:
    if form == _MULAW:
        return np.frombuffer(content[:limit], dtype=np.uint8)
    if form == _PCM:
        return encode_ulaw(np.frombuffer(content[: min(2 * limit, len(content) // 2 * 2)], dtype="<i2"))
    return None
