"""How a call ended, over the hangup event of every recorded session of a real FreeSWITCH, and variations.

No FreeSWITCH runs here. A variation changes variables of a recorded event to what was measured, or read in
FreeSWITCH's source where the table says so.
"""

import uuid
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam import variables
from silentspam.call import CallEnd, Disposition, EndedBy
from silentspam.freeswitch.ended import call_end, was_counted
from silentspam.freeswitch.frames import Headers
from tests.fakes import CALL_ID
from tests.freeswitch.recorded import NAMES, said

D, B = Disposition, EndedBy
HEARD_AT = 1_800_000_000.0
STARTED = {variables.STARTED_AT: "1795305000"}
SCREENED = {variables.CALL_ID: CALL_ID, variables.SCREENED: "1", **STARTED}


def hangups(name: str) -> list[bytes]:
    """The hangup events of a recording, the caller's leg first."""
    return [frame.body for frame in said(name) if b"Event-Name: CHANNEL_HANGUP_COMPLETE\n" in frame.body]


def event(name: str, facts: dict[str, str]) -> Headers:
    """The caller's hangup event with these variables, and headers where there is a dash; "" takes one off."""
    changed = {(fact if "-" in fact else f"variable_{fact}"): value for fact, value in facts.items()}
    kept = [line for line in hangups(name)[0].decode().splitlines() if line.partition(": ")[0] not in changed]
    added = [f"{fact}: {quote(value)}" for fact, value in changed.items() if value]
    return Headers("\n".join([*kept, *added]).encode())


def end(name: str, facts: dict[str, str]) -> CallEnd:
    found = call_end(event(name, facts), heard_at=HEARD_AT)
    assert found is not None
    return found


# --- as recorded -------------------------------------------------------------------------------------------

# recording → what became of the call where the screener reported, by whom, Q.850
RECORDED: dict[str, tuple[Disposition, EndedBy, int]] = {
    "bridged_human": (D.BRIDGED, B.AGENT, 16),
    "bridged_human_caller_hangs": (D.BRIDGED, B.CALLER, 16),
    "ivr_pass_bridged": (D.BRIDGED, B.AGENT, 16),
    "ivr_early_digit": (D.BRIDGED, B.AGENT, 16),
    "inbound_esl_park": (D.BRIDGED, B.CALLER, 16),
    "agent_busy": (D.BRIDGE_ABANDON, B.AGENT, 16),
    "agent_no_answer": (D.BRIDGE_TIMEOUT, B.APP, 16),
    "failed_ivr_no_digit": (D.REJECTED_CALLER_SILENCE, B.APP, 21),
    "failed_ivr_wrong_digit": (D.REJECTED_CALLER_SILENCE, B.APP, 21),
    "no_rtp": (D.REJECTED_CALLER_SILENCE, B.APP, 16),
    "hangup_mid_record": (D.SCREEN_ABANDON, B.CALLER, 16),
    "caller_cancels_before_answer": (D.SCREEN_ABANDON, B.CALLER, 16),
}
REJECTED = ("failed_ivr_no_digit", "failed_ivr_wrong_digit", "no_rtp")
LEFT = ("hangup_mid_record", "caller_cancels_before_answer")


def test_every_recording_with_a_hangup_is_in_the_table() -> None:
    assert {name for name in NAMES if hangups(name)} == set(RECORDED)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_call_ended_as_it_did(name: str) -> None:
    facts = STARTED | {variables.CALL_ID: CALL_ID} if name in LEFT else SCREENED
    if name in REJECTED:
        facts = facts | {variables.DISPOSITION: D.REJECTED_CALLER_SILENCE.value}
    ended = end(name, facts)
    assert (ended.disposition, ended.ended_by, ended.hangup_cause) == RECORDED[name]
    assert (ended.failed_open, ended.call.call_id, ended.call.ani) == (False, CALL_ID, "5551234")
    assert was_counted(event(name, facts)) == (name in LEFT)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_call_whose_screener_never_reported_failed_open_unless_the_caller_left_it(
    name: str,
) -> None:
    begun, never = end(name, STARTED | {variables.CALL_ID: CALL_ID}), end(name, STARTED)
    assert begun.failed_open == never.failed_open == (name not in LEFT)
    if begun.failed_open:
        assert begun.failed_open_cause == "the screener did not report back: it had begun with the call"
        assert never.failed_open_cause == "the screener did not report back: it never had the call"
    assert not was_counted(event(name, STARTED))


def test_times_are_those_of_the_event_in_seconds() -> None:
    ended = end("bridged_human", SCREENED)
    assert ended.call.started_at == 1_795_305_173.006506
    assert ended.bridged_at == 1_795_305_175.546503
    assert ended.ended_at == 1_795_305_177.566519
    assert end("agent_busy", SCREENED).bridged_at is None


def test_a_call_that_was_transferred_keeps_the_number_that_was_dialled() -> None:
    """The guard is such a transfer: from then on the destination is its extension."""
    assert end("inbound_esl_park", SCREENED).call.dnis == "2010"
    assert end("bridged_human", SCREENED | {"Caller-RDNIS": "77"}).call.dnis == "2000"


def test_an_agent_s_leg_is_no_call_of_ours_though_it_bears_our_variables() -> None:
    _, agents = hangups("inbound_esl_park")
    ours = b"".join(f"variable_{name}: {value}\n".encode() for name, value in SCREENED.items())
    assert call_end(Headers(agents + b"\n" + ours), heard_at=HEARD_AT) is None


@pytest.mark.parametrize("name", RECORDED)
def test_a_call_that_has_none_of_our_variables_is_not_ours(name: str) -> None:
    assert call_end(event(name, {}), heard_at=HEARD_AT) is None


# --- the fate of the bridge --------------------------------------------------------------------------------

AGENT_AWAY = "agent_no_answer"
QUEUED = {"DIALSTATUS": "", "originate_disposition": "", "cc_queue": "support@default", "cc_cause": "cancel"}
BYE, CANCEL = {"sip_hangup_disposition": "recv_bye"}, {"sip_hangup_disposition": "recv_cancel"}

# what happened → variables, disposition, by whom
FATES: dict[str, tuple[dict[str, str], Disposition, EndedBy | None]] = {
    "603": ({"DIALSTATUS": "DONTCALL"}, D.BRIDGE_ABANDON, B.AGENT),
    "486": ({"DIALSTATUS": "BUSY"}, D.BRIDGE_ABANDON, B.AGENT),
    "404": ({"DIALSTATUS": "UNALLOCATED_NUMBER"}, D.BRIDGE_OUT_OF_SERVICE, B.APP),
    "nobody there": ({"DIALSTATUS": "NORMAL_TEMPORARY_FAILURE"}, D.BRIDGE_OUT_OF_SERVICE, B.APP),
    "480 (src)": ({"DIALSTATUS": "NO_USER_RESPONSE"}, D.BRIDGE_TIMEOUT, B.APP),
    "not registered (src)": ({"DIALSTATUS": "USER_NOT_REGISTERED"}, D.BRIDGE_OUT_OF_SERVICE, B.APP),
    "no such endpoint (src)": ({"DIALSTATUS": "INVALIDARGS"}, D.BRIDGE_OUT_OF_SERVICE, B.APP),
    "ringing without progress (src)": ({"DIALSTATUS": "PROGRESS_TIMEOUT"}, D.BRIDGE_TIMEOUT, B.APP),
    "an agent that answers and is gone (src)": ({"DIALSTATUS": "NORMAL_CLEARING"}, D.BRIDGE_ABANDON, B.APP),
    "the caller leaves while it rings": ({"DIALSTATUS": "CANCEL", **BYE}, D.BRIDGE_ABANDON, B.CALLER),
    "the same before the answer": ({"DIALSTATUS": "CANCEL", **CANCEL}, D.BRIDGE_ABANDON, B.CALLER),
    "busy, then the caller leaves the voicemail": ({"DIALSTATUS": "BUSY", **BYE}, D.BRIDGE_ABANDON, B.CALLER),
    "refused before the answer": (
        {"DIALSTATUS": "NOANSWER", "sip_hangup_disposition": "send_refuse"},
        D.BRIDGE_TIMEOUT,
        B.APP,
    ),
    "the cause alone is there": (
        {"DIALSTATUS": "", "originate_disposition": "USER_BUSY"},
        D.BRIDGE_ABANDON,
        B.AGENT,
    ),
    "bridged, then the dialplan went on": ({"DIALSTATUS": "SUCCESS"}, D.BRIDGED, B.AGENT),
    "bridged, then cut by sched_hangup (src)": (
        {"DIALSTATUS": "SUCCESS", "hangup_cause": "ALLOTTED_TIMEOUT"},
        D.BRIDGED,
        B.APP,
    ),
    "bridged, the caller's RTP was lost (src)": (
        {"DIALSTATUS": "SUCCESS", "hangup_cause": "MEDIA_TIMEOUT"},
        D.BRIDGED,
        B.APP,
    ),
    "queue: nobody in time (src)": (
        {**QUEUED, "cc_cancel_reason": "TIMEOUT"},
        D.BRIDGE_TIMEOUT,
        B.APP,
    ),
    "queue: no agent there (src)": (
        {**QUEUED, "cc_cancel_reason": "NO_AGENT_TIMEOUT"},
        D.NO_ELIGIBLE_AGENTS,
        B.APP,
    ),
    "queue: the caller leaves (src)": (
        {**QUEUED, "cc_cancel_reason": "BREAK_OUT", **BYE},
        D.BRIDGE_ABANDON,
        B.CALLER,
    ),
    "queue: answered, the agent hangs up (src)": ({**QUEUED, "cc_cause": "answered"}, D.BRIDGED, B.AGENT),
    "queue: answered, the caller hangs up (src)": (
        {**QUEUED, "cc_cause": "answered", **BYE},
        D.BRIDGED,
        B.CALLER,
    ),
    "queue after a busy bridge (src)": (
        {"DIALSTATUS": "BUSY", "cc_queue": "support@default", "cc_cancel_reason": "NO_AGENT_TIMEOUT"},
        D.NO_ELIGIBLE_AGENTS,
        B.AGENT,
    ),
    "no SIP": ({"sip_hangup_disposition": ""}, D.BRIDGE_TIMEOUT, None),
}


@pytest.mark.parametrize("what", FATES)
def test_the_fate_of_a_bridge(what: str) -> None:
    facts, disposition, ended_by = FATES[what]
    screened, alone = end(AGENT_AWAY, SCREENED | facts), end(AGENT_AWAY, STARTED | facts)
    assert (screened.disposition, screened.ended_by, screened.failed_open) == (disposition, ended_by, False)
    # Whoever is dialled without a word of the screener's was not screened.
    assert (alone.disposition, alone.ended_by, alone.failed_open) == (disposition, ended_by, True)


@pytest.mark.parametrize("word", [D.IVR_ABANDON, D.SCREEN_ABANDON, D.REJECTED_BLOCKED])
def test_what_the_screener_decided_stands_though_it_was_killed_before_it_could_log(word: Disposition) -> None:
    assert end("no_rtp", SCREENED | {variables.DISPOSITION: word.value}).disposition == word


def test_a_noted_disposition_that_does_not_exist_is_no_disposition() -> None:
    facts = SCREENED | {variables.DISPOSITION: "REJECTED_BY_FATE"}
    assert end("no_rtp", facts).disposition is D.BRIDGE_ABANDON


def test_what_the_screener_found_is_repeated_for_the_case_that_its_own_half_is_lost() -> None:
    found = {
        variables.VERDICT: "CALLER_SILENCE",
        variables.PROBABILITY: "0.9312",
        variables.CHALLENGE: "PASSED",
        variables.FAILED_OPEN: "1",
    }
    ended = end("ivr_pass_bridged", SCREENED | found)
    assert (ended.verdict, ended.spam_probability, ended.challenge_result) == (
        "CALLER_SILENCE",
        0.9312,
        "PASSED",
    )
    assert ended.failed_open_cause == "the screener said so; its own row has the cause"


# --- whose row it is, and hostile values -------------------------------------------------------------------


def test_without_the_screeners_id_the_same_call_gives_the_same_id_again() -> None:
    first, again = end("no_rtp", STARTED), end("no_rtp", STARTED | {variables.CALL_ID: "not an id"})
    assert first.call.call_id == again.call.call_id == str(uuid.UUID(first.call.call_id))
    assert first.call.call_id != end("agent_busy", STARTED).call.call_id


def test_an_event_without_times_ended_when_it_was_heard() -> None:
    facts = dict.fromkeys(("Caller-Channel-Hangup-Time", "Caller-Channel-Created-Time"), "soon")
    ended = end("no_rtp", STARTED | facts)
    assert (ended.ended_at, ended.call.started_at) == (HEARD_AT, 1_795_305_000.0)


def test_texts_of_a_caller_s_are_fit_for_the_log() -> None:
    evil = "x\ny\r\0" + "z" * 9999
    ended = end("no_rtp", STARTED | {"Caller-ANI": evil, "Caller-Caller-ID-Name": evil, "Unique-ID": evil})
    for text in (ended.call.ani, ended.call.caller_name, ended.call.uniqueid):
        assert text.isprintable()
        assert len(text) <= 256


VALUES = st.sampled_from(["", "0", "1", "send_bye", "recv_bye", "SUCCESS", "nan", "9" * 400, "²", "%", "%0A"])


@given(
    st.dictionaries(st.sampled_from(sorted({*FATES["603"][0], *SCREENED, "cc_queue", "cc_cause"})), VALUES)
)
def test_whatever_the_variables_hold_a_call_of_ours_has_an_end(facts: dict[str, str]) -> None:
    ended = end("bridged_human", {**facts, **STARTED})
    assert ended.disposition in set(Disposition)
    assert uuid.UUID(ended.call.call_id)


@given(st.binary(max_size=400))
def test_whatever_an_event_holds_reading_it_does_not_fail(content: bytes) -> None:
    ours = b"variable_SILENTSPAM_STARTED_AT: 1795305000\n"
    for event in (content, ours + content, content + b"\n" + ours):
        ended = call_end(Headers(event), heard_at=HEARD_AT)
        assert ended is None or ended.disposition in set(Disposition)


# --- early media -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "disposition"),
    [("NO_ANSWER", D.BRIDGE_TIMEOUT), ("ORIGINATOR_CANCEL", D.BRIDGE_ABANDON), ("", D.BRIDGE_ABANDON)],
)
def test_an_agent_who_only_rang_with_early_media_was_not_bridged(
    cause: str, disposition: Disposition
) -> None:
    """FreeSWITCH joins the two at the agent's 183, and calls that a success."""
    facts = SCREENED | {"Other-Leg-Channel-Answered-Time": "0", "bridge_hangup_cause": cause}
    ended = end("bridged_human_caller_hangs", facts)
    assert (ended.disposition, ended.bridged_at) == (disposition, None)
