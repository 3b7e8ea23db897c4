"""Which recordings a model was trained on, kept beside it: a trial on recent calls must leave these out.

`trained_on.npy` [shape=(n,), uint64, sorted]: the first 8 bytes of the SHA-256 of each opening's codes.
Simulated openings are left out: no live call is one of them.
"""

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from silentspam.arrays import array_from
from silentspam.audio import Recording, read_ulaw
from silentspam.errors import ModelError
from silentspam.training.dataset import OPENING_SECONDS, Labelled

FILE_NAME = "trained_on.npy"

Fingerprints = npt.NDArray[np.uint64]


def fingerprint(recording: Recording) -> int:
    """What an opening is known again by: two of one fingerprint have the same codes."""
    codes = recording.opening(OPENING_SECONDS).codes
    return int.from_bytes(hashlib.sha256(codes.tobytes()).digest()[:8], "big")


def trained_on_file(rows: Iterable[Labelled]) -> bytes:
    """The content of `trained_on.npy` for these rows. Raises AudioError where a recording cannot be read."""
    found = {fingerprint(read_ulaw(row.path, max_seconds=OPENING_SECONDS)) for row in rows}
    buffer = io.BytesIO()
    np.save(buffer, np.array(sorted(found), dtype=np.uint64), allow_pickle=False)
    return buffer.getvalue()


def read_trained_on(folder: Path) -> Fingerprints:
    """The fingerprints beside the model in `folder`, none where it has no such file.

    Raises ModelError for a file that is not one.
    """
    path = folder / FILE_NAME
    try:
        found = array_from(path.read_bytes(), str(path))
    except FileNotFoundError:
        return np.zeros(0, dtype=np.uint64)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error
    if found.dtype != np.uint64 or found.ndim != 1:
        raise ModelError(f"{path}: {found.dtype} {found.shape}, a list of uint64 is wanted")
    return np.asarray(found)
