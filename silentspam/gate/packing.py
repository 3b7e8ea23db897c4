"""Packs lists of numbers into the body of the gate's file (`gate.file`)."""

import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from silentspam.gate.file import LISTINGS, Gate, Header
from silentspam.gate.numbers import called_keys, key
from silentspam.gate.terms import DnisTerms, Listing


@dataclass(frozen=True, kw_only=True)
class Lists:
    """What is published. listed: number in normal form → listing, expiry [s since the epoch, None: never].

    passed: number in normal form → when its caller passed a challenge. dnis: terms of called numbers.
    """

    listed: Mapping[str, tuple[Listing, float | None]] = field(default_factory=dict)
    passed: Mapping[str, float] = field(default_factory=dict)
    dnis: tuple[DnisTerms, ...] = ()


def packed(lists: Lists, header: Header) -> Gate:
    """Lists as a file's content, with the header's counts filled in."""
    listed = sorted((key(number), *terms) for number, terms in lists.listed.items())
    passed = sorted((key(number), at) for number, at in lists.passed.items())
    dnis = sorted((called_keys(terms.dnis)[0], msgspec.json.encode(terms)) for terms in lists.dnis)
    arrays = (
        array("q", [one[0] for one in listed]),
        array("d", [math.inf if one[2] is None else one[2] for one in listed]),
        array("q", [one[0] for one in passed]),
        array("d", [one[1] for one in passed]),
        array("q", [one[0] for one in dnis]),
        array("B", [LISTINGS.index(one[1]) for one in listed]),
    )
    body = b"".join(part.tobytes() for part in arrays) + b"\n".join(told for _, told in dnis)
    counts = {"n_listed": len(listed), "n_passed": len(passed), "n_dnis": len(dnis)}
    return Gate(msgspec.structs.replace(header, **counts), body)
