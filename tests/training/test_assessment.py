"""A model measured: what is counted, what is set apart, and what few openings still give."""

import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from silentspam.audio import Recording, read_ulaw, write_ulaw
from silentspam.card import OperatingPoint
from silentspam.cli import main
from silentspam.model import load_model
from silentspam.training.assessment import assess, choose_splits
from silentspam.training.dataset import LabelError, Labelled, read_labels
from silentspam.training.scoring import Scored, score


def labelled(name, *, is_spam, kind="", campaign="", split="test_unseen", codec="g711u"):
    return Labelled(
        recording=name,
        path=None,
        is_spam=is_spam,
        kind=kind,
        campaign=campaign,
        source=campaign or name,
        split=split,
        codec=codec,
    )


def scored():
    """Three campaigns of 10, of which the last is never found; 40 people, two of them challenged."""
    rows = [
        labelled(
            f"s{i}", is_spam=True, kind="hum", campaign=f"c{i // 10}", split="test_seen" if i < 10 else "new"
        )
        for i in range(30)
    ]
    rows += [
        labelled(f"h{i}", is_spam=False, kind="speech" if i % 2 else "quiet", split="new") for i in range(40)
    ]
    probabilities = np.concatenate([np.full(20, 0.9), np.full(10, 0.2), np.full(38, 0.1), [0.95, 0.95]])
    return Scored(tuple(rows), probabilities, ("",) * 70, probabilities >= 0.6, np.zeros(70))


@pytest.fixture(scope="module")
def figures(model_folder):
    return assess(load_model(model_folder), scored(), statement="synthetic")


def test_campaigns_come_worst_first(figures):
    assert [one["campaign"] for one in figures["campaigns"]] == ["c2", "c0", "c1"]
    assert figures["campaigns"][0]["recall"]["rate"] == 0.0


def test_seen_and_unseen_campaigns_stand_apart(figures):
    assert figures["splits"]["test_seen"]["recall"]["rate"] == 1.0
    assert figures["splits"]["new"]["recall"]["rate"] == 0.5
    # Further calls of known campaigns come without people of their own.
    assert figures["splits"]["test_seen"]["people_of"] == "all openings evaluated"
    assert figures["splits"]["test_seen"]["openings"] == {"spam": 10, "ham": 40}


def test_rates_are_resolved_only_where_the_people_are_enough(figures):
    points = {point["rate"]: point for point in figures["overall"]["recall_at"]}
    assert not points[0.01]["resolved"]
    assert points[0.03]["resolved"]
    assert points[0.03]["recall"] == 0.0  # the two challenged people score above every call
    assert figures["ham_kinds"]["speech"]["hits"] == 1


def test_the_document_is_json_and_a_page(figures):
    from silentspam.reports.evaluation import evaluation_page

    json.dumps(figures, allow_nan=False)
    page = evaluation_page(figures).html()
    assert "cannot be resolved" in page
    assert page.count("<img") == 4


def test_what_a_budget_costs_is_measured_at_its_own_threshold(model_folder):
    from silentspam.reports.evaluation import BUDGETS, evaluation_page

    model = load_model(model_folder)
    points = [
        OperatingPoint(
            max_false_challenge_rate=rate, threshold=threshold, hits=0, n=100, wilson95=(0.0, 0.04)
        )
        for rate, threshold in ((0.001, 0.99), (0.05, 0.5))
    ]
    model.card = msgspec.structs.replace(model.card, operating_points=points)
    found = assess(model, scored())
    strict, lax = found["budgets"]
    assert (strict["recall"]["new"]["hits"], strict["false_challenges"]["hits"]) == (0, 0)
    assert (lax["recall"]["new"]["hits"], lax["false_challenges"]["hits"]) == (10, 2)
    assert lax["recall"]["test_seen"]["rate"] == 1.0
    assert BUDGETS[:40] in evaluation_page(found).html()


def test_the_digital_silence_test_is_in_no_other_figure(model_folder, figures):
    everything = scored()
    silent = [labelled(f"x{i}", is_spam=False, kind="silence_pure", split="test_silence") for i in range(4)]
    probabilities = np.concatenate([everything.probabilities, [np.nan, np.nan, 0.1, 0.99]])
    causes = (*everything.causes, "digital silence", "digital silence", "", "")
    found = assess(
        load_model(model_folder),
        Scored((*everything.rows, *silent), probabilities, causes, probabilities >= 0.6, np.zeros(74)),
        statement="synthetic",
    )
    pure = found.pop("digital_silence")["silence_pure"]
    assert (pure["judged"], pure["challenged"]["hits"], pure["challenged"]["n"]) == (2, 1, 4)
    assert {**found, "digital_silence": {}} == figures


def test_an_opening_partly_silent_is_held_against_the_threshold_of_calls(model_folder, figures):
    """Ten of the found would need 0.92, and have 0.9."""
    strict = replace(scored(), least=np.where(np.arange(70) < 10, 0.92, 0.0))
    found = assess(load_model(model_folder), strict)["overall"]
    assert found["recall"]["hits"] == figures["overall"]["recall"]["hits"] - 10
    assert found["confusion"]["true_positives"] == found["recall"]["hits"]
    assert found["ranking"] == figures["overall"]["ranking"]


@pytest.mark.parametrize("is_spam", [True, False])
def test_one_class_alone_gives_its_own_figures(is_spam, model_folder):
    from silentspam.reports.evaluation import evaluation_page

    everything = scored()
    found = assess(load_model(model_folder), everything.where(everything.is_spam == is_spam))
    assert (found["overall"]["recall"] is not None) == is_spam
    assert (found["overall"]["false_challenges"] is not None) == (not is_spam)
    assert found["overall"]["ranking"] is None
    assert evaluation_page(found).html()


def test_nothing_judged_is_reported_all_the_same(model_folder):
    from silentspam.reports.evaluation import evaluation_page

    row = labelled("x", is_spam=False)
    found = assess(
        load_model(model_folder),
        Scored((row,), np.array([np.nan]), ("digital silence",), np.array([False]), np.zeros(1)),
    )
    assert found["not_judged"] == {"spam": {}, "ham": {"digital silence": 1}}
    assert found["overall"]["false_challenges"] is None
    assert "digital silence" in evaluation_page(found).html()


def test_splits_kept_for_testing_are_measured_unless_others_are_named():
    rows = [labelled(split, is_spam=True, split=split) for split in ("train", "test_seen", "test_unseen")]
    assert {row.split for row in choose_splits(rows, [])} == {"test_seen", "test_unseen"}
    assert {row.split for row in choose_splits(rows, ["train"])} == {"train"}
    assert len(choose_splits(rows[:1], [])) == 1
    with pytest.raises(LabelError, match="no row of split tset: there are test_seen, test_unseen, train"):
        choose_splits(rows, ["tset"])


@pytest.fixture
def few(tmp_path):
    """A corpus of three calls: noise, digital silence, and nothing at all."""
    codes = np.random.default_rng(1).integers(0, 256, 16_000).astype(np.uint8)
    for name, content in (("a", codes), ("b", np.full(16_000, 0xFF, np.uint8)), ("c", codes[:0])):
        write_ulaw(tmp_path / f"{name}.ulaw", Recording(content))
    (tmp_path / "labels.csv").write_text("recording,label\na.ulaw,ham\nb.ulaw,spam\nc.ulaw,ham\n")
    return tmp_path


def test_silence_and_emptiness_are_not_judged(few, model_folder):
    model = load_model(model_folder)
    found = score(model, read_labels(few / "labels.csv", few, for_training=False))
    assert found.not_judged() == {"spam": {"digital silence": 1}, "ham": {"no media": 1}}
    assert found.judged.probabilities[0] == model.judge(read_ulaw(few / "a.ulaw")).spam_probability


def evaluate(folder, model, *options):
    corpus = ["--recordings", str(folder), "--labels", str(folder / "labels.csv")]
    return main(["evaluate", "--model", str(model), *corpus, *options])


def test_a_corpus_of_three_calls_from_the_command_line(few, model_folder, tmp_path, capsys):
    assert evaluate(few, model_folder, "--html", str(tmp_path / "r.html"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["openings"]["judged"] == 1
    assert "Not judged" in (tmp_path / "r.html").read_text()
    assert evaluate(few, model_folder) == 0
    assert "1 spam (digital silence), 1 ham (no media)" in capsys.readouterr().out


def test_what_cannot_be_evaluated_is_said(few, model_folder, capsys):
    assert evaluate(few, model_folder, "--split", "none") == 1
    assert "no row of split none" in capsys.readouterr().err
    (few / "a.ulaw").unlink()
    assert evaluate(few, model_folder) == 1
    assert "a.ulaw" in capsys.readouterr().err
    (few / "labels.csv").write_text("recording,label\nb.ulaw,spam\nb.ulaw,ham\n")
    assert evaluate(few, model_folder) == 1
    assert "both spam and ham: b.ulaw" in capsys.readouterr().err
    assert evaluate(few, few) == 1
    assert "model folder" in capsys.readouterr().err


def test_the_same_audio_labelled_both_ways_is_said(few, model_folder, capsys):
    (few / "c.ulaw").write_bytes((few / "b.ulaw").read_bytes())
    assert evaluate(few, model_folder) == 1
    assert "same audio" in capsys.readouterr().err
