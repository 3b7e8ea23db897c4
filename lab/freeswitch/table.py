"""The lab's scenarios as FreeSWITCH can have them: what is left out and why, and what is different there."""

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

from lab.scenarios import TABLES, Scenario, load_scenarios

OWN = Path(__file__).with_name("scenarios.yaml")
"""What only FreeSWITCH is asked: faults of its event socket."""
ASTERISKS_PROMPTS = ("{work}/no-such-folder", "{empty_prompts}")

REFUSED = {
    "blocked": '486 Busy Here; Q.850;cause=17;text="USER_BUSY"',
    "blocked-603": '603 Decline; Q.850;cause=21;text="CALL_REJECTED"',
}
"""How FreeSWITCH words a refusal: hangup_cause_to_sip and Reason of mod_sofia (read, not measured)."""


def load() -> tuple[Scenario, ...]:
    """Every scenario of the lab's tables, and those of FreeSWITCH alone. Raises ScenarioError."""
    return tuple(map(adapted, load_scenarios(*TABLES, OWN)))


def adapted(scenario: Scenario) -> Scenario:
    """The scenario with what is different at FreeSWITCH."""
    if (refused := REFUSED.get(scenario.name)) is None:
        return scenario
    return dataclasses.replace(scenario, hears=dataclasses.replace(scenario.hears, refused=refused))


def runnable(scenarios: Sequence[Scenario], *, attached: bool) -> tuple[Scenario, ...]:
    """Those that can be placed."""
    reasons = left_out(scenarios, attached=attached)
    return tuple(scenario for scenario in scenarios if scenario.name not in reasons)


def left_out(scenarios: Iterable[Scenario], *, attached: bool) -> dict[str, str]:
    """Why a scenario cannot be placed, by its name; a sequence is left out whole.

    attached: with a FreeSWITCH that is not the lab's own.
    """
    reasons: dict[str, str] = {}
    for scenario in scenarios:
        if reason := _reason(scenario, attached=attached):
            reasons.setdefault(scenario.name, reason)
    return reasons


def _reason(scenario: Scenario, *, attached: bool) -> str:
    challenge = scenario.config.get("challenge", {})
    told_an_agent = any("--agent" in line for line in scenario.given)
    cases = (
        (not scenario.can_be_resident, "it is about Asterisk's AGI scripts"),
        (scenario.route == "own_dial", "it is about Asterisk's Gosub: here every bridge is the admin's own"),
        (scenario.route == "queue", "it is about a queue, and mod_callcenter is not among the lab's modules"),
        (bool(scenario.trunk), "it comes by a trunk of GSM or Speex, whose modules are not among the lab's"),
        (challenge.get("prompts") in ASTERISKS_PROMPTS, "it is about prompts that only Asterisk has"),
        (attached and told_an_agent, "it needs a user in FreeSWITCH's directory"),
        (
            attached and scenario.trouble == "small_disk",
            "its small disk is the lab's own processes' alone",
        ),
    )
    return next((reason for applies, reason in cases if applies), "")
