"""The Channel over AGI: each step's exact line to Asterisk, and the call as Asterisk announces it."""

from collections import deque
from pathlib import Path

import pytest

from silentspam.agi.channel import AgiChannel, call_from_environment
from silentspam.agi.session import AgiSession
from silentspam.call import CallRecord, ChallengeResult, Decision, Disposition, VerdictKind, caller_text
from silentspam.errors import ChannelError, ChannelHangup
from tests.fakes import CALL_ID, ENVIRONMENT, Switch, Wire, a_call


def channel(switch: Switch, *, ring_tone: str = "ring", legs: Path | None = None) -> AgiChannel:
    wire = Wire(switch)
    return AgiChannel(AgiSession(wire, wire.writer), ring_tone=ring_tone, legs=legs)  # type: ignore[arg-type]


def nothing() -> None: ...


# --- commands ----------------------------------------------------------------------------------------------


def test_a_recording_is_raw_mulaw_without_a_beep_and_without_escape_digits(tmp_path: Path) -> None:
    switch = Switch(opening=b"\xff" * 16160)
    channel(switch).record(tmp_path / f"{CALL_ID}.ulaw", 2.0, nothing)
    assert switch.commands == [f'RECORD FILE "{tmp_path / CALL_ID}" ulaw "" 2000']
    assert (tmp_path / f"{CALL_ID}.ulaw").stat().st_size == 16160


def test_the_heavy_work_is_done_between_the_command_and_its_reply(tmp_path: Path) -> None:
    switch = Switch(opening=b"\xff")
    seen: list[list[str]] = []
    channel(switch).record(tmp_path / "a.ulaw", 2.0, lambda: seen.append(list(switch.commands)))
    assert seen == [[f'RECORD FILE "{tmp_path / "a"}" ulaw "" 2000']]


def test_the_reply_is_read_even_if_the_heavy_work_fails(tmp_path: Path) -> None:
    ours = channel(Switch(opening=b"\xff", keys=deque(["7"])))

    def fails() -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        ours.record(tmp_path / "a.ulaw", 2.0, fails)
    assert ours.wait_for_key(1.0) == "7", "the next reply belongs to the next command"


def test_no_media_leaves_an_empty_file_and_is_no_error(tmp_path: Path) -> None:
    channel(Switch(opening=b"")).record(tmp_path / "a.ulaw", 2.0, nothing)
    assert (tmp_path / "a.ulaw").read_bytes() == b""


def test_what_did_not_reach_the_disk_is_an_error(tmp_path: Path) -> None:
    full = Switch(opening=b"\xff" * 8, replies={"RECORD": b"200 result=0 (timeout) endpos=16000\n"})
    with pytest.raises(ChannelError, match="0 of 16000 bytes"):
        channel(full).record(tmp_path / "a.ulaw", 2.0, nothing)


def test_a_hangup_while_recording_is_a_hangup(tmp_path: Path) -> None:
    gone = Switch(replies={"RECORD": b"200 result=-1 (hangup) endpos=7840\n"})
    with pytest.raises(ChannelHangup):
        channel(gone).record(tmp_path / "a.ulaw", 2.0, nothing)


def test_ring_tone_is_the_configured_one() -> None:
    switch = Switch()
    channel(switch, ring_tone="440+480/2000,0/4000").start_ringing()
    assert switch.commands == ['EXEC Playtones "440+480/2000,0/4000"']


def test_a_prompt_gives_the_key_that_interrupted_it() -> None:
    ours = channel(Switch(keys=deque(["7", None, "#"])))
    assert ours.play("/p/press-7", keys="0123456789*#") == "7"
    assert ours.play("/p/press-7", keys="0123456789*#") is None
    assert ours.play("/p/passed") is None
    assert ours.wait_for_key(5.0) == "#"
    assert ours.wait_for_key(5.0) is None


def test_a_missing_prompt_is_an_error_and_no_hangup() -> None:
    with pytest.raises(ChannelError) as caught:
        channel(Switch(sounds_missing=True)).play("/p/press-7", keys="7")
    assert not isinstance(caught.value, ChannelHangup)


def test_a_prompt_on_a_dead_channel_is_a_hangup() -> None:
    with pytest.raises(ChannelHangup):
        channel(Switch(dead=True)).play("/p/press-7", keys="7")


# --- handing back ------------------------------------------------------------------------------------------


def handed_back(**known: object) -> dict[str, str]:
    switch = Switch(variables={})
    channel(switch).hand_back(CallRecord(call=a_call(), **known))  # type: ignore[arg-type]
    (command,) = switch.commands
    action = known.get("decision", Decision.BRIDGE)
    assert command.endswith(f',SILENTSPAM_ACTION={action}"'), "half a report is no rejection"
    return switch.variables


def test_where_variables_cannot_be_set_at_once_each_is_set_by_itself_and_the_action_last() -> None:
    switch = Switch(variables={}, replies={"EXEC MSet": b"200 result=-2\n"})
    channel(switch).hand_back(CallRecord(call=a_call(), decision=Decision.REJECT))
    assert switch.variables == {"SILENTSPAM_SCREENED": "1", "SILENTSPAM_ACTION": "REJECT"}
    assert switch.commands[-1] == 'SET VARIABLE "SILENTSPAM_ACTION" "REJECT"'


def test_the_channel_of_a_caller_who_left_is_told_all_the_same() -> None:
    switch = Switch(variables={}, dead=True)
    channel(switch).hand_back(CallRecord(call=a_call(), disposition=Disposition.SCREEN_ABANDON))
    assert switch.variables["SILENTSPAM_DISPOSITION"] == "SCREEN_ABANDON"


def test_a_value_that_could_be_read_as_an_argument_goes_by_itself() -> None:
    switch = Switch(variables={})
    channel(switch).hand_back(CallRecord(call=a_call(), agent="Local/1,2@x"))
    assert switch.variables["SILENTSPAM_AGENT"] == "Local/1,2@x"
    assert not any("MSet" in command for command in switch.commands)


def test_a_rejection_is_handed_back_whole() -> None:
    told = handed_back(
        verdict=VerdictKind.CALLER_SILENCE,
        spam_probability=0.98765,
        decision=Decision.REJECT,
        challenge_result=ChallengeResult.FAILED,
        disposition=Disposition.REJECTED_CALLER_SILENCE,
        hangup_with="Q.850 21",
    )
    assert told == {
        "SILENTSPAM_VERDICT": "CALLER_SILENCE",
        "SILENTSPAM_PROBABILITY": "0.9877",
        "SILENTSPAM_CHALLENGE": "FAILED",
        "SILENTSPAM_DISPOSITION": "REJECTED_CALLER_SILENCE",
        "SILENTSPAM_HANGUP": "21",
        "SILENTSPAM_SCREENED": "1",
        "SILENTSPAM_ACTION": "REJECT",
    }


def test_a_blocked_call_can_be_ended_with_sip_603() -> None:
    told = handed_back(decision=Decision.REJECT, hangup_with="SIP 603")
    assert told["SILENTSPAM_HANGUP"] == "603"


def test_the_agent_of_the_number_called_is_handed_over_and_nothing_where_there_is_none() -> None:
    assert handed_back(agent="PJSIP/sales")["SILENTSPAM_AGENT"] == "PJSIP/sales"
    assert "SILENTSPAM_AGENT" not in handed_back(agent="")


def test_a_call_that_nothing_is_known_of_is_bridged() -> None:
    told = handed_back()
    assert told == {"SILENTSPAM_SCREENED": "1", "SILENTSPAM_ACTION": "BRIDGE"}


def leg_of(legs: Path | None, **known: object) -> str:
    switch = Switch(variables={})
    record = CallRecord(call=a_call(), **known)  # type: ignore[arg-type]
    channel(switch, legs=legs).hand_back(record)
    return switch.variables.get("SILENTSPAM_LEG", "")


def test_the_file_for_the_callers_side_is_named_by_our_own_id() -> None:
    assert leg_of(Path("/legs"), decision=Decision.BRIDGE) == f"/legs/{CALL_ID}.ulaw"


def test_no_callers_side_is_recorded_of_a_rejected_call_or_where_nobody_asked_for_it() -> None:
    assert leg_of(Path("/legs"), decision=Decision.REJECT) == ""
    assert leg_of(None, decision=Decision.BRIDGE) == ""


def test_a_side_is_recorded_from_the_challenge_on_and_not_a_second_time_by_the_dialplan() -> None:
    switch = Switch(variables={})
    ours = channel(switch, legs=Path("/legs"))
    ours.record_side(CALL_ID)
    ours.hand_back(CallRecord(call=a_call(), decision=Decision.BRIDGE))
    assert switch.commands[0] == f'EXEC MixMonitor ",r(/legs/{CALL_ID}.ulaw)"'
    assert "SILENTSPAM_LEG" not in switch.variables


def test_a_side_that_is_wanted_with_an_agent_alone_is_not_recorded_in_the_challenge() -> None:
    switch = Switch(variables={})
    wire = Wire(switch)
    ours = AgiChannel(AgiSession(wire, wire.writer), legs=Path("/legs"), challenge_too=False)  # type: ignore[arg-type]
    ours.record_side(CALL_ID)
    assert switch.commands == []
    ours.hand_back(CallRecord(call=a_call(), decision=Decision.BRIDGE))
    assert switch.variables["SILENTSPAM_LEG"] == f"/legs/{CALL_ID}.ulaw"


def test_no_side_is_recorded_where_nobody_asked_for_it() -> None:
    switch = Switch()
    channel(switch).record_side(CALL_ID)
    assert switch.commands == []


def test_without_mixmonitor_the_dialplan_tries_again() -> None:
    switch = Switch(variables={}, replies={"EXEC": b"200 result=-2\n"})
    ours = channel(switch, legs=Path("/legs"))
    with pytest.raises(ChannelError, match="MixMonitor"):
        ours.record_side(CALL_ID)
    ours.hand_back(CallRecord(call=a_call(), decision=Decision.BRIDGE))
    assert switch.variables["SILENTSPAM_LEG"].endswith(".ulaw")


def test_a_failed_screening_says_so() -> None:
    assert handed_back(failed_open=True, decision=Decision.BRIDGE)["SILENTSPAM_FAILED_OPEN"] == "1"


def test_a_report_can_be_made_after_the_caller_left() -> None:
    switch = Switch(dead=True)
    channel(switch).hand_back(CallRecord(call=a_call(), disposition=Disposition.SCREEN_ABANDON))
    assert switch.variables["SILENTSPAM_DISPOSITION"] == "SCREEN_ABANDON"


# --- the call ----------------------------------------------------------------------------------------------


def call(ani: str = "15550199", **environment: str) -> dict[str, object]:
    env = ENVIRONMENT | environment
    return vars(call_from_environment(env, call_id=CALL_ID, ani=ani, started_at=5.0))


def test_the_call_is_as_asterisk_announces_it() -> None:
    assert call() == {
        "call_id": CALL_ID,
        "started_at": 5.0,
        "uniqueid": "1700000000.1",
        "channel": "PJSIP/trunk-00000001",
        "ani": "15550199",
        "caller_id": "15550100",
        "caller_name": "Ada",
        "dnis": "5550200",
        "emergency": False,
    }


@pytest.mark.parametrize("place", ["agi_arg_1", "agi_arg_2", "agi_arg_3"])
def test_an_emergency_is_the_dialplans_word_at_any_place(place: str) -> None:
    assert call(**{place: "--emergency"})["emergency"] is True


@pytest.mark.parametrize("said", ["", "--emergency=1", "emergency", "--config=/etc/--emergency"])
def test_nothing_else_is_an_emergency(said: str) -> None:
    assert call(agi_arg_2=said, agi_callerid="--emergency")["emergency"] is False


def test_a_line_without_an_ani_has_the_caller_id_for_one() -> None:
    assert call(ani="")["ani"] == "15550100"


def test_unknown_is_nobodys_name_or_number() -> None:
    unknown = call(ani="", agi_callerid="unknown", agi_calleridname="unknown")
    assert (unknown["ani"], unknown["caller_id"], unknown["caller_name"]) == ("", "", "")


def test_a_line_without_a_dialled_number_has_the_extension_but_never_the_subroutines_own() -> None:
    assert call(agi_dnid="unknown", agi_extension="5550200")["dnis"] == "5550200"
    assert call(agi_dnid="unknown", agi_extension="s")["dnis"] == ""


def test_an_empty_environment_is_a_call_all_the_same() -> None:
    empty = call_from_environment({}, call_id=CALL_ID, ani="", started_at=5.0)
    assert (empty.call_id, empty.ani, empty.dnis) == (CALL_ID, "", "")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("Zoë 🤖 <b>", "Zoë 🤖 <b>"),
        ("a\0b\nc\rd\x1b[2J", "abcd[2J"),
        ("\u202eevil\u2028\x85\udc80", "evil"),
        ("x" * 10_000, "x" * 256),
        ("", ""),
    ],
)
def test_a_callers_text_is_kept_printable_and_short(text: str, kept: str) -> None:
    assert caller_text(text) == kept
