"""Labels: what is read, what is refused and in which words, and what is left out."""

import numpy as np
import pytest

from silentspam.audio import Recording, write_ulaw
from silentspam.features import FeatureParams, feature_matrix, feature_vector
from silentspam.training import dataset
from silentspam.training.dataset import LabelError, load_dataset, read_labels

PARAMS = FeatureParams()


@pytest.fixture
def folder(tmp_path):
    """Twelve noisy openings, a.. to l.., and their labels."""
    rng = np.random.default_rng(4)
    for name in "abcdefghijklmnopqrstuvwx":
        (tmp_path / f"{name}.ulaw").write_bytes(rng.integers(0, 256, 16000, dtype=np.uint8).tobytes())
    return tmp_path


def labels(folder, lines, head="recording,label,campaign,split"):
    path = folder / "labels.csv"
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


def good_lines():
    names = "abcdefghijklmnopqrstuvwx"
    return [f"{name}.ulaw,{'spam' if i % 2 else 'ham'},c{i % 3}," for i, name in enumerate(names)]


def test_rows_and_vectors_come_in_the_order_of_the_file(folder):
    rows = read_labels(labels(folder, good_lines()), folder)
    dataset = load_dataset(rows, PARAMS)
    assert [row.recording[0] for row in dataset.rows] == list("abcdefghijklmnopqrstuvwx")
    assert dataset.vectors.dtype == np.float32
    assert dataset.is_spam.tolist() == [bool(i % 2) for i in range(24)]


def test_features_are_those_of_a_live_call(folder):
    from silentspam.audio import read_ulaw

    dataset = load_dataset(read_labels(labels(folder, good_lines()), folder), PARAMS)
    live = feature_vector(read_ulaw(folder / "a.ulaw").sounding, PARAMS)
    # Summed in another order with others in the batch: the same to within rounding.
    np.testing.assert_allclose(dataset.vectors[0], live, rtol=1e-6, atol=1e-6)


def test_only_the_first_two_seconds_count(folder):
    rows = read_labels(labels(folder, good_lines()), folder)
    before = load_dataset(rows, PARAMS)
    path = folder / "a.ulaw"
    path.write_bytes(path.read_bytes() + b"\x00" * 8000)
    after = load_dataset(rows, PARAMS)
    assert after.data_hash == before.data_hash
    np.testing.assert_array_equal(after.vectors, before.vectors)


def test_digital_silence_and_short_files_are_left_out_and_counted(folder):
    (folder / "silent.ulaw").write_bytes(b"\xff" * 16000)
    (folder / "late.ulaw").write_bytes(b"\xff" * 12000 + b"\x12\x34" * 2000)
    (folder / "short.ulaw").write_bytes(b"\x12\x34" * 1000)
    (folder / "empty.ulaw").write_bytes(b"")
    extra = [f"{name}.ulaw,spam,," for name in ("silent", "late", "short", "empty")]
    dataset = load_dataset(read_labels(labels(folder, good_lines() + extra), folder), PARAMS)
    assert len(dataset.rows) == 24
    assert dataset.skipped == {"digital silence": 2, "no media": 1, "too little audio": 1}


def test_a_corpus_of_empty_recordings_says_what_was_left_out(folder):
    for path in folder.glob("*.ulaw"):
        path.write_bytes(b"")
    with pytest.raises(LabelError, match=r"without \{'no media': 24\}: 0 spam, at least 10 are needed"):
        load_dataset(read_labels(labels(folder, good_lines()), folder), PARAMS)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite_are_never_trained_on(folder, monkeypatch, value):
    def broken(openings, params):
        vectors = feature_matrix(openings, params)
        vectors[3, 5] = value
        return vectors

    monkeypatch.setattr(dataset, "feature_matrix", broken)
    with pytest.raises(LabelError, match=r"NaN or infinite cannot be trained on: d\.ulaw$"):
        load_dataset(read_labels(labels(folder, good_lines()), folder), PARAMS)


def test_the_hash_follows_bytes_and_labels(folder):
    rows = read_labels(labels(folder, good_lines()), folder)
    before = load_dataset(rows, PARAMS).data_hash
    (folder / "a.ulaw").write_bytes(b"\x01" + (folder / "a.ulaw").read_bytes()[1:])
    assert load_dataset(rows, PARAMS).data_hash != before


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([*good_lines(), "a.ulaw,spam,,"], "both spam and ham: a.ulaw"),
        ([*good_lines(), "nobody.ulaw,spam,,"], "nobody.ulaw"),
        ([*good_lines(), "a.ulaw,maybe,,"], "line 26: label is 'maybe'"),
        ([*good_lines(), "../a.ulaw,ham,,"], "not a path below"),
        ([*good_lines(), ",ham,,"], "not a path below"),
        ([line for line in good_lines() if ",ham," in line], "0 spam, at least 10"),
        (good_lines()[:3], "1 spam, at least 10"),
        ([], "0 spam"),
    ],
)
def test_labels_that_cannot_be_trained_on(folder, lines, words):
    with pytest.raises(LabelError, match=words):
        read_labels(labels(folder, lines), folder)


def test_a_label_said_twice_counts_once(folder):
    assert len(read_labels(labels(folder, [*good_lines(), good_lines()[0]]), folder)) == 24


def test_a_missing_column_is_named(folder):
    with pytest.raises(LabelError, match="no column label"):
        read_labels(labels(folder, good_lines(), head="recording,verdict,campaign,split"), folder)


def test_a_missing_or_binary_file_is_a_label_error(folder):
    with pytest.raises(LabelError, match=r"nothing\.csv"):
        read_labels(folder / "nothing.csv", folder)
    (folder / "bad.csv").write_bytes(b"\xff\xfe\x00\x01" * 10)
    with pytest.raises(LabelError):
        read_labels(folder / "bad.csv", folder)


def test_the_same_audio_labelled_both_ways_is_refused(folder):
    (folder / "b.ulaw").write_bytes((folder / "a.ulaw").read_bytes())
    rows = read_labels(labels(folder, good_lines()), folder)
    with pytest.raises(LabelError, match=r"a\.ulaw and b\.ulaw are the same audio"):
        load_dataset(rows, PARAMS)


def test_labels_that_are_only_measured_may_be_few_and_of_one_class(tmp_path):
    write_ulaw(tmp_path / "a.ulaw", Recording(np.full(16_000, 0xFE, np.uint8)))
    labels = tmp_path / "labels.csv"
    labels.write_text("recording,label,codec\na.ulaw,ham,gsm+g711u\n")
    (row,) = read_labels(labels, tmp_path, for_training=False)
    assert row.codec == "gsm+g711u"
    with pytest.raises(LabelError, match="0 spam"):
        read_labels(labels, tmp_path)
