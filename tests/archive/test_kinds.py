"""A scan judges by all kinds of SPAM, with one set of listeners a process; its library travels with it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from silentspam import resources
from silentspam.archive import plan as plans
from silentspam.archive.parquet import LAST_COLUMNS
from silentspam.archive.plan import Plan, Questions, make_plan
from silentspam.archive.worker import forget, prepare, ready
from silentspam.audio import Recording, write_ulaw
from silentspam.audio_files import read_recording
from silentspam.config import Config
from silentspam.judging import LazyJudge
from silentspam.kinds.constellation import constellation
from silentspam.kinds.standing import Standing
from silentspam.kinds.table import KINDS
from silentspam.recordings import store
from silentspam.recordings.library import KnownRecording
from tests.archive.test_scan import rows, scanned
from tests.fakes import noise, tone
from tests.kinds.signalling import burst, heard

RATES = {kind.name: kind.max_false_challenge_rate for kind in KINDS if kind.listener}
QUESTIONS = Questions(max_false_challenge_rate=0.005, kinds=RATES)
PROMPT = resources.shipped("ivr_prompts") / "en" / "rejected-contact.ulaw"


def library(folder: Path, standing: Standing = Standing.CONFIRMED, name: str = "r1") -> Path:
    """A library of one recording: a prompt of ours."""
    sound = constellation(read_recording(PROMPT).samples)
    known = KnownRecording(recording_id=name, name="an offer", standing=standing, constellation=sound)
    store.write(folder, store.encode([known], fingerprint="1", made_at=0.0))
    return folder


@pytest.fixture(scope="module")
def shipped() -> Callable[..., Plan]:
    return lambda folder=None: make_plan(resources.shipped_model(), QUESTIONS, library=folder)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    openings = {
        "fax": heard(burst([1100], 0.7, 1.2)).recording,
        "busy": heard(burst([480, 620], 0.0, 0.5) + burst([480, 620], 1.0, 1.5)).recording,
        "replay": Recording(read_recording(PROMPT).codes[4000:20_000]),
        "silence": noise(level=4),
        "person": tone(),
        "torn": Recording(np.zeros(0, np.uint8)),
    }
    for name, opening in openings.items():
        write_ulaw(folder / f"{name}.ulaw", opening)
    return folder


def test_every_kind_is_found_as_a_call_would_be_judged(
    archive: Path, shipped: Callable[..., Plan], tmp_path: Path
) -> None:
    plan = shipped(library(tmp_path / "library"))
    (tmp_path / "library" / store.FILE_NAME).unlink()
    scanned(archive, plan, tmp_path / "out")
    found = rows(tmp_path / "out")
    assert {name.removesuffix(".ulaw"): row["kind"] for name, row in found.items()} == {
        "fax": "CALLER_FAX",
        "busy": "CALLER_BUSY",
        "replay": "CALLER_RECORDING",
        "silence": "CALLER_SILENCE",
        "person": "HAM",
        "torn": "INCONCLUSIVE",
    }
    fax = found["fax.ulaw"]
    assert dict(fax["kind_probabilities"])["CALLER_FAX"] == fax["spam_probability"]  # type: ignore[call-overload]
    assert "a fax machine or a modem: probability" in str(fax["reason"])
    assert found["person.ulaw"]["reason"] is None
    assert tuple(pq.read_table(tmp_path / "out").column_names[-3:]) == tuple(name for name, _ in LAST_COLUMNS)


def test_a_call_is_judged_so_too(archive: Path, shipped: Callable[..., Plan], tmp_path: Path) -> None:
    plan = shipped()
    scanned(archive, plan, tmp_path / "out")
    found = rows(tmp_path / "out")
    judge = LazyJudge(Config(), load=plan.load, look=lambda: None, listen=plan.listeners)
    judge.prepare()
    for name, row in found.items():
        verdict = judge.judge(archive / name)
        told = (verdict.kind, verdict.spam_probability, verdict.threshold)
        assert (row["kind"], row["spam_probability"], row["threshold"]) == told
        assert tuple(row["kind_probabilities"]) == verdict.kind_probabilities  # type: ignore[arg-type]


def test_listeners_are_made_once_a_process(
    shipped: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    monkeypatch.setattr(plans, "listeners", lambda sources: made.append(sources))
    prepare("once", shipped())
    ready("once")
    ready("once")
    forget("once")
    assert len(made) == 1


def test_results_are_of_one_set_of_confirmed_recordings_whatever_candidates_come(
    shipped: Callable[..., Plan], tmp_path: Path
) -> None:
    none = shipped().key
    assert shipped(library(tmp_path / "candidate", Standing.CANDIDATE)).key == none
    one = shipped(library(tmp_path / "one")).key
    assert one != none
    assert shipped(library(tmp_path / "same")).key == one
    assert shipped(library(tmp_path / "other", name="r2")).key != one


def test_rates_of_kinds_tell_plans_apart(shipped: Callable[..., Plan]) -> None:
    plan = shipped()
    lax = replace(plan.questions, kinds={**RATES, "CALLER_NOISE": 0.02})
    assert replace(plan, questions=lax).key != plan.key
