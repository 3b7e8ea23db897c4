"""What metadata claims: by prefix, trunk and customer, and which files are refused, and why."""

from pathlib import Path

import pytest
import yaml

from silentspam.errors import ConfigError
from silentspam.provenance.claim_files import load_claims
from silentspam.provenance.claims import ClaimTable, PathClaim, claims_of

CLAIMS = """
numbers:
  - {prefix: "+44", type: fixed, country: GB}
  - {prefix: "+447", type: mobile, country: GB}
  - {prefix: "+4470", type: voip}
  - {prefix: "+1800", type: toll_free, country: US}
trunks:
  - {name: bank-e1, networks: [pstn], codecs: [g711], last: [g711]}
  - {name: sip, networks: [voip], may: [pstn, cellular]}
customers:
  - {name: clinic, numbers: ["+44 20 7946 0000"], networks: [voip], line: clinic}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "claims.yaml"
    path.write_text(text)
    return path


@pytest.fixture
def table(tmp_path: Path) -> ClaimTable:
    return load_claims(written(tmp_path, CLAIMS))


@pytest.mark.parametrize(
    ("ani", "number_type", "country", "networks"),
    [
        ("+44 (20) 7946-0999", "fixed", "GB", {"pstn": True, "cellular": False, "voip": False}),
        ("+447700900123", "mobile", "GB", {"cellular": True}),
        ("+447012345678", "voip", "", {"voip": True, "cellular": False}),
        ("+18005550100", "toll_free", "US", {}),
        ("0044 7700 900123", "mobile", "GB", {"cellular": True}),
        ("447700900123", "mobile", "GB", {"cellular": True}),
        ("02079460999", "", "", {}),
        ("", "", "", {}),
    ],
)
def test_a_number_claims_what_its_longest_prefix_does(
    table: ClaimTable, ani: str, number_type: str, country: str, networks: dict[str, bool]
) -> None:
    claims = table.claims(ani=ani)
    assert (claims.number_type, claims.country, claims.networks) == (number_type, country, networks)
    assert set(claims.by) == set(networks)


def test_a_trunk_claims_codecs_and_the_last_coder(table: ClaimTable) -> None:
    claims = table.claims(trunk="bank-e1")
    assert claims.codecs["g711"] is True
    assert claims.codecs["gsm_fr"] is claims.codecs["opus"] is False
    assert claims.last == ("g711",)
    assert claims.by["last"] == "the trunk bank-e1"
    assert table.claims(trunk="another").networks == {}


def test_the_most_specific_word_holds(table: ClaimTable) -> None:
    mobile = table.claims(ani="+447700900123", trunk="sip")
    assert mobile.networks == {"voip": True}
    assert mobile.by["voip"] == "the trunk sip"
    clinic = table.claims(ani="+442079460000", trunk="bank-e1")
    assert clinic.networks == {"pstn": False, "cellular": False, "voip": True}
    assert (clinic.line, clinic.by["line"], clinic.country) == ("clinic", "the customer clinic", "GB")
    assert clinic.last == ("g711",)


def test_a_type_can_be_of_ones_own(tmp_path: Path) -> None:
    text = 'numbers: [{prefix: "+1900", type: premium}]\ntypes: {premium: {networks: [voip, pstn]}}'
    claims = load_claims(written(tmp_path, text)).claims(ani="+19005550100")
    assert claims.networks == {"pstn": True, "cellular": False, "voip": True}


def test_an_empty_file_claims_nothing(tmp_path: Path) -> None:
    assert load_claims(written(tmp_path, "# nothing yet\n")).claims(ani="+4420").networks == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "trunks: [{name: a, networks: [satellite]}]",
            "trunks[0]: networks holds 'satellite': known are pstn",
        ),
        ("trunks: [{name: a, codecs: [g722]}]", "trunks[0]: codecs holds 'g722': known are g711, gsm_fr"),
        ("customers: [{name: a, numbers: ['1'], last: [mp3]}]", "customers[0]: last holds 'mp3': known"),
        ("trunks: [{name: a, may: [wifi]}]", "may holds 'wifi': known are pstn, cellular, voip, g711"),
        ("trunks: [{name: a, networks: [pstn], may: [pstn]}]", "may holds 'pstn', which is claimed already"),
        ("trunks: [{name: a, networks: []}]", "networks is empty"),
        ("trunks: [{name: a, netwoks: [pstn]}]", "trunks[0]: Object contains unknown field `netwoks`"),
        ("trunks: [{name: a}, {name: a}]", "trunks: the name 'a' stands twice"),
        (
            "customers: [{name: a, numbers: ['+1 2']}, {name: b, numbers: ['+12']}]",
            "number '+12' stands twice",
        ),
        ("customers: [{name: a, numbers: []}]", "customers[0].numbers: Expected"),
        ("numbers: [{prefix: '+1', type: fixd}]", "'fixd': it must be one of fixed, mobile, voip, toll_free"),
        ("numbers: [{prefix: 'abc', type: fixed}]", "numbers[0].prefix"),
        ("numbers: [{prefix: '+1', type: fixed, country: Britain}]", "numbers[0].country"),
        ("types: {fixed: {networks: [isdn]}}", "types[...]: networks holds 'isdn'"),
        ("risk: {unexpected: {viop: 0.9}}", "risk: unexpected holds 'viop': known are"),
        ("risk: {missing: {voip: 1.5}}", "risk.missing[...]: Expected `float` <= 1.0"),
        ("risk: {whole: 0}", "risk.whole"),
        ("numbers: 3", "numbers: Expected `array`, got `int`"),
        ("[1, 2]", "Expected `object`, got `array`"),
        ("trunks: [", "not YAML"),
        ("trunks: []\ntrunks: []", "trunks stands twice"),
    ],
)
def test_a_wrong_file_is_refused_with_its_key_value_and_what_is_known(
    tmp_path: Path, text: str, told: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as refused:
        load_claims(path)
    assert str(path) in str(refused.value)
    assert told in str(refused.value)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(ConfigError, match=str(path)):
            load_claims(path)
    (tmp_path / "binary.yaml").write_bytes(b"a: \xff\x00")
    with pytest.raises(ConfigError, match="not YAML"):
        load_claims(tmp_path / "binary.yaml")


def test_what_is_left_open_by_the_more_specific_is_open() -> None:
    strict, open_ = PathClaim(networks=("pstn",)), PathClaim(may=("voip",))
    assert claims_of([("a", strict), ("b", open_)]).networks == {"pstn": True, "cellular": False}


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "provenance-uses.md").read_text(encoding="utf-8")
    block = text.split("```yaml\n", 1)[1].split("```", 1)[0]
    assert set(yaml.safe_load(block)) == {"numbers", "trunks", "customers", "risk"}
    load_claims(written(tmp_path, block))
