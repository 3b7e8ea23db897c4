"""docs/accuracy.md: from whatever figures there are, the same for the same, and it names what is missing."""

import json

import numpy as np
import pytest

from docs.accuracy import SYNTHETIC, main
from docs.accuracy_kinds import add_kinds
from docs.markdown import Markdown
from silentspam.kinds.table import KINDS
from silentspam.model import load_model
from silentspam.training.assessment import assess
from silentspam.training.comparison import CompareParams, compare
from silentspam.training.holdout import hold_out, hold_outs
from silentspam.training.learning_curve import CurveParams, learning_curve
from tests.training import test_assessment, test_comparison, test_holdout, test_kind_figures


@pytest.fixture(scope="module")
def folder(tmp_path_factory, model_folder):
    """One file of figures for each section, from small datasets."""
    found = {
        "evaluate": assess(load_model(model_folder), test_assessment.scored()),
        "kinds": _kinds(model_folder, tmp_path_factory.mktemp("kinds")),
        "compare": compare(
            test_comparison.openings(),
            test_comparison.openings(width=4),
            test_comparison.fit_first_column,
            CompareParams(splits=2, trees=(2, 4), alphas=(1e-3,), costs=(1.0,)),
            tell=lambda _: None,
        ),
        "curve": _curve(),
        "holdout": _holdout(),
    }
    out = tmp_path_factory.mktemp("figures")
    for name, figures in found.items():
        (out / f"{name}.json").write_text(json.dumps(figures, allow_nan=False))
    return out


def _kinds(model_folder, path):
    told = test_kind_figures.some_told(path / "a.ulaw")
    figures = assess(load_model(model_folder), test_assessment.scored(), statement="All of it is synthetic.")
    return figures | {"kinds": test_kind_figures.some_figures(told)}


def _first_column(part):
    return lambda vectors: vectors[:, 0].astype(np.float64)


def _holdout():
    dataset = test_holdout.dataset()
    return hold_out(dataset, hold_outs(dataset.rows, {}), _first_column)


def _curve():
    dataset = test_holdout.dataset()
    in_test = np.array([row.split == "test_unseen" for row in dataset.rows])
    attacks = dataset.where(in_test & dataset.is_spam)
    base = dataset.where(~(in_test & dataset.is_spam))
    # Campaigns of 20 calls: 20 have to be left to measure on.
    return learning_curve(base, attacks, _first_column, CurveParams(labelled=(0,)), tell=lambda _: None)


def test_everything_measured_is_in_the_document(folder, tmp_path):
    out = tmp_path / "accuracy.md"
    assert main(["--figures", str(folder), "--out", str(out)]) == 0
    text = out.read_text()
    assert SYNTHETIC in text
    for words in ("RandomForestClassifier", "labelled calls", "never met", "cannot be resolved"):
        assert words in text
    pictures = {path.name for path in tmp_path.glob("*.png")}
    linked = {name.split(")")[0] for name in text.split("](")[1:]}
    assert pictures == {name for name in linked if name.endswith(".png")}
    assert len(pictures) == 6
    assert "`python -m lab.amd` has not been run" in text


def test_every_kind_has_a_section_with_what_was_measured(folder, tmp_path):
    out = tmp_path / "accuracy.md"
    assert main(["--figures", str(folder), "--out", str(out)]) == 0
    text = out.read_text()
    sections = {head: body for head, _, body in (part.partition("\n") for part in text.split("\n### ")[1:])}
    for kind in KINDS:
        assert f"{kind.name}: {kind.words}" in sections
    assert "50.00% (1 of 2), 9.45% to 90.55%" in sections["CALLER_FAX: a fax machine or a modem"]
    assert "None of it is in the corpus" in sections["CALLER_NOISE: noise"]
    for detail in ("signals.md", "recordings.md", "noise.md", "lines.md"):
        assert f"]({detail})" in text


def test_a_kind_that_nobody_listened_for_has_no_figures(folder, tmp_path):
    figures = json.loads((folder / "kinds.json").read_text())
    figures["kinds"]["thresholds"]["CALLER_FAX"] = None
    document = Markdown(tmp_path / "kinds.md")
    add_kinds(document, figures)
    (place,) = [n for n, block in enumerate(document.blocks) if block.startswith("### CALLER_FAX")]
    assert document.blocks[place + 2] == "**Nobody listened for CALLER_FAX when this was measured.**"
    assert document.blocks[place + 3].startswith("### ")


def test_writing_twice_writes_the_same_bytes(folder, tmp_path):
    for name in ("one", "two"):
        assert main(["--figures", str(folder), "--out", str(tmp_path / name / "accuracy.md")]) == 0
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two


def test_what_was_not_measured_is_named(tmp_path):
    out = tmp_path / "accuracy.md"
    assert main(["--figures", str(tmp_path), "--out", str(out)]) == 0
    text = out.read_text()
    assert text.count("Not measured") == 5
    assert SYNTHETIC in text


def test_a_broken_file_is_said_and_the_old_document_stays(folder, tmp_path, capsys):
    out = tmp_path / "accuracy.md"
    out.write_text("old")
    for content in ("{", "{}"):
        (tmp_path / "evaluate.json").write_text(content)
        assert main(["--figures", str(tmp_path), "--out", str(out)]) == 1
        assert "docs.accuracy: " in capsys.readouterr().err
    assert out.read_text() == "old"
