"""A folder of files with the hash of each: nothing is used that is not, byte for byte, what was put there.

FOLDER/SHA256SUMS is what `sha256sum` writes; the id of a folder is the start of that file's own hash.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from silentspam.arrays import array_from
from silentspam.errors import ModelError

SUMS_NAME = "SHA256SUMS"
ID_DIGITS = 12

Arrays = dict[str, NDArray[np.generic]]


def verified_files(
    folder: Path, needed: Sequence[str], if_there: Sequence[str]
) -> tuple[dict[str, bytes], str]:
    """Files of a folder, each read once and checked, and the folder's id.

    needed: files that must be there; if_there: files that are read where SHA256SUMS names them. Raises
    ModelError for one that is missing or changed.
    """
    try:
        sums_text = (folder / SUMS_NAME).read_bytes()
        sums = {line[66:]: line[:64] for line in sums_text.decode("utf-8", "replace").splitlines()}
        names = [*needed, *(name for name in if_there if name in sums)]
        files = {name: (folder / name).read_bytes() for name in names}
    except OSError as error:
        raise ModelError(f"model folder {folder}: {error.strerror or error} ({error.filename})") from error
    for name, content in files.items():
        if sums.get(name) != hashlib.sha256(content).hexdigest():
            raise ModelError(f"{folder / name}: its SHA-256 is not the one in {SUMS_NAME}")
    return files, hashlib.sha256(sums_text).hexdigest()[:ID_DIGITS]


def with_sums(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files, and SHA256SUMS of them."""
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return {**files, SUMS_NAME: sums.encode()}


def arrays_in(
    files: Mapping[str, bytes], names: Sequence[str] | Mapping[str, object], prefix: str = ""
) -> Arrays:
    """Arrays by name, each from the file `{prefix}{name}.npy`. Raises ModelError for one that is none."""
    arrays: Arrays = {}
    for name in names:
        file_name = f"{prefix}{name}.npy"
        if file_name not in files:
            raise ModelError(f"{file_name} is missing, or not in {SUMS_NAME}")
        arrays[name] = array_from(files[file_name], file_name)
    return arrays


def npy(array: NDArray[np.generic]) -> bytes:
    """An array as the bytes of its file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
