"""Risk: never outside 0…1, nothing where nothing differs, more where the prediction is surer."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from silentspam.provenance.claims import Claims, PathClaim, claims_of
from silentspam.provenance.codecs import PathTold
from silentspam.provenance.path_model import CODECS, NETWORKS
from silentspam.provenance.risk import assess
from silentspam.provenance.risk_table import RiskTable
from silentspam.provenance.sources import Identification, Verification

chances = st.floats(0, 1)
TABLE = RiskTable()


def told_of(
    networks: dict[str, float], codecs: dict[str, float] | None = None, last: str = "g711"
) -> PathTold:
    """What a call could be told to be."""
    return PathTold(
        codecs=dict.fromkeys(CODECS, 0.0) | (codecs or {}),
        networks=dict.fromkeys(NETWORKS, 0.0) | networks,
        last=dict.fromkeys(CODECS, 0.0) | {last: 1.0},
        signature=tuple(name for name, chance in networks.items() if chance >= 0.5),
        reasons=(),
    )


def claiming(**claim: object) -> Claims:
    return claims_of([("the trunk t", PathClaim(**claim))])


def verified(score: float) -> Verification:
    return Verification(accepted=score >= 4.6, score=score, threshold=4.6)


paths_told = st.builds(
    lambda networks, codecs, last: told_of(
        dict(zip(NETWORKS, networks, strict=True)), dict(zip(CODECS, codecs, strict=True)), last
    ),
    st.tuples(*[chances] * len(NETWORKS)),
    st.tuples(*[chances] * len(CODECS)),
    st.sampled_from(CODECS),
)
claims_drawn = st.builds(
    Claims,
    networks=st.dictionaries(st.sampled_from(NETWORKS), st.booleans()),
    codecs=st.dictionaries(st.sampled_from(CODECS), st.booleans()),
    last=st.sampled_from([(), ("g711",), ("gsm_fr", "g711")]),
    line=st.sampled_from([None, "a"]),
)
tables = st.builds(
    RiskTable,
    unexpected=st.dictionaries(st.sampled_from([*NETWORKS, *CODECS]), chances),
    missing=st.dictionaries(st.sampled_from([*NETWORKS, *CODECS]), chances),
    last=chances,
    line=chances,
    whole=st.floats(0.1, 10),
    contradicted=chances,
)
scores = st.floats(-1e6, 1e6)


@settings(max_examples=40)
@given(paths_told, scores, claims_drawn, tables)
def test_a_score_lies_between_0_and_1_and_so_does_all_it_is_made_of(told, score, claims, table) -> None:
    risk = assess(told, verified(score), claims, table)
    assert 0 <= risk.score <= 1
    for label in risk.labels:
        assert 0.5 <= label.probability <= 1
        assert 0 <= label.weighed <= label.risk <= 1
    assert len(risk.alerts) <= len(risk.labels)
    assert risk.reasons


@settings(max_examples=40)
@given(st.lists(st.sampled_from(NETWORKS), unique=True), st.lists(st.sampled_from(CODECS), unique=True))
def test_nothing_is_at_risk_where_nothing_differs(networks, codecs) -> None:
    told = told_of(dict.fromkeys(networks, 1.0), dict.fromkeys(codecs, 1.0))
    claims = Claims(
        networks={label: label in networks for label in NETWORKS},
        codecs={label: label in codecs for label in CODECS},
        last=("g711",),
        line="a",
    )
    risk = assess(told, verified(20.0), claims, TABLE)
    assert (risk.score, risk.alerts, risk.labels) == (0.0, (), ())
    assert risk.reasons == ("what was told is what is claimed",)


@settings(max_examples=40)
@given(paths_told, claims_drawn, st.sampled_from(NETWORKS), st.booleans(), chances, chances)
def test_a_surer_contradiction_never_lowers_the_score(told, claims, label, met, one, other) -> None:
    claims = replace(claims, networks=claims.networks | {label: met})
    wrong = sorted((one, other))
    low, high = (
        assess(replace(told, networks=told.networks | {label: 1 - p if met else p}), None, claims, TABLE)
        for p in wrong
    )
    assert low.score <= high.score + 1e-12


@settings(max_examples=40)
@given(claims_drawn, scores, scores)
def test_a_line_that_is_less_likely_the_enrolled_one_never_lowers_the_score(claims, one, other) -> None:
    low, high = sorted((one, other))
    assert (
        assess(None, verified(high), claims, TABLE).score <= assess(None, verified(low), claims, TABLE).score
    )


def test_voip_where_a_purely_switched_call_is_claimed_is_an_alert() -> None:
    """The patent's own example, column 12."""
    risk = assess(told_of({"pstn": 0.9, "voip": 0.98}), None, claiming(networks=("pstn",)), TABLE)
    assert risk.score == pytest.approx(0.9 * 0.96)
    assert risk.alerts == ("the trunk t claims no voip; it is told with 0.98",)
    unsure = assess(told_of({"pstn": 0.9, "voip": 0.6}), None, claiming(networks=("pstn",)), TABLE)
    assert unsure.score == pytest.approx(0.9 * 0.2)
    assert unsure.alerts == ()
    assert len(unsure.labels) == 1


def test_contradictions_add_up_and_the_gravest_comes_first() -> None:
    claims = claiming(networks=("cellular",), may=("pstn",), last=("gsm_fr", "amr_nb"))
    risk = assess(told_of({"voip": 1.0}, {"g729": 1.0}, "g729"), verified(-30.0), claims, TABLE)
    assert [label.label for label in risk.labels] == ["voip", "cellular", "last"]
    assert risk.score == 1.0
    wide = assess(told_of({"voip": 1.0}, last="g729"), None, claims, RiskTable(whole=4.0))
    assert wide.score == pytest.approx((0.9 + 0.7 + 0.6) / 4)


def test_claims_that_hold_hide_none_that_does_not() -> None:
    told = told_of({"pstn": 1.0, "voip": 1.0})
    few = assess(told, None, claiming(networks=("pstn",)), TABLE)
    many = assess(told, None, claiming(networks=("pstn",), last=("g711",)), TABLE)
    assert few.score == many.score


def test_a_table_of_ones_own_weighs_as_it_says() -> None:
    table = RiskTable(unexpected={"voip": 0.2}, missing={"cellular": 1.0}, contradicted=0.9)
    risk = assess(told_of({"voip": 1.0}), None, claiming(networks=("cellular",), may=("pstn",)), table)
    assert [(label.label, label.weighed) for label in risk.labels] == [("cellular", 1.0), ("voip", 0.2)]
    assert len(risk.alerts) == 1


@pytest.mark.parametrize(
    ("ranking", "weighed"),
    [((("a", 9.0), ("b", 1.0)), None), ((("b", 9.0), ("a", -9.0)), 1.0), ((("b", 9.0),), None), ((), None)],
)
def test_an_identification_says_of_a_claimed_line_what_its_rank_does(ranking, weighed) -> None:
    found = Identification(line=None, score=0.0, threshold=4.6, ranking=ranking)
    risk = assess(None, found, Claims(line="a", by={"line": "the customer c"}), TABLE)
    if weighed is None:
        assert risk.labels == ()
    else:
        assert risk.labels[0].weighed == pytest.approx(weighed, abs=1e-3)
        assert risk.alerts[0].startswith("the customer c calls from the line a")


def test_what_cannot_be_judged_is_said() -> None:
    assert assess(None, None, Claims(), TABLE).reasons == ("nothing is claimed of the way it came",)
    claims = replace(claiming(networks=("pstn",)), country="GB", line="a")
    reasons = " ".join(assess(None, None, claims, TABLE).reasons)
    for word in ("nobody speaks", "not compared with a", "no country is told by sound"):
        assert word in reasons


def test_scores_beyond_all_bounds_are_bounded() -> None:
    for score in (-math.inf, math.inf):
        assert assess(None, verified(score), Claims(line="a"), TABLE).score in (0.0, pytest.approx(1.0))
