"""Rows that Asterisk wrote itself because the hangup handler's script could not run.

`dialplan/extensions_silentspam.conf` appends one JSON object a call: the variables that `call_end` reads. The
file is claimed by a hard link before it is read, so that no line written meanwhile is lost and a crash half
way leaves everything to be read again.
"""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from silentspam.agi.ended import call_end
from silentspam.call import CallEnd

CLAIMED = ".claimed"
UNREADABLE = ".unreadable"


def take_in(path: Path, write: Callable[[CallEnd], None]) -> int:
    """Hand every call in the file to `write` and remove the file; returns how many.

    What `write` raises goes through, and the lines stay. Lines that are not such an object are set aside in
    `path`.unreadable.
    """
    taken = 0
    while claimed := _claim(path):
        lines = [line for line in claimed.read_text("utf-8", "replace").splitlines() if line.strip()]
        for line in lines:
            end = _parse(line)
            if end:
                write(end)
                taken += 1
            else:
                with path.with_name(path.name + UNREADABLE).open("a", encoding="utf-8") as aside:
                    aside.write(line + "\n")
        claimed.unlink(missing_ok=True)
    return taken


def _claim(path: Path) -> Path | None:
    """The file that is ours to read: one left by a crash, else the present one under another name."""
    claimed = path.with_name(path.name + CLAIMED)
    if claimed.exists():
        return claimed
    try:
        os.link(path, claimed)
    except FileNotFoundError:
        return None
    except FileExistsError:
        return claimed
    with suppress(FileNotFoundError):
        path.unlink()
    return claimed


def _parse(line: str) -> CallEnd | None:
    try:
        facts = {str(name): str(value) for name, value in json.loads(line).items()}
        return call_end(facts, lambda name: facts.get(name, ""), ended_at=float(facts["ended_at"]))
    except (ValueError, KeyError, AttributeError):
        return None
