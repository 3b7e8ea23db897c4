"""The library's file for a process that serves many calls: read again when it was replaced."""

from pathlib import Path

from silentspam.errors import LibraryError
from silentspam.kinds.constellation import Constellation
from silentspam.kinds.listening import SignalListener, Sources
from silentspam.kinds.recording import KnownRecordings, Match
from silentspam.recordings.store import FILE_NAME, StoredLibrary, read


class LibraryFile:
    """The library of one folder, as it is now. Implements `kinds.recording.Library`.

    A file that is no use leaves the library before it in force; `fault` says what is wrong with it. Safe for
    threads: the worst is reading twice.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[int, ...] | None = None
        self._library: StoredLibrary | None = None
        self.fault: LibraryError | None = None

    def look(self) -> StoredLibrary | None:
        """The library in force; None as long as there was none. Costs one stat() while the file is the same.

        The first look at a new file reads all of it: a thread that serves no call should be the one to look.
        """
        seen = self._stamp()
        if seen is not None and seen != self._seen:
            try:
                self._library, self.fault = read(self._folder) or self._library, None
            except LibraryError as error:
                self.fault = error
            self._seen = seen
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

    def _stamp(self) -> tuple[int, ...] | None:
        try:
            stat = (self._folder / FILE_NAME).stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def listener(sources: Sources) -> SignalListener | None:
    """Hears known recordings; None where there is no folder of them."""
    if sources.recordings is None:
        return None
    return SignalListener(KnownRecordings(LibraryFile(sources.recordings)))
