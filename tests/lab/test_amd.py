"""AMD() on real calls: which openings are sent, how answers are counted, and that calls bring answers."""

import numpy as np
import pytest

from lab.amd import LOST, SETTINGS, Answer, _lines, choose, measure
from silentspam.audio import Recording, write_ulaw
from silentspam.training.dataset import Labelled


def row(name, *, is_spam, path=None, kind="", campaign=""):
    return Labelled(recording=name, path=path, is_spam=is_spam, kind=kind, campaign=campaign)


def test_half_are_dead_air_of_different_campaigns():
    rows = [row(f"s{i}", is_spam=True, campaign=f"c{i // 5}") for i in range(20)]
    rows += [row(f"h{i}", is_spam=False) for i in range(30)]
    chosen = choose(rows, 8, seed=1)
    assert [r.is_spam for r in chosen] == [True] * 4 + [False] * 4
    assert len({r.campaign for r in chosen if r.is_spam}) == 4
    assert choose(rows, 8, seed=1) == chosen
    assert len(choose(rows, 40, seed=1)) == 40


def answer(status, cause="", label="ham", kind="speech"):
    setting = next(iter(SETTINGS.values()))
    return Answer(recording="r", label=label, kind=kind, setting=setting, status=status, cause=cause)


def test_lost_calls_are_counted_apart_and_causes_told_apart():
    answers = [
        answer("MACHINE", "INITIALSILENCE-2500-2500"),
        answer("MACHINE", "MAXWORDS-3-2"),
        answer("HUMAN", "HUMAN-800-800"),
        answer(LOST),
        answer("MACHINE", "INITIALSILENCE-2500-2500", label="spam", kind="hum"),
    ]
    lines = {line["openings"]: line for line in _lines(answers) if line["setting"] == answers[0].setting}
    assert set(lines) == {"dead air", "people", "people: speech"}
    people = lines["people"]
    assert (people["machine"]["hits"], people["silent"]["hits"], people["machine"]["n"]) == (2, 1, 3)
    assert people["statuses"] == {"MACHINE": 2, "HUMAN": 1, LOST: 1}
    assert lines["dead air"]["silent"]["rate"] == 1.0


@pytest.mark.lab
def test_amd_suspects_a_silent_line_whoever_is_on_it(tmp_path):
    rng = np.random.default_rng(1)
    quiet = tmp_path / "quiet.ulaw"
    write_ulaw(quiet, Recording(rng.choice(np.array([0xFF, 0xFE, 0x7E], np.uint8), 16_000)))
    rows = (
        row("a", is_spam=True, path=quiet, campaign="c"),
        row("b", is_spam=False, path=quiet, kind="quiet_line"),
    )
    figures = measure(rows)
    assert figures["calls"] == 4
    assert {line["silent"]["rate"] for line in figures["lines"]} == {1.0}
    assert "Asterisk" in figures["version"]
