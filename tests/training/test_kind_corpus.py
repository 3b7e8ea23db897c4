"""A corpus of every kind: labelled by kind, one for one seed, campaigns and announcements held apart."""

import csv
import json
from collections import Counter

import numpy as np
import pytest

from silentspam.audio import read_ulaw
from silentspam.call import VerdictKind
from silentspam.cli import main
from silentspam.errors import AudioError, SilentSpamError
from silentspam.kinds.busy import busy
from silentspam.kinds.fax import fax
from silentspam.kinds.sound import Sound
from silentspam.training.announcements import announcements, set_aside
from silentspam.training.codecs import open_codec
from silentspam.training.corpus import write_corpus
from silentspam.training.dataset import read_labels
from silentspam.training.kind_campaigns import signal_cases
from silentspam.training.kind_corpus import KindPlan, KindSimulator
from silentspam.training.mixture import TABLE_2, mixture_of, shares
from silentspam.training.noise_corpus import is_heard
from silentspam.training.simulate import Plan, Simulator
from silentspam.training.sources import Split, find_clips

FAX, BUSY, PLAYED = VerdictKind.CALLER_FAX, VerdictKind.CALLER_BUSY, VerdictKind.CALLER_RECORDING
PLAN = Plan(campaigns=1, calls=2, ham=6, seed=7)
KINDS = KindPlan(openings_of_kinds=60, calls=3, seed=7, mixture={FAX: 2, BUSY: 2, PLAYED: 2}, test_share=0.3)


@pytest.fixture(scope="module")
def clips(audio_folder):
    return find_clips([audio_folder])


@pytest.fixture(scope="module")
def codecs():
    return {name: open_codec(name) for name in ("g711u", "g711a")}


@pytest.fixture(scope="module")
def corpus(clips, codecs, tmp_path_factory):
    out = tmp_path_factory.mktemp("kinds")
    write_corpus(out, PLAN, clips, codecs, kinds=KINDS)
    return out


@pytest.fixture(scope="module")
def rows(corpus):
    with (corpus / "labels.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_mixture_is_the_papers_unless_another_is_said():
    assert shares(735, TABLE_2) == {FAX: 611, PLAYED: 87, VerdictKind.CALLER_NOISE: 32, BUSY: 5}
    assert shares(7, mixture_of(["fax=1", "busy=1"])) == {FAX: 4, BUSY: 3}
    for wrong in ("fax", "fax=x", "silence=3", "tap=1"):
        with pytest.raises(SilentSpamError, match="KIND=WEIGHT"):
            mixture_of([wrong])
    with pytest.raises(SilentSpamError, match="every weight is 0"):
        mixture_of(["fax=0"])


def test_every_opening_is_labelled_by_its_kind(rows):
    assert Counter(row["label"] for row in rows) == {FAX: 20, BUSY: 20, PLAYED: 20, "spam": 2, "ham": 6}
    assert all(0 <= float(row["loss"]) < 0.3 for row in rows)


def test_one_seed_makes_one_corpus_with_any_number_of_workers(corpus, clips, codecs, tmp_path):
    write_corpus(tmp_path, PLAN, clips, codecs, kinds=KINDS, workers=2)
    for path in corpus.rglob("*"):
        assert path.is_dir() or (tmp_path / path.relative_to(corpus)).read_bytes() == path.read_bytes()


def test_another_kind_changes_no_opening_of_one(clips, codecs):
    people, announced = set_aside(clips)
    more = KindPlan(
        openings_of_kinds=90, calls=3, seed=7, mixture={FAX: 2, BUSY: 3, PLAYED: 4}, test_share=0.3
    )
    few, many = (KindSimulator(plan, people, announced, codecs, None) for plan in (KINDS, more))
    job = KINDS.jobs()[0]
    one, other = few.draw(job), many.draw(job)
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.recording.codes, other.recording.codes)


def test_dead_air_is_the_same_with_other_kinds_beside_it(corpus, clips, codecs):
    alone = next(Simulator(PLAN, clips, codecs).openings())
    assert read_ulaw(corpus / alone.row.recording).codes.tobytes() == alone.recording.codes.tobytes()


def test_no_campaign_and_no_announcement_crosses_into_the_unseen_split(rows):
    for column in ("campaign", "source"):
        unseen = {
            row[column] for row in rows if row["split"] == "test_unseen" and row["label"] not in ("ham",)
        }
        others = {row[column] for row in rows if row["split"] != "test_unseen"}
        assert unseen
        assert not unseen & others


def test_every_opening_is_heard(corpus, rows):
    for row in rows:
        if row["label"] in (FAX, BUSY, PLAYED):
            assert is_heard(read_ulaw(corpus / row["recording"]))


def test_the_detectors_know_most_of_the_signals(corpus, rows):
    for kind, detect in ((FAX, fax), (BUSY, busy)):
        sounds = [Sound(read_ulaw(corpus / row["recording"])) for row in rows if row["label"] == kind]
        assert sum(any(one.kind is kind for one in detect(sound)) for sound in sounds) > 0.6 * len(sounds)


def test_busy_signals_are_those_of_several_regions_and_no_ringing():
    names = [case.name for case in signal_cases()[BUSY]]
    assert {"North America", "Europe", "UK", "Japan"} <= {
        name.split(", ")[1] for name in names if ", " in name
    }
    assert not [name for name in names if name.startswith("ringback")]


def test_nobody_speaks_what_an_announcement_is_made_of(clips):
    people, announced = set_aside(clips)
    assert not {clip.source_id for clip in people} & {clip.source_id for clip in announced}
    assert {clip.speaker for clip in announced} <= {clip.speaker for clip in people}


def test_every_second_announcement_is_known_and_lies_in_the_corpus(clips, corpus):
    _, announced = set_aside(clips)
    found = [*announcements(announced, Split.TRAIN), *announcements(announced, Split.TEST)]
    known = {one.name for one in found if one.is_known}
    assert 0 < len(known) < len(found)
    assert {path.stem for path in (corpus / "announcements").glob("*.ulaw")} == known


def test_the_description_says_what_is_synthetic(corpus):
    described = json.loads((corpus / "corpus.json").read_text())
    assert "signals are synthetic" in described["statement"]
    assert described["plan"]["seed"] == 7
    assert len(described["kinds"]["campaigns"]) == 21


def test_what_cannot_be_made_is_said(clips, codecs):
    noise = KindPlan(openings_of_kinds=1, seed=1, mixture={VerdictKind.CALLER_NOISE: 1})
    with pytest.raises(AudioError, match="nothing to make noise of"):
        KindSimulator(noise, clips, (), codecs, None)
    with pytest.raises(AudioError, match="too little speech"):
        KindSimulator(KindPlan(openings_of_kinds=1, seed=1, mixture={PLAYED: 1}), clips, (), codecs, None)
    with pytest.raises(AudioError, match="at least 0, 0 and 1"):
        KindPlan(openings_of_kinds=1, calls=0, seed=1)


def test_training_leaves_other_kinds_out(corpus):
    rows = read_labels(corpus / "labels.csv", corpus, for_training=False)
    assert Counter(row.spam_kind for row in rows) == {"": 6, VerdictKind.CALLER_SILENCE: 2}
    every = read_labels(corpus / "labels.csv", corpus, for_training=False, other_kinds=True)
    assert sum(row.is_other for row in every) == 60


def test_without_codec_libraries_there_is_no_noise_and_the_rest_is_made(audio_folder, tmp_path, capsys):
    sources = ["--sources", str(audio_folder), "--codecs", "g711u", "--workers", "1"]
    size = ["--campaigns", "0", "--ham", "1", "--silence", "0", "--kinds", "8", "--mix", "noise=1", "fax=1"]
    assert main(["simulate", "--out", str(tmp_path / "c"), *sources, *size]) == 0
    made = "no campaigns of noise" not in capsys.readouterr().err
    labels = [
        row.spam_kind
        for row in read_labels(
            tmp_path / "c/labels.csv", tmp_path / "c", for_training=False, other_kinds=True
        )
    ]
    assert labels.count(FAX) == (4 if made else 8)
