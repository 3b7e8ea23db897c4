"""Telephone numbers as claims and listings of lines compare them: one form for those that are written alike.

`+15550100`, `0015550100` and `15550100` are one number: + and 00 both stand for the international prefix
(ITU-T E.123), and trunks leave either away. No country code is added, and a trunk prefix of one 0 stays.
The gate, which rejects calls, takes a number with + and one without for two where that blocks somebody.
"""

import re

SEPARATORS = re.compile(r"[\s().\-/\u2010\u2011]")
"""What people write between digits (RFC 3966's visual separators, and blanks)."""

_NUMBER = re.compile(r"\+?(?:00(?=[1-9]))?([0-9]+)")


def canonical(number: str) -> str:
    """A number's digits without separators and international prefix; what is no number, as it is."""
    told = _NUMBER.fullmatch(SEPARATORS.sub("", number))
    return told[1] if told else number
