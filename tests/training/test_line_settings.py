"""What the space of another range is learnt without: nothing of it is in what was learnt from."""

from dataclasses import replace

import numpy as np
import pytest

from silentspam.errors import SilentSpamError
from silentspam.model import SpamModel
from silentspam.training.dataset import Dataset, Labelled
from silentspam.training.line_settings import Beyond, another_range, large_campaigns, same_range
from tests import models

N_FEATURES = 12
CHAINS = ("g711u", "gsm+g711u", "ilbc20+g711u", "amr475-dtx+g711a+g711u")


def corpus(n_campaigns=40):
    """What corpus.json says: every second chain is held out; levels and tilts spread out."""
    return {
        "campaigns": [
            {
                "name": f"c{i:03}",
                "chain": CHAINS[i % 4],
                "level_dbfs": -80.0 + (16 if i % 8 == 1 else 0),
                "tilt_db_per_octave": -i / 10,
            }
            for i in range(n_campaigns)
        ]
    }


def openings(n_campaigns=40, calls=20, people=120, split="train", seed=0):
    """Lines five times as far apart as their calls, and people all over."""
    rng = np.random.default_rng(seed)
    middles = np.repeat(rng.normal(0, 5, (n_campaigns, N_FEATURES)), calls, axis=0)
    vectors = [middles + rng.normal(0, 1, middles.shape), rng.normal(0, 6, (people, N_FEATURES))]
    spam = [
        Labelled(
            recording=f"s{i}",
            path=None,
            is_spam=True,
            kind="hum",
            campaign=f"c{i // calls:03}",
            codec=CHAINS[i // calls % 4],
            split=split,
        )
        for i in range(n_campaigns * calls)
    ]
    ham = [
        Labelled(
            recording=f"h{i}", path=None, is_spam=False, source=f"p{i // 2}", codec=CHAINS[i % 4], split=split
        )
        for i in range(people)
    ]
    return Dataset(np.concatenate(vectors).astype(np.float32), (*spam, *ham), f"{seed}", {})


def test_what_is_beyond_is_a_codec_a_level_or_a_tilt() -> None:
    beyond = Beyond(tilt_db_per_octave=-3.0)
    usual = {"chain": "gsm+g711u", "level_dbfs": -70.0, "tilt_db_per_octave": 0.0}
    assert not beyond.holds(usual)
    assert beyond.holds(usual | {"chain": "gsm+speex4+g711u"})
    assert beyond.holds(usual | {"level_dbfs": -67.9})
    assert beyond.holds(usual | {"tilt_db_per_octave": -3.1})


def test_another_range_learns_nothing_of_what_it_is_measured_on() -> None:
    known, measured = openings(), openings(seed=1, split="test_unseen")
    setting = another_range(known, corpus(), measured, corpus())
    beyond = Beyond(tilt_db_per_octave=setting.learnt["tilts_held_out_below_db_per_octave"])
    far = {one["name"] for one in corpus()["campaigns"] if beyond.holds(one)}
    assert set(setting.campaigns) == far
    assert setting.learnt["campaigns"] == 40 - len(far)
    assert setting.learnt["calls"] == 20 * (40 - len(far))
    # Half the people come through a codec that is held out.
    assert setting.learnt["cohort"] + len(setting.reference) <= 60
    changed = known.vectors.copy()
    held = [i for i, row in enumerate(known.rows) if row.campaign in far or beyond.has_codec(row.codec)]
    changed[held] = 1e3
    again = another_range(replace(known, vectors=changed), corpus(), measured, corpus())
    assert again.ground.space_id == setting.ground.space_id


def test_openings_kept_for_testing_are_not_learnt_from() -> None:
    with pytest.raises(SilentSpamError, match="too few campaigns"):
        another_range(openings(split="test_unseen"), corpus(), openings(), corpus())


def test_a_corpus_that_says_nothing_of_its_campaigns_is_refused() -> None:
    with pytest.raises(SilentSpamError, match=r"measured has no corpus\.json"):
        another_range(openings(), corpus(), openings(), {})


def test_small_campaigns_are_left_out() -> None:
    assert large_campaigns(openings(n_campaigns=2, calls=19).rows) == ()
    assert large_campaigns(openings(n_campaigns=2, calls=20).rows) == ("c000", "c001")


def test_a_model_without_line_memory_is_refused_by_name() -> None:
    model = SpamModel(models.a_forest(), models.a_card(), "0123456789ab")
    with pytest.raises(SilentSpamError, match=r"0123456789ab has no lines\.json"):
        same_range(model, np.zeros((0, 3)), openings())
