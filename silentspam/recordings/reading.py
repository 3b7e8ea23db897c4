"""The library's file for those who match calls: read again when it was replaced, off every caller's path.

A process that serves many calls reads it, and hashes the whole of it, in a thread of its own; meanwhile calls
are matched with the library before. A process of one call reads it while its caller is being recorded, and of
a large one looks at both ends alone.
"""

import threading
from dataclasses import dataclass
from pathlib import Path

from silentspam.errors import LibraryError
from silentspam.kinds.constellation import Constellation
from silentspam.kinds.listening import SignalListener, Sources
from silentspam.kinds.recording import KnownRecordings, Match
from silentspam.recordings.store import FILE_NAME, StoredLibrary, read

READY_SECONDS = 5.0
"""A server that starts waits so long for its library: a disk that hangs must not hold up the calls."""

Stamp = tuple[int, ...]


class LibraryFile:
    """The library of one folder, as it is now. Implements `kinds.recording.Library`.

    resident: a newer file is read by a thread, and whole; kept: the process lasts, and has a copy of the file
    where that is not too large, which nobody can cut off under it. A file that is no use leaves the library
    before it in force; `fault` says what is wrong with it. Safe for threads.
    """

    def __init__(self, folder: Path, *, resident: bool = False, kept: bool = False) -> None:
        self._folder = folder
        self._resident = resident
        self._kept = kept or resident
        self._seen: Stamp | None = None
        self._library: StoredLibrary | None = None
        self._reading = threading.Lock()  # held by the thread that reads
        self.fault: LibraryError | None = None

    def look(self, *, wait: float = 0.0) -> StoredLibrary | None:
        """The library in force, None as long as there was none; costs one stat() while the file is the same.

        wait: how long a newer one is waited for that a thread reads [s].
        """
        seen = stamp(self._folder)
        if seen is None or seen == self._seen or not self._reading.acquire(blocking=False):
            return self._library
        if not self._resident:
            self._read(seen)
            return self._library
        try:
            reader = threading.Thread(target=self._read, args=(seen,), name="library", daemon=True)
            reader.start()
        except (RuntimeError, MemoryError):  # no thread to be had: the next call tries again
            self._reading.release()
            return self._library
        if wait:
            reader.join(wait)
        return self._library

    @property
    def is_empty(self) -> bool:
        """Whether no library is in force, or one without a recording."""
        library = self.look()
        return library is None or library.is_empty

    def match(self, opening: Constellation) -> Match | None:
        """The recording that an opening plays; None for none, and where no library is in force."""
        library = self.look()
        try:
            return None if library is None else library.match(opening)
        except LibraryError as error:
            self.fault = error
            return None

    def _read(self, seen: Stamp) -> None:
        """Take the file over that had this stamp, and give the lock back."""
        try:
            found = read(self._folder, whole=self._resident, kept=self._kept)
            self._library, self.fault = found or self._library, None
        except LibraryError as error:
            self.fault = error
        except MemoryError:
            self.fault = LibraryError(f"recordings.folder {self._folder}: no memory to read it")
        finally:
            self._seen = seen
            self._reading.release()


@dataclass(frozen=True)
class RecordingListener(SignalListener):
    """Hears the recordings of a file, and looks whether there is a newer one when it is asked to."""

    library: LibraryFile

    def look(self) -> None:
        """Have a newer file read, so that the next call is matched with it."""
        self.library.look()


def stamp(folder: Path) -> Stamp | None:
    """What changes whenever the library of a folder is replaced; None where there is none."""
    try:
        found = (folder / FILE_NAME).stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def listener(sources: Sources) -> RecordingListener | None:
    """Hears known recordings; None where there is no folder of them. Reads the file before any opening."""
    if sources.recordings is None:
        return None
    library = LibraryFile(sources.recordings, resident=sources.resident)
    library.look(wait=READY_SECONDS)
    return RecordingListener(KnownRecordings(library), library)
