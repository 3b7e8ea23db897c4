"""Drift: statistics by hand, the reference's way through JSON, limits that hold, alarms on trial."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.reports.calibration import Openings, draw_window, training_reference
from silentspam.reports.drift import (
    ALARMS,
    ANY,
    FEATURES,
    LEVELS,
    SCORES,
    TEXTBOOK,
    corrected,
    drift,
    ks_p_value,
    ks_statistic,
    stability_index,
    window_for,
)
from silentspam.reports.reference import (
    FILE_NAME,
    N_BINS,
    DriftError,
    Reference,
    read_reference,
    reference_from,
    reference_of,
)
from silentspam.reports.selftest import (
    ALWAYS,
    NEW_CAMPAIGNS,
    QUIET_PEOPLE,
    Trials,
    Worth,
    largest_window,
    overall,
    self_test,
    summary,
)
from silentspam.training.operating_point import Rate

NAMES = ["rms_dbfs", "peak_dbfs", *(f"f{k}" for k in range(8))]
THRESHOLD = 0.5


def openings(n_people: int, n_spam: int, seed: int, *, shift: float = 0.0, of_a_source: int = 4) -> Openings:
    """People in sources that differ a little, SPAM in campaigns; scores that tell them apart."""
    rng = np.random.default_rng(seed)
    is_spam = np.arange(n_people + n_spam) >= n_people
    numbers = np.arange(n_people + n_spam) // of_a_source
    of_its_own = rng.normal(0, 0.3, (numbers.max() + 1, len(NAMES)))[numbers]
    vectors = rng.normal(0, 1, (len(is_spam), len(NAMES))) + of_its_own + 2.0 * is_spam[:, np.newaxis]
    vectors[:, :2] += shift
    scores = 1 / (1 + np.exp(-(vectors[:, 2:].mean(axis=1) - 1) * 6))
    groups = np.array([f"{seed}-{is_spam[k]}-{numbers[k]}" for k in range(len(is_spam))])
    return Openings(vectors.astype(np.float32), scores, is_spam, groups)


@pytest.fixture(scope="module")
def training() -> Openings:
    return openings(2400, 800, seed=1)


@pytest.fixture(scope="module")
def reference(training: Openings) -> Reference:
    return training_reference(training, NAMES, threshold=THRESHOLD, rounds=40)


# --- statistics --------------------------------------------------------------------------------------------


def test_the_stability_index_by_hand() -> None:
    before, now = np.array([[1000, 1000]]), np.array([[250, 750]])
    # (0.25 - 0.5) ln 0.5 + (0.75 - 0.5) ln 1.5 = 0.2747, less (1/2000 + 1/1000).
    assert stability_index(before, now) == pytest.approx([0.2747 - 0.0015], abs=1e-3)


def test_the_stability_index_of_one_spread_is_zero_in_the_mean() -> None:
    rng = np.random.default_rng(1)
    shares = np.full(N_BINS, 1 / N_BINS)
    found = stability_index(rng.multinomial(5000, shares, 2000), rng.multinomial(500, shares, 2000))
    assert abs(found.mean()) < 0.002


def test_ks_by_hand_and_as_scipy_has_it() -> None:
    before, now = np.array([[5, 5, 0]]), np.array([[0, 5, 5]])
    assert ks_statistic(before, now) == pytest.approx([0.5])
    from scipy.stats import ks_2samp

    first, second = np.repeat([0, 1, 2], before[0]), np.repeat([0, 1, 2], now[0])
    assert ks_2samp(first, second).statistic == pytest.approx(0.5)
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=400), rng.normal(0.1, 1, size=300)
    scipys = ks_2samp(x, y, method="asymp")
    assert ks_p_value(np.array([scipys.statistic]), 400, 300)[0] == pytest.approx(scipys.pvalue, abs=0.03)


def test_p_values_are_corrected_for_their_number() -> None:
    assert corrected(np.array([0.01, 0.02, 0.03, 0.04])) == pytest.approx([0.04, 0.04, 0.04, 0.04])


@given(
    st.lists(st.integers(0, 50), min_size=4, max_size=4), st.lists(st.integers(0, 50), min_size=4, max_size=4)
)
def test_no_counts_give_a_statistic_that_is_not_finite(before: list[int], now: list[int]) -> None:
    counts = np.array([before]) + np.eye(4, dtype=int)[:1], np.array([now]) + np.eye(4, dtype=int)[3:]
    assert np.isfinite(stability_index(*counts)).all()
    assert 0 <= ks_statistic(*counts)[0] <= 1


# --- the reference -----------------------------------------------------------------------------------------


def test_a_reference_comes_back_from_json_as_it_was(reference: Reference) -> None:
    again = reference_from(json.loads(reference.to_json()))
    assert again.to_json() == reference.to_json()
    late = openings(300, 50, seed=9)
    assert np.array_equal(
        again.codes(late.vectors, late.probabilities), reference.codes(late.vectors, late.probabilities)
    )


def test_a_reference_of_300_features_stays_small() -> None:
    rng = np.random.default_rng(1)
    vectors, is_spam = rng.normal(-40, 12, (4000, 300)).astype(np.float32), np.arange(4000) % 2 == 0
    names = [f"some_feature_of_long_name_{k}" for k in range(300)]
    found = reference_of(vectors, np.where(is_spam, 0.9, 0.1), names, is_spam, threshold=0.5)
    assert len(found.to_json()) < 200_000


def test_a_feature_of_few_values_has_few_bins() -> None:
    vectors = np.column_stack([np.zeros(400), np.arange(400) % 3]).astype(np.float32)
    is_spam = np.arange(400) >= 200
    found = reference_of(vectors, np.where(is_spam, 0.9, 0.1), ["zero", "three"], is_spam, threshold=0.5)
    same = drift(found, vectors[:200], np.full(200, 0.1))
    assert {moved.ks for moved in same.features} == {0.0}


def test_one_class_or_too_few_have_no_reference(training: Openings) -> None:
    nobody = np.zeros(len(training.groups), dtype=bool)
    with pytest.raises(DriftError, match="0 SPAM at or above"):
        reference_of(training.vectors, training.probabilities, NAMES, nobody, threshold=THRESHOLD)
    with pytest.raises(DriftError, match="too few for windows"):
        training_reference(openings(120, 60, seed=1), NAMES, threshold=THRESHOLD)


def test_other_features_and_nan_are_refused(reference: Reference, training: Openings) -> None:
    with pytest.raises(DriftError, match="9 features a call, but the reference has 10"):
        drift(reference, training.vectors[:, 1:], training.probabilities)
    broken = training.vectors.copy()
    broken[3, 3] = np.nan
    with pytest.raises(DriftError, match="NaN"):
        drift(reference, broken, training.probabilities)


def test_a_folder_without_a_reference_has_none_and_a_changed_one_is_refused(
    reference: Reference, tmp_path: Path
) -> None:
    assert read_reference(tmp_path) is None
    content = reference.to_json()
    (tmp_path / FILE_NAME).write_bytes(content)
    (tmp_path / "SHA256SUMS").write_text(f"{hashlib.sha256(content).hexdigest()}  {FILE_NAME}\n")
    found = read_reference(tmp_path)
    assert found is not None
    assert found.to_json() == content
    (tmp_path / FILE_NAME).write_bytes(content + b" ")
    with pytest.raises(DriftError, match="SHA-256"):
        read_reference(tmp_path)


@pytest.mark.parametrize("document", [None, [], {}, {"format": 2}, {"format": 1}, {"format": 1, "names": 3}])
def test_what_is_no_reference_is_refused(document: object) -> None:
    with pytest.raises(DriftError):
        reference_from(document)


# --- alarms ------------------------------------------------------------------------------------------------


def fired(found) -> set[str]:
    return {alarm.name for alarm in found.alarms if alarm.fires and alarm.name in ALARMS}


def test_calls_like_those_of_training_raise_no_alarm(reference: Reference) -> None:
    late = openings(900, 100, seed=7)
    assert fired(drift(reference, late.vectors, late.probabilities)) == set()


def test_more_spam_of_the_same_kind_is_no_drift(reference: Reference) -> None:
    late, training = openings(400, 0, seed=7), openings(2400, 800, seed=1)
    attack = training.where(training.is_spam)
    vectors = np.concatenate([late.vectors, attack.vectors[:400]])
    found = drift(reference, vectors, np.concatenate([late.probabilities, attack.probabilities[:400]]))
    assert found.suspects > 300
    assert fired(found) <= {SCORES}  # SPAM that is missed may show, and nothing else


def test_a_shift_of_the_level_is_named(reference: Reference) -> None:
    late = openings(900, 100, seed=7, shift=1.5)
    found = drift(reference, late.vectors, late.probabilities)
    assert {LEVELS, FEATURES, ANY} <= fired(found)
    assert {found.features[0].name, found.features[1].name} == {"rms_dbfs", "peak_dbfs"}


def test_the_stated_false_alarm_rate_holds_on_sources_never_seen(reference: Reference) -> None:
    late, rng = openings(6000, 1000, seed=8), np.random.default_rng(3)
    found = []
    for _ in range(200):
        chosen = draw_window(late.is_spam, late.groups, 300, rng)
        found.append(ANY in fired(drift(reference, late.vectors[chosen], late.probabilities[chosen])))
    assert reference.false_alarm_rate == 0.05
    assert np.mean(found) <= 0.10


def test_without_limits_nothing_fires(training: Openings) -> None:
    bare = reference_of(
        training.vectors, training.probabilities, NAMES, training.is_spam, threshold=THRESHOLD
    )
    late = openings(900, 100, seed=7, shift=5.0)
    found = drift(bare, late.vectors, late.probabilities)
    assert found.window is None
    assert fired(found) == set()


def test_too_few_calls_are_said_to_be_too_few(reference: Reference, training: Openings) -> None:
    with pytest.raises(DriftError, match="30 unsuspected calls: at least 50"):
        drift(reference, training.vectors[:30], np.zeros(30))


def test_the_window_is_the_largest_that_is_no_larger(reference: Reference) -> None:
    assert sorted(reference.limits) == [100, 300]
    assert [window_for(reference, n, 0) for n in (99, 100, 299, 300, 10_000)] == [None, 100, 100, 300, 300]
    assert window_for(reference, 80, 10_000) == 100


# --- the trial of the alarms -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worths(reference: Reference) -> list[Worth]:
    late = openings(1200, 300, seed=7)
    trials = Trials(
        openings=late,
        quiet=~late.is_spam & (late.vectors[:, 0] < -1),
        shifted={"level": openings(1200, 300, seed=7, shift=2.0)},
        strangers=openings(0, 200, seed=11, shift=4.0),
    )
    assert largest_window(reference, trials) == 300
    return self_test(reference, trials, size=300, windows=40)


def test_every_alarm_stands_beside_one_that_always_fires(worths: list[Worth]) -> None:
    assert {worth.kind for worth in worths} == {"level", NEW_CAMPAIGNS, QUIET_PEOPLE}
    assert {worth.alarm for worth in worths} == {*ALARMS, *TEXTBOOK, ALWAYS}
    always = overall(worths)[ALWAYS]
    assert (always.found.value, always.false_alarms.value, always.precision) == (1.0, 1.0, 0.5)
    assert always.f1 == pytest.approx(2 / 3)


def test_a_shift_is_found_and_calm_windows_are_left_alone(worths: list[Worth]) -> None:
    (level,) = [worth for worth in worths if (worth.alarm, worth.kind) == (ANY, "level")]
    assert level.found.value > 0.95
    assert level.f1 > 0.9


def test_figures_of_an_alarm_by_hand() -> None:
    worth = Worth(alarm="x", kind="y", found=Rate(hits=8, n=10), false_alarms=Rate(hits=2, n=10))
    assert worth.precision == pytest.approx(0.8)
    assert worth.f1 == pytest.approx(0.8)
    assert worth.precision_at(0.05) == pytest.approx(0.04 / (0.04 + 0.19))
    never = Worth(alarm="x", kind="y", found=Rate(hits=0, n=10), false_alarms=Rate(hits=0, n=10))
    assert never.f1 == 0.0
    assert np.isnan(never.precision)


def test_what_was_found_travels_with_the_reference(reference: Reference, worths: list[Worth]) -> None:
    found = summary(worths, 300)
    assert json.loads(json.dumps(found, allow_nan=False))["alarms"][ALWAYS]["f1"] == pytest.approx(0.6667)
    assert found["window"] == 300
