"""Store and claims as a listener meets them: absent, changed meanwhile, broken; none of it costs a row."""

import json
from pathlib import Path

import pytest
import yaml

from silentspam.audio import Recording
from silentspam.listening.hearing import trunk_of
from silentspam.listening.words import told
from silentspam.provenance.analysis import examine
from silentspam.provenance.fingerprint import Fingerprint
from silentspam.provenance.line_store import LineStore
from tests.listening.desk import DNIS, Office, contradiction
from tests.provenance.sounds import voice

SPOKEN = voice(6.0)


@pytest.fixture(scope="module")
def fingerprint() -> Fingerprint:
    found = examine(Recording(SPOKEN[:40_000])).fingerprint
    assert found is not None
    return found


def heard(office: Office) -> dict[str, object]:
    """The row of one more call on the same line."""
    call_id = office.call()
    office.side(call_id, SPOKEN)
    office.turn()
    row = office.table.of_call(call_id)
    assert row is not None
    return dict(row)


def test_without_a_store_no_line_is_known_and_nothing_is_wrong(tmp_path: Path) -> None:
    office = Office(tmp_path)
    row = heard(office)
    assert (row["line_name"], row["alerts"], row["reasons"]) == (None, None, None)
    assert office.service.healthy


def test_a_line_that_was_blocked_a_moment_ago_is_told_of(tmp_path: Path, fingerprint: Fingerprint) -> None:
    office = Office(tmp_path)
    assert heard(office)["line_name"] is None
    store = LineStore(Path(office.config.provenance.store))
    store.enrol("boiler room", [fingerprint])
    row = heard(office)
    assert (row["line_name"], row["line_listing"], row["alerts"]) == ("boiler room", "none", None)
    store.block("boiler room", note="they sell what they do not have")
    row = heard(office)
    assert row["line_listing"] == "blocked"
    (alert,) = json.loads(str(row["alerts"]))
    assert alert.startswith("blocked: line boiler room is blocked: they sell")
    store.mark_fraud("boiler room", "some-call", "confirmed")
    row = heard(office)
    assert row["line_listing"] == "fraud"
    assert len(json.loads(str(row["alerts"]))) == 2
    assert [event["line"] for event in office.events("alert")] == ["boiler room", "boiler room"]


def test_who_is_not_among_those_permitted_is_told_of(tmp_path: Path, fingerprint: Fingerprint) -> None:
    office = Office(tmp_path)
    store = LineStore(Path(office.config.provenance.store))
    store.enrol("the bank", [fingerprint])
    store.permit("the bank", [DNIS])
    assert heard(office)["alerts"] is None
    stranger = office.call()
    office.side(stranger, voice(6.0, seed=7, room=250.0, level=400.0))
    office.turn()
    row = office.table.of_call(stranger)
    assert row is not None
    (alert,) = json.loads(str(row["alerts"]))
    assert alert.startswith("not_permitted: an unknown source is")
    # Two seconds are too little to say so of anybody.
    rejected = office.call(bridged_at=None, disposition="REJECTED_CALLER_SILENCE")
    office.opening(rejected, voice(2.0, seed=7, room=250.0, level=400.0))
    office.turn()
    row = office.table.of_call(rejected)
    assert row is not None
    assert row["alerts"] is None


@pytest.mark.parametrize("broken", ["folder", "garbage"])
def test_a_broken_store_costs_no_row(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "lines.db"
    if broken == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"no database at all" * 100)
    office = Office(tmp_path)
    row = heard(office)
    assert row["fault"] is None
    assert "lines were not compared: provenance.store" in str(row["reasons"])
    assert office.events("failed")


def test_claims_are_weighed_by_trunk_and_read_again(tmp_path: Path) -> None:
    claims = tmp_path / "claims.yaml"
    claims.write_text(yaml.safe_dump(contradiction(SPOKEN[:40_000], "carrier")))
    office = Office(tmp_path, claims=str(claims))
    row = heard(office)
    assert float(str(row["risk"])) > 0.0
    assert "claim: the trunk carrier claims" in str(row["alerts"])
    claims.write_text(yaml.safe_dump(contradiction(SPOKEN[:40_000], "another")))
    row = heard(office)
    assert (row["risk"], row["alerts"]) == (0.0, None)


def test_claims_are_not_held_against_two_seconds(tmp_path: Path) -> None:
    claims = tmp_path / "claims.yaml"
    claims.write_text(yaml.safe_dump(contradiction(SPOKEN[:16_000], "carrier")))
    office = Office(tmp_path, claims=str(claims))
    rejected = office.call(bridged_at=None, disposition="REJECTED_CALLER_SILENCE")
    office.opening(rejected, SPOKEN[:16_000])
    office.turn()
    row = office.table.of_call(rejected)
    assert row is not None
    assert (row["risk"], row["alerts"]) == (None, None)
    assert "claims are not weighed by less than 5 s" in str(row["reasons"])


def test_a_high_risk_is_an_alert_though_nothing_is_contradicted_outright(tmp_path: Path) -> None:
    claims = tmp_path / "claims.yaml"
    document = contradiction(SPOKEN[:40_000], "carrier")
    document["risk"]["contradicted"] = 1.0
    claims.write_text(yaml.safe_dump(document))
    row = heard(Office(tmp_path, claims=str(claims), alert_risk=0.01))
    assert json.loads(str(row["alerts"]))[0].startswith("risk: risk 0.")
    row = heard(Office(tmp_path, claims=str(claims), alert_risk=1.0))
    assert row["alerts"] is None


@pytest.mark.parametrize("text", ["numbers: [", "trunks: [{name: carrier, networks: [pigeon]}]", None])
def test_broken_claims_cost_no_row(tmp_path: Path, text: str | None) -> None:
    claims = tmp_path / "claims.yaml"
    if text is not None:
        claims.write_text(text)
    row = heard(Office(tmp_path, claims=str(claims)))
    assert (row["fault"], row["risk"]) == (None, None)
    assert "claims were not weighed" in str(row["reasons"])
    assert any(line.startswith("  risk: not told, claims were not weighed") for line in told(row))


def test_broken_claims_are_told_at_the_start_once_and_when_they_work_again(tmp_path: Path) -> None:
    claims = tmp_path / "claims.yaml"
    claims.write_text("numbers: [")
    office = Office(tmp_path, claims=str(claims))
    assert (office.turn(), office.turn()) == ([], [])
    (failed,) = office.events("failed")
    assert (failed["chore"], "claims.yaml: not YAML" in str(failed["error"])) == ("claims", True)
    assert not office.service.healthy
    claims.write_text("numbers: []")
    office.turn()
    assert office.events("works again") == [{"chore": "claims"}]
    assert office.service.healthy


@pytest.mark.parametrize(
    ("channel", "trunk"),
    [
        ("PJSIP/carrier-0000002a", "carrier"),
        ("PJSIP/my-own-trunk-0000002a", "my-own-trunk"),
        ("Local/100@in-0000002a;2", "100@in"),
        ("SIP/x", ""),
        ("", ""),
    ],
)
def test_a_trunk_is_told_by_its_channel(channel: str, trunk: str) -> None:
    assert trunk_of(channel) == trunk
