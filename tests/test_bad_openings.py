"""Openings that try to be several things or nothing, judged by all that listen, and what is decided."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from silentspam import resources
from silentspam.audio import Recording, write_ulaw
from silentspam.audio_files import read_recording
from silentspam.call import Decision, Mode, VerdictKind
from silentspam.config import Config
from silentspam.judging import LazyJudge, load_and_warm_up
from silentspam.kinds.constellation import constellation
from silentspam.kinds.standing import Standing
from silentspam.kinds.table import KINDS, names
from silentspam.model import SpamModel
from silentspam.policy import Exploration, rule
from silentspam.recordings import store
from silentspam.recordings.library import KnownRecording
from silentspam.training.noise import Signal
from silentspam.verdict import UNSUSPECTED, Verdict
from tests.fakes import silence
from tests.kinds.signalling import N, burst, heard

PROMPT = resources.shipped("ivr_prompts") / "en" / "rejected-contact.ulaw"
REJECT_ALL = {kind.name: Decision.REJECT for kind in KINDS}


@pytest.fixture(scope="module")
def model() -> SpamModel:
    return load_and_warm_up(resources.shipped_model())


def speech() -> Signal:
    """Two seconds of a prompt of ours, from where somebody speaks."""
    return read_recording(PROMPT).samples[4000 : 4000 + N].astype(np.float64)


def judged(model: SpamModel, opening: Recording, folder: Path) -> Verdict:
    """As a call is judged whose server's library and lines lie in `folder`."""
    settings = {"lines": {"folder": str(folder / "lines")}, "recordings": {"folder": str(folder)}}
    config = msgspec.convert(settings, Config)
    judge = LazyJudge(config, load=lambda: model, look=lambda: None)
    judge.prepare()
    write_ulaw(folder / "opening.ulaw", opening)
    return judge.judge(folder / "opening.ulaw")


@pytest.mark.parametrize("hz", [200, 350, 1000, 1100, 1750, 2100, 3000])
def test_one_tone_for_two_seconds_is_no_recording_and_no_dead_air(
    model: SpamModel, tmp_path: Path, hz: int
) -> None:
    """A tone of the fax's answer is one; a calling tone of two seconds is none, and neither is any other."""
    verdict = judged(model, heard(burst([hz], 0.0, 2.0)).recording, tmp_path)
    wanted = {VerdictKind.CALLER_FAX} if hz == 2100 else {VerdictKind.HAM, VerdictKind.CALLER_NOISE}
    assert verdict.kind in wanted
    assert verdict.unheard == ()
    assert verdict.reasons


def test_a_fax_under_speech_is_a_fax_and_one_under_a_known_recording_is_the_recording(
    model: SpamModel, tmp_path: Path
) -> None:
    opening = heard(burst([1100], 0.7, 1.2), level=-18.0, background=0.3 * speech()).recording
    verdict = judged(model, opening, tmp_path)
    assert verdict.kind == VerdictKind.CALLER_FAX

    sound = constellation(read_recording(PROMPT).samples)
    known = KnownRecording(
        recording_id="r1", name="an offer", standing=Standing.CONFIRMED, constellation=sound
    )
    store.write(tmp_path, store.encode([known], fingerprint="1", made_at=0.0))
    both = judged(model, opening, tmp_path)
    assert both.kind == VerdictKind.CALLER_RECORDING, "the more specific one"
    assert dict(both.kind_probabilities)[VerdictKind.CALLER_FAX] == verdict.spam_probability
    assert any(reason.startswith("also heard: fax CNG") for reason in both.reasons)


@pytest.mark.parametrize("opening", [silence(2.0), silence(0.0), Recording(np.full(16_000, 0x7F, np.uint8))])
def test_digital_silence_is_bridged_whatever_is_configured(
    model: SpamModel, tmp_path: Path, opening: Recording
) -> None:
    verdict = judged(model, opening, tmp_path)
    assert verdict.kind == VerdictKind.INCONCLUSIVE
    lots = Exploration(share=1.0, quiet_share=1.0, draw=lambda: 0.0)
    ruling = rule(verdict, mode=Mode.ENFORCE, exploration=lots, treatments=REJECT_ALL)
    assert (ruling.decision, ruling.challenge_cause) == (Decision.BRIDGE, None)


def test_what_is_below_its_threshold_is_not_said_to_be_heard(model: SpamModel, tmp_path: Path) -> None:
    for seed in range(6):
        loud = 0.05 * np.random.default_rng(seed).standard_normal(N) * np.linspace(0.1, 1, N) + 0.3 * speech()
        verdict = judged(
            model, heard(burst([300], 0.0, 0.01), level=-60.0, background=loud).recording, tmp_path
        )
        heard_of = [reason for reason in verdict.reasons if reason.startswith("also heard")]
        if verdict.kind in UNSUSPECTED:
            assert not heard_of
        assert set(dict(verdict.kind_probabilities)) <= set(names())
