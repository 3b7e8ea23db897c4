"""The scenario table is complete and consistent, and mistakes in it are named."""

from pathlib import Path

import pytest
import yaml

from lab.ports import SCENARIOS
from lab.scenarios import ScenarioError, choose, load_scenarios
from lab.switchboard import switchboard

REQUIRED = [
    "speaking-caller-ends",
    "speaking-agent-ends",
    "dead-air-no-key",
    "dead-air-wrong-keys",
    "dead-air-second-attempt",
    "dead-air-early-key",
    "hangs-up-in-ivr",
    "hangs-up-while-recorded",
    "digital-silence",
    "no-rtp",
    "rtp-with-gaps",
    "quiet-human",
    "agent-does-not-answer",
    "leaves-ringing-agent",
    "agent-unreachable",
    "empty-queue",
    "model-missing",
    "agi-killed",
    "agi-not-executable",
    "database-unwritable",
    "disk-full",
    "explored-passes",
    "explored-fails",
    "digital-silence-unexplored",
    "collect-mode",
    "caller-leg",
    "caller-leg-silent",
    "caller-leg-unwritable",
    "permitted",
    "blocked",
    "blocked-603",
    "psap-callback",
    "emergency-called",
    "switched-off",
    "switched-to-shadow",
    "dnis-off",
    "dnis-own-agent",
    "trunk-mobile",
    "trunk-voip",
    "trunk-voip-dead-air",
    "caller-id-spoofed",
    "line-blocked",
    "line-blocked-at-once",
]
VALID = {
    "name": "one",
    "about": "a call",
    "caller": {"sends": "speech"},
    "agent": {"does": "answers"},
    "expect": {"disposition": "BRIDGED"},
}


def test_no_required_scenario_is_missing() -> None:
    assert set(REQUIRED) <= {scenario.name for scenario in load_scenarios()}


def test_every_scenario_expects_how_the_call_ended() -> None:
    for scenario in load_scenarios():
        assert {"disposition", "ended_by", "challenge_result", "failed_open"} <= set(scenario.expect), (
            scenario.label
        )


def test_no_two_scenarios_share_a_number() -> None:
    scenarios = load_scenarios()
    names = {scenario.name for scenario in scenarios}
    assert len({scenario.extension for scenario in scenarios}) == len(names) <= SCENARIOS
    assert len({(scenario.name, scenario.who) for scenario in scenarios}) == len({s.ani for s in scenarios})
    assert len({scenario.label for scenario in scenarios}) == len(scenarios)


def test_the_calls_of_a_sequence_come_in_order_and_from_new_numbers_unless_one_calls_again() -> None:
    calls = choose(load_scenarios(), ["new-attack"])
    assert [call.label for call in calls] == [f"new-attack/{place}" for place in range(1, len(calls) + 1)]
    person = [call.ani for call in calls if call.about.startswith(("a person", "the person"))]
    assert len(person) == 2
    assert len(set(person)) == 1
    assert len({call.ani for call in calls}) == len(calls) - 1


def test_what_stands_beside_the_calls_of_a_sequence_holds_for_each(tmp_path: Path) -> None:
    table = tmp_path / "sequences.yaml"
    call = {"about": "a call", "times": 2, "caller": VALID["caller"], "expect": VALID["expect"]}
    shared = {"name": "some", "agent": VALID["agent"], "config": {"mode": "shadow"}}
    table.write_text(yaml.safe_dump([VALID, {**shared, "calls": [call, {**call, "times": 1}]}]))
    one, *some = load_scenarios(table)
    assert (one.label, one.number) == ("one", 0)
    assert [(call.label, call.number) for call in some] == [("some/1", 1), ("some/2", 1), ("some/3", 1)]
    assert all(call.config == {"mode": "shadow"} for call in some)


def test_choosing_keeps_the_order_and_names_what_is_unknown() -> None:
    scenarios = load_scenarios()
    assert [s.name for s in choose(scenarios, ["no-rtp", "dead-air-no-key"])] == ["dead-air-no-key", "no-rtp"]
    assert choose(scenarios, []) == scenarios
    with pytest.raises(ScenarioError, match="no-such"):
        choose(scenarios, ["no-such"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"caller": {"sends": "speech", "does": "dances"}}, "dances"),
        ({"caller": {}}, "either sends"),
        ({"caller": {"sipp": "no_such.xml"}}, "no_such.xml"),
        ({"agent": {"does": "sleeps"}}, "sleeps"),
        ({"speech": "loud"}, "speech 'loud'"),
        ({"route": "carrier-pigeon"}, "carrier-pigeon"),
        ({"tone": "loud"}, "tone"),
        ({"expect": None, "caller": {"sings": "speech"}}, "sings"),
    ],
)
def test_a_mistake_is_named_with_its_scenario(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    table = tmp_path / "scenarios.yaml"
    table.write_text(yaml.safe_dump([{**VALID, **change}]))
    with pytest.raises(ScenarioError, match=f"scenario one: .*{message}"):
        load_scenarios(table)


def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "scenarios.yaml"
    table.write_text(yaml.safe_dump([VALID, VALID]))
    with pytest.raises(ScenarioError, match="one name"):
        load_scenarios(table)


class FixedPorts:
    sip = 5000
    dead = 5001

    def phones(self, scenario: int) -> int:
        return 6000 + scenario


def test_each_scenario_has_its_extension_its_agent_and_its_configuration() -> None:
    scenarios = load_scenarios()
    configs = {scenario.name: Path("/work") / scenario.name / "silentspam.yaml" for scenario in scenarios}
    parts = switchboard(scenarios, FixedPorts(), configs)  # type: ignore[arg-type]
    for scenario in scenarios:
        assert parts["INBOUND"].count(f"exten => {scenario.extension},1,NoOp({scenario.name})") == 1
        assert parts["INBOUND"].count(f"Set(SILENTSPAM_CONFIG={configs[scenario.name]})") == 1
        assert parts["AGENTS"].count(f"[agent-{scenario.extension}]") == 2
    away = next(scenario for scenario in scenarios if scenario.name == "agent-unreachable")
    assert (
        parts["AGENTS"].split(f"[agent-{away.extension}]")[2].split("[")[0].strip().endswith("transport=tcp")
    )


def test_the_command_line_is_told_a_scenarios_own_numbers() -> None:
    (scenario,) = choose(load_scenarios(), ["dnis-own-agent"])
    agent = f"PJSIP/agent-{scenario.extension}"
    told = tuple(scenario.told({}))
    assert told == (("lists", "dnis", "set", scenario.extension, "--agent", agent),)
    assert tuple(scenario.again().told({})) != told


def test_the_command_line_is_told_what_is_only_known_between_calls() -> None:
    story = choose(load_scenarios(), ["recording-replayed"])
    names = {"recording": "0123", "sounds": "/sounds"}
    assert [tuple(one.told(names)) for one in story if one.given] == [(("recordings", "confirm", "0123"),)]


def test_expectations_may_name_what_is_only_known_when_the_lab_runs() -> None:
    (scenario,) = choose(load_scenarios(), ["model-in-shadow"])
    expected = scenario.expecting({"other_model": "0123456789ab"}).expect
    assert expected["shadow_model_id"] == "0123456789ab"
    assert expected["failed_open"] == 0
    assert scenario.late_columns == ("shadow_model_id", "shadow_verdict")


def test_the_other_model_judges_alike_under_another_id(tmp_path: Path) -> None:
    from lab.models import SHIPPED, make_other_model
    from silentspam.model import load_model

    other, shipped = load_model(make_other_model(tmp_path / "other")), load_model(SHIPPED)
    assert other.model_id != shipped.model_id
    assert (other.forest.threshold == shipped.forest.threshold).all()


def test_every_state_of_a_registry_can_be_made() -> None:
    from lab.models import STATES
    from lab.scenarios import MODEL_STATES

    assert {"", *STATES} == set(MODEL_STATES)
