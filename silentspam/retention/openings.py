"""Recordings as operators' commands read them: plain, or sealed with the private keys that were named."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.audio_files import read_recording
from silentspam.errors import AudioError
from silentspam.retention import RetentionError, names
from silentspam.retention.keys import PrivateKey, read_private_key
from silentspam.retention.sealing import MAX_BYTES, key_id_of, unseal

_OVERHEAD = 1000
"""More than a sealed file has beside its codes [bytes]."""


@dataclass(frozen=True)
class Openings:
    """Reads recordings by the path that the call log has, in whichever form they are there."""

    keys: tuple[PrivateKey, ...] = ()

    def read(self, path: Path, *, max_seconds: float = 3600.0) -> Recording:
        """A recording, at most `max_seconds` of it.

        Raises AudioError for one that is deleted, that no key here opens, or that is damaged.
        """
        where = self.find(path)
        if where.suffix != names.SEALED:
            return read_recording(where, max_seconds=max_seconds)
        codes = self._unsealed(where)[: int(max_seconds * SAMPLE_RATE)]
        return Recording(np.frombuffer(codes, dtype=np.uint8))

    @staticmethod
    def find(path: Path) -> Path:
        """Where the recording lies. Raises AudioError where it is not there any more."""
        if path.exists() or path.is_symlink():
            return path
        if (sealed := names.sealed_beside(path)).exists():
            return sealed
        raise AudioError(f"{path}: No such file: never kept, or deleted since (retention)")

    def _unsealed(self, path: Path) -> bytes:
        """Raises AudioError, naming the file."""
        found = names.parsed(path.name)
        try:
            with path.open("rb") as file:
                sealed = file.read(MAX_BYTES + _OVERHEAD)
            if found is None:
                raise RetentionError("a sealed recording keeps the name of its call, CALL_ID.ulaw.sealed")
            return unseal(self._key(key_id_of(sealed)), found[0], sealed)
        except OSError as error:
            raise AudioError(f"{path}: {error.strerror or error}") from error
        except RetentionError as error:
            raise AudioError(f"{path}: {error}") from error

    def _key(self, key_id: bytes) -> PrivateKey:
        for key in self.keys:
            if key.public.key_id == key_id:
                return key
        have = ", ".join(key.public.key_id.hex() for key in self.keys)
        raise RetentionError(
            f"sealed to key {key_id.hex()}: name its private key by --key FILE or $SILENTSPAM_KEY_FILE"
            + (f" (named: {have})" if have else "")
        )


def openings(key_files: Sequence[Path]) -> Openings:
    """What reads recordings with these private keys. Raises RetentionError for one that cannot be read."""
    return Openings(tuple(map(read_private_key, key_files)))
