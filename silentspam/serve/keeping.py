"""What a resident process keeps between calls, and how it notices that there is something newer.

Each keeper looks at the stamps of files for a call, which costs microseconds. What is newer and cannot be
used (torn, garbage, half copied) changes nothing but the log: what was there before stays in force. A model
that could not be loaded is tried again, in a thread of its own, as long as that is so: what was wrong may
have been the moment (no memory, no descriptor), and no file tells of that.
"""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from silentspam.config import Config
from silentspam.errors import ModelError
from silentspam.judging import load_and_warm_up, look_at_lines, model_folder

if TYPE_CHECKING:
    from silentspam.lines.snapshot import Snapshot
    from silentspam.model import SpamModel

LOOK_SECONDS = 0.1
"""Between two looks at which model is active: following the links costs as much as a tenth of a verdict."""

RETRY_SECONDS = 2.0
"""Between two attempts at a model that cannot be loaded, and whose files stay as they are."""

CALL_WAITS_SECONDS = 1.5
"""A call waits so long for the first model that can be loaded: its caller is being recorded meanwhile."""

POLL_SECONDS = 0.02
"""Between two looks at whether a model is loaded by now."""

READY_SECONDS = 30.0
"""A start or a reload waits so long for its model: a disk that hangs must not hold up what else is new."""

Say = Callable[[str], None]
Stamp = tuple[str, int, int, int]


def stamp(path: Path) -> Stamp | None:
    """What changes whenever a file is replaced or rewritten; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (str(path), found.st_ino, found.st_mtime_ns, found.st_size)


def stamps(folder: Path) -> tuple[Stamp | None, ...]:
    """The stamps of all files of a folder, in order; () where there is none."""
    try:
        return tuple(stamp(folder / name) for name in sorted(os.listdir(folder)))
    except OSError:
        return ()


class ModelKeeper:
    """The model that judges: loaded once, and again when another was promoted or its folder replaced.

    pause: how a call waits (it may be one of many in its thread). before: the keeper of the configuration
    before; its model judges on until this one's is loaded.
    """

    def __init__(
        self,
        config: Config,
        say: Say,
        *,
        pause: Callable[[float], None] = time.sleep,
        before: "ModelKeeper | None" = None,
    ) -> None:
        self._config = config
        self._say = say
        self._pause = pause
        self._said = ""
        self._loading = threading.Lock()  # held by the thread that loads
        self._model: SpamModel | None = before._model if before else None
        self._fault: ModelError | None = before._fault if before else None
        self._tried: tuple[Stamp | None, ...] | None = before._tried if before else None
        self._look_again = self._retry_at = 0.0

    @property
    def model_id(self) -> str:
        """The id of the model in force; "" where there is none."""
        return self._model.model_id if self._model else ""

    def current(self) -> "SpamModel":
        """The model of this moment. Raises ModelError where none can be loaded."""
        now = time.monotonic()
        if now >= self._look_again and self._loading.acquire(blocking=False):
            self._look_again = now + LOOK_SECONDS
            self._load_elsewhere(self._is_due())
        if self._model is None:
            self._wait(CALL_WAITS_SECONDS)
        if self._model is None:
            raise self._fault or ModelError("no model is loaded yet")
        return self._model

    def load(self) -> None:
        """Have what is configured, if it can be had in READY_SECONDS; whatever cannot is said."""
        if self._loading.acquire(timeout=READY_SECONDS):
            self._load_elsewhere(True)
        if not self._wait(READY_SECONDS):
            self._say(f"model not loaded within {READY_SECONDS:g} s: the server goes on, and waits for it")

    def retry(self) -> None:
        """Try once more what could not be loaded, where it is time to. Costs its caller nothing."""
        if self._is_overdue() and self._loading.acquire(blocking=False):
            self._load_elsewhere(True)

    def _is_due(self) -> bool:
        return self._stamps() != self._tried or self._is_overdue()

    def _is_overdue(self) -> bool:
        return self._fault is not None and time.monotonic() >= self._retry_at

    def _load_elsewhere(self, wanted: bool) -> None:
        """Load in a thread that gives the lock back when it is done."""
        try:
            if wanted:
                threading.Thread(target=self._attempt, name="model", daemon=True).start()
                return
        except (RuntimeError, MemoryError) as error:
            self._note(error)
        self._loading.release()

    def _wait(self, seconds: float) -> bool:
        """Until nobody loads; False where that takes longer."""
        until = time.monotonic() + seconds
        while self._loading.locked():
            if time.monotonic() >= until:
                return False
            self._pause(POLL_SECONDS)
        return True

    def _attempt(self) -> None:
        try:
            if self._is_due():
                self._renew()
        finally:
            self._loading.release()

    def _renew(self) -> None:
        self._tried = self._stamps()  # what changes while it is loaded is looked at again
        try:
            self._model = load_and_warm_up(model_folder(self._config).resolve())
        except Exception as error:  # noqa: BLE001  whatever is wrong with it, the model before judges on
            self._note(error)
            return
        self._fault = None
        if self._said:
            self._say(f"model taken over: {self.model_id}")
        self._said = ""

    def _stamps(self) -> tuple[Stamp | None, ...]:
        try:
            return stamps(model_folder(self._config).resolve())
        except Exception:  # noqa: BLE001  loading says what is wrong; nothing may keep the lock from being given back
            return ()

    def _note(self, error: Exception) -> None:
        self._fault = (
            error if isinstance(error, ModelError) else ModelError(f"{type(error).__name__}: {error}")
        )
        self._retry_at = time.monotonic() + RETRY_SECONDS
        if self._said != str(self._fault):
            self._said = str(self._fault)
            left = f"the one before ({self.model_id}) judges on" if self._model else "there is none"
            self._say(f"model not taken over, {left}: {self._said}")


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
