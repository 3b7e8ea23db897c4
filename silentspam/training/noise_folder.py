"""The folder that `silentspam noise train` writes: what knows noise, with the hash of each file.

A model folder takes these files in as they are (`kinds.noise`).
"""

from collections.abc import Mapping
from pathlib import Path

from silentspam.errors import ModelError
from silentspam.hashed import SUMS_NAME, verified_files, with_sums
from silentspam.kinds.noise import CARD_NAME, NoiseModel, load_noise, noise_parts


def write_noise(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files and their hashes. Raises ModelError for a folder of other files, or a failing disk."""
    if folder.is_dir() and {path.name for path in folder.iterdir()} - {*noise_parts(), SUMS_NAME}:
        raise ModelError(f"{folder} holds other files than {CARD_NAME} and its arrays: choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in with_sums(files).items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise ModelError(f"{folder}: {error.strerror or error}") from error


def read_noise(folder: Path) -> NoiseModel:
    """The detector of such a folder, or of a model folder that knows noise. Raises ModelError."""
    files, _ = verified_files(folder, noise_parts(), ())
    model = load_noise(files)
    if model is None:
        raise ModelError(f"{folder}: {CARD_NAME} is missing")
    return model
