"""Writing a model folder so that nobody ever loads half of one."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from silentspam.boosted import BoostedTrees
from silentspam.card import ModelCard
from silentspam.errors import ModelError
from silentspam.forest import Forest
from silentspam.lines.evidence import LineEvidence
from silentspam.model import CARD_NAME, load_model, model_files


def write_model(
    folder: Path,
    forest: Forest | BoostedTrees,
    card: ModelCard,
    lines: LineEvidence | None = None,
    *,
    beside: Mapping[str, bytes] | None = None,
) -> str:
    """Write a model folder, check that it loads, and put it in the place of `folder`. Returns its model id.

    The folder is made beside its place and renamed; an older model there is replaced. Raises ModelError where
    `folder` holds something else than a model, or cannot be written.
    """
    check_place(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
            new = Path(scratch) / "new"
            new.mkdir()
            for name, content in model_files(forest, card, lines, beside=beside).items():
                _write(new / name, content)
            model_id = load_model(new).model_id
            _replace(folder, new, Path(scratch) / "old")
    except OSError as error:
        raise ModelError(f"{folder}: {error.strerror or error}") from error
    return model_id


def check_place(folder: Path) -> None:
    """Raise ModelError where `folder` is no place for a model: a file, or a folder of other files."""
    if folder.exists() and not folder.is_dir():
        raise ModelError(f"{folder} is a file: a model is a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / CARD_NAME).is_file():
        raise ModelError(f"{folder} holds other files than a model's: choose another folder")


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _replace(folder: Path, new: Path, old: Path) -> None:
    """Two renames: between them there is no model, which a call takes as a reason to fail open."""
    if folder.exists():
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        with contextlib.suppress(OSError):
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
