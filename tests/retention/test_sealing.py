"""Sealed recordings: there and back, and whatever is changed is found."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.retention import RetentionError, keys
from silentspam.retention.keys import PrivateKey, PublicKey, read_private_key, read_public_key
from silentspam.retention.sealing import seal, unseal

CALL, OTHER = "3f0c9c1e-5d7a-4a55-9d1f-0a2b3c4d5e6f", "00000000-0000-4000-8000-000000000000"


def made() -> PrivateKey:
    private = keys.sodium().PrivateKey.generate()
    return PrivateKey(bytes(private), PublicKey(bytes(private.public_key)))


KEY, STRANGER = made(), made()
SEALED = seal(KEY.public, CALL, b"\xff\x7f" * 100)


@given(st.binary(max_size=40_000), st.uuids().map(str))
def test_what_is_sealed_comes_back(codes: bytes, call_id: str) -> None:
    assert unseal(KEY, call_id, seal(KEY.public, call_id, codes)) == codes


def test_the_same_recording_never_looks_the_same() -> None:
    assert seal(KEY.public, CALL, b"") != seal(KEY.public, CALL, b"")


@given(st.integers(0, len(SEALED) - 1), st.integers(0, 7))
def test_every_flipped_bit_is_found(place: int, bit: int) -> None:
    changed = bytearray(SEALED)
    changed[place] ^= 1 << bit
    with pytest.raises(RetentionError):
        unseal(KEY, CALL, bytes(changed))


@given(st.integers(0, len(SEALED) - 1))
def test_a_file_cut_short_is_found(length: int) -> None:
    with pytest.raises(RetentionError):
        unseal(KEY, CALL, SEALED[:length])


@given(st.binary(min_size=1, max_size=100))
def test_a_longer_file_is_found(more: bytes) -> None:
    with pytest.raises(RetentionError):
        unseal(KEY, CALL, SEALED + more)


@given(st.binary(max_size=300))
def test_anything_else_is_no_sealed_recording(content: bytes) -> None:
    for sealed in (content, SEALED[:15] + content):
        with pytest.raises(RetentionError):
            unseal(KEY, CALL, sealed)


def test_another_key_opens_nothing_and_both_are_named() -> None:
    with pytest.raises(RetentionError, match=f"{KEY.public.key_id.hex()}.*{STRANGER.public.key_id.hex()}"):
        unseal(STRANGER, CALL, SEALED)


def test_one_calls_recording_cannot_stand_for_anothers() -> None:
    with pytest.raises(RetentionError, match=CALL):
        unseal(KEY, OTHER, SEALED)


def test_a_key_pair_is_written_for_its_owner_alone_and_never_over_another(tmp_path: Path) -> None:
    public, private = keys.write_key_pair(tmp_path / "calls")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert unseal(read_private_key(private), CALL, seal(read_public_key(public), CALL, b"x")) == b"x"
    before = private.read_text()
    with pytest.raises(RetentionError, match=r"calls\.pub"):
        keys.write_key_pair(tmp_path / "calls")
    assert private.read_text() == before
    assert before.split()[-1] not in repr(read_private_key(private))


def test_the_wrong_half_and_damaged_keys_are_named(tmp_path: Path) -> None:
    public, private = keys.write_key_pair(tmp_path / "calls")
    with pytest.raises(RetentionError, match=r"calls\.key: holds 'silentspam private key 1'"):
        read_public_key(private)
    with pytest.raises(RetentionError, match="private key"):
        read_private_key(public)
    public.write_text(public.read_text()[:-9])
    with pytest.raises(RetentionError, match="whole"):
        read_public_key(public)
    public.write_bytes(b"silentspam public key 1 \xff\xfe")
    with pytest.raises(RetentionError, match="whole"):
        read_public_key(public)
    public.write_bytes(os.urandom(400))
    with pytest.raises(RetentionError, match="no key of ours"):
        read_public_key(public)
    with pytest.raises(RetentionError, match="No such file"):
        read_public_key(tmp_path / "nowhere.pub")


def test_without_the_library_it_says_which_extra_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "nacl.public", None)
    with pytest.raises(RetentionError, match=r"silentspam\[encryption\]"):
        seal(KEY.public, CALL, b"")
