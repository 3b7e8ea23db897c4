"""A model small enough to know its verdicts beforehand: what never exceeds −30 dBFS is dead air."""

import hashlib
import io
from pathlib import Path

import numpy as np

from silentspam.card import FORMAT, ModelCard, stft_card
from silentspam.features import FeatureParams, feature_names
from silentspam.forest import Forest
from silentspam.hashed import SUMS_NAME
from silentspam.model import model_files

PARAMS = FeatureParams()
NAMES = feature_names(PARAMS)
PEAK_DBFS = -30.0


def a_forest() -> Forest:
    """One tree with one split: peak at most −30 dBFS gives a spam probability of 0.9, else of 0.1."""
    return Forest(
        roots=np.array([0], np.int32),
        feature=np.array([NAMES.index("peak_dbfs"), 0, 0], np.int32),
        threshold=np.array([PEAK_DBFS, 0.0, 0.0]),
        children=np.array([[1, 2], [1, 1], [2, 2]], np.int32),
        shares=np.array([[0.5, 0.5], [0.1, 0.9], [0.9, 0.1]]),
        n_features=len(NAMES),
        depth=1,
    )


def a_card() -> ModelCard:
    """The card of `a_forest`."""
    return ModelCard(
        format=FORMAT,
        stft=stft_card(PARAMS.stft),
        n_bases=PARAMS.n_bases,
        groups=list(PARAMS.groups),
        feature_names=NAMES,
        n_features=len(NAMES),
        depth=1,
        threshold=0.6,
        seed=0,
        data_hash="none",
        versions={},
    )


def write(folder: Path) -> Path:
    """Write the model folder; returns it."""
    return write_files(folder, model_files(a_forest(), a_card()))


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    """Write any files as a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def resigned(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files with hashes that fit them: what a wrong trainer would write, not what a bad disk would."""
    others = {name: content for name, content in files.items() if name != SUMS_NAME}
    sums = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(others.items()))
    return others | {SUMS_NAME: "".join(sums).encode()}


def npy(array: np.ndarray, *, allow_pickle: bool = False) -> bytes:
    """The bytes of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()
