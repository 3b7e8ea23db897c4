"""HAM as it really opens: people who speak, wait, breathe, sit in noise, or whose media come late.

Signals are float64 in ±1 at 8 kHz. Every clip comes from one split of the sources, so that no test opening
shares a voice, a place or a tune with training.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from silentspam.audio import SAMPLE_RATE
from silentspam.training import handset, noise
from silentspam.training.campaigns import ring_tone_echo
from silentspam.training.noise import Signal
from silentspam.training.sources import MIN_SECONDS, Clip, ClipKind, Split, load_clip

SPEAKERS_EVENLY = 0.5
"""Share of speech drawn speaker by speaker, so that the speaker with most files does not drown the others."""


class HamKind(enum.StrEnum):
    """How a person's call opens."""

    SPEECH = "speech"
    LATE_SPEECH = "late_speech"
    NOISY_PLACE = "noisy_place"
    QUIET_LINE = "quiet_line"
    LATE_MEDIA = "late_media"
    MUSIC = "music"
    COMFORT_NOISE = "comfort_noise"


SHARES = {
    HamKind.SPEECH: 0.40,
    HamKind.LATE_SPEECH: 0.16,
    HamKind.NOISY_PLACE: 0.08,
    HamKind.QUIET_LINE: 0.20,
    HamKind.LATE_MEDIA: 0.08,
    HamKind.MUSIC: 0.04,
    HamKind.COMFORT_NOISE: 0.04,
}
"""How often each is drawn: a guess, with the hard ones, quiet people on quiet lines, made frequent."""


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A person's opening before the network; `source` names the speaker, place or tune it came from."""

    signal: Signal
    kind: enum.StrEnum
    source: str
    leading_silence: float = 0.0


class HamSource:
    """Draws openings from the clips of one split."""

    def __init__(self, clips: Sequence[Clip], split: Split) -> None:
        here = [clip for clip in clips if clip.split is split]
        self._speakers: dict[str, list[Clip]] = {}
        for clip in here:
            if clip.kind is ClipKind.SPEECH:
                self._speakers.setdefault(clip.speaker, []).append(clip)
        self._places = [clip for clip in here if clip.kind is ClipKind.AMBIENCE]
        self._tunes = [clip for clip in here if clip.kind is ClipKind.MUSIC]

    def draw(self, n: int, rng: np.random.Generator) -> Opening:
        """One person's opening of `n` samples."""
        kind = HamKind(rng.choice(list(SHARES), p=list(SHARES.values())))
        sound, source = self._sound(kind, n, rng)
        line = handset.draw_handset(rng).send(sound, rng)
        if rng.random() < 0.06:
            line = line + ring_tone_echo(n, rng.uniform(-80, -55), rng)
        late = kind is HamKind.LATE_MEDIA
        silence = rng.uniform(0.1, 1.9) if late else rng.choice([0.0, 0.0, 0.0, rng.uniform(0, 0.1)])
        return Opening(signal=line, kind=kind, source=source, leading_silence=float(silence))

    def _sound(self, kind: HamKind, n: int, rng: np.random.Generator) -> tuple[Signal, str]:
        match kind:
            case HamKind.SPEECH:
                return self._speaking(n, rng)
            case HamKind.LATE_SPEECH:
                return self._room(n, rng.uniform(-64, -38), rng)
            case HamKind.NOISY_PLACE:
                return self._noisy(n, rng)
            case HamKind.QUIET_LINE:
                return self._quiet(n, rng)
            case HamKind.MUSIC:
                clip = self._tunes[int(rng.integers(len(self._tunes)))]
                return noise.at_level(excerpt(clip, n, rng), rng.uniform(-40, -14)), clip.speaker
            case HamKind.COMFORT_NOISE:
                return self._suppressed_silence(n, rng)
        return self._speaking(n, rng) if rng.random() < 0.5 else self._quiet(n, rng)

    def _speaking(self, n: int, rng: np.random.Generator) -> tuple[Signal, str]:
        """A caller who speaks in the window: from before it, or from any moment in it."""
        level = rng.uniform(-40, -14)
        voice, speaker = self._voice(n, rng)
        start = int(max(rng.uniform(-0.8, 1.75), 0.0) * SAMPLE_RATE)
        speech = np.zeros(n)
        speech[start:] = noise.at_level(voice, level)[: n - start]
        room, _ = self._room(n, level - rng.uniform(8, 50), rng)
        return speech + room, speaker

    def _noisy(self, n: int, rng: np.random.Generator) -> tuple[Signal, str]:
        """A loud place, with someone talking faintly in it half of the time."""
        room, place = self._room(n, rng.uniform(-46, -20), rng)
        if rng.random() < 0.5:
            voice, _ = self._voice(n, rng)
            room = room + noise.at_level(voice, 20 * np.log10(noise.rms(room)) - rng.uniform(-6, 12))
        return room, place

    def _quiet(self, n: int, rng: np.random.Generator) -> tuple[Signal, str]:
        """Someone silent on a quiet line, as low as dead air: a room, mostly with a sign of life."""
        level = float(np.clip(rng.normal(-64, 7), -82, -46))
        room, place = self._room(n, level, rng)
        if rng.random() < 0.55:
            room = room + handset.breathing(n, rng.uniform(-66, -46), rng)
        if rng.random() < 0.5:
            room = room + handset.handling(n, rng.uniform(-62, -40), rng)
        if rng.random() < 0.25:
            voice, _ = self._voice(n, rng)
            room = room + noise.at_level(handset.distant(voice, rng), rng.uniform(-74, -54))
        return room, place

    def _suppressed_silence(self, n: int, rng: np.random.Generator) -> tuple[Signal, str]:
        """A mobile that sends comfort noise while its owner is silent, and the room or a voice in between.

        The noise is made by the network and moves in the steps of its updates (RFC 3389; every 160 ms in 3GPP
        TS 26.092); whenever the handset hears something, what it hears takes its place.
        """
        room, place = self._quiet(n, rng)
        comfort = noise.shaped_noise(n, noise.draw_shape(rng), rng)
        comfort *= noise.stepped_gain(n, rng.uniform(0.3, 2.0), float(rng.choice([0.08, 0.16])), rng)
        level = 20 * np.log10(max(noise.rms(room), noise.SMALLEST_RMS)) + rng.uniform(-6, 3)
        heard = np.zeros(n)
        for _ in range(int(rng.integers(0, 3))):
            start, length = rng.uniform(0, n / SAMPLE_RATE), rng.uniform(0.1, 1.0)
            heard[int(start * SAMPLE_RATE) : int((start + length) * SAMPLE_RATE)] = 1.0
        return np.where(heard > 0, room, noise.at_level(comfort, level)), place

    def _room(self, n: int, level: float, rng: np.random.Generator) -> tuple[Signal, str]:
        if rng.random() < 0.5:
            return noise.at_level(handset.synthetic_room(n, rng), level), f"room-{rng.integers(2**32):08x}"
        clip = self._places[int(rng.integers(len(self._places)))]
        return noise.at_level(excerpt(clip, n, rng), level), clip.speaker

    def _voice(self, n: int, rng: np.random.Generator) -> tuple[Signal, str]:
        speakers = sorted(self._speakers)
        sizes = np.array([len(self._speakers[name]) for name in speakers], dtype=float)
        weights = SPEAKERS_EVENLY / len(speakers) + (1 - SPEAKERS_EVENLY) * sizes / sizes.sum()
        speaker = str(rng.choice(speakers, p=weights))
        clips = self._speakers[speaker]
        for _ in range(8):
            sound = load_clip(clips[int(rng.integers(len(clips)))])
            if len(sound) >= MIN_SECONDS * SAMPLE_RATE:
                break
        return spoken(sound, n), speaker


def excerpt(clip: Clip, n: int, rng: np.random.Generator) -> Signal:
    """`n` samples from any place of a clip, which is repeated where it is too short."""
    sound = load_clip(clip)
    start = int(rng.integers(max(len(sound) - n, 1)))
    return np.resize(sound[start : start + n], n)


def spoken(sound: Signal, n: int) -> Signal:
    """The first `n` samples of a voice from where it begins; silence follows a short utterance.

    A studio's lead-in silence is cut off, since it is the caller's line, not the studio, that is silent.
    """
    loud = np.flatnonzero(np.abs(sound) > 0.05 * max(np.abs(sound).max(), noise.SMALLEST_RMS))
    begun = sound[max(int(loud[0]) - 200, 0) :] if len(loud) else sound
    speech = np.zeros(n)
    speech[: min(n, len(begun))] = begun[:n]
    return speech
