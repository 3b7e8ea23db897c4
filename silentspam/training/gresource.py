"""Reading the files packed into a GResource, GLib's archive inside a program's data (GVDB format).

The format: a header, then a hash table whose items name a parent item, a part of the path and a value; a
file's value is the GVariant (uuay): its size, its flags and its bytes. Little-endian only.
"""

import struct
import zlib
from functools import lru_cache
from pathlib import Path

from silentspam.errors import AudioError

SIGNATURE = b"GVariant"
ITEM = struct.Struct("<IIIHBxII")
"""Hash, parent, start and size of the name, type, start and end of the value."""
ROOT = 0xFFFFFFFF
COMPRESSED = 1


@lru_cache(maxsize=2)
def read_gresource(path: Path) -> dict[str, bytes]:
    """Every file of the archive by its path inside it. Raises AudioError where it is no such archive."""
    raw = path.read_bytes()
    try:
        return _members(raw)
    except (struct.error, IndexError, RecursionError, UnicodeDecodeError, zlib.error) as error:
        raise AudioError(f"{path}: not a readable GResource ({error})") from error


def _members(raw: bytes) -> dict[str, bytes]:
    if raw[:8] != SIGNATURE:
        raise struct.error("no GVariant signature")
    start, end = struct.unpack_from("<II", raw, 16)
    n_bloom, n_buckets = struct.unpack_from("<II", raw, start)
    first = start + 8 + 4 * (n_bloom & 0x07FFFFFF) + 4 * n_buckets
    items = [ITEM.unpack_from(raw, at) for at in range(first, end - ITEM.size + 1, ITEM.size)]

    def full_name(index: int) -> str:
        _, parent, name_start, name_size, *_ = items[index]
        name = raw[name_start : name_start + name_size].decode()
        return name if parent == ROOT else full_name(parent) + name

    members = {}
    for index, (*_, kind, value_start, value_end) in enumerate(items):
        if kind == ord("v"):
            size, flags = struct.unpack_from("<II", raw, value_start)
            content = raw[value_start + 8 : value_end]
            members[full_name(index)] = zlib.decompress(content) if flags & COMPRESSED else content[:size]
    return members
