"""What `silentspam check` has to say of recordings: what calls are matched with, and what waits."""

from collections.abc import Iterator
from pathlib import Path

from silentspam import assembly
from silentspam.calllog.recordings import RecordingTables
from silentspam.cli.doctor import GOOD, WARNING, Finding, Identity, fault
from silentspam.config import Config
from silentspam.errors import CallLogError, LibraryError
from silentspam.explain import when
from silentspam.kinds.standing import Standing
from silentspam.recordings.store import FILE_NAME, StoredLibrary, read

PUBLISH = "silentspam recordings publish"


def recordings(config: Config, identity: Identity) -> Iterator[Finding]:
    """Findings on recordings that callers play. Their folder is examined with all others."""
    path = config.library_folder / FILE_NAME
    if path.exists() and not identity.may(path, "r"):
        yield fault(
            f"{path}: {identity.name} may not read it: no call is matched", f"chown {identity.name} {path}"
        )
        return
    try:
        library = read(path.parent)
    except LibraryError as error:
        yield Finding(WARNING, f"{error}: no call is matched", PUBLISH)
        return
    yield _known(library, path)
    try:
        yield from _in_the_database(config, library)
    except CallLogError:
        return  # there is none yet, or it was found fault with already


def _known(library: StoredLibrary | None, path: Path) -> Finding:
    if library is None:
        return Finding(GOOD, f"recordings in {path}: written when the first one is known")
    header = library.header
    return Finding(
        GOOD, f"recordings in {path}: {header.n_recordings}, as of {when(header.made_at)}, whole by its hash"
    )


def _in_the_database(config: Config, library: StoredLibrary | None) -> Iterator[Finding]:
    """A file that differs from the database's: whoever is to publish it does not; and what waits."""
    tables = RecordingTables(assembly.database(config))
    counts = tables.counts()
    behind = library.header.fingerprint != tables.fingerprint() if library else any(counts.values())
    if behind:
        text = f"recordings: the call database has {sum(counts.values())}, changed since the file was written"
        yield Finding(WARNING, text, PUBLISH)
    for one in tables.unreadable():
        text = (
            f"recordings: the peaks of {one.recording_id[:8]} {one.name!r} cannot be read: no call is matched"
        )
        remedy = f"silentspam recordings remove {one.recording_id[:8]}, and add its file again"
        yield Finding(WARNING, text, remedy)
    if waiting := counts[Standing.CANDIDATE]:
        yield Finding(
            WARNING,
            f"recordings: {waiting} candidates wait for somebody to listen and decide",
            "silentspam recordings list --standing candidate",
        )
