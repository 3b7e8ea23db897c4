"""Caller numbers as line memory keeps them: hashed, so that no file of it lists who called."""

import hashlib

from silentspam.call import Call


def number_key(number: str) -> int | None:
    """A number as 63 bits of its BLAKE2b (RFC 7693); None for a caller without one.

    Not a secret: numbers are few enough to try. It keeps them out of files that people look at.
    """
    if not number:
        return None
    digest = hashlib.blake2b(number.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def caller_key(call: Call) -> int | None:
    """Who calls: the number that the network bills, else the one that is presented."""
    return number_key(call.ani or call.caller_id)
