"""The configuration in force, kept for the children of the server.

The file itself may be broken or gone by the time a worker has to be started again; what the supervisor has
checked is not. It lies in memory (memfd_create(2)), in a file without a name that children inherit.
"""

import os
from pathlib import Path

from silentspam.config import Config, load_config
from silentspam.errors import ConfigError


class KeptConfig:
    """A copy of the last file that could be used; without a file the defaults hold, and nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        """Read and keep it. Raises ConfigError."""
        self._path = path
        self._descriptor = -1 if path is None else os.memfd_create("silentspam.yaml", os.MFD_CLOEXEC)
        self.renew()

    @property
    def path(self) -> Path | None:
        """What a child reads in place of the file."""
        return None if self._descriptor < 0 else Path(f"/proc/self/fd/{self._descriptor}")

    @property
    def inherited(self) -> tuple[int, ...]:
        """The descriptors that a child needs for it."""
        return () if self._descriptor < 0 else (self._descriptor,)

    def renew(self) -> Config:
        """Read the file again and keep it. Raises ConfigError: then what was kept stays."""
        if self._path is None:
            return load_config(None)
        before = _bytes(self._path)
        config = load_config(self._path)
        if _bytes(self._path) != before:
            raise ConfigError(f"{self._path}: it changed while it was read: reload again")
        os.pwrite(self._descriptor, before, 0)
        os.ftruncate(self._descriptor, len(before))
        return config


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
