"""A server of a call database learns from the calls that wait, and knows what other servers learnt.

A server learns from its own calls as they end, and publishes then. What another server learns reaches this
one here: the version of the lines in the database is compared with that of this machine's snapshot, over and
over. Should an older snapshot ever be written over a newer one, the next look mends it.
"""

import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from silentspam import assembly, judging
from silentspam.config import Config
from silentspam.errors import LineError, SilentSpamError

if TYPE_CHECKING:
    from silentspam.calllog.database import Database
    from silentspam.calllog.line_store import Basis
    from silentspam.calllog.lines import Lines
    from silentspam.lines.snapshot import Snapshot

PATIENCE_SECONDS = 5.0
"""How long the active model is waited for; later looks ask only whether it is there by now."""


@dataclass
class Follower:
    """Keeps this machine's snapshot equal to the database's lines; the model is loaded when it changes."""

    config: Config
    database: "Database | None" = None
    """The configured call database, for who has it already."""
    _found: "_Found" = field(default_factory=lambda: _Found(None, None), init=False)
    _looking: "_Look | None" = field(default=None, init=False)
    _fault: str = field(default="", init=False)

    def look(self) -> None:
        """Learn and publish once; what goes wrong is said once, and so is that it is over."""
        try:
            self.follow()
        except (SilentSpamError, OSError) as error:
            if str(error) != self._fault:
                self._say(f"goes on with what is known: {error}")
            self._fault = str(error)
            return
        if self._fault:
            self._say("all is well again")
        self._fault = ""

    def follow(self) -> None:
        """Learn and publish once. Raises SilentSpamError or OSError."""
        from silentspam.calllog.lines import LESSONS_AT_ONCE

        basis = self._current_basis()
        if basis is None:
            raise LineError("the active model knows no lines: train it again, or promote another")
        store = assembly.lines(self.config, self.database)
        while store.waiting() and self._learn(store, basis) == LESSONS_AT_ONCE:
            pass
        if self._is_behind(basis.ground.space_id, store.version(basis.ground.space_id)):
            self._publish(store.snapshot(basis, now=time.time()))

    def _learn(self, store: "Lines", basis: "Basis") -> int:
        return store.learn(basis, now=time.time(), publish=self._publish_while_locked)

    def _current_basis(self) -> "Basis | None":
        """That of the active model. Raises LineError while its disk does not answer: calls wait to teach."""
        looking = self._looking or _Look(self.config, self._found)
        seconds, self._looking = (0.0 if self._looking else PATIENCE_SECONDS), looking
        found = looking.result(seconds)
        if found is None:
            raise LineError(
                f"the active model was not read within {PATIENCE_SECONDS:g} s: does its disk hang?"
            )
        self._looking = None
        if isinstance(found, Exception):
            raise found
        self._found = found
        return found.basis

    def _is_behind(self, space_id: str, version: int) -> bool:
        """Whether the snapshot is missing, torn, of another space, or of another version than the lines."""
        from silentspam.lines.snapshot import read_snapshot

        try:
            snapshot = read_snapshot(Path(self.config.lines.folder))
        except LineError:
            return True
        if snapshot is None:
            return version > 0
        return (snapshot.space_id, snapshot.version) != (space_id, version)

    def _publish(self, snapshot: "Snapshot") -> None:
        from silentspam.lines.snapshot import write_snapshot

        write_snapshot(Path(self.config.lines.folder), snapshot)

    def _publish_while_locked(self, snapshot: "Snapshot") -> None:
        """What was learnt counts, published or not: why it was not is said when it is tried again."""
        with suppress(LineError):
            self._publish(snapshot)

    @staticmethod
    def _say(text: str) -> None:
        print(f"silentspam attacks follow: {text}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class _Found:
    """The folder of the active model, and what line memory stands on with it."""

    folder: Path | None
    basis: "Basis | None"


class _Look:
    """A look at the active model in a thread of its own: whatever its disk does, rows are taken in."""

    def __init__(self, config: Config, known: _Found) -> None:
        self._config = config
        self._known = known
        self._found: _Found | Exception | None = None
        self._thread = threading.Thread(target=self._look, name="active model", daemon=True)
        self._thread.start()

    def result(self, seconds: float) -> _Found | Exception | None:
        """What was found, or what went wrong; None when that takes longer."""
        self._thread.join(seconds)
        return self._found

    def _look(self) -> None:
        try:
            folder = judging.model_folder(self._config).resolve()
            known = self._known
            changed = folder != known.folder
            self._found = _Found(folder, assembly.line_basis(self._config)) if changed else known
        except Exception as error:  # noqa: BLE001  told by whoever asked
            self._found = error
