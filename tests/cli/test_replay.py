"""`silentspam replay` and `timeline`: from a corpus to a table, with the tests' model and the shipped one."""

import json
from pathlib import Path

import pytest

from silentspam import resources
from silentspam.audio import write_ulaw
from tests.fakes import noise, silence, tone
from tests.lines.openings import missed_by_the_model

CALLS = """\
time,recording,ani,passes,campaign
0,tone.ulaw,5550001,yes,
10,noise.ulaw,5550002,no,attack
20,noise.ulaw,5550003,no,attack
30,nothing.ulaw,5550004,yes,
25,noise.ulaw,5550005,yes,
"""


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    write_ulaw(tmp_path / "tone.ulaw", tone())
    write_ulaw(tmp_path / "noise.ulaw", noise())
    write_ulaw(tmp_path / "nothing.ulaw", silence(2.0))
    path = tmp_path / "calls.csv"
    path.write_text(CALLS)
    return path


def test_one_object_a_call_and_the_summary_beside(silentspam, calls: Path) -> None:
    summary = calls.parent / "summary.json"
    code, out, err = silentspam(
        "replay", "--calls", calls, "--recordings", calls.parent, "--format", "jsonl", "--json", summary
    )
    assert code == 0
    assert "replayed by time, not in its order" in err
    assert "without line memory" in err
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["time"] for line in lines] == [0, 10, 20, 25, 30]
    assert [line["decision"] for line in lines] == ["BRIDGE", "CHALLENGE", "CHALLENGE", "CHALLENGE", "BRIDGE"]
    assert [line["result"] for line in lines] == [None, "FAILED", "FAILED", "PASSED", None]
    assert [line["ends"] for line in lines] == ["BRIDGE", "REJECT", "REJECT", "BRIDGE", "BRIDGE"]
    assert lines[4]["verdict"] == "INCONCLUSIVE"
    figures = json.loads(summary.read_text())
    assert figures["campaigns"][0]["bridged"] == 0
    assert figures["false_challenges"]["hits"] == 1
    assert (figures["people"], figures["not_judged"], figures["failed_open"]) == (3, 1, 0)


def test_a_table_for_people(silentspam, calls: Path) -> None:
    code, out, _ = silentspam("replay", "--calls", calls, "--recordings", calls.parent, "--workers", "1")
    assert code == 0
    assert "attack    2      SUSPICION  0        0               0               100.00%" in out
    assert "people challenged: 1 of 3" in out
    assert "5 calls" in out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("40,gone.ulaw,5550006,yes,", "line 7: recording is 'gone.ulaw'"),
        ("x,tone.ulaw,1,yes,", "line 7: time"),
    ],
)
def test_a_wrong_line_is_named(silentspam, calls: Path, line: str, words: str) -> None:
    calls.write_text(CALLS + line + "\n")
    code, out, err = silentspam("replay", "--calls", calls, "--recordings", calls.parent)
    assert (code, out) == (1, "")
    assert words in err


def test_the_shipped_model_catches_an_attack_that_it_misses_itself(silentspam, tmp_path: Path) -> None:
    """Real recordings through features, space, burst and challenge; people's are tones."""
    rows = ["time,recording,ani,passes,campaign"]
    for number in range(12):
        write_ulaw(tmp_path / f"spam-{number}.ulaw", missed_by_the_model(number))
        rows.append(f"{60 * number},spam-{number}.ulaw,555{number:04d},no,attack")
        write_ulaw(tmp_path / f"tone-{number}.ulaw", tone(hz=200 + 50 * number))
        rows.append(f"{60 * number + 30},tone-{number}.ulaw,556{number:04d},yes,")
    (tmp_path / "calls.csv").write_text("\n".join(rows) + "\n")
    code, _, err = silentspam(
        *("replay", "--calls", tmp_path / "calls.csv", "--recordings", tmp_path),
        *("--model", resources.shipped_model(), "--json", tmp_path / "s.json"),
    )
    assert (code, err) == (0, "")
    figures = json.loads((tmp_path / "s.json").read_text())
    (attack,) = figures["campaigns"]
    assert (attack["bridged_before"], attack["bridged"], attack["caught_by"]) == (3, 3, "BURST")
    assert figures["false_challenges"]["hits"] == 0


def test_a_day_from_a_corpus(silentspam, tmp_path: Path) -> None:
    rows = ["recording,label,campaign,split"]
    for number in range(40):
        (tmp_path / f"{number}.ulaw").write_bytes(bytes([number]) * 16)
        campaign = f"c{number % 2}" if number < 20 else ""
        split = "train" if number == 39 else "test_unseen"
        rows.append(f"{number}.ulaw,{'spam' if campaign else 'ham'},{campaign},{split}")
    (tmp_path / "labels.csv").write_text("\n".join(rows) + "\n")
    options = ("--corpus", tmp_path, "--calls", "30", "--campaigns", "2", "--seed", "4")
    code, out, _ = silentspam("timeline", *options, "--out", tmp_path / "day.csv")
    assert code == 0
    assert out.startswith("30 calls in ")
    day = (tmp_path / "day.csv").read_text()
    assert "39.ulaw" not in day
    assert len(day.splitlines()) == 31
    code, _, err = silentspam("timeline", *options[:-3], "3", "--out", tmp_path / "day.csv")
    assert code == 1
    assert "2 campaigns and 19 people" in err


@pytest.mark.parametrize("share", ["-1", "2", "much", "nan"])
def test_an_impossible_share_is_a_wrong_command(silentspam, tmp_path: Path, share: str) -> None:
    options = ("--corpus", tmp_path, "--out", tmp_path / "day.csv", "--fumble", share)
    assert silentspam("timeline", *options)[0] == 2
