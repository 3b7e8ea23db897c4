"""The carrier's Asterisk and the product's agree on a trunk: its codec, its address, and who goes by it."""

import dataclasses
import re

import pytest

from lab.lossy import Border
from lab.scenarios import ScenarioError, choose, load_scenarios
from lab.trunks import TRUNKS, _outward, _routes, address_of, trunk_endpoints


def test_the_trunks_differ_in_their_codecs_and_come_from_addresses_of_their_own() -> None:
    text = trunk_endpoints(TRUNKS)
    assert len({trunk.codec for trunk in TRUNKS.values()}) == len(TRUNKS) >= 2
    for number, (name, trunk) in enumerate(TRUNKS.items()):
        assert f"[{name}]\ntype=endpoint" in text
        assert f"endpoint={name}\nmatch={address_of(number)}\n" in text
        assert re.search(rf"\[{name}\]\n(?:\w+=\S+\n)*?disallow=all\nallow={trunk.codec}\n", text)
    assert "match=127.0.0.1\n" not in text  # that is where phones and agents are


def test_the_carrier_sends_a_call_on_by_its_scenarios_trunk() -> None:
    scenarios = choose(load_scenarios(), ["trunk-mobile", "speaking-caller-ends"])
    by_trunk = next(scenario for scenario in scenarios if scenario.trunk)
    extension = by_trunk.extension
    assert by_trunk.dialled == f"mobile-{extension}"
    assert _routes(scenarios).startswith(f"exten => mobile-{extension},1,Dial(PJSIP/{extension}@mobile,")
    assert _routes(scenarios).count("exten =>") == 1


def test_the_calls_of_a_sequence_may_come_by_different_trunks() -> None:
    calls = choose(load_scenarios(), ["caller-id-spoofed"])
    assert {call.trunk for call in calls} == {"mobile", "voip"}
    assert len({call.extension for call in calls}) == 1
    for dialled in {call.dialled for call in calls}:
        assert _routes(calls).count(f"exten => {dialled},1,") == 1


def test_each_trunk_ends_at_its_border_for_the_carrier() -> None:
    borders = [
        Border(name=name, port=7000 + number, address=address_of(number), product=5060)
        for number, name in enumerate(TRUNKS)
    ]
    text = _outward(borders, TRUNKS)
    for border in borders:
        assert f"aors={border.name}\n" in text
        assert f"contact=sip:127.0.0.1:{border.port}\n" in text


def test_a_trunk_that_there_is_not_is_named() -> None:
    from lab.scenarios import _check

    (scenario,) = choose(load_scenarios(), ["trunk-mobile"])
    with pytest.raises(ScenarioError, match=r"trunk-mobile: trunk 'pigeon' is not one of mobile, voip"):
        _check(dataclasses.replace(scenario, trunk="pigeon"))
