"""Fail open: each way in which the gate can break, by name."""

import os
from pathlib import Path

import pytest

from silentspam.call import GateCause
from silentspam.gate.file import FILE_NAME, Gate, encode
from silentspam.gate.keeper import Gatekeeper
from silentspam.gate.packing import Lists, packed
from silentspam.gate.passage import Passage
from silentspam.gate.terms import DnisTerms, Listing, SwitchState
from silentspam.gate.writing import throw
from tests.gate.gates import ANI, DNIS, SETTINGS, a_call, a_gate, thrown


def passage(folder: Path, **own: object) -> Passage:
    return Gatekeeper(folder, SETTINGS)(a_call(**own))


def assert_screened_as_configured(folder: Path, why: str) -> None:
    found = passage(folder)
    assert (found.cause, found.mode, found.agent) == (None, None, "")
    assert why in str(found.mode_reason)
    assert passage(folder, ani="911").cause is GateCause.EMERGENCY
    assert passage(folder, emergency=True).cause is GateCause.EMERGENCY


def test_without_a_folder_the_call_is_screened_as_configured(tmp_path: Path) -> None:
    assert_screened_as_configured(tmp_path / "none", "there is no")


def test_without_a_file_the_call_is_screened_as_configured(tmp_path: Path) -> None:
    assert_screened_as_configured(tmp_path, "there is no")


def test_with_a_torn_file_the_call_is_screened_as_configured(tmp_path: Path) -> None:
    content = encode(a_gate(thrown(SwitchState.OFF), listed={ANI: (Listing.BLOCKED, None)}))
    for cut in (0, 1, 64, 65, 100, len(content) - 1):
        (tmp_path / FILE_NAME).write_bytes(content[:cut])
        assert_screened_as_configured(tmp_path, "torn")


def test_with_a_foreign_file_the_call_is_screened_as_configured(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\x7fELF" + bytes(5000))
    assert_screened_as_configured(tmp_path, "torn")


def test_with_a_folder_in_the_files_place_the_call_is_screened_as_configured(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    assert_screened_as_configured(tmp_path, "not a plain file")


def test_a_pipe_in_the_files_place_holds_no_call(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FILE_NAME)
    assert_screened_as_configured(tmp_path, "not a plain file")


def test_with_a_link_in_a_circle_the_call_is_screened_as_configured(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).symlink_to(tmp_path / FILE_NAME)
    assert_screened_as_configured(tmp_path, "symbolic links")


def test_with_terms_of_another_version_the_switch_and_the_lists_still_count(tmp_path: Path) -> None:
    gate = packed(
        Lists(listed={ANI: (Listing.PERMITTED, None)}, dnis=(DnisTerms(dnis=DNIS),)), a_gate().header
    )
    (tmp_path / FILE_NAME).write_bytes(encode(Gate(gate.header, gate.body.replace(b'"dnis"', b'"sind"'))))
    assert passage(tmp_path).cause is GateCause.PERMITTED
    screened = passage(tmp_path, ani="2025550177")
    assert screened.cause is None
    assert "another version" in str(screened.mode_reason)
    throw(tmp_path, thrown(SwitchState.OFF))
    assert passage(tmp_path).cause is GateCause.SWITCHED_OFF


def test_a_throw_counts_for_the_next_call_of_a_server_that_is_running(tmp_path: Path) -> None:
    keeper = Gatekeeper(tmp_path, SETTINGS)
    assert keeper(a_call()).cause is None
    throw(tmp_path, thrown(SwitchState.OFF))
    assert keeper(a_call()).cause is GateCause.SWITCHED_OFF
    throw(tmp_path, thrown(SwitchState.ON))
    assert keeper(a_call()).cause is None


@pytest.mark.parametrize("hostile", ["'; DROP TABLE calls", "9" * 100_000, "\x00", "١١٢", "+" * 50, "911\n1"])
def test_hostile_numbers_are_nobodys(tmp_path: Path, hostile: str) -> None:
    (tmp_path / FILE_NAME).write_bytes(encode(a_gate(listed={ANI: (Listing.BLOCKED, None)})))
    found = passage(tmp_path, ani=hostile, caller_id=hostile, dnis=hostile)
    assert (found.cause, found.mode_reason) == (None, None)
