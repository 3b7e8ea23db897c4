"""Lines and the deeds done to them as rows of the call database."""

import base64
import json
from dataclasses import fields

import numpy as np

from silentspam.calllog.database import Row
from silentspam.errors import CallLogError
from silentspam.lines.deeds import Deed, LineEvent
from silentspam.lines.line import Line, LineOrigin
from silentspam.verdict import LineState

NAMES = tuple(field.name for field in fields(Line))
EVENT_NAMES = tuple(field.name for field in fields(LineEvent))

UPSERT = (
    f"INSERT INTO lines ({', '.join(NAMES)}) VALUES ({', '.join(f':{name}' for name in NAMES)}) "
    "ON CONFLICT (line_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in NAMES if name != "line_id")
)
INSERT_EVENT = (
    f"INSERT INTO line_events ({', '.join(EVENT_NAMES)}, arrival) "
    f"VALUES ({', '.join(f':{name}' for name in EVENT_NAMES)}, "
    "(SELECT COALESCE(MAX(arrival), 0) + 1 FROM line_events))"
)


def columns_of(line: Line) -> dict[str, object]:
    """The columns of a line: mean as base64 of float32, sets of hashed numbers as JSON."""
    columns: dict[str, object] = {name: getattr(line, name) for name in NAMES}
    return columns | {
        "mean": base64.b64encode(np.asarray(line.mean, "<f4").tobytes()).decode(),
        "numbers": json.dumps(sorted(line.numbers)),
        "passers": json.dumps(sorted(line.passers)),
        "pinned": int(line.pinned),
    }


def line_of(row: Row) -> Line:
    """The line of a row. Raises CallLogError for one that no line can be made of."""
    columns = {name: row[name] for name in NAMES}
    try:
        return Line(
            **columns
            | {
                "state": LineState(row["state"]),
                "origin": LineOrigin(row["origin"]),
                "mean": np.frombuffer(base64.b64decode(row["mean"]), "<f4").astype(np.float64),
                "numbers": frozenset(json.loads(row["numbers"])),
                "passers": frozenset(json.loads(row["passers"])),
                "pinned": bool(row["pinned"]),
            }
        )
    except (ValueError, TypeError) as error:
        raise CallLogError(f"line {row['line_id']}: {error}: made by another version?") from error


def event_of(row: Row) -> LineEvent:
    """The deed of a row."""
    return LineEvent(**{name: row[name] for name in EVENT_NAMES} | {"deed": Deed(row["deed"])})
