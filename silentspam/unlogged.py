"""Rows that the switch wrote itself because nobody was there to hear how a call ended.

One JSON object a call. On Asterisk `dialplan/extensions_silentspam.conf` appends the variables that
`agi.ended.call_end` reads, where the hangup handler's script could not run; on FreeSWITCH the hook of
`dialplan/freeswitch/silentspam.xml` appends what `freeswitch.ended.noted_end` reads, for a call on which no
screener reported. The file is claimed before it is read, by a rename to a name that no other process uses: a
line that the switch writes meanwhile starts a new file, and what a crash leaves half read is read again by
the next process.
"""

import json
import uuid
from collections.abc import Callable
from contextlib import suppress
from glob import escape
from pathlib import Path

from silentspam.agi.ended import call_end
from silentspam.call import CallEnd
from silentspam.freeswitch.ended import noted_end
from silentspam.noted import number

CLAIMED = ".claimed-"
UNREADABLE = ".unreadable"


def take_in(path: Path, write: Callable[[CallEnd], None]) -> int:
    """Hand every call in the file to `write` and remove the file; returns how many.

    What `write` raises goes through, and the lines stay. Lines that are not such an object are set aside in
    `path`.unreadable. A call may be handed over twice, by two processes or after a crash.
    """
    with suppress(FileNotFoundError):
        path.rename(path.with_name(f"{path.name}{CLAIMED}{uuid.uuid4()}"))
    taken = 0
    for claimed in path.parent.glob(f"{escape(path.name)}{CLAIMED}*"):
        with suppress(FileNotFoundError):  # another process was faster
            taken += _take_in_claimed(claimed, path.with_name(path.name + UNREADABLE), write)
    return taken


def _take_in_claimed(claimed: Path, aside: Path, write: Callable[[CallEnd], None]) -> int:
    taken = 0
    with claimed.open("rb") as file:
        # Line by line to the end there is then: the switch may have opened the file before it was claimed.
        for line in filter(bytes.strip, file):
            end = _parse(line)
            if end:
                write(end)
                taken += 1
            else:
                with aside.open("ab") as unreadable:
                    unreadable.write(line.rstrip(b"\n") + b"\n")
    claimed.unlink(missing_ok=True)
    return taken


def _parse(line: bytes) -> CallEnd | None:
    try:
        facts = {str(name): str(value) for name, value in json.loads(line.decode("utf-8", "replace")).items()}
        ended_at = number(facts["ended_at"])
        if ended_at is None:
            return None
        if facts.get("switch") == "freeswitch":
            return noted_end(facts, ended_at=ended_at)
        return call_end(facts, lambda name: facts.get(name, ""), ended_at=ended_at)
    except (ValueError, KeyError, AttributeError, RecursionError):
        return None
