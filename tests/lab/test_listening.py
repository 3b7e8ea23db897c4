"""What the listener told of a call is held against the table; claims and sections come from the scenario."""

import dataclasses
import json
from pathlib import Path

import pytest
import yaml

from lab import listening, product
from lab.scenarios import Origin, ScenarioError, choose, load_scenarios
from silentspam.config import load_config
from silentspam.provenance.claim_files import load_claims

CALL = {"call_id": "0f8b7c9e", "ended_at": 120.0}
ALERT = "claim: the trunk mobile claims cellular; it is told with 0.02"
TOLD = {
    "fault": None,
    "signature": '["voip"]',
    "last_codec": "speex",
    "line_name": None,
    "line_score": None,
    "alerts": json.dumps([ALERT]),
    "analysed_at": 118.0,
}
SPOOFED = Origin(networks=("voip",), last_codec="speex", alerts=("claim",), live=True)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose listener said what it should."""
    (tmp_path / "listen.log").write_text(f'silentspam listen: alert: call_id="{CALL["call_id"]}"\n')
    monkeypatch.setattr(product, "silentspam", lambda *_, **__: f"alerts:\n  {ALERT[:30]}\n  {ALERT[30:]}\n")
    return tmp_path / "silentspam.yaml"


def test_nothing_is_wrong_with_what_the_table_says(config: Path) -> None:
    assert listening.faults(SPOOFED, TOLD, config, CALL) == ()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"networks": ("cellular",)}, "networks are voip, without cellular"),
        ({"last_codec": "gsm_fr"}, "the last codec is speex, not gsm_fr"),
        ({"line": "swindlers"}, "the line is None (score None), not swindlers"),
        ({"alerts": ()}, f"alerts are {ALERT}: not of no kind"),
        ({"alerts": ("blocked",)}, f"alerts are {ALERT}: not of blocked"),
    ],
)
def test_what_differs_is_said(config: Path, change: dict[str, object], fault: str) -> None:
    assert listening.faults(dataclasses.replace(SPOOFED, **change), TOLD, config, CALL) == (fault,)


def test_an_alert_that_nobody_is_told_of_is_a_fault(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (config.parent / "listen.log").write_text("silentspam listen: ready\n")
    monkeypatch.setattr(product, "silentspam", lambda *_, **__: "no alert\n")
    found = listening.faults(SPOOFED, TOLD, config, CALL)
    assert found == (f"`calls why` does not say {ALERT!r}", "no log line of the alert")


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        (None, "nothing was told of where the call came from within 30 s of its end"),
        (
            TOLD | {"fault": "empty: nothing was recorded"},
            "the call could not be listened to: empty: nothing was ",
        ),
        (TOLD | {"analysed_at": 121.0}, "told at 121.0, when the call was over at 120.0"),
    ],
)
def test_a_call_that_was_not_told_in_time_is_a_fault(
    config: Path, told: dict[str, object] | None, fault: str
) -> None:
    (found,) = listening.faults(SPOOFED, told, config, CALL)
    assert found.startswith(fault)


def test_what_was_told_is_said_in_few_words() -> None:
    assert listening.in_short(None) == ""
    assert listening.in_short(TOLD) == "voip, ALERT claim"
    known = TOLD | {
        "line_name": "swindlers",
        "signature": "[]",
        "alerts": '["blocked: by all", "blocked: here"]',
    }
    assert listening.in_short(known) == "unknown path, line swindlers, ALERT blocked"


def test_an_installation_that_listens_has_everything_in_its_own_folder(tmp_path: Path) -> None:
    first = choose(load_scenarios(), ["caller-id-spoofed"])[0]
    written = product.write_config(tmp_path, listening.sections(tmp_path, first), {})
    config = load_config(written)
    assert config.provenance.enabled
    for path in (config.provenance.folder, config.provenance.store, config.provenance.claims):
        assert str(path).startswith(str(tmp_path))
    assert str(config.collection.legs).startswith(str(tmp_path))
    assert load_claims(Path(str(config.provenance.claims))).trunks[0].name == "mobile"


def test_what_the_spoofed_calls_claim_is_theirs_at_both_attempts(tmp_path: Path) -> None:
    calls = choose(load_scenarios(), ["caller-id-spoofed"])
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump(dict(calls[0].claims)))
    table = load_claims(tmp_path / "claims.yaml")
    for call in (*calls, *(call.again() for call in calls)):
        kind = table.claims(ani=call.ani, trunk=call.trunk).number_type
        assert kind == ("fixed" if call.who else "mobile")


def test_a_mistake_in_an_origin_is_named(tmp_path: Path) -> None:
    entry = {
        "name": "one",
        "about": "a call",
        "caller": {"sends": "speech"},
        "agent": {"does": "answers"},
        "expect": {"disposition": "BRIDGED"},
        "origin": {"network": ["voip"]},
    }
    table = tmp_path / "scenarios.yaml"
    table.write_text(yaml.safe_dump([entry]))
    with pytest.raises(ScenarioError, match=r"scenario one: .*network"):
        load_scenarios(table)
