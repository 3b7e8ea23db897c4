"""docs/capacity.md: from whatever figures there are, the same for the same, and it names what is missing."""

import copy
import json

import pytest

from docs.capacity import main

WAITS = {
    "arrival to first command": {"p50": 1.0, "p99": 4.0, "p100": None},
    "recording's end to decision": {"p50": 5.0, "p99": 20.0, "p100": 60.0},
}
RUN = {
    "rate": 100.0,
    "calls": 6000,
    "pace": 1.0,
    "arrivals": "poisson",
    "open_most": 1043,
    "session_seconds": 10.0,
    "failed": 0,
    "waits_ms": WAITS,
    "cpu_ms": {"supervisor": 0.1, "workers": 3.4, "clerk": 0.5},
    "cpu_ms_in_all": 4.0,
    "verdict_ms": 2.0,
    "cores": 0.4,
    "peer": {"cpu_ms": 2.0},
    "memory": {
        "by_role": {"supervisor": 20.0, "workers": 180.0, "clerk": 50.0},
        "settled": 250.0,
        "last": 251.0,
        "over_time": [[float(n), 250.0 + n / 100] for n in range(100)],
    },
}
SCREENINGS = {
    "cores": 2,
    "run": RUN,
    "limits": [
        ["calls with a fault", 0, "at most", 0],
        ["calls in progress at once", 1043, "at least", 1000],
    ],
    "soak": RUN | {"calls": 100_000, "pace": 0.05},
    "soak_limits": [["memory, last to settled", 1.01, "at most", 1.05]],
    "search": [RUN | {"rate": 150.0, "held": True}, RUN | {"rate": 200.0, "held": False, "failed": 3}],
}
REAL_CALLS = {
    "cores": 2,
    "run": {
        "wanted_at_once": 200,
        "calls": 800,
        "dispositions": {"BRIDGED": 400, "REJECTED_CALLER_SILENCE": 400},
        "cpu_ms_in_all": 6.0,
        "asterisk_cpu_ms": 50.0,
    },
    "limits": [["calls at once", 204, "at least", 200]],
    "search": [{"wanted_at_once": 250, "held": True}, {"wanted_at_once": 300, "held": False}],
}
SESSIONS = {
    "clients": 32,
    "commands": 6,
    "ours": ["silentspam"],
    "servers": [
        {"name": "silentspam", "rate": 5000.0, "server_cpu": 0.0003, "client_share": 0.6},
        {"name": "pystrix", "rate": 2000.0, "server_cpu": 0.0006, "client_share": 0.3},
    ],
}

KINDS = {
    "aim_ms": 3.0,
    "openings": 300,
    "rounds": 3,
    "known": 1000,
    "sorts": ["speech", "music"],
    "parts": [
        {"name": name, "p50_ms": p50, "p99_ms": 5.0, "ratio": p50 / 1.5, "p50_ms_by_sort": [p50, p50]}
        for name, p50 in (("dead air alone", 1.5), ("all kinds", 2.9), ("CALLER_FAX", 0.4))
    ],
}

PROVENANCE = {
    "aim_ms": 500.0,
    "identify_aim_ms": 10.0,
    "seconds": 15.0,
    "calls": 16,
    "rounds": 3,
    "lines": 10_000,
    "parts": [
        {"name": name, "p50_ms": p50, "p99_ms": 450.0, "ratio": p50 / 4}
        for name, p50 in (("dead air's verdict", 4.0), ("whole examination", 380.0), ("identification", 3.0))
    ],
    "memory_mb": {"0": 60.0, "15": 85.0},
}


@pytest.fixture
def folder(tmp_path):
    """What the benchmarks write."""
    out = tmp_path / "figures"
    out.mkdir()
    for name, figures in (
        ("sessions", SESSIONS),
        ("kinds", KINDS),
        ("provenance-cost", PROVENANCE),
        ("screenings", SCREENINGS),
        ("real-calls", REAL_CALLS),
    ):
        (out / f"{name}.json").write_text(json.dumps(figures))
    return out


def written(folder, tmp_path) -> str:
    out = tmp_path / "capacity.md"
    assert main(["--figures", str(folder), "--out", str(out)]) == 0
    return out.read_text()


def test_everything_measured_is_in_the_document_and_the_arithmetic_is_right(folder, tmp_path) -> None:
    text = written(folder, tmp_path)
    assert "Not measured" not in text
    assert "missed" not in text
    assert "| all kinds | 2.90 | 5.00 | 1.93 | 2.90 | 2.90 |" in text
    assert "| whole examination | 380.00 | 450.00 | 95.0 | at most 500 |" in text
    assert "| peak memory of a process [MB] | 60 | 85 |" in text
    assert "| pystrix | 2000 | 600 µs | 0.30 | 2.50 |" in text
    assert "**150 calls a second** hold what callers notice" in text
    assert "The highest number of calls at once at which that held: **250**." in text
    # 1,000,000 × 0.17 / 3600 = 47.2; × 4 ms / 0.6 = 0.31; × 10 s = 472; 47.2 / 150 = 0.31
    for worked_out in ("**47 a second**", "= 0.31: **1**", "= **472**", "1.1 core hours", "16 GB a day"):
        assert worked_out in text
    assert "47 / 150 = 0.31, so **1** of it" in text


def test_a_figure_that_was_missed_is_marked(folder, tmp_path) -> None:
    figures = copy.deepcopy(SCREENINGS)
    figures["limits"][0][1] = 7
    (folder / "screenings.json").write_text(json.dumps(figures))
    assert "| calls with a fault | 7: **missed** | at most 0 |" in written(folder, tmp_path)


def test_a_verdict_that_takes_longer_than_wanted_is_said_to_miss(folder, tmp_path) -> None:
    slow = copy.deepcopy(KINDS)
    slow["parts"][1]["p50_ms"] = 3.01
    (folder / "kinds.json").write_text(json.dumps(slow))
    assert "at most 3 ms in the median were wanted: **missed**." in written(folder, tmp_path)


@pytest.mark.parametrize("part", [1, 2])
def test_provenance_that_takes_longer_than_wanted_is_marked(folder, tmp_path, part) -> None:
    slow = copy.deepcopy(PROVENANCE)
    slow["parts"][part]["p50_ms"] = 501.0
    (folder / "provenance-cost.json").write_text(json.dumps(slow))
    assert "| 501.00: **missed** |" in written(folder, tmp_path)


def test_writing_twice_writes_the_same(folder, tmp_path) -> None:
    assert written(folder, tmp_path) == written(folder, tmp_path)


def test_what_was_not_measured_is_named(tmp_path) -> None:
    (tmp_path / "none").mkdir()
    assert written(tmp_path / "none", tmp_path).count("Not measured") == 6


@pytest.mark.parametrize("missing", ["soak", "search", "run"])
def test_a_part_of_the_screenings_that_is_missing_is_named(folder, tmp_path, missing) -> None:
    figures = {key: value for key, value in SCREENINGS.items() if key != missing}
    (folder / "screenings.json").write_text(json.dumps(figures))
    assert "Not measured: `python -m benchmarks.screenings" in written(folder, tmp_path)


def test_a_rate_that_none_held_is_said(folder, tmp_path) -> None:
    figures = SCREENINGS | {"search": [RUN | {"held": False}]}
    (folder / "screenings.json").write_text(json.dumps(figures))
    text = written(folder, tmp_path)
    assert "No rate that was tried holds what callers notice." in text
    assert "none of the rates tried held" in text


def test_a_broken_file_is_said_and_the_old_document_stays(folder, tmp_path, capsys) -> None:
    out = tmp_path / "capacity.md"
    out.write_text("old")
    for content in ("{", '{"run": {}}'):
        (folder / "screenings.json").write_text(content)
        assert main(["--figures", str(folder), "--out", str(out)]) == 1
        assert "docs.capacity: " in capsys.readouterr().err
    assert out.read_text() == "old"
