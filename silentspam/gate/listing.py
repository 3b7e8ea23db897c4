"""Whether a number, or terms of a number called, may be listed: what an operator types is checked here."""

import re

from silentspam.errors import GateError
from silentspam.gate.numbers import identifies, is_one_of, normal
from silentspam.gate.terms import Listing

DNIS = re.compile(r"[A-Za-z0-9_.+*#-]{1,64}")
"""A number called, or an extension's name."""

AGENT = re.compile(r"[A-Za-z0-9]+/[A-Za-z0-9_.@+*#-]+(&[A-Za-z0-9]+/[A-Za-z0-9_.@+*#-]+)*")
"""A dial string of Asterisk's Dial() without its options: PJSIP/sales, PJSIP/100@trunk, Local/100@agents.

No comma, bracket, space, dollar sign or colon: it stands in the dialplan.
"""

LONGEST_AGENT = 200
LONGEST_NOTE = 500


def listable(number: str, listing: Listing, *, emergency: frozenset[str]) -> str:
    """The number's normal form. Raises GateError for no number, and for one that must not be blocked.

    emergency: in normal form without +.
    """
    plain = normal(number)
    if not plain:
        raise GateError(f"{number!r} is no telephone number: digits, perhaps with a leading +, are wanted")
    if listing is Listing.BLOCKED and is_one_of(emergency, plain):
        raise GateError(f"{plain} is an emergency number (gate.emergency_numbers): it cannot be blocked")
    if listing is Listing.BLOCKED and not identifies(plain):
        raise GateError(
            f"{plain} stands for withheld numbers: to block it would block people with each other"
        )
    return plain


def called(dnis: str) -> str:
    """A number called as it is kept: in normal form where it is a number. Raises GateError for none."""
    if not DNIS.fullmatch(dnis) and not normal(dnis):
        raise GateError(f"{dnis!r} is no number that is called: letters, digits and _.+*#- are wanted")
    return normal(dnis) or dnis


def agent(dial_string: str) -> str:
    """The dial string as it is. Raises GateError for what the dialplan could misread."""
    if len(dial_string) > LONGEST_AGENT or not AGENT.fullmatch(dial_string):
        raise GateError(f"{dial_string!r} is no dial string such as PJSIP/sales (several: PJSIP/a&PJSIP/b)")
    return dial_string


def note(text: str) -> str:
    """A note on one line, and not endless."""
    return "".join(character for character in text if character.isprintable())[:LONGEST_NOTE]
