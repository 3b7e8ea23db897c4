"""What a resident process keeps between calls, and how it notices that there is something newer.

Each keeper looks at one file's stamp for every call, which costs microseconds. A newer one that cannot be
used (torn, garbage, half copied) changes nothing but the log: the one before stays in force.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from silentspam.config import Config
from silentspam.errors import ModelError, SilentSpamError
from silentspam.hashed import SUMS_NAME
from silentspam.judging import load_and_warm_up, look_at_lines, model_folder

if TYPE_CHECKING:
    from silentspam.lines.snapshot import Snapshot
    from silentspam.model import SpamModel

LOOK_SECONDS = 0.1
"""Between two looks at which model is active: following the links costs as much as a tenth of a verdict."""

Say = Callable[[str], None]
Stamp = tuple[str, int, int, int]


def stamp(path: Path) -> Stamp | None:
    """What changes whenever a file is replaced or rewritten; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (str(path), found.st_ino, found.st_mtime_ns, found.st_size)


class ModelKeeper:
    """The model that judges: loaded once, and again when another was promoted or its folder replaced."""

    def __init__(self, config: Config, say: Say) -> None:
        self._config = config
        self._say = say
        self._loading = threading.Lock()
        self._model: SpamModel | None = None
        self._fault: ModelError | None = None
        self._stamp: Stamp | None = None
        self._look_again = 0.0

    @property
    def model_id(self) -> str:
        """The id of the model in force; "" where there is none."""
        return self._model.model_id if self._model else ""

    def current(self) -> "SpamModel":
        """The model of this moment. Raises ModelError where none could ever be loaded."""
        now = time.monotonic()
        if now >= self._look_again and self._loading.acquire(blocking=self._model is None):
            try:
                self._renew()
                self._look_again = now + LOOK_SECONDS
            finally:
                self._loading.release()
        if self._model is None:
            raise self._fault or ModelError("no model")
        return self._model

    def _renew(self) -> None:
        try:
            folder = model_folder(self._config).resolve()
            found = stamp(folder / SUMS_NAME)
            if found == self._stamp and (found or self._fault):
                return
            self._stamp = found
            self._model = load_and_warm_up(folder)
            self._fault = None
        except (SilentSpamError, OSError, ImportError, MemoryError) as error:
            if str(error) != str(self._fault):
                self._say(
                    f"model not taken over, {'the one before judges on' if self._model else 'none'}: {error}"
                )
            self._fault = error if isinstance(error, ModelError) else ModelError(str(error))


class SnapshotKeeper:
    """The lines that calls are judged with, read again when the file was replaced."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._path = Path(config.lines.folder) / "snapshot"
        self._seen: tuple[Stamp | None, Snapshot | None] = (None, None)

    def current(self) -> "Snapshot | None":
        """The snapshot of this moment. Raises LineError for one that is no use."""
        found = stamp(self._path)
        known, snapshot = self._seen
        if found is None or found != known:
            snapshot = look_at_lines(self._config)
            self._seen = (found, snapshot)
        return snapshot
