"""A file that many processes read and whoever writes replaces as a whole: nobody takes torn bytes for true.

    first line    the SHA-256 of everything after it
    second line   a header, JSON
    the rest      the body, as the header tells

What lies in a folder of Asterisk's user is read at calls: a pipe or a device in its place is refused, since a
call would wait for it for ever.
"""

import errno
import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

LARGEST = 64 * 1024 * 1024
"""Bytes: more than this is none of ours."""

HeaderT = TypeVar("HeaderT", bound=msgspec.Struct)


def framed(header: msgspec.Struct, body: bytes) -> bytes:
    """The bytes of a file."""
    content = msgspec.json.encode(header) + b"\n" + body
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def unframed(content: bytes, header_type: type[HeaderT]) -> tuple[HeaderT, bytes]:
    """Header and body of a file's bytes. Raises ValueError for torn ones, or a header of another type."""
    digest, _, rest = content.partition(b"\n")
    if digest != hashlib.sha256(rest).hexdigest().encode():
        raise ValueError(f"torn: its {len(rest)} bytes are not those of its SHA-256")
    head, _, body = rest.partition(b"\n")
    try:
        return msgspec.json.decode(head, type=header_type), body
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"no header: {error}") from error


def read(path: Path) -> bytes | None:
    """The bytes of a file, LARGEST at most; None where there is none. Raises OSError, also for a pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a plain file", str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # No more than there is: a buffer of LARGEST alone costs a call as much as the reading.
            return file.read(min(found.st_size, LARGEST))
    finally:
        os.close(descriptor)


def replace(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Put a file in place of the one before, by rename; it belongs to its folder's owner, whoever wrote it.

    durable: it outlives a loss of power. Raises OSError; then the file before is still in place.
    """
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(descriptor, 0o640)
            give_to_owner(path.parent, descriptor)
            file.flush()
            if durable:
                os.fsync(descriptor)
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial)
        raise


def give_to_owner(folder: Path, descriptor: int) -> None:
    """Root may write too, and Asterisk's user must read and replace it."""
    if os.geteuid() == 0:
        owner = folder.stat()
        with suppress(OSError):
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
