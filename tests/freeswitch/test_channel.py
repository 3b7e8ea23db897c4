"""The Channel over the event socket: what FreeSWITCH is told for each step, and what its answers mean."""

from pathlib import Path
from typing import Any

import pytest

from silentspam import variables
from silentspam.call import CallRecord, Decision, VerdictKind
from silentspam.errors import ChannelError, ChannelHangup, ModelError
from silentspam.freeswitch.announced import call_from_announcement, id_for
from silentspam.freeswitch.channel import FreeSwitchChannel
from silentspam.freeswitch.ended import call_end
from silentspam.freeswitch.opening import FILL, SILENCE, without_fill
from silentspam.freeswitch.session import EslSession
from tests.fakes import CALL_ID, a_call
from tests.freeswitch.answers import disconnect, event
from tests.freeswitch.peer import UUID, Peer, announced

DTMF = event(b"Event-Name: DTMF\nDTMF-Digit: 1\n")
GUARD = {"variable_SILENTSPAM_GUARD": "agent XML public"}


def channel(peer: Peer, **options: Any) -> FreeSwitchChannel:
    return FreeSwitchChannel(peer.dialogue(), announced(**GUARD), **options)


def applications(peer: Peer) -> list[str]:
    """Name and argument of what was executed."""
    told = []
    for command in peer.said:
        if command.startswith("sendmsg"):
            lines = dict(line.split(": ", 1) for line in command.split("\n")[1:])
            told.append(f"{lines['execute-app-name']} {lines.get('execute-app-arg', '')}".strip())
    return told


def rejected(**values: Any) -> CallRecord:
    return CallRecord(call=a_call(), decision=Decision.REJECT, hangup_with="Q.850 21", **values)


def test_the_call_id_is_set_before_anything_else_happens_to_the_caller() -> None:
    peer = Peer()
    channel(peer).announce(CALL_ID)
    assert peer.said[:2] == ["linger 5", "myevents"]
    assert peer.variables[variables.CALL_ID] == CALL_ID
    assert peer.variables["RECORD_HANGUP_ON_ERROR"] == "false"
    assert peer.variables["playback_terminators"] == "none", "a `*` would cut the opening short"
    assert not applications(peer)


def test_an_older_switch_sets_variables_one_by_one() -> None:
    peer = Peer()
    peer.api["uuid_setvar_multi"] = "-ERR uuid_setvar_multi Command not found!"
    channel(peer).announce(CALL_ID)
    assert f"set {variables.CALL_ID}={CALL_ID}" in applications(peer)


@pytest.mark.parametrize(("early", "told"), [(False, "answer"), (True, "pre_answer")])
def test_a_call_is_answered_or_gets_early_media(early: bool, told: str) -> None:
    peer = Peer()
    channel(peer, early_media=early).answer()
    assert applications(peer) == [told]


def test_the_opening_is_recorded_while_the_caller_hears_ringing(tmp_path: Path) -> None:
    path = tmp_path / f"{CALL_ID}.ulaw"
    peer = Peer(opening=b"\xff" * 640 + b"\x31" * 16_000)
    one, done = channel(peer), []
    one.start_ringing()
    one.record(path, 2.0, lambda: done.append(True))
    assert done
    assert applications(peer) == [
        f"record_session {path} +5",
        "playback tone_stream://%(2040,0,440,480)",
        f"stop_record_session {path}",
    ]
    assert path.read_bytes() == b"\x31" * 16_000
    assert list(tmp_path.iterdir()) == [path]


def test_a_recording_is_stopped_also_when_the_model_cannot_be_loaded(tmp_path: Path) -> None:
    peer = Peer(opening=b"\x31" * 16_000)

    def fail() -> None:
        raise ModelError("no model")

    with pytest.raises(ModelError):
        channel(peer).record(tmp_path / "a.ulaw", 2.0, fail)
    assert applications(peer)[-1] == f"stop_record_session {tmp_path / 'a.ulaw'}"


def test_without_ring_tone_silence_times_the_recording(tmp_path: Path) -> None:
    peer = Peer(opening=b"\x31" * 16_000)
    channel(peer).record(tmp_path / "a.ulaw", 2.0, lambda: None)
    assert "playback silence_stream://2040" in applications(peer)


def test_a_switch_without_tones_waits_the_two_seconds_all_the_same(tmp_path: Path) -> None:
    peer = Peer(opening=b"\x31" * 16_000)
    peer.answers["playback"] = lambda number, _: peer.done("playback", number, "FILE NOT FOUND")
    channel(peer).record(tmp_path / "a.ulaw", 2.0, lambda: None)
    assert "sleep 2040" in applications(peer)


def test_a_full_disk_is_told_and_so_is_a_folder_that_freeswitch_may_not_write(tmp_path: Path) -> None:
    peer = Peer(opening=b"\x31" * 100)
    peer.answers["stop_record_session"] = lambda number, _: (
        peer.variables.update(record_samples="16480"),
        peer.done("stop_record_session", number),
    )[-1]
    with pytest.raises(ChannelError, match="100 of 16480 bytes reached the disk"):
        channel(peer).record(tmp_path / "a.ulaw", 2.0, lambda: None)
    other = Peer()
    other.answers["record_session"] = lambda number, _: None
    with pytest.raises(ChannelError, match="may FreeSWITCH's user write there"):
        channel(other).record(tmp_path / "none" / "a.ulaw", 2.0, lambda: None)


def test_a_wideband_caller_is_recorded_at_the_rate_of_the_model(tmp_path: Path) -> None:
    """G.722: FreeSWITCH counts the 16,000 samples a second before it resamples."""
    peer = Peer(opening=b"\x31" * 16_320)
    one = channel(peer)
    one.announce(CALL_ID)
    assert peer.variables["record_sample_rate"] == "8000"
    peer.answers["stop_record_session"] = lambda number, _: (
        peer.variables.update(record_samples="32640", record_ms="2040"),
        peer.done("stop_record_session", number),
    )[-1]
    one.record(tmp_path / "a.ulaw", 2.0, lambda: None)
    assert (tmp_path / "a.ulaw").stat().st_size == 16_320


def test_fill_is_cut_and_no_more() -> None:
    spoken = bytes(range(100)) * 200
    assert without_fill(FILL * 4 + spoken, 2.0) == spoken[:16_480]
    assert without_fill(spoken[:4800] + FILL * 50 + spoken[:3200], 2.0) == spoken[:4800] + spoken[:3200]
    assert without_fill(SILENCE * 4 + spoken, 2.0) == spoken[:16_480]
    assert without_fill(spoken[:320] + SILENCE * 9 + spoken[:160], 2.0).count(SILENCE) == 9
    assert without_fill(spoken, 1.0) == spoken[:8480]
    assert without_fill(FILL * 104, 2.0) == without_fill(b"", 2.0) == b""
    assert len(without_fill(SILENCE * 104, 2.0)) == 16_000
    assert without_fill(spoken[:1000] + FILL[:100], 2.0) == spoken[:1000] + FILL[:100]


def test_a_key_during_the_question_is_its_answer_and_one_before_it_is_not() -> None:
    peer = Peer()
    one = channel(peer)
    peer.press("3")
    assert one.play("/prompts/press-7", keys="0123456789*#") is None
    peer.answers["playback"] = lambda number, _: (
        peer.press("7"),
        peer.done("playback", number, "FILE PLAYED"),
    )[-1]
    assert one.play("/prompts/press-7", keys="0123456789*#") == "7"
    assert applications(peer) == ["playback /prompts/press-7.wav"] * 2
    assert peer.variables["playback_terminators"] == "0123456789*#"
    assert one.play("/prompts/goodbye") is None
    assert peer.variables["playback_terminators"] == "none"


def test_a_key_between_question_and_waiting_is_not_lost() -> None:
    peer = Peer()
    one = channel(peer)
    assert one.play("/prompts/press-7", keys="0123456789*#") is None
    peer.press("7")
    peer.answers["play_and_get_digits"] = lambda number, _: peer.done("play_and_get_digits", number)
    assert one.wait_for_key(5.0) == "7"
    assert one.wait_for_key(2.5) is None
    silence = "silence_stream://10 silence_stream://10"
    assert applications(peer)[-1] == f"play_and_get_digits 1 1 1 2500 # {silence} SILENTSPAM_KEY [0-9*] 2500"


@pytest.mark.parametrize("response", ["FILE NOT FOUND", "PLAYBACK ERROR"])
def test_a_question_that_nobody_heard_is_an_error(response: str) -> None:
    peer = Peer()
    peer.answers["playback"] = lambda number, _: peer.done("playback", number, response)
    with pytest.raises(ChannelError, match=response):
        channel(peer).play("/prompts/press-7", keys="7")
    empty = Peer()
    empty.variables["playback_samples"] = "0"
    with pytest.raises(ChannelError, match="nothing was played"):
        channel(empty).play("/prompts/press-7", keys="7")


def test_a_challenge_moves_the_guard_once() -> None:
    peer = Peer()
    one = channel(peer, longest=100.0)
    one.play("/prompts/press-7", keys="7")
    one.play("/prompts/passed")
    moved = [command for command in peer.said if "sched_" in command]
    assert moved == [f"api sched_del {UUID}", f"api sched_transfer +100 {UUID} agent XML public"]


def test_a_bridged_call_is_told_of_and_left_to_the_dialplan() -> None:
    peer = Peer()
    record = CallRecord(call=a_call(), decision=Decision.BRIDGE, verdict=VerdictKind.HAM)
    channel(peer).hand_back(record)
    assert peer.variables[variables.ACTION] == "BRIDGE"
    assert peer.variables[variables.SCREENED] == "1"
    # as the dialplan had it: its own recordings are its own
    assert peer.variables["RECORD_READ_ONLY"] == peer.variables["record_sample_rate"] == ""
    assert peer.variables["playback_terminators"] == ""
    assert peer.said[-1] == f"api sched_del {UUID}"
    assert not applications(peer)


@pytest.mark.parametrize(
    ("hook", "cleared"), [("bg_system echo SILENTSPAM_STARTED_AT", True), ("lua cdr", False)]
)
def test_a_report_clears_the_dialplans_note_of_an_unscreened_call_and_no_hook_of_another(
    hook: str, cleared: bool
) -> None:
    peer = Peer()
    one = FreeSwitchChannel(peer.dialogue(), announced(variable_api_reporting_hook=hook))
    one.announce(CALL_ID)
    assert "api_reporting_hook" not in peer.variables, (
        "until then a call that goes on unscreened leaves its line"
    )
    one.hand_back(CallRecord(call=a_call(), decision=Decision.BRIDGE))
    assert (peer.variables.get("api_reporting_hook") == "") is cleared


def test_a_rejected_call_is_hung_up_with_its_cause() -> None:
    peer = Peer()
    channel(peer).hand_back(rejected())
    assert applications(peer) == ["hangup CALL_REJECTED"]
    for cause, told in (("SIP 603", "CALL_REJECTED"), ("Q.850 17", "17")):
        other, record = Peer(), rejected()
        record.hangup_with = cause
        channel(other).hand_back(record)
        assert applications(other) == [f"hangup {told}"]


@pytest.mark.parametrize("gone", ["+OK Deleted: 0", "-ERR Deleted: 0"])
def test_a_call_that_the_guard_took_is_nobodys_to_end(gone: str) -> None:
    """It may be with an agent: neither a guard that is gone nor the end of `socket` lets a hangup through."""
    peer = Peer(guarded=gone)
    with pytest.raises(ChannelError, match="guard is gone"):
        channel(peer).hand_back(rejected())
    assert not applications(peer)
    other = Peer()
    one = channel(other)
    other.take_back()
    one.answer()  # the event comes with its reply
    with pytest.raises(ChannelError, match="taken the call back"):
        one.hand_back(rejected())
    assert "hangup" not in " ".join(applications(other))


def test_without_a_guard_known_of_a_rejection_goes_through() -> None:
    peer = Peer(guarded="+OK Deleted: 0")
    FreeSwitchChannel(peer.dialogue(), announced()).hand_back(rejected())
    assert applications(peer) == ["hangup CALL_REJECTED"]


def test_a_hangup_is_told_from_a_connection_that_broke() -> None:
    peer = Peer()
    peer.answers["answer"] = lambda number, _: peer.hang_up()
    with pytest.raises(ChannelHangup):
        channel(peer).answer()
    other = Peer()
    other.receive = lambda seconds: b""  # type: ignore[method-assign]
    with pytest.raises(ChannelError, match="had not left") as raised:
        channel(other).answer()
    assert not isinstance(raised.value, ChannelHangup)


@pytest.mark.parametrize(
    ("told", "hung_up"),
    [
        ((disconnect(UUID, linger=5),), True),
        ((disconnect(UUID),), True),
        ((DTMF, disconnect(UUID, linger=5)), True),
        ((DTMF, disconnect(UUID)), False),
    ],
)
def test_a_session_takes_its_leave_of_a_caller_who_left_before_any_event(
    told: tuple[bytes, ...], hung_up: bool
) -> None:
    """One that lingers has lost its caller; else it may be the dialplan that has the call back."""
    session = EslSession()
    session.feed(b"".join(told))
    assert isinstance(session.ended(), ChannelHangup) == hung_up


def test_a_screening_has_the_id_that_its_hangup_gives_where_none_is_set() -> None:
    noted = {"variable_SILENTSPAM_STARTED_AT": "1795000000"}
    first = announced(**noted)
    ended = call_end(first, heard_at=0.0)
    assert ended is not None
    assert id_for(first) == id_for(first) == ended.call.call_id
    again = announced(**noted, variable_SILENTSPAM_CALL_ID=CALL_ID)
    assert len({id_for(again), id_for(again), id_for(first), CALL_ID}) == 4
    assert id_for(announced()) != id_for(announced()), "nothing tells this call from the next"


def test_a_switch_that_does_not_answer_is_given_up() -> None:
    peer = Peer()
    peer.silent = True
    with pytest.raises(ChannelError, match="no answer within 5 s"):
        channel(peer).announce(CALL_ID)


def test_an_answer_that_came_too_late_is_not_taken_for_that_to_the_next_command() -> None:
    """Else +OK to whatever FreeSWITCH was slow with would say that the guard was still there."""
    peer = Peer(guarded="+OK Deleted: 0")
    one = channel(peer)
    peer.silent = True
    with pytest.raises(ChannelError, match="no answer"):
        one.announce(CALL_ID)
    peer.silent = False
    peer.out = b"Content-Type: command/reply\nReply-Text: +OK will linger 5 seconds\n\n"
    with pytest.raises(ChannelError, match="linger 5: FreeSWITCH gave no answer"):
        one.hand_back(rejected())
    assert peer.said == ["linger 5"], "nothing is asked of a switch that is silent: the caller waits for us"


def test_a_hangup_may_be_told_of_after_its_application() -> None:
    peer = Peer()
    peer.answers["hangup"] = lambda number, _: (peer.done("hangup", number), peer.hang_up())[-1]
    channel(peer).hand_back(rejected())
    other = Peer()
    other.answers["hangup"] = lambda number, _: other.done("hangup", number)
    with pytest.raises(ChannelError, match="hangup: FreeSWITCH gave no answer"):
        channel(other).hand_back(rejected())


def test_the_callers_side_is_recorded_where_it_is_wanted(tmp_path: Path) -> None:
    peer = Peer()
    one = channel(peer, legs=tmp_path)
    one.record_side(CALL_ID)
    one.hand_back(CallRecord(call=a_call(), answered_at=1.0, decision=Decision.BRIDGE))
    started = [command for command in peer.said if "uuid_record" in command]
    assert started == [f"api uuid_record {UUID} start {tmp_path / CALL_ID}.ulaw"]
    late = Peer()
    late.api["uuid_record"] = "-ERR Cannot record session!"
    channel(late, legs=tmp_path, challenge_too=False).hand_back(
        CallRecord(call=a_call(), answered_at=1.0, decision=Decision.BRIDGE)
    )
    assert late.variables[variables.ACTION] == "BRIDGE"
    assert any("uuid_record" in command for command in late.said)


@pytest.mark.parametrize(("state", "recorded"), [("ringing", False), ("early", False), ("answered", True)])
def test_a_caller_who_was_not_answered_keeps_his_ring_tone(
    tmp_path: Path, state: str, recorded: bool
) -> None:
    peer = Peer()
    one = FreeSwitchChannel(peer.dialogue(), announced(**{"Answer-State": state}), legs=tmp_path)
    one.hand_back(CallRecord(call=a_call(), decision=Decision.BRIDGE))
    assert any("uuid_record" in command for command in peer.said) is recorded


@pytest.mark.parametrize("uuid", ["", "a b", "x\ny", "y" * 200, "17", "a;b=c"])
def test_an_id_that_is_none_is_never_sent(tmp_path: Path, uuid: str) -> None:
    """Not with the report either: a caller's own `17` would delete the task of that number."""
    peer = Peer()
    headers = announced(Unique__ID=uuid.replace("\n", "%0A"), **GUARD)
    one = FreeSwitchChannel(peer.dialogue(), headers, legs=tmp_path, longest=90.0)
    with pytest.raises(ChannelError, match="no id of a channel"):
        one.announce(CALL_ID)
    assert not peer.said
    one.hand_back(CallRecord(call=a_call(), decision=Decision.BRIDGE))
    assert not [command for command in peer.said if not command.startswith("sendmsg")]
    assert "set SILENTSPAM_ACTION=BRIDGE" in applications(peer)
    with pytest.raises(ChannelError, match="guard is gone"):
        one.hand_back(rejected())


def test_the_call_is_what_freeswitch_announces() -> None:
    headers = announced(
        **{
            "Caller-Caller-ID-Number": "5559999",
            "Caller-Caller-ID-Name": "Zo%C3%AB%0A%22x",
            "Channel-Name": "sofia/internal/5551234%40192.0.2.1",
            "Caller-Channel-Created-Time": "1795305194546536",
            "variable_SILENTSPAM_EMERGENCY": "--emergency",
        }
    )
    call = call_from_announcement(headers, call_id=CALL_ID, started_at=1.0)
    assert (call.ani, call.caller_id, call.caller_name) == ("5551234", "5559999", 'Zoë"x')
    assert (call.dnis, call.uniqueid, call.channel) == ("2000", UUID, "sofia/internal/5551234@192.0.2.1")
    assert call.started_at == pytest.approx(1795305194.546536)
    assert call.emergency
    assert call_from_announcement(announced(), call_id=CALL_ID, started_at=1.0).started_at == 1.0


@pytest.mark.parametrize(
    ("header", "value", "emergency"),
    [
        ("sip_i_priority", "psap-callback", True),
        ("sip_i_priority", "PSAP-Callback", True),
        ("sip_i_priority", "urgent", False),
        ("sip_i_priority", "%24%7BEVAL(psap-callback)%7D", False),
        ("sip_i_resource_priority", "esnet.1", True),
        ("sip_i_resource_priority", "dsn.flash,%20ESNET.0", True),
        ("sip_i_resource_priority", "ARRAY::wps.0%7C:esnet.2", True),
        ("sip_i_resource_priority", "dsn.flash", False),
        ("sip_i_resource_priority", "x-esnet.1", False),
        ("sip_i_resource_priority", "%24%7Bsystem(id)%7D", False),
        ("SILENTSPAM_EMERGENCY", "--emergency", True),
        ("SILENTSPAM_EMERGENCY", "no", False),
    ],
)
def test_calls_of_public_safety_are_known_by_their_headers(header: str, value: str, emergency: bool) -> None:
    headers = announced(**{f"variable_{header}": value})
    assert call_from_announcement(headers, call_id=CALL_ID, started_at=1.0).emergency is emergency
