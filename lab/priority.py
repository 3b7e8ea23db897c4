"""Media in time on a machine that other work loads too: who of the lab gets the processor first.

A phone or an Asterisk that runs 0.1 s late has lost frames, and what was to be heard is not there. So threads
that carry media, and after them those that play a call, are scheduled round-robin before all ordinary work
(sched(7)), where the user may: root, or a limit `rtprio`. Elsewhere nothing changes, and nothing is said.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

MEDIA = 10
"""The round-robin priority that `asterisk -p` takes."""
SCENE = 1
"""Of what plays a call and listens for digits, for milliseconds at a time: media does not wait for it."""
SESSION_NICE = -10
"""About nine times the weight of a session that nobody has preferred."""


def prefer(priority: int = MEDIA) -> None:
    """Schedule the calling thread round-robin; threads and processes that it starts afterwards are alike."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(priority))


@contextlib.contextmanager
def media_first() -> Iterator[None]:
    """Threads and processes started in here carry media; the calling thread plays a call afterwards."""
    prefer(MEDIA)
    try:
        yield
    finally:
        prefer(SCENE)


def prefer_session(pid: int) -> None:
    """Prefer the ordinary processes of the session that `pid` leads: an Asterisk's AGI processes.

    Linux shares the processor out among sessions first (sched(7), autogroup): `nice` counts only within one,
    and a job niced elsewhere still takes half.
    """
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(f"{SESSION_NICE}\n", encoding="ascii")
