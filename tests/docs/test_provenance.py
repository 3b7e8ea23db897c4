"""docs/provenance.md is what the generator makes of the figures beside it, and names what is not measured."""

import json

import pytest

from docs import provenance_text as text
from docs.provenance import FIGURES, OUT, main, share


def test_the_page_in_the_tree_is_what_the_figures_give(tmp_path):
    assert main(["--out", str(tmp_path / "provenance.md")]) == 0
    assert (tmp_path / "provenance.md").read_text(encoding="utf-8") == OUT.read_text(encoding="utf-8")


def test_the_pictures_are_there():
    for name in (*(name for name, _ in text.LOSS_PICTURES), "clarity"):
        assert (OUT.parent / f"provenance-{name}.png").is_file()


def test_what_was_not_measured_is_named(tmp_path):
    assert main(["--figures", str(tmp_path), "--out", str(tmp_path / "page.md")]) == 0
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    for command in ("paths losses --json", "paths codecs --json", "paths lines --json", "paths quality"):
        assert f"Not measured: `silentspam {command}`" in page
    assert page.count("| not measured | ") == len(text.WANTED)


def test_figures_come_with_counts_intervals_and_a_verdict(tmp_path):
    counts = {"hits": 9, "n": 10, "interval": [0.596, 0.982]}
    studies = [
        {"corpus": "here/calls", "seconds": seconds, "counts": {"concealment: whether any": counts}}
        for seconds in (15.0, 2.0)
    ]
    (tmp_path / "losses.json").write_text(json.dumps(studies))
    assert main(["--figures", str(tmp_path), "--out", str(tmp_path / "page.md")]) == 0
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    reached = "90.0% (9 of 10; 59.6%–98.2%)"
    row = f"| whether any packet was concealed: ≥ 95% | `calls` | {reached} | – | {reached} | **no** |"
    assert row in page


def test_figures_that_cannot_be_read_are_said(tmp_path, capsys):
    (tmp_path / "losses.json").write_text("{")
    assert main(["--figures", str(tmp_path), "--out", str(tmp_path / "page.md")]) == 1
    assert "docs.provenance" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(FIGURES.glob("*.json")), ids=lambda path: path.stem)
def test_the_figures_name_no_path_of_a_machine(name):
    assert "/root" not in name.read_text(encoding="utf-8")
    assert "/tmp" not in name.read_text(encoding="utf-8")


def test_a_share_has_its_counts():
    assert share({"hits": 1, "n": 4, "interval": [0.05, 0.7]}) == "25.0% (1 of 4; 5.0%–70.0%)"


def test_lines_are_counted_from_what_their_command_prints(tmp_path):
    one = {"hits": 99, "n": 100, "share": 0.99, "sources": 16, "interval": [0.97, 1.0]}
    pairs = {"hits": 1, "n": 1000, "share": 0.001}
    at = {"threshold": 3.0, "known lines recognised": one, "unknown lines taken for known": one}
    found = {
        "calls": 400,
        "sources": 40,
        "seconds": 15.0,
        "closed": {"after 1": {"identified": one, "foreign pairs accepted at 95 % of true ones": pairs}},
        "open": [{"enrolled by": 1, "lines": 16, "at its threshold": at, "at 95 %": at}],
    }
    (tmp_path / "lines-held-out.jsonl").write_text(json.dumps(found) + "\n")
    assert main(["--figures", str(tmp_path), "--out", str(tmp_path / "page.md")]) == 0
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "Corpus `held-out, 400 calls of 40 sources`" in page
    assert "| one of 16 sources, after 1 | 99.0% (99 of 100; 97.0%–100.0%) |" in page
    assert "| which of 16 sources, after 1 call: ≥ 99% | `held-out, 400 calls of 40 sources` |" in page
    assert page.count("**no**") == 1
