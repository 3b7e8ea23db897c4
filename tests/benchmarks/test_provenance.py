"""The benchmark of provenance: medians and ratios of what was timed, and whether each aim is met."""

import json

import pytest

from benchmarks import provenance


def _spent(whole: float, identify: float) -> dict[str, list[float]]:
    seconds = {provenance.YARDSTICK: 0.001, provenance.WHOLE: whole, provenance.IDENTIFY: identify}
    return {name: [one] for name, one in seconds.items()}


@pytest.mark.parametrize(
    ("whole", "identify", "status", "missed"),
    [
        (0.499, 0.009, 0, "missed: nothing"),
        (0.501, 0.009, 1, "missed: whole examination: 501.0 ms, wanted at most 500"),
        (0.499, 0.011, 1, "missed: identification: 11.0 ms, wanted at most 10"),
    ],
)
def test_each_median_is_held_against_its_aim(
    whole, identify, status, missed, monkeypatch, tmp_path, capsys
) -> None:
    for name, found in (
        ("calls", []),
        ("parts", {}),
        ("memory", {"0": 50.0, "15": 70.0}),
        ("times", _spent(whole, identify)),
    ):
        monkeypatch.setattr(provenance, name, lambda *_, found=found: found)
    assert provenance.main(["--json", str(tmp_path / "cost.json")]) == status
    printed = capsys.readouterr().out
    assert missed in printed
    assert "memory with   15 s of a call: 70 MB" in printed
    figures = json.loads((tmp_path / "cost.json").read_text())
    assert figures["parts"][1]["ratio"] == pytest.approx(whole / 0.001)


def test_lines_are_as_many_as_are_asked_for_and_can_be_asked() -> None:
    known = provenance.known_lines(provenance.shipped_space(), 50)
    assert len(known.scores(known.sums[:1])) == len(known.names) == 50


def test_help_measures_nothing(capsys) -> None:
    with pytest.raises(SystemExit):
        provenance.main(["--help"])
    assert "--json" in capsys.readouterr().out
