"""Learning codecs and networks: from rows that show them plainly, and what is heard of real codecs."""

import numpy as np
import pytest

from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.cli import main
from silentspam.errors import AudioError
from silentspam.provenance.analysis import examine
from silentspam.provenance.features import Measures
from silentspam.provenance.noise import NoiseProfile
from silentspam.provenance.path_model import CODECS, LABELS, NETWORKS, SECONDS, chance
from silentspam.training.codecs import available_codecs, open_codec
from silentspam.training.codecs.g711 import encode_mu_law
from silentspam.training.path_corpus import PathCall
from silentspam.training.path_rows import (
    ANY_ORDER,
    FOLDS,
    PathRows,
    labels_of,
    last_of,
    pieces_of,
    rows_of,
)
from silentspam.training.path_training import (
    COMPRESSING,
    best_scales,
    best_sharpness,
    learn_path_model,
)
from silentspam.training.sources import Split
from tests.provenance.sounds import voice

MEASURES = Measures(
    vector=np.zeros(3, dtype=np.float32),
    noise=NoiseProfile(
        clarity=None,
        level_range=None,
        level_deviation=None,
        multiplicative=None,
        floor_dbfs=-60.0,
        speech_dbfs=-20.0,
        codes=(),
    ),
    seconds=5.0,
)


def call(
    *codecs: str, speaker: str = "somebody", networks: tuple[str, ...] = ("voip",), ordered: bool = True
) -> PathCall:
    """A call through these codecs."""
    n = len(codecs)
    return PathCall(
        recording="recordings/1.ulaw",
        split=Split.TRAIN,
        source="00001",
        speaker=speaker,
        ordered=ordered,
        networks=networks,
        codecs=codecs,
        encodings=codecs,
        packet_ms=(20,) * n,
        fills=("concealed",) * n,
        loss_rates=(0.0,) * n,
        lost=((),) * n,
    )


@pytest.fixture(scope="module")
def rows() -> PathRows:
    """Vectors that show each label in a figure of its own, and the last coder in another."""
    rng = np.random.default_rng(4)
    n = 600
    last = rng.integers(0, len(CODECS), n)
    labels = rng.random((n, len(LABELS))) < 0.4
    labels[np.arange(n), last] = True
    shown = np.concatenate([labels * 2.0, np.eye(len(CODECS))[last] * 2.0], axis=1)
    vectors = (shown + rng.normal(size=shown.shape) * 0.4).astype(np.float32)
    return PathRows(
        figures=(*(f"figure_{at}" for at in range(vectors.shape[1] - 1)), SECONDS),
        vectors=vectors,
        labels=labels,
        last=last,
        weights=np.ones(n),
        folds=np.arange(n) % FOLDS,
    )


def test_what_rows_show_is_learnt_with_probabilities_that_are_meant(rows):
    model = learn_path_model(rows, last_stages=8, label_stages=15, passes=10)
    last = model.last_of(rows.vectors)
    chances = chance(model.log_odds_of(rows.vectors, last))
    assert (last.argmax(axis=1) == rows.last).mean() > 0.9
    assert ((chances >= 0.5) == rows.labels).mean() > 0.95
    assert np.allclose(last.sum(axis=1), 1)
    assert model.neutral.shape == (len(rows.figures),)


def test_the_last_coder_is_the_last_that_compressed():
    assert last_of(call("gsm_fr", "speex", "g711")) == CODECS.index("speex")
    assert last_of(call("g711", "g711")) == CODECS.index("g711")
    labels = labels_of(call("gsm_fr", "g711", networks=("cellular", "pstn")))
    there = [label for label, one in zip(LABELS, labels, strict=True) if one]
    assert there == ["g711", "gsm_fr", "pstn", "cellular"]


def test_calls_that_lack_a_label_are_refused():
    with pytest.raises(AudioError, match="gsm_fr"):
        rows_of([call("g711")], [MEASURES])


def test_the_calls_of_one_speaker_are_in_one_fold_and_any_order_counts_less():
    calls = [
        call(codec, speaker=f"speaker {at // 2 % 4}", networks=NETWORKS, ordered=at % 2 == 0)
        for at, codec in enumerate(np.tile([*CODECS, "g711"], 12))
    ]
    rows = rows_of(calls, [MEASURES] * len(calls))
    assert np.array_equal(rows.folds[::2], rows.folds[1::2])
    assert set(rows.folds) == set(range(FOLDS))
    assert np.array_equal(rows.weights[:2], [1.0, ANY_ORDER])
    assert rows.vectors[0] == pytest.approx([0, 0, 0, np.log(5)])


def test_pieces_are_from_anywhere_and_no_longer_than_the_call():
    heard = Recording(np.arange(4 * SAMPLE_RATE, dtype=np.uint64).astype(np.uint8))
    pieces = pieces_of(heard, [15.0, 2.0], np.random.default_rng(3))
    assert [piece.seconds for piece in pieces] == [4.0, 2.0]
    others = pieces_of(heard, [15.0, 2.0], np.random.default_rng(4))
    assert not np.array_equal(pieces[1].codes, others[1].codes)


def test_surer_than_they_may_be_is_brought_back():
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 3, 2000)
    told = np.where(rng.random(2000) < 0.7, truth, rng.integers(0, 3, 2000))
    sure = 8.0 * np.eye(3)[told].T
    assert best_sharpness([sure], truth, np.ones(2000)) < 0.5
    vain = rng.normal(size=sure.shape)
    both = best_sharpness([sure, vain], truth, np.ones(2000))
    assert both[0] < 0.5
    assert both[1] < 0.1


def test_codecs_keep_their_threshold_and_networks_are_as_frequent_as_they_are():
    labels = np.random.default_rng(2).random((3000, len(LABELS))) < 0.3
    nothing = np.zeros((len(LABELS), 3000))
    scales, offsets = best_scales([nothing, nothing], labels, np.ones(3000))
    assert scales.shape == (2, len(LABELS))
    for at, label in enumerate(LABELS):
        wanted = 0.5 if label in COMPRESSING else labels[:, at].mean()
        assert chance(offsets[at]) == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize(("name", "label"), [("gsm", "gsm_fr"), ("g729a", "g729")])
def test_a_codec_alone_leaves_its_name(name, label, codec_folders):
    if name not in available_codecs(folders=codec_folders):
        pytest.skip(f"no library of {name}")
    codec = open_codec(name, folders=codec_folders)
    samples = Recording(voice(12, seed=6, level=6000.0)).linear
    clean = np.zeros(-(-len(samples) // codec.frame_samples), dtype=bool)
    heard = encode_mu_law(codec.transmit(samples, clean))
    plain, coded = (examine(Recording(codes)).told for codes in (voice(12, seed=6, level=6000.0), heard))
    assert coded.codecs[label] > plain.codecs[label]


def test_learning_wants_calls_of_every_codec(g711_calls, tmp_path, capsys):
    assert main(["paths", "learn-codecs", str(g711_calls), "--out", str(tmp_path / "model")]) == 1
    assert "gsm_fr" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_learning_wants_pieces_of_which_something_is_measured(g711_calls, tmp_path, capsys):
    said = [
        "paths",
        "learn-codecs",
        str(g711_calls),
        "--out",
        str(tmp_path / "model"),
        "--seconds",
        "5",
        "-1",
    ]
    assert main(said) == 1
    assert "pieces of -1 s: a length must be 0.5 s or more" in capsys.readouterr().err
