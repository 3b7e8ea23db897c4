"""Telephone numbers as the gate compares them: exactly, in one normal form.

Normal form: what people put between digits is left out (RFC 3966's visual separators, and blanks); what is
left is digits, perhaps with a leading +. Anything else is no number and matches nothing. Two numbers are the
same when their normal forms are. Nothing is guessed: no trailing digits are compared, no country code is
added and none taken away, as `5550100`, `2025550100` and `+12025550100` can be three people's. A number with
and one without its + count as one only for what favours a caller (`friendly_keys`): blocking hits no other.
"""

import hashlib
import re

from silentspam.call import Call

SEPARATORS = str.maketrans("", "", " -.()/\u00a0\u2010\u2011")
LONGEST = 20
"""Digits; E.164 has 15 at most, and some networks put a prefix before them."""

_NORMAL = re.compile(rf"\+?[0-9]{{1,{LONGEST}}}")

_KEYPAD = dict(zip("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999", strict=True))
"""Letters on a telephone's keys (ITU-T E.161)."""


def normal(number: str) -> str:
    """The normal form of a number; "" for what is none, such as `anonymous`."""
    plain = number.translate(SEPARATORS)
    return plain if _NORMAL.fullmatch(plain) else ""


def _spelt(word: str) -> str:
    return "".join(_KEYPAD[letter] for letter in word)


PLACEHOLDERS = frozenset(
    _spelt(word)
    for word in ("anonymous", "private", "restricted", "unavailable", "unknown", "withheld", "blocked")
)
"""Words for a withheld number as some networks send them: in digits (266696687 is `anonymous`)."""

SHORTEST = 3
"""Digits: an internal extension has three."""


def identifies(number: str) -> bool:
    """Whether a number, in normal form, can be one caller's: not withheld, no stand-in such as 0000000."""
    digits = number.lstrip("+")
    return len(digits) >= SHORTEST and len(set(digits)) > 1 and digits.lstrip("1") not in PLACEHOLDERS


def key(number: str) -> int:
    """A number in normal form as 63 bits of its BLAKE2b (RFC 7693): the gate's file lists nobody's number.

    Not a secret: numbers are few enough to try. Two of 10,000 numbers share a key with a chance of 5e-12.
    """
    digest = hashlib.blake2b(number.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def strict_keys(call: Call) -> dict[int, str]:
    """The caller's numbers, billed and presented, by the key of exactly what they are."""
    return {key(number): number for number in _numbers(call)}


def friendly_keys(call: Call) -> dict[int, str]:
    """The caller's numbers by their keys, with and without +."""
    return {key(form): number for number in _numbers(call) for form in _forms(number)}


def passer_keys(call: Call) -> dict[int, str]:
    """The number that stands for the caller, billed else presented; none for one that is withheld."""
    number = normal(call.ani or call.caller_id)
    return {key(form): number for form in _forms(number)} if identifies(number) else {}


def called_keys(dnis: str) -> list[int]:
    """The number called; what is not a number, such as the extension `reception`, is compared as it is."""
    number = normal(dnis)
    return [key(form) for form in _forms(number)] if number else [key(dnis)] if dnis else []


def is_one_of(numbers: frozenset[str], number: str) -> bool:
    """Whether a number is among some in normal form without +, such as emergency numbers."""
    return normal(number).lstrip("+") in numbers


def _numbers(call: Call) -> list[str]:
    return list(dict.fromkeys(filter(None, (normal(call.ani), normal(call.caller_id)))))


def _forms(number: str) -> tuple[str, str]:
    plain = number.lstrip("+")
    return plain, f"+{plain}"
