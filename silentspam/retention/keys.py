"""Key files: one line of text each. Whoever has the public one can seal; only the private one opens.

    silentspam public key 1 BASE64
    silentspam private key 1 BASE64

Both are of X25519 (RFC 7748), 32 bytes. The private key belongs to who listens, never to
the machine that records.
"""

import base64
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from silentspam.retention import RetentionError

KEY_BYTES = 32
KEY_ID_BYTES = 8
_LONGEST = 200
_PUBLIC, _PRIVATE = "silentspam public key 1 ", "silentspam private key 1 "


@dataclass(frozen=True)
class PublicKey:
    """Seals. raw [32 bytes]."""

    raw: bytes

    @property
    def key_id(self) -> bytes:
        """By which a sealed file names its key [8 bytes]: a BLAKE2b of the public key."""
        return hashlib.blake2b(self.raw, digest_size=KEY_ID_BYTES).digest()


@dataclass(frozen=True)
class PrivateKey:
    """Opens what was sealed to `public`. raw [32 bytes] is never shown."""

    raw: bytes = field(repr=False)
    public: PublicKey


def read_public_key(path: Path) -> PublicKey:
    """Raises RetentionError for a file that cannot be read or holds no public key."""
    return PublicKey(_read(path, _PUBLIC))


def read_private_key(path: Path) -> PrivateKey:
    """Raises RetentionError for a file that cannot be read or holds no private key, or without PyNaCl."""
    raw = _read(path, _PRIVATE)
    return PrivateKey(raw, PublicKey(bytes(sodium().PrivateKey(raw).public_key)))


def write_key_pair(prefix: Path) -> tuple[Path, Path]:
    """Make a key pair as PREFIX.pub and PREFIX.key (0600); never over a file that is there.

    Returns the two paths, the public one first. Raises RetentionError.
    """
    private = sodium().PrivateKey.generate()
    paths = prefix.with_name(f"{prefix.name}.pub"), prefix.with_name(f"{prefix.name}.key")
    if taken := [str(path) for path in paths if os.path.lexists(path)]:
        raise RetentionError(f"{', '.join(taken)}: there is one already: a key that is lost opens nothing")
    _write(paths[1], _PRIVATE, bytes(private), 0o600)
    _write(paths[0], _PUBLIC, bytes(private.public_key), 0o644)
    return paths


def sodium() -> Any:
    """PyNaCl's public-key module. Raises RetentionError where it is not installed."""
    try:
        import nacl.public
    except ImportError as error:
        raise RetentionError(
            f"encryption wants PyNaCl ({error}): pip install 'silentspam[encryption]'"
        ) from error
    return nacl.public


def _read(path: Path, kind: str) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST).decode("ascii", "replace").strip()
    except OSError as error:
        raise RetentionError(f"key file {path}: {error.strerror or error}") from error
    try:
        raw = base64.b64decode(text.removeprefix(kind), validate=True) if text.startswith(kind) else b""
    except ValueError:  # binascii.Error, or characters that are not ASCII
        raw = b""
    if len(raw) != KEY_BYTES:
        found = next((other for other in (_PUBLIC, _PRIVATE) if text.startswith(other)), "no key of ours ")
        raise RetentionError(f"key file {path}: holds {found.strip()!r}, not a whole {kind.strip()!r}")
    return raw


def _write(path: Path, kind: str, raw: bytes, mode: int) -> None:
    text = f"{kind}{base64.b64encode(raw).decode()}\n".encode()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            os.fchmod(descriptor, mode)
            os.write(descriptor, text)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise RetentionError(f"key file {path}: {error.strerror or error}") from error
