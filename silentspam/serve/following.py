"""A server of a call database learns from the calls that wait, and knows what other servers learnt.

A server learns from its own calls as they end, and publishes then. What another server learns reaches this
one here: the version of the lines in the database is compared with that of this machine's snapshot, over and
over. Should an older snapshot ever be written over a newer one, the next look mends it.
"""

import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from silentspam import assembly
from silentspam.config import Config
from silentspam.errors import LineError, SilentSpamError

if TYPE_CHECKING:
    from silentspam.calllog.line_store import Basis
    from silentspam.lines.snapshot import Snapshot


@dataclass
class Follower:
    """Keeps this machine's snapshot equal to the database's lines; the model is loaded when it changes."""

    config: Config
    _basis: "Basis | None" = None
    _folder: Path | None = None
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
        basis = self._current_basis()
        if basis is None:
            raise LineError("the active model knows no lines: train it again, or promote another")
        store = assembly.lines(self.config)
        while store.waiting() and store.learn(basis, now=time.time(), publish=self._publish_while_locked):
            pass
        if self._is_behind(basis.ground.space_id, store.version(basis.ground.space_id)):
            self._publish(store.snapshot(basis, now=time.time()))

    def _current_basis(self) -> "Basis | None":
        folder = assembly.model_folder(self.config).resolve()
        if folder != self._folder:
            self._basis, self._folder = assembly.line_basis(self.config), folder
        return self._basis

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
