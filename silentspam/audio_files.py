"""Recordings from files of any kind: raw mu-law, and what libsndfile reads. Not for the call path.

A mu-law WAV keeps its codes as they are; other encodings are encoded to mu-law from their 16-bit samples.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from silentspam.audio import SAMPLE_RATE, Recording, encode_ulaw, read_ulaw
from silentspam.errors import AudioError

RAW_SUFFIXES = frozenset({".ulaw", ".ul", ".pcmu", ".mulaw"})
FILE_SUFFIXES = RAW_SUFFIXES | {".wav"}

_CONTAINER = re.compile(rb"RIFF|RIFX|fLaC|OggS|ID3|\x89PNG|\x7fELF|PK\x03\x04|\x1f\x8b|%PDF|FORM|\.snd")
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e]{32,}\Z")


def read_recording(path: Path, *, max_seconds: float = 3600.0) -> Recording:
    """Read a recording, at most `max_seconds` of it.

    Raises AudioError when the file cannot be read, is no audio, or is not 8 kHz mono.
    """
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
            if file.subtype == "ULAW" and file.format.startswith("WAV"):
                return Recording(_wav_codes(path)[: int(max_seconds * SAMPLE_RATE)])
            samples = file.read(int(max_seconds * SAMPLE_RATE), dtype="int16")
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        raise AudioError(f"{path}: not a readable recording: {error}") from error
    return Recording(encode_ulaw(samples))


def _wav_codes(path: Path) -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    """The bytes of a WAV's data chunk (RIFF: id, little-endian length, content padded to an even length)."""
    raw = path.read_bytes()
    position = 12
    while position + 8 <= len(raw):
        name, length = (
            raw[position : position + 4],
            int.from_bytes(raw[position + 4 : position + 8], "little"),
        )
        if name == b"data":
            return np.frombuffer(raw[position + 8 : position + 8 + length], dtype=np.uint8)
        position += 8 + length + length % 2
    raise AudioError(f"{path}: a WAV without a data chunk")
