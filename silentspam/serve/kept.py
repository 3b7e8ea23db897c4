"""The configuration in force, kept for the children of the server.

The file itself may be broken or gone by the time a worker has to be started again; what the supervisor has
checked is not. It lies in memory (memfd_create(2)), in a file without a name that children inherit.

What only a start can change stays there as it was at the start, for every child: workers that were started
again would differ from those that were not, and rows would wait in a folder where nobody looks.
"""

import os
from pathlib import Path

import msgspec
from msgspec import structs

from silentspam.config import Config, as_yaml, load_config


class KeptConfig:
    """The last configuration that could be used; without a file the defaults hold, and nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        """Read and keep it. Raises ConfigError."""
        self._path = path
        self._descriptor = -1 if path is None else os.memfd_create("silentspam.yaml", os.MFD_CLOEXEC)
        self._first: Config | None = None
        self.held_back: tuple[str, ...] = ()
        """Keys that the file has changed since the start, and that stay as they were until a restart."""
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
        """Read the file again; returns what is in force now. Raises ConfigError: then what was kept stays."""
        config = load_config(self._path)
        self._first = first = self._first or config
        self.held_back = tuple(_wants_restart(first, config))
        config = structs.replace(
            config,
            server=first.server,
            call_log=structs.replace(config.call_log, spool=first.call_log.spool),
            freeswitch=structs.replace(
                config.freeswitch, port=first.freeswitch.port, address=first.freeswitch.address
            ),
        )
        if self._path is not None:
            kept = as_yaml(config).encode()
            os.pwrite(self._descriptor, kept, 0)
            os.ftruncate(self._descriptor, len(kept))
        return config


def _wants_restart(first: Config, config: Config) -> list[str]:
    """The changed ones of the keys that only a start can change."""
    keys = [f"server.{name}" for name in _changed(first.server, config.server)]
    ports = {"port", "address"}.intersection(_changed(first.freeswitch, config.freeswitch))
    keys += [f"freeswitch.{name}" for name in sorted(ports)]
    return [*keys, "call_log.spool"] if config.call_log.spool != first.call_log.spool else keys


def _changed(before: msgspec.Struct, now: msgspec.Struct) -> list[str]:
    return [name for name in before.__struct_fields__ if getattr(before, name) != getattr(now, name)]
