"""Codecs and networks are told with probabilities and reasons, and of silence nothing is."""

import numpy as np
import pytest

from silentspam.audio import Recording
from silentspam.errors import ModelError
from silentspam.provenance.analysis import analyse, examine
from silentspam.provenance.codecs import LIKELY
from silentspam.provenance.features import measure, names
from silentspam.provenance.path_model import (
    CODECS,
    MOST_SECONDS,
    NETWORKS,
    SECONDS,
    load_model,
    shipped_model,
    softmax,
    with_seconds,
)
from silentspam.provenance.path_reasons import kinds
from tests.provenance.sounds import RATE, voice


@pytest.fixture(scope="module")
def examined():
    return examine(Recording(voice(6, level=4000.0)))


def test_every_label_has_a_probability(examined):
    told = examined.told
    assert tuple(told.codecs) == CODECS
    assert tuple(told.last) == CODECS
    assert tuple(told.networks) == NETWORKS
    for chances in (told.codecs, told.last, told.networks):
        assert all(0 <= chance <= 1 for chance in chances.values())
    assert sum(told.last.values()) == pytest.approx(1, abs=0.01)


def test_the_signature_is_what_is_likelier_than_not_and_each_has_its_reason(examined):
    told = examined.told
    assert told.signature == tuple(name for name in NETWORKS if told.networks[name] >= LIKELY)
    named = {reason.split()[1] for reason in told.reasons}
    assert named == {name for name, chance in (told.codecs | told.networks).items() if chance >= LIKELY}
    assert told.last[told.last_codec] == max(told.last.values())


def test_an_analysis_says_what_was_told(examined):
    analysis, told = examined.analysis, examined.told
    assert (analysis.codecs, analysis.networks) == (told.codecs, told.networks)
    assert (analysis.signature, analysis.last_codec) == (told.signature, told.last_codec)
    assert set(told.reasons) < set(analysis.reasons)
    assert examined.fingerprint.seconds == pytest.approx(6.0)


@pytest.mark.parametrize(
    "codes", [np.full(4 * RATE, 0xFF), np.full(4 * RATE, 0x7E), np.zeros(0), np.full(1600, 3)]
)
def test_of_silence_and_of_a_fifth_of_a_second_no_codec_is_told(codes):
    analysis = analyse(Recording(codes.astype(np.uint8)))
    assert (analysis.codecs, analysis.networks, analysis.signature) == ({}, {}, ())
    assert analysis.last_codec is None


def test_a_clipped_call_has_probabilities_all_the_same():
    assert set(analyse(Recording(voice(3, level=80000.0))).codecs) == set(CODECS)


def test_the_model_looks_at_figures_that_are_measured():
    model = shipped_model()
    assert set(model.figures) <= {*names(), SECONDS}
    measures = measure(Recording(voice(2)))
    (chosen,) = model.figures_of(measures.vector[np.newaxis], np.array([measures.seconds]))
    assert chosen[0] == measures.vector[names().index(model.figures[0])]
    assert chosen[model.figures.index(SECONDS)] == pytest.approx(np.log(2))
    groups = kinds(model.figures)
    assert sum(map(len, groups.values())) == len(model.figures) - 1


def test_a_longer_call_counts_as_one_of_those_that_were_learnt_from():
    vectors = np.zeros((2, len(names())), dtype=np.float32)
    assert with_seconds(vectors, np.array([60.0, MOST_SECONDS]))[:, -1] == pytest.approx(np.log(MOST_SECONDS))


def test_a_codec_that_was_the_last_was_there(examined):
    told = examined.told
    assert all(told.codecs[codec] >= told.last[codec] for codec in CODECS if codec != "g711")


def _written(folder, files):
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def test_a_model_is_the_same_again_from_its_files(tmp_path):
    model = shipped_model()
    again = load_model(_written(tmp_path / "model", model.files()))
    figures = np.stack([model.neutral, model.neutral + 1])
    assert np.array_equal(again.last_of(figures), model.last_of(figures))
    assert again.figures == model.figures


def test_a_model_of_other_figures_or_changed_files_is_refused(tmp_path):
    from dataclasses import replace

    model = shipped_model()
    other = replace(model, figures=("of another version", *model.figures[1:]))
    with pytest.raises(ModelError, match="of another version"):
        load_model(_written(tmp_path / "other", other.files()))
    folder = _written(tmp_path / "short", replace(model, neutral=model.neutral[1:]).files())
    with pytest.raises(ModelError, match="neutral has shape"):
        load_model(folder)
    (folder / "neutral.npy").write_bytes(b"changed")
    with pytest.raises(ModelError, match="SHA-256"):
        load_model(folder)


def test_softmax_adds_up_to_one_whatever_is_added_to_it():
    sums = np.array([[1.0, 900.0], [2.0, 0.0], [3.0, -900.0]])
    assert np.allclose(softmax(sums).sum(axis=1), 1)
    assert np.allclose(softmax(sums), softmax(sums + 50))
