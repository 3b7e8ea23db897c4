"""What is decided before any audio: the order, each rule, and properties of all of them."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.call import GateCause, Mode
from silentspam.gate.file import Gate
from silentspam.gate.rules import decide, without_file, without_plus
from silentspam.gate.terms import DnisMode, DnisTerms, Listing, SwitchCause, SwitchState
from tests.gate.gates import ANI, CALLER_ID, DNIS, NOW, SETTINGS, a_call, a_gate, thrown

NEVER = None
OFF = thrown(SwitchState.OFF)
TERMS_OFF = DnisTerms(dnis=DNIS, mode=DnisMode.OFF)


def cause(gate: Gate, **own: object) -> GateCause | None:
    return decide(a_call(**own), gate, SETTINGS, now=NOW).cause


def mode_of(gate: Gate, mode: Mode = Mode.ENFORCE) -> tuple[Mode | None, str | None]:
    passage = decide(a_call(), gate, dataclasses.replace(SETTINGS, mode=mode), now=NOW)
    assert passage.cause is None
    return passage.mode, passage.mode_reason


def test_a_call_that_nothing_is_known_of_is_screened_as_configured() -> None:
    passage = decide(a_call(), a_gate(), SETTINGS, now=NOW)
    assert (passage.cause, passage.mode, passage.mode_reason, passage.agent) == (None, None, None, "")


def test_the_order_is_that_of_the_rules() -> None:
    """Everything holds at once; what decided is taken away, one after the other."""
    lists = {
        "listed": {ANI: (Listing.BLOCKED, NEVER), CALLER_ID: (Listing.PUBLIC_SAFETY, NEVER)},
        "passed": {ANI: NOW - 60},
        "dnis": (TERMS_OFF,),
    }
    called = {"emergency": True}
    assert cause(a_gate(OFF, **lists), **called) is GateCause.SWITCHED_OFF
    assert cause(a_gate(**lists), **called) is GateCause.EMERGENCY
    assert cause(a_gate(**lists)) is GateCause.PUBLIC_SAFETY
    lists["listed"] = {ANI: (Listing.BLOCKED, NEVER), CALLER_ID: (Listing.PERMITTED, NEVER)}
    assert cause(a_gate(**lists)) is GateCause.BLOCKED
    lists["listed"] = {CALLER_ID: (Listing.PERMITTED, NEVER)}
    assert cause(a_gate(**lists)) is GateCause.PERMITTED
    lists["listed"] = {}
    assert cause(a_gate(**lists)) is GateCause.PASSED
    lists["passed"] = {}
    assert cause(a_gate(**lists)) is GateCause.DNIS_OFF


@pytest.mark.parametrize("place", ["ani", "caller_id", "dnis"])
@pytest.mark.parametrize("number", ["911", "+112", "1-1-2"])
def test_an_emergency_number_is_never_screened_wherever_it_stands(place: str, number: str) -> None:
    assert cause(a_gate(), **{place: number}) is GateCause.EMERGENCY
    blocked = a_gate(listed={"911": (Listing.BLOCKED, NEVER), "112": (Listing.BLOCKED, NEVER)})
    assert cause(blocked, **{place: number}) is GateCause.EMERGENCY


def test_an_emergency_number_in_the_block_list_rejects_nobody_who_presents_it_beside_another() -> None:
    gate = a_gate(listed={"911": (Listing.BLOCKED, NEVER)})
    assert cause(gate, ani="2025550101", caller_id="911") is GateCause.EMERGENCY


@pytest.mark.parametrize("listing", list(Listing))
def test_a_listing_ends_when_it_expires(listing: Listing) -> None:
    assert cause(a_gate(listed={ANI: (listing, NOW + 1)})) is GateCause(listing)
    assert cause(a_gate(listed={ANI: (listing, NOW)})) is None
    assert cause(a_gate(listed={ANI: (listing, NOW - 1)})) is None


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.COLLECT])
def test_a_blocked_caller_is_only_noted_where_nobody_is_rejected(mode: Mode) -> None:
    gate = a_gate(listed={ANI: (Listing.BLOCKED, NEVER)})
    passage = decide(a_call(), gate, dataclasses.replace(SETTINGS, mode=mode), now=NOW)
    assert passage.cause is None
    assert "blocked" in str(passage.mode_reason)


def test_a_blocked_caller_is_only_noted_while_the_switch_or_the_number_called_says_shadow() -> None:
    listed = {ANI: (Listing.BLOCKED, NEVER)}
    assert cause(a_gate(thrown(SwitchState.SHADOW), listed=listed)) is None
    assert cause(a_gate(listed=listed, dnis=(DnisTerms(dnis=DNIS, mode=DnisMode.SHADOW),))) is None
    assert cause(a_gate(listed=listed, dnis=(DnisTerms(dnis="777", mode=DnisMode.SHADOW),))) is not None


def test_a_person_who_passed_is_permitted_for_the_configured_time_and_no_longer() -> None:
    gate = a_gate(passed={ANI: NOW - SETTINGS.trust_seconds + 1, "2025550109": NOW - SETTINGS.trust_seconds})
    assert cause(gate) is GateCause.PASSED
    assert cause(gate, ani="2025550109") is None
    assert decide(a_call(), gate, dataclasses.replace(SETTINGS, trust_seconds=0.0), now=NOW).cause is None


def test_a_clock_that_was_set_back_trusts_a_caller_all_the_same() -> None:
    assert cause(a_gate(passed={ANI: NOW + 3600})) is GateCause.PASSED


@pytest.mark.parametrize("withheld", ["", "anonymous", "0000000000", "266696687"])
def test_nobody_passes_for_a_withheld_number(withheld: str) -> None:
    gate = a_gate(passed=dict.fromkeys(("0000000000", "266696687"), NOW - 1))
    assert cause(gate, ani=withheld, caller_id=withheld) is None


def test_the_switch_in_shadow_takes_the_effect_from_a_screening_and_says_why() -> None:
    mode, reason = mode_of(a_gate(thrown(SwitchState.SHADOW)))
    assert mode is Mode.SHADOW
    assert "ada" in str(reason)
    mode, reason = mode_of(a_gate(thrown(SwitchState.SHADOW, cause=SwitchCause.GUARD)))
    assert mode is Mode.SHADOW
    assert "rate guard" in str(reason)


@pytest.mark.parametrize(
    ("configured", "own", "mode"),
    [
        (Mode.ENFORCE, DnisMode.SHADOW, Mode.SHADOW),
        (Mode.SHADOW, DnisMode.SCREEN, Mode.ENFORCE),
        (Mode.COLLECT, DnisMode.SHADOW, Mode.SHADOW),
        (Mode.COLLECT, DnisMode.SCREEN, None),
        (Mode.ENFORCE, DnisMode.SCREEN, None),
        (Mode.ENFORCE, None, None),
    ],
)
def test_a_number_called_has_a_mode_of_its_own(
    configured: Mode, own: DnisMode | None, mode: Mode | None
) -> None:
    gate = a_gate(dnis=(DnisTerms(dnis=DNIS, mode=own, agent="PJSIP/sales"),))
    found, reason = mode_of(gate, configured)
    assert found is mode
    assert (reason is not None) == (mode is not None)


def test_the_switch_counts_more_than_the_number_called() -> None:
    screen = (DnisTerms(dnis=DNIS, mode=DnisMode.SCREEN),)
    assert mode_of(a_gate(thrown(SwitchState.SHADOW), dnis=screen), Mode.SHADOW)[0] is Mode.SHADOW


def test_a_number_called_has_threshold_and_budget_of_its_own() -> None:
    terms = DnisTerms(dnis="+" + DNIS, threshold=0.9, max_false_challenge_rate=0.02)
    passage = decide(a_call(), a_gate(dnis=(terms,)), SETTINGS, now=NOW)
    assert (passage.threshold, passage.max_false_challenge_rate) == (0.9, 0.02)


@pytest.mark.parametrize("switch", [None, OFF])
def test_the_agent_of_the_number_called_takes_every_call_that_is_bridged(switch: object) -> None:
    own = (DnisTerms(dnis=DNIS, agent="PJSIP/sales"),)
    gate = a_gate(switch, listed={ANI: (Listing.PERMITTED, NEVER)}, dnis=own)  # type: ignore[arg-type]
    assert decide(a_call(), gate, SETTINGS, now=NOW).agent == "PJSIP/sales"


def test_without_a_file_a_call_is_screened_as_configured_and_emergencies_are_known() -> None:
    passage = without_file(a_call(), SETTINGS, "torn")
    assert (passage.cause, passage.mode) == (None, None)
    assert "torn" in str(passage.mode_reason)
    assert without_file(a_call(ani="911"), SETTINGS, "torn").cause is GateCause.EMERGENCY
    assert without_file(a_call(emergency=True), SETTINGS, "torn").cause is GateCause.EMERGENCY


def test_configured_emergency_numbers_are_compared_without_plus() -> None:
    assert without_plus(("+112", "911")) == {"112", "911"}


# --- properties ---------------------------------------------------------------------------------------------

NUMBERS = st.sampled_from(["", "911", "anonymous", ANI, "+" + ANI, CALLER_ID, DNIS, "0000000000", "1", "x\n"])
LISTED = st.dictionaries(
    st.sampled_from([ANI, "+" + ANI, CALLER_ID, "911", "1"]),
    st.tuples(st.sampled_from(list(Listing)), st.sampled_from([None, NOW - 5, NOW + 5])),
)
TERMS = st.lists(
    st.builds(DnisTerms, dnis=st.just(DNIS), mode=st.sampled_from([None, *DnisMode])), max_size=1
)
SWITCHES = st.one_of(st.none(), st.sampled_from(list(SwitchState)).map(thrown))
CALLS = st.builds(a_call, ani=NUMBERS, caller_id=NUMBERS, dnis=NUMBERS, emergency=st.booleans())
GATES = st.builds(
    lambda switch, listed, terms, passed: a_gate(switch, listed=listed, dnis=tuple(terms), passed=passed),
    SWITCHES,
    LISTED,
    TERMS,
    st.dictionaries(st.sampled_from([ANI, CALLER_ID]), st.sampled_from([NOW - 5, NOW - 90_000])),
)
MODES = st.sampled_from(list(Mode))


@given(CALLS, GATES, MODES)
def test_whoever_is_rejected_stands_in_the_block_list_and_nothing_excuses_it(
    call: object, gate: Gate, mode: Mode
) -> None:
    passage = decide(call, gate, dataclasses.replace(SETTINGS, mode=mode), now=NOW)  # type: ignore[arg-type]
    if passage.cause is not GateCause.BLOCKED:
        return
    assert mode in (Mode.ENFORCE, Mode.SHADOW)
    assert not call.emergency  # type: ignore[attr-defined]
    assert not {"911"} & {call.ani, call.caller_id, call.dnis}  # type: ignore[attr-defined]
    switch = gate.header.switch
    assert switch is None or switch.state is SwitchState.ON


@given(CALLS, GATES, MODES)
def test_off_bridges_everything(call: object, gate: Gate, mode: Mode) -> None:
    off = Gate(a_gate(OFF).header.__class__(**_counts(gate), switch=OFF), gate.body)
    settings = dataclasses.replace(SETTINGS, mode=mode)
    assert decide(call, off, settings, now=NOW).cause is GateCause.SWITCHED_OFF  # type: ignore[arg-type]


def _counts(gate: Gate) -> dict[str, int]:
    return {name: getattr(gate.header, name) for name in ("n_listed", "n_passed", "n_dnis")}


@given(CALLS, GATES, MODES)
def test_only_shadow_and_the_number_called_change_the_mode(call: object, gate: Gate, mode: Mode) -> None:
    passage = decide(call, gate, dataclasses.replace(SETTINGS, mode=mode), now=NOW)  # type: ignore[arg-type]
    assert passage.mode is not Mode.COLLECT
    if passage.mode is Mode.ENFORCE:
        assert mode is Mode.SHADOW
        assert gate.header.switch is None or gate.header.switch.state is SwitchState.ON
    if passage.mode is not None:
        assert passage.mode_reason
