"""Callers' numbers out of the log's lines (`logging.mask_numbers`): which facts are masked, and how.

The number called stays: it is the operator's own. A number that a caller can put anything into may be a name:
then all of it goes. The call log keeps numbers whole, and the log's call id leads there.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

MASKED = 4
"""Digits of a number that a masked log does not show: its last ones."""

_NUMBER = re.compile(r"\+?[0-9]+")
_WITHIN_TEXT = re.compile(r"\+?[0-9]{5,}")
"""What may be a telephone number within a message; shorter ones are counts, limits and ports."""

_SERIAL = re.compile(r"(.*)(-[0-9a-f]{8}(?:;[12])?)", re.DOTALL)
"""Asterisk ends a channel's name with a serial number of eight hexadecimal digits, which is nobody's."""


def number(text: str) -> str:
    """A caller's number without its end; a name, or whatever else stands there, not at all."""
    shown = text[:-MASKED] if _NUMBER.fullmatch(text) else ""
    return shown + "x" * MASKED


def message(text: str) -> str:
    """A text with every number in it masked."""
    return _WITHIN_TEXT.sub(lambda found: number(found[0]), text)


def channel(name: str) -> str:
    """A channel's name: a trunk's stays, a number in it is masked."""
    split = _SERIAL.fullmatch(name)
    return message(split[1]) + split[2] if split else message(name)


MASKS: dict[str, Callable[[str], str]] = {
    "ani": number,
    "channel": channel,
    "mode_reason": message,
    "cause": message,
    "error": message,
    "text": message,
}
"""The facts that can hold a caller's number; all others are enums, ids, counts and times."""


def masked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as they may be written."""
    return {key: MASKS[key](str(fact)) if key in MASKS else fact for key, fact in facts.items()}
