"""What FreeSWITCH's recorder adds to an opening, taken off again.

Measured on FreeSWITCH 1.10.12 (record_session to .ulaw): where no packet comes it writes packets of 0x7F, and
a caller's own 0x7F becomes 0xFF. Whole packets of it are nobody's, and go: what is left is what Asterisk
records, which closes gaps. The first 60 to 80 ms are fill too, of one zero or the other (which was not
measured). A recording ends up to 60 ms after the tone that times it.
"""

import os
from contextlib import suppress
from pathlib import Path

from silentspam.errors import ChannelError

SAMPLE_RATE = 8000
PACKET = 160
"""Samples: FreeSWITCH's recorder writes 20 ms at a time."""
FILL = b"\x7f" * PACKET
SILENCE = b"\xff" * PACKET
"""The other zero: at a recording's start it would be fill by another coder."""
FIRST_FILL = 4
"""Packets of fill at the start at most: 80 ms."""
LATE = 0.06
"""Seconds of a recording beyond those that were asked for."""


def without_fill(codes: bytes, seconds: float) -> bytes:
    """The caller's codes [mu-law], at most so many seconds and LATE of them."""
    packets = [codes[begin : begin + PACKET] for begin in range(0, len(codes), PACKET)]
    begin = 0
    while begin < min(FIRST_FILL, len(packets)) and packets[begin] == packets[0] in (FILL, SILENCE):
        begin += 1
    kept = b"".join(packet for packet in packets[begin:] if packet != FILL)
    return kept[: round((seconds + LATE) * SAMPLE_RATE)]


def trim_opening(path: Path, seconds: float, samples: int) -> None:
    """Leave in a recorded file what the caller sent; the file is replaced as a whole.

    samples: how many FreeSWITCH says it has recorded. ChannelError where a packet of them or more is not
    there. A disk that takes no second file leaves the first, whose fill is silence that nobody judges.
    """
    try:
        codes = path.read_bytes()
    except FileNotFoundError as error:
        raise ChannelError(f"record_session {path}: no file; may FreeSWITCH's user write there?") from error
    except OSError as error:
        raise ChannelError(f"record_session {path}: {error.strerror}: may this user read it?") from error
    if len(codes) <= samples - PACKET:
        raise ChannelError(f"record_session: {len(codes)} of {samples} bytes reached the disk: is it full?")
    trimmed = without_fill(codes, seconds)
    if trimmed == codes:
        return
    partial = path.with_suffix(".partial")
    with suppress(OSError):
        try:
            partial.write_bytes(trimmed)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
