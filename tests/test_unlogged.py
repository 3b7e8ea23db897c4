"""Rows that a switch wrote itself: each is taken in, whatever happens meanwhile, and none is lost."""

import json
import os
from pathlib import Path

import pytest

from silentspam import unlogged
from silentspam.call import CallEnd, Disposition, EndedBy
from silentspam.errors import CallLogError
from silentspam.freeswitch.ended import call_end
from silentspam.freeswitch.frames import Headers
from silentspam.unlogged import take_in
from tests.fakes import CALL_ID


def line(number: int = 0, **facts: str) -> str:
    """One line as the dialplan writes it."""
    return json.dumps(
        {
            "ended_at": "1700000060.500",
            "agi_uniqueid": f"1700000000.{number}",
            "agi_channel": "PJSIP/trunk-00000001",
            "agi_callerid": "15550100",
            "agi_dnid": "5550200",
            "CALLERID(ANI)": "15550199",
            "SILENTSPAM_CALL_ID": "",
            "SILENTSPAM_STARTED_AT": "1700000000.250",
            "SILENTSPAM_BRIDGED_AT": "1700000048.500",
            "SILENTSPAM_AGI_STATUS": "FAILURE",
            "CHANNEL(hangupsource)": "PJSIP/agent-00000002",
            "DIALSTATUS": "ANSWER",
            "ANSWEREDTIME": "12",
            "HANGUPCAUSE": "16",
        }
        | facts
    )


def freeswitch_line(**facts: str) -> str:
    """One line as the hook of FreeSWITCH's dialplan writes it."""
    return json.dumps(
        {
            "ended_at": "1700000060",
            "switch": "freeswitch",
            "agi_uniqueid": "873dee92-a3b2-441c-9bab-9d9f94003a06",
            "agi_callerid": "15550100",
            "agi_dnid": "5550200",
            "CALLERID(ANI)": "15550199",
            "SILENTSPAM_STARTED_AT": "1700000000",
            "SILENTSPAM_CALL_ID": "",
            "DIALSTATUS": "SUCCESS",
            "bridge_epoch": "1700000048",
            "sip_hangup_disposition": "send_bye",
            "HANGUPCAUSE": "16",
        }
        | facts
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unlogged.jsonl"


def taken(path: Path) -> list[CallEnd]:
    ends: list[CallEnd] = []
    assert take_in(path, ends.append) == len(ends)
    return ends


def left(path: Path) -> list[str]:
    return sorted(other.name for other in path.parent.iterdir())


def test_a_line_is_the_end_of_a_call(path: Path) -> None:
    path.write_text(line(SILENTSPAM_CALL_ID=CALL_ID) + "\n")
    (end,) = taken(path)
    assert (end.call.call_id, end.call.ani, end.call.dnis) == (CALL_ID, "15550199", "5550200")
    assert (end.disposition, end.ended_by, end.hangup_cause) == (Disposition.BRIDGED, EndedBy.AGENT, 16)
    assert (end.ended_at, end.bridged_at) == (1_700_000_060.5, 1_700_000_048.5)
    assert end.failed_open
    assert left(path) == []


def test_a_line_of_freeswitch_is_the_end_of_a_call_that_nobody_screened(path: Path) -> None:
    path.write_text(freeswitch_line() + "\n" + line() + "\n")
    end, _ = taken(path)
    assert (end.call.ani, end.call.caller_id, end.call.dnis) == ("15550199", "15550100", "5550200")
    assert (end.call.started_at, end.bridged_at, end.ended_at) == (1.7e9, 1_700_000_048.0, 1_700_000_060.0)
    assert (end.disposition, end.ended_by, end.hangup_cause) == (Disposition.BRIDGED, EndedBy.AGENT, 16)
    assert (end.failed_open, end.failed_open_cause) == (
        True,
        "the screener did not report back: it never had the call",
    )


@pytest.mark.parametrize(
    ("facts", "disposition", "ended_by", "failed_open"),
    [
        ({"DIALSTATUS": "NOANSWER"}, Disposition.BRIDGE_TIMEOUT, EndedBy.APP, True),
        ({"DIALSTATUS": "DONTCALL"}, Disposition.BRIDGE_ABANDON, EndedBy.AGENT, True),
        ({"DIALSTATUS": "UNALLOCATED_NUMBER"}, Disposition.BRIDGE_OUT_OF_SERVICE, EndedBy.APP, True),
        (
            {"DIALSTATUS": "", "sip_hangup_disposition": "recv_cancel"},
            Disposition.SCREEN_ABANDON,
            EndedBy.CALLER,
            False,
        ),
    ],
)
def test_freeswitch_s_words_are_not_read_as_asterisk_s(
    path: Path, facts: dict[str, str], disposition: Disposition, ended_by: EndedBy, failed_open: bool
) -> None:
    path.write_text(freeswitch_line(**({"bridge_epoch": "0"} | facts)) + "\n")
    (end,) = taken(path)
    assert (end.disposition, end.ended_by, end.failed_open) == (disposition, ended_by, failed_open)


def test_the_line_of_a_call_has_the_id_that_its_hangup_event_gives(path: Path) -> None:
    path.write_text(freeswitch_line() + "\n" + freeswitch_line(SILENTSPAM_CALL_ID=CALL_ID) + "\n")
    unknown, known = taken(path)
    event = Headers(
        b"Unique-ID: 873dee92-a3b2-441c-9bab-9d9f94003a06\nvariable_SILENTSPAM_STARTED_AT: 1700000000\n"
    )
    heard = call_end(event, heard_at=0.0)
    assert heard is not None
    assert (unknown.call.call_id, known.call.call_id) == (heard.call.call_id, CALL_ID)


@pytest.mark.parametrize(
    "text", ['"', "5\nvariable_SILENTSPAM_SCREENED: 1", "%0Avariable_x: 1", "\x00", "5" * 9999]
)
def test_nothing_in_a_line_of_freeswitch_becomes_another_fact(path: Path, text: str) -> None:
    facts = {"CALLERID(ANI)": text, f"x\n{text}": text, f"x {text}": text}
    path.write_text(freeswitch_line(**facts) + "\n")
    (end,) = taken(path)
    assert end.failed_open
    assert end.call.ani.isprintable()


def test_a_line_of_freeswitch_that_names_no_call_of_ours_is_set_aside(path: Path) -> None:
    path.write_text(freeswitch_line(SILENTSPAM_STARTED_AT="") + "\n")
    assert taken(path) == []
    assert left(path) == ["unlogged.jsonl.unreadable"]


def test_without_a_file_there_is_nothing_to_take_in(path: Path, below_a_file: Path) -> None:
    assert taken(path) == []
    assert taken(path.parent / "nowhere" / "unlogged.jsonl") == []
    with pytest.raises(OSError, match="Not a directory"):
        take_in(below_a_file, lambda end: None)


def test_what_cannot_be_understood_is_set_aside_and_costs_no_other_line(path: Path) -> None:
    torn = ["{", "[]", "null", "7", "{}", '{"ended_at": "soon"}', line(9)[:40], "\x00\x01", "[" * 100_000]
    path.write_text("\n".join([line(0), *torn, "", line(1)]) + "\n")
    assert len(taken(path)) == 2
    assert left(path) == ["unlogged.jsonl.unreadable"]
    assert path.with_name("unlogged.jsonl.unreadable").read_text() == "\n".join(torn) + "\n"


@pytest.mark.parametrize("moment", ["nan", "inf", "1e999", "-1", "1e11", ""])
def test_a_time_that_is_none_is_no_row(path: Path, moment: str) -> None:
    path.write_text(line(ended_at=moment) + "\n")
    assert taken(path) == []
    assert left(path) == ["unlogged.jsonl.unreadable"]


def test_a_line_that_is_no_utf_8_is_taken_in_with_what_can_be_read(path: Path) -> None:
    path.write_bytes(line(agi_callerid="15550100").encode().replace(b"15550100", b"1555\xff") + b"\n")
    assert taken(path)[0].call.caller_id == "1555\ufffd"


def test_a_separator_within_a_value_ends_no_line(path: Path) -> None:
    path.write_text(line().replace("15550100", "1\u2028\x855"), encoding="utf-8")
    (end,) = taken(path)
    assert end.call.caller_id == "15"


def test_what_the_log_refuses_stays_and_is_taken_in_later(path: Path) -> None:
    path.write_text("".join(line(n) + "\n" for n in range(3)))
    ends: list[CallEnd] = []

    def full_after_one(end: CallEnd) -> None:
        if ends:
            raise CallLogError("locked")
        ends.append(end)

    with pytest.raises(CallLogError):
        take_in(path, full_after_one)
    path.write_text(line(3) + "\n")
    assert {end.call.uniqueid for end in taken(path)} == {f"1700000000.{n}" for n in range(4)}
    assert left(path) == []


def test_what_a_killed_process_had_begun_is_taken_in_by_the_next(path: Path) -> None:
    class Killed(BaseException):
        pass

    def killed(end: CallEnd) -> None:
        raise Killed

    path.write_text(line(0) + "\n")
    with pytest.raises(Killed):
        take_in(path, killed)
    path.write_text(line(1) + "\n")
    with pytest.raises(Killed):
        take_in(path, killed)
    assert {end.call.uniqueid for end in taken(path)} == {"1700000000.0", "1700000000.1"}


def test_a_line_written_while_the_file_is_taken_in_is_taken_in_too(path: Path) -> None:
    """Asterisk may have opened the file before it was claimed, and write after it was read."""
    path.write_text(line(0) + "\n")
    asterisk = path.open("a")
    seen: list[str] = []

    def write(end: CallEnd) -> None:
        seen.append(end.call.uniqueid)
        if len(seen) == 1:
            asterisk.write(line(1) + "\n")
            asterisk.close()
            path.open("a").write(line(2) + "\n")

    take_in(path, write)
    take_in(path, write)
    assert set(seen) == {"1700000000.0", "1700000000.1", "1700000000.2"}
    assert left(path) == []


def test_a_file_that_comes_anew_while_another_process_claims_is_not_lost(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst moment: between any two steps of one process, a second one takes in everything, and Asterisk
    writes another line.
    """
    seen: list[str] = []
    lines = iter(range(100))

    def asterisk_writes() -> None:
        with path.open("a") as file:
            file.write(line(next(lines)) + "\n")

    def interrupted(step: str, busy: list[bool]) -> None:
        original = getattr(os, step)

        def patched(*args: object, **kwargs: object) -> object:
            outcome = original(*args, **kwargs)
            if not busy[0]:
                busy[0] = True
                take_in(path, lambda end: seen.append(end.call.uniqueid))
                asterisk_writes()
                busy[0] = False
            return outcome

        monkeypatch.setattr(os, step, patched)

    asterisk_writes()
    busy = [False]
    for step in ("link", "unlink", "rename"):
        interrupted(step, busy)
    take_in(path, lambda end: seen.append(end.call.uniqueid))
    monkeypatch.undo()
    take_in(path, lambda end: seen.append(end.call.uniqueid))
    written = next(lines)
    assert written > 1
    assert set(seen) == {f"1700000000.{n}" for n in range(written)}
    assert left(path) == []


def test_the_folder_may_hold_other_files(path: Path) -> None:
    path.write_text(line() + "\n")
    for name in ("calls.db", "unlogged.jsonl.unreadable", "unlogged.jsonl.bak"):
        path.with_name(name).write_text("mine")
    assert len(taken(path)) == 1
    assert left(path) == ["calls.db", "unlogged.jsonl.bak", "unlogged.jsonl.unreadable"]
    assert unlogged.CLAIMED not in "".join(left(path))
