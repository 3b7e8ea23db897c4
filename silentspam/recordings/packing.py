"""Constellations as bytes: what the call database keeps of a recording, and what lies in the library's file.

Three bytes a peak: its frame in 15 bits, whether it is strong in the highest, then its bin. No sound can be
made of it again.
"""

import numpy as np
from numpy.typing import NDArray

from silentspam.errors import LibraryError
from silentspam.kinds.constellation import END_BIN, FIRST_BIN, HOP, LONGEST_SECONDS, Constellation

FORMAT = 1
"""First byte of a packed constellation: another way of finding peaks would be another format."""

STRONG = 0x8000
END_FRAME = int(LONGEST_SECONDS * 8000 / HOP)

Frames = NDArray[np.uint16]
Bins = NDArray[np.uint8]


def split(one: Constellation) -> tuple[Frames, Bins]:
    """Frames with the mark of strong peaks, and bins."""
    frames = one.frames.astype("<u2") | np.where(one.strong, STRONG, 0).astype("<u2")
    return frames, one.bins.astype(np.uint8)


def joined(frames: Frames, bins: Bins) -> Constellation:
    """The reverse. Its contrast is not kept: what is stored was found telling."""
    return Constellation(
        (frames & (STRONG - 1)).astype(np.int32), bins.astype(np.int32), np.asarray(frames & STRONG, bool)
    )


def packed(one: Constellation) -> bytes:
    """A constellation as bytes."""
    frames, bins = split(one)
    return bytes([FORMAT]) + frames.tobytes() + bins.tobytes()


def unpacked(content: bytes) -> Constellation:
    """The reverse. Raises LibraryError for bytes that are none."""
    n = (len(content) - 1) // 3
    if len(content) != 1 + 3 * n or content[0] != FORMAT:
        raise LibraryError(f"{len(content)} bytes are no constellation of format {FORMAT}")
    found = joined(np.frombuffer(content, "<u2", n, 1), np.frombuffer(content, np.uint8, n, 1 + 2 * n))
    if not is_sound(found):
        raise LibraryError("a constellation with peaks out of order or out of range")
    return found


def is_sound(one: Constellation) -> bool:
    """Whether its peaks are in the order of time, and where peaks can be."""
    frames, bins = one.frames, one.bins
    if not len(one):
        return True
    ordered = bool((np.diff(frames) >= 0).all()) and frames[-1] < END_FRAME
    return bool(ordered and bins.min() >= FIRST_BIN and bins.max() < END_BIN)
