"""docs/lines.md: from whatever figures there are, the same for the same, and it names what is missing."""

import json

import pytest

from docs.lines import DRAWN, main
from docs.markdown import SYNTHETIC
from silentspam.audio import write_ulaw
from silentspam.training.line_study import LineStudyParams, study_lines
from tests.fakes import noise
from tests.training import test_line_study

measured, setting = test_line_study.measured, test_line_study.setting

REPLAYED = {
    "calls": 100,
    "people": 70,
    "bridged_median": 2,
    "bridged_worst": 4,
    "false_challenges": {"hits": 1, "n": 70, "rate": 0.01429, "wilson95": [0.00253, 0.07658]},
    "campaigns": [
        {
            "campaign": f"c{number}",
            "calls": 15,
            "caught_by": caught_by,
            "bridged_before": 3,
            "seconds_until": seconds,
            "bridged": 4,
            "recall_after": recall,
        }
        for number, (caught_by, seconds, recall) in enumerate((("BURST", 12.5, 0.9), (None, None, None)))
    ],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, measured, setting):
    """What `silentspam lines-study` and `silentspam replay` write."""
    params = LineStudyParams(
        enrolled=(1, 3), rates=(0.005, 0.001, None), others=10, draws=1, trials=4, rounds=1
    )
    figures = study_lines(measured, [setting], params) | {"model": {"model_id": "0123456789ab"}}
    out = tmp_path_factory.mktemp("figures")
    (out / "lines.json").write_text(json.dumps(figures, allow_nan=False))
    (out / "replay.json").write_text(json.dumps(REPLAYED))
    return out


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Three campaigns of different kinds."""
    out = tmp_path_factory.mktemp("corpus")
    rows = ["recording,label,kind,campaign,codec"]
    for number, kind in enumerate(DRAWN * 2):
        write_ulaw(out / f"{number}.ulaw", noise(seconds=1.5, level=10 * (number + 1)))
        rows.append(f"{number}.ulaw,spam,{kind},{kind}-0,g711u")
    (out / "labels.csv").write_text("\n".join(rows) + "\n")
    return out


def test_everything_measured_is_in_the_document(folder, corpus, tmp_path) -> None:
    out = tmp_path / "lines.md"
    assert main(["--figures", str(folder), "--corpus", str(corpus), "--out", str(out)]) == 0
    text = out.read_text()
    assert SYNTHETIC in text
    for words in ("0123456789ab", "three failed challenges", "1.43%", "line-memory.md", "space_id", "BURST"):
        assert words in text
    assert "Not measured" not in text
    pictures = {path.name for path in tmp_path.glob("*.png")}
    assert pictures == {name.split(")")[0] for name in text.split("](")[1:]} - {"line-memory.md"}
    assert pictures == {f"lines-{name}.png" for name in ("recall", "active", *DRAWN)}


def test_writing_twice_writes_the_same_bytes(folder, corpus, tmp_path) -> None:
    for name in ("one", "two"):
        out = tmp_path / name / "lines.md"
        assert main(["--figures", str(folder), "--corpus", str(corpus), "--out", str(out)]) == 0
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two


def test_a_figure_that_was_missed_is_marked(folder, tmp_path) -> None:
    figures = json.loads((folder / "lines.json").read_text())
    for point in figures["settings"][0]["recall"]:
        point["worst"] = 0.5
    (tmp_path / "lines.json").write_text(json.dumps(figures))
    assert main(["--figures", str(tmp_path), "--out", str(tmp_path / "lines.md")]) == 0
    assert "50.00%: **missed**" in (tmp_path / "lines.md").read_text()


def test_what_was_not_measured_is_named(tmp_path) -> None:
    out = tmp_path / "lines.md"
    assert main(["--figures", str(tmp_path), "--out", str(out)]) == 0
    assert out.read_text().count("Not measured") == 3


def test_a_broken_file_is_said_and_the_old_document_stays(tmp_path, capsys) -> None:
    out = tmp_path / "lines.md"
    out.write_text("old")
    for content in ("{", "{}"):
        (tmp_path / "lines.json").write_text(content)
        assert main(["--figures", str(tmp_path), "--out", str(out)]) == 1
        assert "docs.lines: " in capsys.readouterr().err
    assert out.read_text() == "old"
