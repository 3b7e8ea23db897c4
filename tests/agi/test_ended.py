"""How a call ended, as a table over what real Asterisk 22 reports (measured in the lab)."""

import uuid
from typing import Any

import pytest

from silentspam import variables
from silentspam.agi.ended import FACTS, call_end
from silentspam.call import CallEnd, Disposition, EndedBy
from tests.fakes import CALL_ID, ENVIRONMENT

OWN, PEER, PLAN = "PJSIP/trunk-00000001", "PJSIP/agent-00000002", "dialplan/builtin"
SCREENED = {variables.CALL_ID: CALL_ID, variables.SCREENED: "1", variables.AGI_STATUS: "SUCCESS"}
STARTED = {variables.STARTED_AT: "1700000000.250"}
ENDED_AT = 1_700_000_060.0

D, B = Disposition, EndedBy


def end(facts: dict[str, str], environment: dict[str, str] | None = None) -> CallEnd:
    known = STARTED | facts
    return call_end(environment or ENVIRONMENT, lambda name: known.get(name, ""), ended_at=ENDED_AT)


# what happened → what Asterisk says (beside a screening that reported back), disposition, who ended it
BRIDGES: dict[str, tuple[dict[str, str], Disposition, EndedBy | None]] = {
    "Dial, caller hangs up": (
        {"DIALSTATUS": "ANSWER", "ANSWEREDTIME": "12", "source": OWN, "HANGUPCAUSE": "16"},
        D.BRIDGED,
        B.CALLER,
    ),
    "Dial, agent hangs up": (
        {"DIALSTATUS": "ANSWER", "ANSWEREDTIME": "12", "source": PEER, "HANGUPCAUSE": "16"},
        D.BRIDGED,
        B.AGENT,
    ),
    "Dial, a talk of less than a second": (
        {"DIALSTATUS": "ANSWER", "ANSWEREDTIME": "0", "source": PEER},
        D.BRIDGED,
        B.AGENT,
    ),
    "Dial, nobody answers": (
        {"DIALSTATUS": "NOANSWER", "source": PLAN, "HANGUPCAUSE": "16"},
        D.BRIDGE_TIMEOUT,
        B.APP,
    ),
    "Dial, agent busy": (
        {"DIALSTATUS": "BUSY", "source": PLAN, "HANGUPCAUSE": "17"},
        D.BRIDGE_ABANDON,
        B.AGENT,
    ),
    "Dial, connection refused": (
        {"DIALSTATUS": "CONGESTION", "source": PLAN, "HANGUPCAUSE": "34"},
        D.BRIDGE_OUT_OF_SERVICE,
        B.APP,
    ),
    "Dial, agent not registered": (
        {"DIALSTATUS": "CHANUNAVAIL", "source": PLAN, "HANGUPCAUSE": "3"},
        D.BRIDGE_OUT_OF_SERVICE,
        B.APP,
    ),
    "Dial, caller leaves while it rings": (
        {"DIALSTATUS": "CANCEL", "source": OWN, "HANGUPCAUSE": "0"},
        D.BRIDGE_ABANDON,
        B.CALLER,
    ),
    "Queue, caller hangs up": (
        {"ANSWEREDTIME": "7", "source": OWN, "HANGUPCAUSE": "16"},
        D.BRIDGED,
        B.CALLER,
    ),
    "Queue, agent hangs up": ({"ANSWEREDTIME": "7", "source": PEER}, D.BRIDGED, B.AGENT),
    "Queue with c, agent hangs up": (
        {"QUEUESTATUS": "CONTINUE", "ANSWEREDTIME": "7", "source": PEER},
        D.BRIDGED,
        B.AGENT,
    ),
    "Queue, nobody answers": (
        {"QUEUESTATUS": "TIMEOUT", "ANSWEREDTIME": "0", "source": PLAN},
        D.BRIDGE_TIMEOUT,
        B.APP,
    ),
    "Queue, empty": ({"QUEUESTATUS": "JOINEMPTY", "source": PLAN}, D.NO_ELIGIBLE_AGENTS, B.APP),
    "Queue, agents go home": ({"QUEUESTATUS": "LEAVEEMPTY", "source": PLAN}, D.NO_ELIGIBLE_AGENTS, B.APP),
    "Queue, full": ({"QUEUESTATUS": "FULL", "source": PLAN}, D.NO_ELIGIBLE_AGENTS, B.APP),
    "Queue, caller leaves while it rings": (
        {"ANSWEREDTIME": "0", "source": OWN, "HANGUPCAUSE": "0"},
        D.BRIDGE_ABANDON,
        B.CALLER,
    ),
    "Queue after a busy Dial, caller hangs up": (
        {"DIALSTATUS": "BUSY", "ANSWEREDTIME": "7", "source": OWN},
        D.BRIDGED,
        B.CALLER,
    ),
    "Dial busy, then the caller leaves voicemail": (
        {"DIALSTATUS": "BUSY", "source": OWN},
        D.BRIDGE_ABANDON,
        B.CALLER,
    ),
    "bridged by our own contexts": (
        {variables.BRIDGED_AT: "1700000010.5", "source": PEER},
        D.BRIDGED,
        B.AGENT,
    ),
    "nothing is known": ({}, D.BRIDGE_ABANDON, None),
}


@pytest.mark.parametrize("what", BRIDGES)
def test_a_screened_call_ended_as_asterisk_says(what: str) -> None:
    facts, disposition, ended_by = BRIDGES[what]
    facts = {("CHANNEL(hangupsource)" if name == "source" else name): value for name, value in facts.items()}
    ended = end(SCREENED | facts)
    assert (ended.disposition, ended.ended_by) == (disposition, ended_by)
    assert (ended.failed_open, ended.failed_open_cause) == (False, None)
    assert ended.call.call_id == CALL_ID


# the screener's end → AGISTATUS, SCREENED, more facts; disposition, failed_open
SCREENINGS: dict[str, tuple[dict[str, str], Disposition, bool]] = {
    "the caller left while being recorded, and the screener was killed": (
        {"AGI": "HANGUP", "source": OWN},
        D.SCREEN_ABANDON,
        False,
    ),
    "the caller left before the screening began": ({"AGI": "", "source": OWN}, D.SCREEN_ABANDON, False),
    "script missing, bridged": (
        {"AGI": "NOTFOUND", "DIALSTATUS": "ANSWER", "ANSWEREDTIME": "3", "source": OWN},
        D.BRIDGED,
        True,
    ),
    "script killed, bridged": (
        {"AGI": "FAILURE", "DIALSTATUS": "ANSWER", "ANSWEREDTIME": "3", "source": PEER},
        D.BRIDGED,
        True,
    ),
    "script that says nothing, bridged": (
        {"AGI": "SUCCESS", "DIALSTATUS": "ANSWER", "ANSWEREDTIME": "3", "source": PEER},
        D.BRIDGED,
        True,
    ),
    "script killed, nobody answers": (
        {"AGI": "FAILURE", "DIALSTATUS": "NOANSWER", "source": PLAN},
        D.BRIDGE_TIMEOUT,
        True,
    ),
    "script killed, the caller leaves while the queue rings": (
        {"AGI": "FAILURE", "ANSWEREDTIME": "0", "source": OWN},
        D.BRIDGE_ABANDON,
        True,
    ),
    "AGISTATUS unset, yet bridged": (
        {"AGI": "", "DIALSTATUS": "ANSWER", "source": OWN},
        D.BRIDGED,
        True,
    ),
}


@pytest.mark.parametrize("what", SCREENINGS)
def test_a_screener_that_never_reported_back_failed_open_unless_the_caller_left_it(what: str) -> None:
    facts, disposition, failed_open = SCREENINGS[what]
    names = {"AGI": variables.AGI_STATUS, "source": "CHANNEL(hangupsource)"}
    ended = end({names.get(name, name): value for name, value in facts.items()})
    assert (ended.disposition, ended.failed_open) == (disposition, failed_open)
    assert bool(ended.failed_open_cause) == failed_open
    if failed_open:
        assert f"AGISTATUS {facts['AGI'] or 'unknown'}" in str(ended.failed_open_cause)


def test_without_the_agi_application_a_call_that_nobody_answers_failed_open() -> None:
    ended = end({"DIALSTATUS": "NOANSWER"})
    assert (ended.disposition, ended.failed_open) == (D.BRIDGE_TIMEOUT, True)


def test_what_the_screener_found_is_repeated_for_the_case_that_its_own_half_is_lost() -> None:
    found = {
        variables.VERDICT: "CALLER_SILENCE",
        variables.PROBABILITY: "0.9312",
        variables.CHALLENGE: "PASSED",
    }
    ended = end(SCREENED | found | {variables.FAILED_OPEN: "1", "DIALSTATUS": "ANSWER"})
    assert (ended.verdict, ended.spam_probability, ended.challenge_result) == (
        "CALLER_SILENCE",
        0.9312,
        "PASSED",
    )
    assert ended.failed_open
    assert end(SCREENED | {variables.VERDICT: "UNHEARD_OF"}).verdict is None


@pytest.mark.parametrize(
    ("noted", "source", "ended_by"),
    [
        (D.REJECTED_CALLER_SILENCE, PLAN, B.APP),
        (D.REJECTED_CALLER_SILENCE, OWN, B.CALLER),
        (D.IVR_ABANDON, OWN, B.CALLER),
        (D.SCREEN_ABANDON, OWN, B.CALLER),
    ],
)
def test_what_the_screener_decided_stands_though_it_was_killed_before_it_could_log(
    noted: Disposition, source: str, ended_by: EndedBy
) -> None:
    ended = end(SCREENED | {variables.DISPOSITION: noted.value, "CHANNEL(hangupsource)": source})
    assert (ended.disposition, ended.ended_by, ended.failed_open) == (noted, ended_by, False)


def test_a_noted_disposition_that_does_not_exist_is_no_disposition() -> None:
    assert end(SCREENED | {variables.DISPOSITION: "REJECTED_BY_FATE"}).disposition is D.BRIDGE_ABANDON


# --- times -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "bridged_at"),
    [
        ({variables.BRIDGED_AT: "1700000010.5", "ANSWEREDTIME": "3"}, 1_700_000_010.5),
        # Asterisk counts it from our answer of the caller: it tells that there was a bridge, not when.
        ({"ANSWEREDTIME": "12"}, None),
        ({"ANSWEREDTIME": "0"}, None),
        ({variables.BRIDGED_AT: "soon"}, None),
        ({variables.BRIDGED_AT: "nan", "ANSWEREDTIME": "inf"}, None),
        ({"ANSWEREDTIME": "-5"}, None),
        ({}, None),
    ],
)
def test_the_moment_of_the_bridge(facts: dict[str, str], bridged_at: float | None) -> None:
    assert end(SCREENED | facts).bridged_at == bridged_at


def test_a_call_whose_beginning_was_not_noted_began_no_later_than_it_ended() -> None:
    assert end({variables.STARTED_AT: ""}).call.started_at == ENDED_AT
    assert end({}).call.started_at == 1_700_000_000.25


@pytest.mark.parametrize(
    ("text", "cause"), [("16", 16), ("0", 0), ("", None), ("-1", None), ("x", None), ("²", None)]
)
def test_the_hangup_cause_is_a_number_or_unknown(text: str, cause: int | None) -> None:
    assert end({"HANGUPCAUSE": text}).hangup_cause == cause


# --- whose row it is ---------------------------------------------------------------------------------------


def test_without_the_screeners_id_the_same_call_gives_the_same_id_again() -> None:
    first, again = end({}), end({variables.CALL_ID: "not an id"})
    assert first.call.call_id == again.call.call_id
    assert str(uuid.UUID(first.call.call_id)) == first.call.call_id


def test_two_calls_never_share_an_id() -> None:
    ids = {
        end({variables.STARTED_AT: started}, ENVIRONMENT | {"agi_uniqueid": unique}).call.call_id
        for started in ("1.0", "2.0")
        for unique in ("1.1", "1.2")
    }
    assert len(ids) == 4


@pytest.mark.parametrize("noted", [CALL_ID.upper(), "{" + CALL_ID + "}", f"urn:uuid:{CALL_ID}"])
def test_an_id_is_put_into_its_one_form(noted: str) -> None:
    assert end({variables.CALL_ID: noted}).call.call_id == CALL_ID


def test_every_fact_that_is_asked_for_is_listed() -> None:
    asked: set[str] = set()

    def get(name: str) -> str:
        asked.add(name)
        return ""

    call_end(ENVIRONMENT, get, ended_at=ENDED_AT)
    assert asked == set(FACTS) | {"CALLERID(ANI)"}


@pytest.mark.parametrize("garbage", ["", "\0", "\n", "x" * 10_000, "🤖", "-1", "1e999", "nan", "${X}"])
def test_garbage_in_every_variable_is_a_call_that_ended(garbage: str) -> None:
    ended: Any = call_end({}, lambda name: garbage, ended_at=ENDED_AT)
    assert ended.disposition in Disposition
    assert uuid.UUID(ended.call.call_id)
    assert ended.call.ani.isprintable()
