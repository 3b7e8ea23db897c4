"""What FreeSWITCH's record_session makes of what a caller sends (measured on 1.10.12).

The first 60 to 80 ms are fill, a caller who sends nothing leaves a constant 0x7F, and of the two codes of
zero 0x7F comes out as 0xFF. Which code the fill has was not measured: both are replayed. That the caller's
audio follows the fill undiminished is assumed.
"""

from pathlib import Path

FRAME = 160
"""Samples of 20 ms."""
SECONDS = 0.02
NO_RTP = 0x7F
OWN_ZERO = bytes.maketrans(b"\x7f", b"\xff")


class Recorder:
    """One file under way. Raises OSError where it cannot be begun.

    frames: of fill at its start. disk_bytes: what the disk takes of it, below 0 not even its name. A folder
    that is missing is made, as FreeSWITCH does (src: record_session).
    """

    def __init__(
        self,
        path: Path,
        opening: bytes | None,
        *,
        begun: float,
        frames: int,
        fill: int,
        disk_bytes: int | None = None,
    ) -> None:
        if disk_bytes is not None and disk_bytes < 0:
            raise OSError(f"{path}: no file can be begun")
        self._disk_bytes = disk_bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        self.path = path
        self._begun = begun
        self._opening = opening
        self._fill = bytes([fill]) * (frames * FRAME)

    def stop(self, now: float, least_seconds: float) -> int | None:
        """Write it; the samples, or None where it was too short and is gone."""
        frames = round((now - self._begun) / SECONDS) + 1
        length = frames * FRAME
        if length / 8000 < least_seconds:
            self.path.unlink(missing_ok=True)
            return None
        own = b"" if self._opening is None else self._opening.translate(OWN_ZERO)
        codes = (self._fill + own)[:length]
        if self._opening is None:
            codes = b""
        try:
            self.path.write_bytes(codes.ljust(length, bytes([NO_RTP]))[: self._disk_bytes])
        except OSError:
            self.path.unlink(missing_ok=True)
        return length
