"""The names of recordings: a file is ours only by a call id, and what follows it says in which form it is.

CALL_ID.ulaw                     as the switch wrote it
CALL_ID.ulaw.sealed              encrypted to a public key
CALL_ID.ulaw.unreadable          a caller's side that could not be measured
CALL_ID.ulaw.going               on its way out: its row is told, then it is deleted
CALL_ID.ulaw.sealed.X.partial    half written
"""

import enum
import re
from pathlib import Path

SUFFIX = ".ulaw"
SEALED = ".sealed"
"""The same as `audio_files.SEALED_SUFFIX`, which cannot be had without numpy."""
GOING = ".going"
PARTIAL = ".partial"
UNREADABLE = ".unreadable"

_CALL_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NAME = re.compile(
    rf"(?P<call_id>{_CALL_ID})\.ulaw"
    r"(?:(?P<partial>\.sealed\.[0-9a-f]{8}\.partial)|(?P<form>\.sealed|\.unreadable|\.going))?",
    re.ASCII,
)


class Form(enum.StrEnum):
    """The form of a recording's file."""

    PLAIN = SUFFIX
    SEALED = SEALED
    UNREADABLE = UNREADABLE
    GOING = GOING
    PARTIAL = PARTIAL


def is_call_id(text: str) -> bool:
    """Whether it is a call id in the one form that we give."""
    return re.fullmatch(_CALL_ID, text, re.ASCII) is not None


def parsed(name: str) -> tuple[str, Form] | None:
    """Call id and form of a file's name; None for a file that is not ours."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    if found["partial"]:
        return found["call_id"], Form.PARTIAL
    return found["call_id"], Form(found["form"] or SUFFIX)


def going_name(call_id: str) -> str:
    """The name under which a recording waits to be deleted, whatever its form was."""
    return f"{call_id}{SUFFIX}{GOING}"


def all_of(call_id: str) -> tuple[str, ...]:
    """Every name under which a whole recording of a call may lie."""
    return tuple(f"{call_id}{SUFFIX}{form}" for form in ("", SEALED, UNREADABLE, GOING))


def sealed_beside(path: Path) -> Path:
    """Where the sealed form of a recording lies."""
    return Path(f"{path}{SEALED}")


def is_there(path: Path) -> bool:
    """Whether a recording is there in one form or the other."""
    return path.is_file() or sealed_beside(path).is_file()
