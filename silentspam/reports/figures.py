"""The figures of a report as what JSON can hold."""

import dataclasses
import enum
import math
from collections.abc import Mapping
from typing import Any

from silentspam.training.operating_point import Rate


def plain(value: object) -> Any:
    """A value as dicts, lists and numbers; a Rate with its counts; not finite is None."""
    if isinstance(value, Rate):
        return value.card()
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key.value if isinstance(key, enum.Enum) else key): plain(v) for key, v in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: plain(v) for name, v in zip(value._fields, value, strict=True)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
