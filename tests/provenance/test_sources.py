"""Known sources and unknown ones: whose scores are what, and what is refused."""

import math

import msgspec
import numpy as np
import pytest

from silentspam.audio import Recording
from silentspam.errors import LineError, ModelError
from silentspam.lines.space import LineSpace as Maps
from silentspam.provenance.features import VERSION, measure, names
from silentspam.provenance.fingerprint import Fingerprint, fingerprint, vectors_of
from silentspam.provenance.line_scores import DEGREES
from silentspam.provenance.line_space import (
    DESCRIPTION,
    LineSpace,
    SpaceCard,
    Warp,
    load_space,
    shipped_space,
    space_files,
)
from silentspam.provenance.sources import identify, known_sources, threshold_for, verify
from tests.provenance.sounds import voice

DIMS = 8
RNG = np.random.default_rng(3)


def plain_space(spread: float = 400.0) -> LineSpace:
    """A space whose dimensions are the first figures themselves."""
    card = SpaceCard(version=VERSION, figures=tuple(names()[:DIMS]))
    maps = Maps(
        offset=np.zeros(DIMS),
        scale=np.full(DIMS, 1.0),
        projection=np.eye(DIMS, dtype=np.float32) * 100,
        origin=np.zeros(DIMS),
        spread=np.full(DIMS, spread),
    )
    ends = np.tile(np.array([-400, 400], dtype=np.float32), (DIMS, 1))
    return LineSpace(card, Warp(knots=ends, heights=ends / 100), maps)


def call_at(place, version: int = VERSION) -> Fingerprint:
    vector = np.zeros(len(names()), dtype="<f4")
    vector[:DIMS] = place
    return Fingerprint(version=version, seconds=15.0, vector=vector.tobytes())


def calls_of(place, n: int) -> list[Fingerprint]:
    return [call_at(place + RNG.normal(size=DIMS)) for _ in range(n)]


PLACES = RNG.normal(size=(50, DIMS)) * 20
SPACE = plain_space()
KNOWN = known_sources(SPACE, {f"line {i}": calls_of(place, 1 + i % 3) for i, place in enumerate(PLACES)})


@pytest.mark.parametrize("calls", [1, 3])
def test_a_known_line_is_named(calls: int) -> None:
    for i in (0, 1, 2, 49):
        found = identify(calls_of(PLACES[i], calls), KNOWN)
        assert found.line == f"line {i}"
        assert found.ranking[0] == (found.line, found.score)
        assert [score for _, score in found.ranking] == sorted((s for _, s in found.ranking), reverse=True)
        assert verify(calls_of(PLACES[i], calls), f"line {i}", KNOWN).accepted
        assert not verify(calls_of(PLACES[i], calls), f"line {(i + 1) % 50}", KNOWN).accepted


def test_a_line_never_met_is_an_unknown_source() -> None:
    strangers = [identify(calls_of(RNG.normal(size=DIMS) * 20, 1), KNOWN) for _ in range(200)]
    assert sum(one.line is not None for one in strangers) <= 4
    assert all(len(one.ranking) == 10 for one in strangers)


def test_more_calls_of_one_source_say_more() -> None:
    place = PLACES[7]
    one, five = (np.mean([identify(calls_of(place, n), KNOWN).score for _ in range(30)]) for n in (1, 5))
    assert five > one


def densities(enrolled: list[float], heard: list[float], spread: float) -> float:
    """Log ratio by Student's densities themselves, of the mean of the calls asked about."""
    from scipy.stats import multivariate_t

    n, k = len(heard), len(enrolled)
    certainty = k * spread / (k * spread + 1)
    place = np.full(DIMS, np.mean(heard))
    around, any_line = 1 / n + spread * (1 - certainty), 1 / n + spread
    at = multivariate_t(np.full(DIMS, certainty * np.mean(enrolled)), np.eye(DIMS) * around, df=DEGREES)
    return float(
        at.logpdf(place) - multivariate_t(np.zeros(DIMS), np.eye(DIMS) * any_line, df=DEGREES).logpdf(place)
    )


@pytest.mark.parametrize(
    ("enrolled", "heard"), [([1.5], [0.9]), ([0.5, 1.1, 0.2], [0.9, 0.4]), ([1.5], [-3.0])]
)
def test_scores_are_ratios_of_likelihoods(enrolled, heard) -> None:
    spread = 4.0
    known = known_sources(plain_space(spread), {"a": [call_at(np.full(DIMS, at)) for at in enrolled]})
    met = identify([call_at(np.full(DIMS, at)) for at in heard], known).score
    assert met == pytest.approx(densities(enrolled, heard, spread), rel=1e-5)


def test_far_out_calls_cost_no_more_than_students_tails() -> None:
    near, far = (identify([call_at(PLACES[3] + by)], KNOWN).ranking for by in (5, 50))
    assert min(score for _, score in far) > min(score for _, score in near) - 200


def test_nobody_known_makes_everybody_unknown() -> None:
    nobody = known_sources(SPACE, {})
    found = identify([call_at(PLACES[0])], nobody)
    assert found.line is None
    assert found.ranking == ()
    assert found.score == -math.inf
    with pytest.raises(LineError, match="no line 'line 0' is known"):
        verify([call_at(PLACES[0])], "line 0", nobody)


def test_the_threshold_rises_with_the_number_of_lines() -> None:
    assert threshold_for(1) < threshold_for(16) < threshold_for(10_000)
    assert threshold_for(1, 0.5) < threshold_for(1, 0.001)


def test_a_call_of_another_version_or_length_is_refused_with_the_remedy() -> None:
    with pytest.raises(LineError, match=r"version 0: .* version 1; enrol the line again"):
        identify([call_at(PLACES[0], version=0)], KNOWN)
    cut = msgspec.structs.replace(call_at(PLACES[0]), vector=b"\0" * 40)
    with pytest.raises(LineError, match=r"40 bytes.*enrol the line again"):
        known_sources(SPACE, {"a": [cut]})
    with pytest.raises(LineError, match="not finite"):
        vectors_of([call_at(np.full(DIMS, np.nan))])
    with pytest.raises(LineError, match="no fingerprint"):
        identify([], KNOWN)


def test_a_fingerprint_keeps_the_measures_and_travels_as_json() -> None:
    recording = Recording(voice(3))
    measures = measure(recording)
    kept = fingerprint(measures, recording.seconds)
    again = msgspec.json.decode(msgspec.json.encode(kept), type=Fingerprint)
    assert again == kept
    assert (kept.version, kept.seconds) == (VERSION, 3.0)
    assert np.array_equal(vectors_of([again])[0], measures.vector)


def test_what_lies_beyond_training_counts_no_further() -> None:
    near, far, absurd = (SPACE.embed(vectors_of([call_at(np.full(DIMS, at))])) for at in (390, 400, 1e30))
    assert (far > near).all()
    assert np.array_equal(far, absurd)


@pytest.mark.parametrize(
    ("knots", "message"),
    [
        (np.zeros((3, 2)), "those of 8 figures are wanted"),
        (np.tile([1.0, 0.0], (DIMS, 1)), "must be finite and rise"),
        (np.full((DIMS, 2), np.nan), "must be finite and rise"),
    ],
)
def test_a_warp_that_is_none_is_refused(knots, message: str) -> None:
    warp = Warp(knots=knots.astype(np.float32), heights=np.zeros(knots.shape, dtype=np.float32))
    with pytest.raises(ModelError, match=message):
        LineSpace(SPACE.card, warp, SPACE.maps).validate()


def test_the_shipped_space_places_calls() -> None:
    space = shipped_space()
    place = space.embed(measure(Recording(voice(3))).vector[np.newaxis])
    assert place.shape == (1, len(space.maps.origin))
    assert np.isfinite(place).all()


def test_a_space_comes_back_from_its_files(tmp_path) -> None:
    for name, content in space_files(SPACE).items():
        (tmp_path / name).write_bytes(content)
    vectors = vectors_of([call_at(PLACES[0])])
    assert np.array_equal(load_space(tmp_path).embed(vectors), SPACE.embed(vectors))
    (tmp_path / DESCRIPTION).write_bytes(b"{}")
    with pytest.raises(ModelError, match="SHA-256"):
        load_space(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 7}, "version 7.*learn it again"),
        ({"figures": ("nobody's",) * DIMS}, "measures that nobody makes"),
        ({"figures": tuple(names()[:3])}, "those of 3 figures are wanted"),
    ],
)
def test_a_space_for_other_measures_is_refused(change, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        LineSpace(msgspec.structs.replace(SPACE.card, **change), SPACE.warp, SPACE.maps).validate()
