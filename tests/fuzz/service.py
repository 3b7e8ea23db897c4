"""Targets of a server of many calls: the gate's file, key files and sealed recordings.

A gate's file and a sealed recording are as they come, and once more with the hash or the seal that fits.
"""

import hashlib
from collections.abc import Sequence
from functools import cache

from silentspam.gate.file import FILE_NAME, Gate, Header, encode, read
from silentspam.gate.numbers import called_keys, key
from silentspam.gate.packing import Lists, packed
from silentspam.gate.terms import DnisTerms, Listing
from silentspam.retention.keys import (
    PrivateKey,
    PublicKey,
    read_private_key,
    read_public_key,
    sodium,
    write_key_pair,
)
from silentspam.retention.sealing import HEADER_BYTES, seal, unseal
from tests.fakes import CALL_ID
from tests.fuzz.target import Target, emptied, file_of, scratch

NUMBER, DNIS = "15550100", "5550200"


def gate(content: bytes) -> None:
    """Whatever is in the file: a call gets an answer or a GateError, never another error in its middle."""
    folder = scratch() / "gate"
    folder.mkdir(exist_ok=True)
    (folder / FILE_NAME).write_bytes(content)
    found = read(folder)
    assert found is not None
    assert found.listing(key(NUMBER), now=1.8e9) in (None, *Listing)
    found.passed_at(key(NUMBER))
    for number in called_keys(DNIS):
        found.dnis(number)


def gate_with_its_hash(content: bytes) -> None:
    _, _, rest = content.partition(b"\n")
    gate(hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)


def public_key(content: bytes) -> None:
    assert len(read_public_key(file_of(content, "key")).raw) == len(pair()[0].raw)


def private_key(content: bytes) -> None:
    assert len(read_private_key(file_of(content, "key")).raw) == len(pair()[0].raw)


@cache
def pair() -> tuple[PublicKey, PrivateKey]:
    """A key pair of this process alone, written and read as files."""
    public, private = write_key_pair(emptied("pair") / "calls")
    return read_public_key(public), read_private_key(private)


def sealed(content: bytes) -> None:
    """Nothing that was not sealed comes out: what does is our own recording."""
    assert unseal(pair()[1], CALL_ID, content) == b"opening"


def sealed_to_us(content: bytes) -> None:
    """As somebody with the public key could make it: any bytes in a good box."""
    header = seal(pair()[0], CALL_ID, b"")[:HEADER_BYTES]
    public = sodium()
    box = public.SealedBox(public.PublicKey(pair()[0].raw)).encrypt(content)
    codes = unseal(pair()[1], CALL_ID, header + bytes(box))
    assert content == header + CALL_ID.encode() + codes


def _gates() -> Sequence[bytes]:
    lists = Lists(
        listed={NUMBER: (Listing.BLOCKED, None), "911": (Listing.PUBLIC_SAFETY, 1.9e9)},
        passed={NUMBER: 1.8e9},
        dnis=(DnisTerms(dnis=DNIS),),
    )
    return encode(packed(lists, Header(fingerprint="x", made_at=1.8e9))), encode(Gate())


def _keys(name: str) -> Sequence[bytes]:
    pair()
    return (scratch() / "pair" / name).read_bytes(), b""


TARGETS = (
    Target(name="gate", read=gate, seeds=_gates),
    Target(name="gate-hashed", read=gate_with_its_hash, seeds=_gates),
    Target(name="public-key", read=public_key, seeds=lambda: _keys("calls.pub"), share=0.2),
    Target(name="private-key", read=private_key, seeds=lambda: _keys("calls.key"), share=0.2),
    Target(name="sealed", read=sealed, seeds=lambda: (seal(pair()[0], CALL_ID, b"opening"),), share=0.3),
    Target(
        name="sealed-inside",
        read=sealed_to_us,
        seeds=lambda: (seal(pair()[0], CALL_ID, b"")[:HEADER_BYTES] + CALL_ID.encode() + b"opening", b""),
        share=0.3,
    ),
)
