"""An opening is offered to be listened to: a link beside the recording, so that neither waits for the other.

Done after a call's row is written, and before anything is deleted or sealed. What is offered waits until
`silentspam listen` has analysed it, or the caller's side of the same call in its place.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

OPENINGS = "openings"
"""The folder below `provenance.folder`."""
SUFFIX = ".ulaw"


def offer(recording: Path, folder: Path) -> None:
    """Offer an opening, named by its call id; one that is not there, or was offered before, is no error.

    A copy where folder and recording are on different disks. Raises OSError.
    """
    openings = folder / OPENINGS
    openings.mkdir(mode=0o750, parents=True, exist_ok=True)
    offered = openings / recording.name
    with suppress(FileNotFoundError, FileExistsError):
        try:
            os.link(recording, offered)
        except (FileNotFoundError, FileExistsError):
            raise
        except OSError:
            _copy(recording, offered)


def _copy(recording: Path, offered: Path) -> None:
    """Whole or not at all."""
    partial = offered.with_suffix(".partial")
    try:
        shutil.copyfile(recording, partial)
        partial.rename(offered)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
