"""Collection measures an opening and never judges it; what cannot be judged is told apart without a model."""

from pathlib import Path

import pytest

from silentspam import assembly
from silentspam.audio import Recording, write_ulaw
from silentspam.call import VerdictKind
from silentspam.collecting import NOT_JUDGED, OpeningMeter
from silentspam.config import Config, ModelSection
from silentspam.errors import AudioError
from silentspam.policy import Mode
from tests.fakes import joined, noise, silence, tone


def meter() -> OpeningMeter:
    return OpeningMeter(max_seconds=2.0, min_seconds=1.0, max_digital_silence_share=0.5)


@pytest.mark.parametrize("opening", [tone(), noise(level=8.0), joined(silence(0.9), noise(1.1))])
def test_an_opening_is_of_no_kind(opening: Recording, tmp_path: Path) -> None:
    write_ulaw(tmp_path / "a.ulaw", opening)
    verdict = meter().judge(tmp_path / "a.ulaw")
    assert (verdict.kind, verdict.spam_probability, verdict.model_id) == (None, None, None)
    assert verdict.reasons == (NOT_JUDGED,)
    assert verdict.seconds == 2.0
    assert verdict.digital_silence_share == opening.digital_silence_share


@pytest.mark.parametrize(
    "opening",
    [silence(0.0), silence(2.0), silence(2.0, 0x7F), noise(0.5), joined(silence(1.5), noise(0.5))],
    ids=["no media", "digital silence", "minus zero", "too short", "late media"],
)
def test_what_no_model_could_judge_is_inconclusive(opening: Recording, tmp_path: Path) -> None:
    write_ulaw(tmp_path / "a.ulaw", opening)
    verdict = meter().judge(tmp_path / "a.ulaw")
    assert verdict.kind is VerdictKind.INCONCLUSIVE
    assert verdict.reasons != (NOT_JUDGED,)


def test_a_recording_that_is_not_there_is_an_audio_error(tmp_path: Path) -> None:
    with pytest.raises(AudioError):
        meter().judge(tmp_path / "missing.ulaw")


def test_in_collect_mode_no_model_is_needed(tmp_path: Path) -> None:
    write_ulaw(tmp_path / "a.ulaw", tone())
    config = Config(mode=Mode.COLLECT, model=ModelSection(folder=str(tmp_path / "no-model")))
    judge = assembly.screener(config).judge
    judge.prepare()
    assert judge.judge(tmp_path / "a.ulaw").kind is None
