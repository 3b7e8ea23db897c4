"""`silentspam provenance --expect` and `--claims`: what was told against what is claimed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from silentspam.audio import Recording, write_ulaw
from tests.provenance.sounds import lost_begins, voice, with_gaps

Silentspam = Callable[..., tuple[int, str, str]]

CLAIMS = """
numbers: [{prefix: "+44", type: fixed, country: GB}]
trunks: [{name: bank-e1, networks: [pstn]}]
customers: [{name: clinic, numbers: ["+442079460000"], networks: [pstn], line: clinic}]
"""


@pytest.fixture(scope="module")
def lossy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call that lost a twentieth of its packets: VoIP, whatever else it may be."""
    path = tmp_path_factory.mktemp("calls") / "call.ulaw"
    codes = voice(6, seed=3)
    write_ulaw(path, with_gaps(codes, lost_begins(len(codes), 160, 0.05, seed=3), 160))
    return path


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    path = tmp_path / "claims.yaml"
    path.write_text(CLAIMS)
    return path


def test_an_unexpected_network_is_told_with_its_risk(silentspam: Silentspam, lossy: Path) -> None:
    code, out, _ = silentspam("provenance", lossy, "--expect", "pstn", "--format", "jsonl")
    told = json.loads(out)
    assert (code, told["networks"]["voip"] > 0.9) == (0, True)
    assert told["expected"]["answer"] == "other"
    assert told["expected"]["probability_of_another_way"] > 0.9
    assert told["risk"] > 0.7
    assert told["alerts"][0].startswith("the expected path claims no voip")
    out = silentspam("provenance", lossy, "--expect", "pstn")[1]
    assert "ALERT: the expected path claims no voip" in out
    assert "other: it came another way with 0.9" in out or "other: it came another way with 1.0" in out


def test_an_expected_network_raises_nothing(silentspam: Silentspam, lossy: Path) -> None:
    out = silentspam("provenance", lossy, "--expect", "voip,pstn?,cellular?", "--format", "jsonl")[1]
    told = json.loads(out)
    assert (told["expected"]["answer"], told["risk"], told["alerts"]) == ("expected", 0.0, [])


def test_what_a_number_and_a_trunk_claim_is_held_against_it(
    silentspam: Silentspam, lossy: Path, claims: Path
) -> None:
    options = ("provenance", lossy, "--format", "jsonl", "--claims", claims)
    told = json.loads(silentspam(*options, "--ani", "+44 20 7946 0999")[1])
    assert told["claims"]["number_type"] == "fixed"
    assert "the number's type (fixed, prefix +44) claims no voip" in told["alerts"][0]
    assert "no country is told by sound" in told["risk_reasons"][-1]
    told = json.loads(silentspam(*options, "--trunk", "bank-e1")[1])
    assert "the trunk bank-e1 claims no voip" in told["alerts"][0]
    told = json.loads(silentspam(*options)[1])
    assert (told["risk"], told["risk_reasons"]) == (0.0, ["nothing is claimed of the way it came"])


def test_a_customers_line_is_compared_where_the_store_is_named(
    silentspam: Silentspam, lossy: Path, claims: Path, tmp_path: Path
) -> None:
    store = tmp_path / "lines.db"
    other = tmp_path / "other.ulaw"
    write_ulaw(other, Recording(voice(6, seed=9, room=4)))
    silentspam("lines", "enrol", "--store", store, "--name", "clinic", lossy)
    options = ("provenance", other, "--format", "jsonl", "--claims", claims, "--ani", "+442079460000")
    compared = json.loads(silentspam(*options, "--store", store)[1])
    assert "was not compared" not in " ".join(compared["risk_reasons"])
    told = json.loads(silentspam(*options)[1])
    assert "line" not in told["risk_labels"]
    assert "its line was not compared with clinic" in " ".join(told["risk_reasons"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--expect", "satellite"), "networks holds 'satellite': known are pstn, cellular, voip"),
        (("--expect", "pstn,voip,pstn?"), "claimed already"),
        (("--expect", ""), "--expect"),
        (("--ani", "+44"), "need --claims FILE"),
        (("--claims", "CLAIMS", "--trunk", "isdn"), "no trunk 'isdn': known are bank-e1"),
        (("--claims", "nowhere.yaml"), "nowhere.yaml"),
    ],
)
def test_options_that_claim_what_is_unknown_are_refused(
    silentspam: Silentspam, lossy: Path, claims: Path, options: tuple[str, ...], told: str
) -> None:
    given = [str(claims) if option == "CLAIMS" else option for option in options]
    code, _, err = silentspam("provenance", lossy, *given)
    assert (code, told in err) == (2, True)


def test_silence_is_judged_by_nothing(silentspam: Silentspam, claims: Path, tmp_path: Path) -> None:
    import numpy as np

    path = tmp_path / "silent.ulaw"
    write_ulaw(path, Recording(np.full(32000, 0xFF, np.uint8)))
    out = silentspam("provenance", path, "--format", "jsonl", "--expect", "pstn", "--claims", claims)[1]
    told = json.loads(out)
    assert (told["expected"]["answer"], told["risk"]) == ("undecided", 0.0)
    assert "nobody speaks" in told["expected"]["reason"]
