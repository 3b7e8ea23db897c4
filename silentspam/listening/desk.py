"""What a listener works with: where files wait, and whom it asks and tells."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from silentspam.call import CallProvenance
from silentspam.calllog.entry import Value
from silentspam.listening.alerts import CallAlert
from silentspam.listening.knowledge import Knowledge
from silentspam.listening.waiting import Row

Tell = Callable[[str, Mapping[str, object]], None]
"""Is told of an event, and its values by name."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where files wait. sides: callers' sides; folder: `provenance.folder`; shared: sides are recorded from a
    challenge on, and let go of by `silentspam speech`, which comes after us; keep: else they are kept."""

    sides: Path
    folder: Path
    shared: bool = False
    keep: bool = False


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the listener works with.

    rows_of: the rows that the call log has of calls; told_of: a call's row of provenance; write: makes one
    durable, or raises; notify: never waits, never raises; stop_side: has the switch record a side no longer;
    kept: is told of a finished call's side that is kept, with its row.
    """

    rows_of: Callable[[Sequence[str]], Mapping[str, Row]]
    told_of: Callable[[str], Mapping[str, Value] | None]
    write: Callable[[CallProvenance], object]
    knowledge: Knowledge
    notify: Callable[[CallAlert], None] = lambda _alert: None
    stop_side: Callable[[Row, Path], None] = lambda _row, _path: None
    kept: Callable[[Path, Row], None] = lambda _path, _row: None
    tell: Tell = lambda _event, _values: None
