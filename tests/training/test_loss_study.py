"""Counting what is found of losses: against a truth that is known, with calls that are cut anywhere."""

import json

import numpy as np
import pytest

from silentspam.cli import main
from silentspam.errors import AudioError
from silentspam.provenance.concealment import ALGORITHMS, CALL_NAMES, NONE, OUTPUTS, SHIPPED
from silentspam.provenance.packet_loss import Filling, LostSpan, PacketLoss
from silentspam.training.concealment_training import fit_calls, flat, learn_concealment
from silentspam.training.loss_study import Tally, count_concealment, count_losses
from silentspam.training.path_truth import HopLosses, concealed, marked
from silentspam.training.paths import Fill


def _hop(*begins: int, fill: Fill = Fill.SILENCE, plain: bool = True) -> HopLosses:
    return HopLosses(begins=begins, length=160, fill=fill, codec="g711", plain=plain)


def _told(*begins: int) -> PacketLoss:
    spans = tuple(LostSpan(begin=begin, length=160, filling=Filling.SILENCE) for begin in begins)
    return PacketLoss(spans=spans, packet_ms=20, rate=0.0, burstiness=1.0)


def test_found_missed_and_false_packets_are_counted():
    tally = Tally()
    hop = _hop(-200, 800, 1600, 3200, 4800, 6400)
    count_losses(tally, _told(800, 1600, 3200, 4800, 9600), [hop], 16000)
    assert (tally.hits["lost packets found: silence"], tally.n["lost packets found: silence"]) == (4, 5)
    said = "packets said to be lost that were: silence"
    assert (tally.hits[said], tally.n[said]) == (4, 5)
    assert tally.hits["packet length right: silence, 5 losses or more"] == 1


def test_what_was_concealed_is_no_false_loss_and_a_clean_call_counts():
    tally = Tally()
    count_losses(tally, _told(800), [_hop(800, fill=Fill.CONCEALED)], 16000)
    count_losses(tally, _told(), [], 16000)
    assert tally.hits["packets said to be lost that were: silence"] == 1
    assert tally.hits["calls without loss in which no loss is seen"] == 1


def test_concealment_that_was_missed_is_counted():
    tally = Tally()
    count_concealment(tally, NONE, [_hop(800, fill=Fill.CONCEALED)], 16000)
    count_concealment(tally, NONE, [], 16000)
    assert (tally.hits["concealment: whether any"], tally.n["concealment: whether any"]) == (1, 2)
    assert tally.hits["concealment: rate within 2 points"] == 2
    assert tally.n["concealment: g711 at work, and seen"] == 1


def test_lines_hold_counts_and_intervals():
    tally = Tally()
    tally.add("something", 9, 10)
    (line,) = tally.lines()
    assert "90.00%" in line
    assert "9 of 10" in line
    assert "0.596…0.982" in line


def test_marked_samples_are_those_of_the_packets():
    losses = (_hop(-100, 400), _hop(1000, fill=Fill.CONCEALED))
    assert marked(losses, 2000).sum() == 60 + 160 + 160
    assert marked(concealed(losses), 2000).sum() == 160


def test_flat_trees_add_up_to_what_scikit_learn_says():
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(400, 5)).astype(np.float32)
    labels = vectors[:, 0] + vectors[:, 1] * vectors[:, 2] > 0
    some = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=8).fit(vectors, labels)
    share = HistGradientBoostingRegressor(max_iter=10).fit(vectors, vectors[:, 3])
    trees = flat([some, share])
    trees.validate()
    sums = trees.sums(vectors)
    np.testing.assert_allclose(sums[0], some.decision_function(vectors), atol=1e-9)
    np.testing.assert_allclose(sums[1], share.predict(vectors), atol=1e-9)


def test_the_command_prints_shares_counts_and_intervals(g711_calls, capsys):
    assert main(["paths", "losses", "--recordings", str(g711_calls), "--seconds", "4", "2"]) == 0
    printed = capsys.readouterr().out
    assert "test split, 4 s a call" in printed
    assert "test split, 2 s a call" in printed
    assert "concealment: whether any" in printed


def test_learning_wants_calls_of_every_algorithm(g711_calls):
    with pytest.raises(AudioError, match="gsm_fr"):
        learn_concealment([g711_calls])


def test_the_command_prints_counts_for_a_file(g711_calls, capsys):
    assert main(["paths", "losses", "--recordings", str(g711_calls), "--seconds", "2", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["seconds"] == 2.0
    counted = told["counts"]["concealment: whether any"]
    assert counted["n"] == 12
    assert 0 <= counted["interval"][0] <= counted["hits"] / 12 <= counted["interval"][1] <= 1


def test_calls_alone_are_learnt_where_the_trees_of_frames_are_kept(g711_calls, tmp_path, capsys):
    told = ["--frames", str(SHIPPED), "--recordings", str(g711_calls), "--out", str(tmp_path / "out")]
    assert main(["paths", "learn-concealment", *told]) == 1
    assert "no training call that was concealed by gsm_fr, ilbc, speex, g729" in capsys.readouterr().err


def test_trees_of_calls_tell_whether_any_how_much_and_by_which_algorithm():
    rng = np.random.default_rng(0)
    rows = [
        (
            rng.normal(size=len(CALL_NAMES)).astype(np.float32),
            rate,
            (rng.random(len(ALGORITHMS)) < rate * 5) * 1.0,
        )
        for rate in rng.choice([0.0, 0.02, 0.1], 200)
    ]
    trees = fit_calls(rows, seed=1)
    trees.validate()
    assert trees.sums(np.stack([row[0] for row in rows])).shape == (len(OUTPUTS), 200)
