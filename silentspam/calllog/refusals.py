"""Writing many things together, of which some can never be written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from silentspam.errors import ValueRefusedError

Item = TypeVar("Item")


@dataclass(frozen=True)
class Refused(Generic[Item]):
    """What the database can never hold, and why."""

    entry: Item
    error: ValueRefusedError


def write_apart(
    items: Sequence[Item], write_together: Callable[[Sequence[Item]], object]
) -> list[Refused[Item]]:
    """Write all items but those that are refused, which are returned, in as few transactions as that takes.

    `write_together` writes all of its items or raises ValueRefusedError: then each half is tried by itself.
    Other errors go through.
    """
    if not items:
        return []
    try:
        write_together(items)
    except ValueRefusedError as error:
        if len(items) == 1:
            return [Refused(items[0], error)]
        half = len(items) // 2
        return write_apart(items[:half], write_together) + write_apart(items[half:], write_together)
    return []
