"""What FreeSWITCH's recorder adds to an opening, taken off again.

Measured on FreeSWITCH 1.10.12 (record_session to .ulaw): the first 60 to 80 ms are fill, which no caller has
sent; and a recording ends up to 60 ms after the tone that times it.
"""

import os
from contextlib import suppress
from pathlib import Path

from silentspam.errors import ChannelError

SAMPLE_RATE = 8000
FILL = b"\xff\x7f"
"""Codes of zero: what FreeSWITCH fills with, before and after its own coder."""
LONGEST_FILL = 640
"""Samples: 80 ms."""
LATE = 0.06
"""Seconds of a recording beyond those that were asked for."""


def without_fill(codes: bytes, seconds: float) -> bytes:
    """The caller's codes [mu-law], at most so many seconds and LATE of them."""
    head = codes[:LONGEST_FILL]
    fill = len(head) - len(head.lstrip(FILL[:1] if head[:1] == FILL[:1] else FILL[1:]))
    return codes[fill : fill + round((seconds + LATE) * SAMPLE_RATE)]


def trim_opening(path: Path, seconds: float, samples: int) -> None:
    """Leave in a recorded file what the caller sent; the file is replaced as a whole.

    samples: how many FreeSWITCH says it has recorded. ChannelError where they are not there. A disk that
    takes no second file leaves the first, whose fill is silence that nobody judges.
    """
    try:
        codes = path.read_bytes()
    except FileNotFoundError as error:
        raise ChannelError(f"record_session {path}: no file; may FreeSWITCH's user write there?") from error
    except OSError as error:
        raise ChannelError(f"record_session {path}: {error.strerror}: may this user read it?") from error
    if len(codes) < samples:
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
