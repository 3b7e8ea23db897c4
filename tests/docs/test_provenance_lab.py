"""docs/provenance-lab.md: what its generator makes of the figures kept beside it."""

import json
from pathlib import Path

from docs.provenance_lab import FIGURES, OUT, main, write

CALL = {
    "codec": "gsm",
    "buffered": False,
    "family": "gsm_fr",
    "seconds": 16.0,
    "agent_heard": 0.97,
    "lost_packets": 40,
    "seen_packets": 39,
    "found_packets": 38,
    "concealed_rate": 0.01,
    "concealment": {"any": 0.6},
    "networks": {"cellular": 0.99, "voip": 0.2},
    "last_codec": "gsm_fr",
}


def test_the_page_is_what_the_figures_beside_it_give(tmp_path: Path) -> None:
    assert main(["--figures", str(FIGURES), "--out", str(tmp_path / "page.md")]) == 0
    assert (tmp_path / "page.md").read_text() == OUT.read_text()


def test_calls_are_counted_by_what_was_told_of_them(tmp_path: Path) -> None:
    silent = CALL | {
        "buffered": True,
        "agent_heard": 0.04,
        "networks": {},
        "last_codec": None,
        "found_packets": 0,
    }
    wrong = CALL | {"codec": "opus", "family": "opus", "last_codec": "g711", "networks": {"cellular": 0.1}}
    write([CALL, silent, wrong], tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    for row in (
        "| calls of which a last codec was told | 2 of 3 |",
        "| last codec right, of those | 1 of 2 |",
        "| cellular told of GSM and AMR | 1 of 1 |",
        "| cellular told of others | 0 of 1 |",
        "| agents who heard their caller | 2 of 3 |",
        "| the same with a jitter buffer | 0 of 1 |",
        "| packets lost, with a jitter buffer | 40 lost, 39 seen, 0 of these lost |",
        "| gsm | – | 16.00 | 97% | 40 | 39 | 38 | 1.0% (0.60) | gsm_fr | cellular 0.99, voip 0.20 |",
    ):
        assert row in text


def test_a_file_that_is_none_is_said(tmp_path: Path, capsys) -> None:
    for content in ("{", json.dumps([{"codec": "gsm"}])):
        (tmp_path / "trunks.json").write_text(content)
        assert main(["--figures", str(tmp_path / "trunks.json"), "--out", str(tmp_path / "page.md")]) == 1
        assert "docs.provenance_lab: " in capsys.readouterr().err
    assert not (tmp_path / "page.md").exists()
