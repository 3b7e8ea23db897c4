"""A folder of recordings, held open while something is done to the files in it.

Every file is named relative to the open folder and no link is followed, so nothing outside can be touched,
whatever happens to paths meanwhile; only files that a call id of ours names are seen at all. A file is sealed
into a new one that is put in place by rename, and deleted in two steps, of which the first can be told apart:
whatever breaks off, the next turn finds whole files and goes on.
"""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from silentspam.errors import SilentSpamError
from silentspam.retention import RetentionError, names
from silentspam.retention.keys import PublicKey
from silentspam.retention.names import Form
from silentspam.retention.sealing import MAX_BYTES, seal

FILE_MODE = 0o640


@dataclass(frozen=True)
class Stored:
    """One file of ours. size [bytes]; modified [s since the epoch]."""

    name: str
    call_id: str
    form: Form
    size: int
    modified: float


class Shelf:
    """An open folder of recordings; `opened` makes one."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._folder = descriptor
        self.foreign = 0
        """Files that `recordings` passed by because they are not ours."""

    def recordings(self) -> Iterator[Stored]:
        """The files of ours, one at a time and in no order; what is no regular file is not ours."""
        with os.scandir(self._folder) as entries:
            for entry in entries:
                found = names.parsed(entry.name)
                if found is None or not entry.is_file(follow_symlinks=False):
                    self.foreign += not entry.is_dir(follow_symlinks=False)
                    continue
                with suppress(FileNotFoundError):  # somebody was faster
                    status = entry.stat(follow_symlinks=False)
                    yield Stored(entry.name, *found, status.st_size, status.st_mtime)

    def restrict(self, name: str) -> None:
        """Let nobody but owner and group read a file. Raises OSError for one that is not our user's."""
        with self._reading(name) as descriptor:
            os.fchmod(descriptor, FILE_MODE)

    def seal(self, name: str, key: PublicKey) -> str:
        """Put the sealed form in the place of a plain file; returns its name.

        Raises RetentionError or OSError, and then the plain file is as it was.
        """
        found = names.parsed(name)
        if found is None or found[1] is not Form.PLAIN:
            raise RetentionError(f"{self.path / name}: not a plain recording of ours")
        with self._reading(name) as descriptor:
            status = os.fstat(descriptor)
            try:
                sealed = seal(key, found[0], _read_whole(descriptor))
            except RetentionError as error:
                raise RetentionError(f"{self.path / name}: {error}") from error
        self._put_in_place(name + names.SEALED, sealed, status)
        os.unlink(name, dir_fd=self._folder)
        return name + names.SEALED

    def withdraw(self, stored: Stored) -> None:
        """Take a file out of use: from now on it has its `going_name`. Raises OSError."""
        going = names.going_name(stored.call_id)
        os.rename(stored.name, going, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def remove(self, name: str) -> bool:
        """Delete a file; False for one that is gone already. Raises OSError."""
        try:
            os.unlink(name, dir_fd=self._folder)
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def _reading(self, name: str) -> Iterator[int]:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(name, flags, dir_fd=self._folder)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise RetentionError(f"{self.path / name}: not a regular file")
            yield descriptor
        finally:
            os.close(descriptor)

    def _put_in_place(self, name: str, content: bytes, like: os.stat_result) -> None:
        """A file with the owner and the times of the one it is made of; its content is on the disk first."""
        partial = f"{name}.{secrets.token_hex(4)}{names.PARTIAL}"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with open(os.open(partial, flags, FILE_MODE, dir_fd=self._folder), "wb") as file:
                os.fchmod(file.fileno(), FILE_MODE)
                if os.geteuid() == 0:
                    os.fchown(file.fileno(), like.st_uid, like.st_gid)
                file.write(content)
                file.flush()
                os.utime(file.fileno(), ns=(like.st_atime_ns, like.st_mtime_ns))
                os.fsync(file.fileno())
            # The plain file goes after this rename, and journals keep the order: the folder needs no sync.
            os.rename(partial, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(partial, dir_fd=self._folder)
            raise


@contextmanager
def opened(path: Path) -> Iterator[Shelf]:
    """The folder at `path`, held open. Raises RetentionError where there is none that can be opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise RetentionError(f"{path}: {error.strerror or error}") from error
    try:
        yield Shelf(path, descriptor)
    finally:
        os.close(descriptor)


def _read_whole(descriptor: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(MAX_BYTES + 1)


def told(error: OSError | SilentSpamError) -> str:
    """An error in words, with the file it is about."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
