"""Line memory measured: lines far apart are found, and bursts are those that a call would find."""

import json
from dataclasses import replace

import numpy as np
import pytest

from silentspam.errors import SilentSpamError
from silentspam.lines.bursts import Opening, find_burst
from silentspam.training.burst_study import belonging_together, bursts_in
from silentspam.training.line_ground import learn_ground
from silentspam.training.line_scores import LineScores, held_out_people
from silentspam.training.line_settings import Setting, large_campaigns
from silentspam.training.line_space import fit_space
from silentspam.training.line_study import LineStudyParams, study_lines
from tests.training.test_line_settings import openings

PARAMS = LineStudyParams(
    enrolled=(1, 3), rates=(0.05, None), others=10, active=(1, 12, 30, 1000), rounds=2, draws=1, trials=8
)


@pytest.fixture(scope="module")
def measured():
    return openings(n_campaigns=40, calls=20, people=400, seed=1, split="test_unseen")


@pytest.fixture(scope="module")
def setting(measured):
    known = openings(n_campaigns=40, calls=20, people=200, seed=0)
    spam = known.is_spam
    space = fit_space(known.vectors[spam], np.array([row.campaign for row in known.rows])[spam])
    learnt = learn_ground(known, space, seed=1)
    return Setting(
        name="same range",
        ground=learnt.ground,
        reference=learnt.reference,
        campaigns=large_campaigns(measured.rows),
        learnt={"campaigns": learnt.campaigns, "calls": learnt.calls},
    )


@pytest.fixture(scope="module")
def figures(measured, setting):
    further = openings(n_campaigns=8, calls=5, people=0, seed=2)
    return study_lines(measured, [setting], PARAMS, further=further)


def test_lines_far_apart_are_found_after_one_call(figures) -> None:
    (found,) = figures["settings"]
    assert (found["campaigns"], found["people"], found["people_sources"]) == (40, 400, 200)
    assert [(p["enrolled"], p["lines"], p["rate"]) for p in found["recall"]] == [
        (n, lines, rate) for n in (1, 3) for lines in (12, 22) for rate in (0.05, None)
    ]
    for point in found["recall"]:
        assert point["low"] <= point["mean"] <= point["high"]
        assert point["worst_draw"] <= point["worst"] <= point["mean"]
        if point["rate"]:
            assert point["mean"] > 0.95
            assert point["false"] < 0.12


def test_more_lines_take_more_people_for_one_of_them(figures) -> None:
    active = figures["settings"][0]["active"]
    assert [point["lines"] for point in active] == [1, 12, 30]
    false = [point["false_at_twelve"] for point in active]
    assert false == sorted(false)


def test_five_calls_among_people_are_found(figures) -> None:
    bursts = figures["settings"][0]["bursts"]
    assert (bursts["found"]["hits"], bursts["trials"]) == (8, 8)
    assert bursts["window"] == 5 + 200
    assert bursts["in_false_bursts"]["n"] == 8 * 200


def test_the_figures_are_json_and_the_same_again(measured, setting, figures) -> None:
    again = study_lines(
        measured, [setting], PARAMS, further=openings(n_campaigns=8, calls=5, people=0, seed=2)
    )
    assert json.dumps(again, allow_nan=False) == json.dumps(figures, allow_nan=False)


def test_too_few_campaigns_are_said(measured, setting) -> None:
    with pytest.raises(SilentSpamError, match="same range: 23 campaigns of 20 calls or more, 24 are needed"):
        study_lines(measured, [replace(setting, campaigns=setting.campaigns[:23])], PARAMS)


def test_people_of_training_are_not_measured(measured) -> None:
    mixed = [
        replace(row, split="train") if number % 2 and not row.is_spam else row
        for number, row in enumerate(measured.rows)
    ]
    held = held_out_people(replace(measured, rows=tuple(mixed)))
    assert len(held) == 200
    all_training = replace(measured, rows=tuple(replace(row, split="train") for row in measured.rows))
    assert len(held_out_people(all_training)) == 400
    one = measured.where(np.array([row.is_spam or row.source == "p0" for row in measured.rows]))
    with pytest.raises(SilentSpamError, match="people of 1 sources"):
        held_out_people(one)


def test_the_study_finds_the_bursts_that_a_call_would(measured, setting) -> None:
    """Call by call, with the very function that line memory uses."""
    scores = LineScores(setting, measured, seed=1, live_share=0.001)
    rng = np.random.default_rng(5)
    campaigns = [scores.calls[name] for name in setting.campaigns[:3]]
    rows = rng.permutation(np.concatenate([*(c[:4] for c in campaigns), scores.people[:60]]))
    # Two callers who call twice each: their second openings count for nothing.
    names = np.array([str(number) for number in range(len(rows))])
    names[[5, 40]], names[[7, 50]] = "a", "b"
    pairs = belonging_together(setting.ground, scores.places[rows], scores.to_people[rows])
    pairs &= names[:, np.newaxis] != names
    found = [burst.tolist() for burst in bursts_in(pairs, names)]
    assert found
    _, numbers = np.unique(names, return_inverse=True)
    stream, expected = [], []
    for at, row in enumerate(rows):
        newest = Opening(str(at), float(at), numbers[at], scores.places[row])
        stream.append(newest)
        burst = find_burst(setting.ground, stream, newest)
        if burst:
            expected.append([int(one.call_id) for one in burst])
            stream = [one for one in stream if one not in burst]
    assert found == expected
