"""A call that Asterisk keeps is sent on by the next one, if it is still that call."""

import pytest

from silentspam.agi.session import AgiSession
from silentspam.call import Call
from silentspam.errors import ChannelHangup
from silentspam.serve import stuck as module
from silentspam.serve.stuck import StuckCalls
from tests.fakes import Switch, Wire

KEPT = Call(call_id="a", started_at=0.0, uniqueid="pbx-100.8", channel="PJSIP/trunk-00000008")
ASKED = 'GET FULL VARIABLE "${UNIQUEID}|${CONTEXT}|${SILENTSPAM_AGI_STATUS}" "PJSIP/trunk-00000008"'
SENT_ON = 'EXEC ChannelRedirect "PJSIP/trunk-00000008,silentspam,T,1"'


def session(switch: Switch) -> AgiSession:
    wire = Wire(switch)
    return AgiSession(wire, wire.writer, ends_with_call=False)


def a_switch(uniqueid: str, place: str = "silentspam|") -> Switch:
    answer = f"200 result=1 ({uniqueid}|{place})\n" if uniqueid else "200 result=0\n"
    return Switch(replies={"GET FULL VARIABLE": answer.encode()})


def noted() -> StuckCalls:
    stuck = StuckCalls()
    stuck.note(KEPT)
    return stuck


def test_the_same_call_is_sent_on_once() -> None:
    stuck, switch = noted(), a_switch("pbx-100.8")
    assert stuck.free(session(switch)) == 1
    assert switch.commands == [ASKED, SENT_ON]
    assert stuck.free(session(switch)) == 0


@pytest.mark.parametrize("place", ["silentspam|FAILURE", "from-trunk|", "macro-dial|SUCCESS", ""])
def test_a_call_that_has_gone_on_by_itself_is_left_where_it_is(place: str) -> None:
    stuck, switch = noted(), a_switch("pbx-100.8", place)
    assert stuck.free(session(switch)) == 0
    assert switch.commands == [ASKED]
    assert stuck.free(session(a_switch("pbx-100.8"))) == 0


def test_another_call_of_that_channels_name_is_left_alone() -> None:
    stuck, switch = noted(), a_switch("pbx-200.8")
    assert stuck.free(session(switch)) == 0
    assert switch.commands == [ASKED]
    assert stuck.free(session(a_switch("pbx-100.8"))) == 0, "it is another call's for good"


def test_what_is_not_there_may_be_on_another_switch_and_is_asked_for_again() -> None:
    stuck = noted()
    assert stuck.free(session(a_switch(""))) == 0
    assert stuck.free(session(a_switch("pbx-100.8"))) == 1


def test_a_refusal_is_tried_again_and_a_hangup_goes_through() -> None:
    stuck = noted()
    refusing = a_switch("pbx-100.8")
    refusing.replies["EXEC"] = b"510 Invalid or unknown command\n"
    assert stuck.free(session(refusing)) == 0
    gone = a_switch("pbx-100.8")
    gone.replies["GET FULL VARIABLE"] = b"511 Command Not Permitted on a dead channel\n"
    with pytest.raises(ChannelHangup):
        stuck.free(session(gone))
    assert stuck.free(session(a_switch("pbx-100.8"))) == 1


def test_it_is_forgotten_when_nobody_can_be_waiting_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_SECONDS", -1.0)
    stuck = noted()
    assert stuck.free(session(a_switch(""))) == 0
    switch = a_switch("pbx-100.8")
    assert stuck.free(session(switch)) == 0
    assert switch.commands == []


@pytest.mark.parametrize("channel", ["", "PJSIP/a,b", 'PJSIP/"a', "PJSIP/a b", "${SHELL(x)}", "x" * 101])
def test_a_channels_name_that_could_say_more_is_never_sent(channel: str) -> None:
    stuck, switch = StuckCalls(), a_switch("pbx-100.8")
    stuck.note(Call(call_id="a", started_at=0.0, uniqueid="pbx-100.8", channel=channel))
    assert stuck.free(session(switch)) == 0
    assert switch.commands == []
