"""The file: what is packed comes out, what is torn says nothing, and a server sees it replaced."""

import errno
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.errors import GateError
from silentspam.gate.file import FILE_NAME, Gate, GateFile, Header, decode, encode, read
from silentspam.gate.numbers import called_keys, key
from silentspam.gate.packing import Lists, packed
from silentspam.gate.terms import DnisMode, DnisTerms, Listing, SwitchState
from tests.gate.gates import NOW, a_gate, thrown

NUMBERS = st.from_regex(r"\+?[0-9]{1,15}", fullmatch=True)
LISTINGS = st.tuples(st.sampled_from(list(Listing)), st.one_of(st.none(), st.floats(0, 2e9)))


@given(
    st.dictionaries(NUMBERS, LISTINGS, max_size=30),
    st.dictionaries(NUMBERS, st.floats(0, 2e9), max_size=30),
    st.lists(
        st.builds(DnisTerms, dnis=NUMBERS), max_size=5, unique_by=lambda terms: key(terms.dnis.lstrip("+"))
    ),
)
def test_what_is_packed_comes_out(
    listed: dict[str, tuple[Listing, float | None]], passed: dict[str, float], dnis: list[DnisTerms]
) -> None:
    gate = a_gate(listed=listed, passed=passed, dnis=tuple(dnis))
    for number, (listing, expires_at) in listed.items():
        wanted = listing if expires_at is None or expires_at > NOW else None
        assert gate.listing(key(number), now=NOW) is wanted
    for number, at in passed.items():
        assert gate.passed_at(key(number)) == at
    for terms in dnis:
        assert terms in [gate.dnis(one) for one in called_keys(terms.dnis)]


@given(NUMBERS)
def test_a_number_that_is_not_listed_is_not_found(number: str) -> None:
    gate = a_gate(listed={"2025550100": (Listing.BLOCKED, None)}, passed={"2025550100": NOW})
    if number != "2025550100":
        assert gate.listing(key(number), now=NOW) is None
        assert gate.passed_at(key(number)) is None
    assert Gate().listing(key(number), now=NOW) is None


CONTENT = encode(
    packed(
        Lists(listed={"2025550100": (Listing.BLOCKED, None)}, dnis=(DnisTerms(dnis="1", mode=DnisMode.OFF),)),
        Header(switch=thrown(SwitchState.OFF)),
    )
)


@given(st.integers(0, len(CONTENT) - 1), st.binary(max_size=3))
def test_a_file_that_is_torn_or_changed_anywhere_says_nothing(place: int, other: bytes) -> None:
    changed = CONTENT[:place] + other + CONTENT[place + 1 :]
    if changed != CONTENT:
        with pytest.raises(GateError):
            decode(changed)


@given(st.binary(max_size=300))
def test_garbage_is_a_gate_error_and_nothing_else(garbage: bytes) -> None:
    with pytest.raises(GateError):
        decode(garbage)


def rehashed(head: bytes, body: bytes = b"") -> bytes:
    import hashlib

    content = head + b"\n" + body
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


@pytest.mark.parametrize(
    "head",
    [
        b"{}x",
        b'{"format":99}',
        b'{"unknown":1}',
        b'{"n_listed":5}',
        b'{"n_listed":-5}',
        b'{"n_dnis":1}',
        b'{"n_passed":99999999999999999999}',
        b'{"switch":{"state":"HALF"}}',
        b"\xff\xfe",
        b"[" * 5000,
    ],
)
def test_a_file_of_another_version_says_nothing_though_its_hash_is_right(head: bytes) -> None:
    with pytest.raises(GateError):
        decode(rehashed(head))


def test_terms_of_another_version_are_a_gate_error() -> None:
    gate = packed(Lists(dnis=(DnisTerms(dnis="1"),)), Header())
    broken = Gate(gate.header, gate.body.replace(b'"dnis"', b'"sind"'))
    with pytest.raises(GateError, match="terms"):
        decode(encode(broken)).dnis(called_keys("1")[0])


def test_there_may_be_no_file_yet(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    assert GateFile(tmp_path).read_if_changed() is None


def test_what_cannot_be_read_is_named_with_its_key(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(GateError, match=r"gate\.folder: .*gate"):
        read(tmp_path)


def test_a_server_reads_the_file_again_when_it_was_replaced_and_not_before(tmp_path: Path) -> None:
    path, ours = tmp_path / FILE_NAME, GateFile(tmp_path)
    assert ours.read_if_changed() is None
    path.write_bytes(CONTENT)
    first = ours.read_if_changed()
    assert first is not None
    assert ours.read_if_changed() is first
    new = tmp_path / "new"
    new.write_bytes(encode(a_gate(thrown(SwitchState.ON))))
    os.replace(new, path)
    second = ours.read_if_changed()
    assert second is not None
    assert second.header.switch is not None
    assert second.header.switch.state is SwitchState.ON
    path.write_bytes(b"torn")
    for _ in range(2):
        with pytest.raises(GateError):
            ours.read_if_changed()
    path.unlink()
    assert ours.read_if_changed() is None


@pytest.mark.parametrize("trouble", [errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM, errno.EACCES])
def test_a_moment_without_descriptors_costs_that_call_the_file_and_no_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: int
) -> None:
    """The file is the same one as before, and must be read all the same."""
    (tmp_path / FILE_NAME).write_bytes(CONTENT)
    file = GateFile(tmp_path)

    def refuse(*_arguments: object, **_options: object) -> int:
        raise OSError(trouble, os.strerror(trouble))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        for _ in range(2):
            with pytest.raises(GateError, match=re.escape(os.strerror(trouble))):
                file.read_if_changed()
    gate = file.read_if_changed()
    assert gate is not None
    assert gate.header.switch is not None
    assert gate.header.switch.state is SwitchState.OFF
