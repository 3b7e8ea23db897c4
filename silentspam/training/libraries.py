"""Finding the shared libraries of real telephone codecs.

A library comes from a folder of unpacked Debian packages, or from the system. Nothing is linked or shipped:
a corpus is made with what is there, and an absent library is named together with the package that holds it.
"""

import ctypes
import re
from collections.abc import Sequence
from pathlib import Path

from silentspam.errors import SilentSpamError

Folders = Sequence[Path]
MISSING_DEPENDENCY = re.compile(r"^(?P<soname>[\w.+-]+\.so[\w.]*): cannot open shared object file")


class CodecUnavailableError(SilentSpamError):
    """A codec's library is not on this machine: the message names the Debian package that holds it."""


def find_library(soname: str, folders: Folders) -> Path | None:
    """The first file of that name at any depth of the folders, in their order; None where there is none."""
    found = (min(folder.rglob(soname), default=None) for folder in folders)
    return next((path for path in found if path), None)


def load_library(soname: str, *, package: str, folders: Folders = ()) -> ctypes.CDLL:
    """Open a shared library from one of `folders` (searched to any depth), else from the system.

    Raises CodecUnavailableError, which names `package`.
    """
    try:
        return _open(str(find_library(soname, folders) or soname), folders)
    except OSError as error:
        where = " or ".join([*map(str, folders), "the system"])
        message = f"{soname} is not in {where}: install or unpack the Debian package {package} ({error})"
        raise CodecUnavailableError(message) from error


def _open(name: str, folders: Folders) -> ctypes.CDLL:
    """Open a library; one it depends on is first opened from the same folders of unpacked packages.

    The loader searches only the system for a dependency, so an unpacked libspandsp would not find an unpacked
    libtiff. What is opened before under the same soname is taken.
    """
    tried: set[str] = set()
    while True:
        try:
            return ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL if tried else ctypes.DEFAULT_MODE)
        except OSError as error:
            dependency = _missing_dependency(str(error), folders)
            if dependency is None or dependency in tried:
                raise
            tried.add(dependency)
            _open(dependency, folders)


def _missing_dependency(message: str, folders: Folders) -> str | None:
    match = MISSING_DEPENDENCY.match(message)
    found = find_library(match["soname"], folders) if match else None
    return str(found) if found else None
