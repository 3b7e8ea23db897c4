"""What calls are compared with: the store of known lines and the file of claims, read again when they change.

Whatever is wrong with either, a call is analysed and told without it; the reason stands in its row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from silentspam.errors import NoLineStoreError
from silentspam.provenance.claim_files import load_claims
from silentspam.provenance.claims import ClaimTable
from silentspam.provenance.line_space import shipped_space
from silentspam.provenance.line_store import LineStore
from silentspam.provenance.sources import Known
from silentspam.provenance.stored_line import StoredLine


@dataclass(frozen=True)
class KnownLines:
    """The lines of a store as they are now: their places, and by name what they are listed as."""

    known: Known
    stored: Mapping[str, StoredLine]


class Knowledge:
    """Reads store and claims, and keeps them until they change."""

    def __init__(self, store: LineStore, claims: Path | None) -> None:
        self._store = store
        self._claims = claims
        self._lines: tuple[int, KnownLines] | None = None
        self._table: tuple[tuple[int, int, int], ClaimTable] | None = None

    def lines(self) -> KnownLines | None:
        """The known lines; None where there is no store yet.

        Raises LineStoreError, LineError or ModelError."""
        try:
            revision = self._store.revision()
        except NoLineStoreError:
            return None
        if self._lines is None or self._lines[0] != revision:
            stored = {line.name: line for line in self._store.lines()}
            self._lines = revision, KnownLines(self._store.known(shipped_space()), stored)
        return self._lines[1]

    def claims(self) -> ClaimTable | None:
        """What numbers and trunks claim; None where nothing is configured. Raises ConfigError."""
        if self._claims is None:
            return None
        stamp = _stamp(self._claims)
        if self._table is None or self._table[0] != stamp:
            self._table = stamp, load_claims(self._claims)
        return self._table[1]


def _stamp(path: Path) -> tuple[int, int, int]:
    """Changes when the file does; of one that is not there, reading it will say so."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0, 0
    return status.st_ino, status.st_mtime_ns, status.st_size
