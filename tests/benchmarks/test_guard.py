"""The guard over a replayed day: quiet on a good one, and telling of a bad one."""

import json
from pathlib import Path

import pytest

from benchmarks import guard


def written(path: Path, calls: list[tuple[str | None, str | None]]) -> str:
    rows = ({"time": n, "source": source, "result": result} for n, (source, result) in enumerate(calls))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_a_day_with_an_attack_that_fails_is_quiet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    day = [(None, None)] * 9 + [("SUSPICION", "FAILED")]
    assert guard.main([written(tmp_path / "day.jsonl", day * 30)]) == 0
    assert capsys.readouterr().out.count("acted 0 times") == 3


def test_a_model_that_challenges_people_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert guard.main([written(tmp_path / "day.jsonl", [("SUSPICION", "PASSED")] * 60)]) == 1
    assert "acted 41 times" in capsys.readouterr().out
