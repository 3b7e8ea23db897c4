"""The benchmark of kinds: medians and ratios of what was timed, and whether the aim is met."""

import json

import pytest

from benchmarks import kinds


def _spent(whole: float) -> dict[str, dict[str, list[float]]]:
    return {
        name: {sort: [seconds] for sort in kinds.SHARES}
        for name, seconds in ((kinds.ALONE, 0.001), (kinds.WHOLE, whole))
    }


@pytest.mark.parametrize(("whole", "status", "word"), [(0.0029, 0, "ms p50\n"), (0.0031, 1, "missed")])
def test_the_median_of_all_kinds_is_held_against_the_aim(
    whole, status, word, monkeypatch, tmp_path, capsys
) -> None:
    for name, found in (
        ("mix", {}),
        ("load_and_warm_up", None),
        ("library", None),
        ("KINDS", ()),
        ("parts", {}),
    ):
        monkeypatch.setattr(kinds, name, found if name == "KINDS" else lambda *_, found=found: found)
    monkeypatch.setattr(kinds, "times", lambda *_: _spent(whole))
    assert kinds.main(["--json", str(tmp_path / "kinds.json")]) == status
    assert word in capsys.readouterr().out
    figures = json.loads((tmp_path / "kinds.json").read_text())
    assert figures["parts"][1]["ratio"] == pytest.approx(whole / 0.001)


def test_help_measures_nothing(capsys) -> None:
    with pytest.raises(SystemExit):
        kinds.main(["--help"])
    assert "--json" in capsys.readouterr().out
