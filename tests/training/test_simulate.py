"""A corpus: the same for the same seed, split without leaks, and never digital silence called spam."""

import csv
import json

import numpy as np
import pytest

from silentspam.audio import read_ulaw
from silentspam.errors import AudioError
from silentspam.fitness import why_inconclusive
from silentspam.training.codecs import open_codec
from silentspam.training.corpus import write_corpus
from silentspam.training.digital_silence import SilenceKind
from silentspam.training.simulate import CorpusSplit, Plan, Simulator
from silentspam.training.sources import find_clips

PLAN = Plan(campaigns=4, calls=6, ham=40, silence=20, seed=7)


@pytest.fixture(scope="module")
def clips(audio_folder):
    return find_clips([audio_folder])


@pytest.fixture(scope="module")
def codecs():
    return {name: open_codec(name) for name in ("g711u", "g711a")}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, clips, codecs):
    out = tmp_path_factory.mktemp("corpus")
    write_corpus(out, PLAN, clips, codecs)
    return out


def rows_of(corpus):
    with (corpus / "labels.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def content_of(corpus):
    return {path.relative_to(corpus): path.read_bytes() for path in corpus.rglob("*") if path.is_file()}


def test_one_seed_makes_one_corpus(corpus, clips, codecs, tmp_path):
    write_corpus(tmp_path, PLAN, clips, codecs)
    assert content_of(tmp_path) == content_of(corpus)


def test_another_seed_makes_another(corpus, clips, codecs, tmp_path):
    write_corpus(tmp_path, Plan(campaigns=4, calls=6, ham=40, silence=20, seed=8), clips, codecs)
    assert content_of(tmp_path) != content_of(corpus)


def test_more_ham_leaves_the_campaigns_as_they_were(clips, codecs):
    few = Simulator(Plan(campaigns=2, calls=2, ham=0, seed=1), clips, codecs)
    many = Simulator(Plan(campaigns=2, calls=2, ham=5, seed=1), clips, codecs)
    assert few.campaigns == many.campaigns
    for one, other in zip(few.openings(), many.openings(), strict=False):
        np.testing.assert_array_equal(one.recording.codes, other.recording.codes)


def test_every_row_has_its_recording_of_at_most_two_seconds(corpus):
    rows = rows_of(corpus)
    assert len(rows) == PLAN.openings
    for row in rows:
        assert 0.5 < read_ulaw(corpus / row["recording"]).seconds <= 2.0


def test_digital_silence_is_never_labelled_spam(corpus):
    for row in rows_of(corpus):
        if row["label"] == "spam":
            assert why_inconclusive(read_ulaw(corpus / row["recording"])) is None


def test_dead_air_is_below_the_auditory_threshold(corpus):
    levels = []
    for row in rows_of(corpus):
        if row["label"] == "spam":
            samples = read_ulaw(corpus / row["recording"]).sounding.samples
            levels.append(20 * np.log10(np.sqrt(np.mean(samples.astype(float) ** 2))))
    assert -85 < np.median(levels) < -62


def test_no_campaign_or_source_crosses_into_the_unseen_split(corpus):
    rows = rows_of(corpus)
    unseen = {row["source"] for row in rows if row["split"] == CorpusSplit.TEST_UNSEEN}
    assert unseen
    assert not unseen & {
        row["source"]
        for row in rows
        if row["split"] not in (CorpusSplit.TEST_UNSEEN, CorpusSplit.TEST_SILENCE)
    }


def test_seen_test_calls_belong_to_training_campaigns(corpus):
    rows = rows_of(corpus)
    trained = {row["campaign"] for row in rows if row["split"] == CorpusSplit.TRAIN and row["campaign"]}
    seen = {row["campaign"] for row in rows if row["split"] == CorpusSplit.TEST_SEEN}
    assert seen
    assert seen <= trained


def test_the_description_says_that_dead_air_is_synthetic(corpus):
    description = json.loads((corpus / "corpus.json").read_text())
    assert "synthetic" in description["statement"]
    assert all(source["licence"] for source in description["sources"])


def test_a_corpus_is_not_written_over_another(corpus, clips, codecs):
    with pytest.raises(AudioError, match="already holds"):
        write_corpus(corpus, PLAN, clips, codecs)


@pytest.mark.parametrize(
    "settings",
    [{"campaigns": 0, "ham": 0}, {"campaigns": -1}, {"test_share": 1.0}, {"seconds": 0.5}, {"seconds": 1e9}],
)
def test_a_plan_that_makes_no_sense_is_refused(settings):
    with pytest.raises(AudioError):
        Plan(**({"campaigns": 2, "calls": 2, "ham": 2, "seed": 1} | settings))


def test_any_number_of_workers_makes_the_same_corpus(corpus, clips, codecs, tmp_path):
    write_corpus(tmp_path, PLAN, clips, codecs, workers=3)
    assert content_of(tmp_path) == content_of(corpus)


def test_digital_silence_of_every_kind_is_in_a_split_of_its_own_and_is_nobodys_spam(corpus):
    rows = [row for row in rows_of(corpus) if row["split"] == CorpusSplit.TEST_SILENCE]
    assert {row["kind"] for row in rows} == set(SilenceKind)
    assert {row["label"] for row in rows} == {"ham"}
    for row in rows:
        opening = read_ulaw(corpus / row["recording"])
        assert opening.silent_frames.any(), row
        if row["kind"] in (SilenceKind.PURE, SilenceKind.NEAR_ZERO):
            assert "digital silence" in why_inconclusive(opening)


def test_longer_calls_can_be_had(clips, codecs, tmp_path):
    plan = Plan(campaigns=1, calls=1, ham=1, seed=1, seconds=5.0)
    write_corpus(tmp_path, plan, clips, codecs)
    assert [read_ulaw(path).seconds for path in tmp_path.rglob("*.ulaw")] == pytest.approx(
        [5.0, 5.0], abs=0.3
    )
