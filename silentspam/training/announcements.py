"""Announcements that campaigns of CALLER_RECORDING play: licensed speech, joined into nine seconds.

A part of every speaker's clips is set aside for them and spoken by no person of the corpus: else a person who
says the same words from the same file would rightly be found to play the recording. Every second announcement
is known, as one is that an operator has added; the others nobody has heard of yet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from silentspam.audio import SAMPLE_RATE, Recording, encode_ulaw
from silentspam.training.network import quantised
from silentspam.training.noise import Signal, at_level
from silentspam.training.sources import Clip, ClipKind, Split, load_clip

SET_ASIDE_EVERY = 4
"""Of a speaker's clips in the order of their ids, every fourth is an announcement's."""

WHOLE_SECONDS, LEAST_SECONDS = 9.0, 2.4
"""What is left of a speaker's clips makes a last announcement, unless it is shorter than an opening."""

LEVEL_DBFS = -22.0
QUIET = 0.03
"""Share of a clip's peak below which its ends are the studio's silence."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Announcement:
    """One recording. signal [shape=(n,), float64 in ±1 at 8 kHz]; is_known: it is in the library."""

    name: str
    speaker: str
    split: Split
    is_known: bool
    signal: Signal

    @property
    def recording(self) -> Recording:
        """As it is added to a library: from its file, through no network."""
        return Recording(encode_ulaw(quantised(self.signal)))


def set_aside(clips: Sequence[Clip]) -> tuple[tuple[Clip, ...], tuple[Clip, ...]]:
    """The clips of people, and those of announcements."""
    counts: dict[str, int] = {}
    people: list[Clip] = []
    announced: list[Clip] = []
    for clip in clips:
        place = counts.get(clip.speaker, 0) if clip.kind is ClipKind.SPEECH else -1
        counts[clip.speaker] = place + 1
        (announced if place >= 0 and place % SET_ASIDE_EVERY == 0 else people).append(clip)
    return tuple(people), tuple(announced)


def announcements(clips: Sequence[Clip], split: Split) -> tuple[Announcement, ...]:
    """Every announcement that the clips of one split give, speaker by speaker; no clip is in two of them."""
    found = []
    for speaker in sorted({clip.speaker for clip in clips if clip.split is split}):
        sounds = (_spoken(load_clip(clip)) for clip in clips if clip.speaker == speaker)
        found += [(speaker, signal) for signal in _joined(sounds)]
    return tuple(
        Announcement(
            name=f"announcement-{split}-{number:03d}",
            speaker=speaker,
            split=split,
            is_known=number % 2 == 0,
            signal=at_level(signal, LEVEL_DBFS),
        )
        for number, (speaker, signal) in enumerate(found)
    )


def _joined(sounds: Iterator[Signal]) -> Iterator[Signal]:
    waiting: list[Signal] = []
    for sound in sounds:
        waiting.append(sound)
        if sum(map(len, waiting)) >= WHOLE_SECONDS * SAMPLE_RATE:
            yield np.concatenate(waiting)[: round(WHOLE_SECONDS * SAMPLE_RATE)]
            waiting = []
    if sum(map(len, waiting)) >= LEAST_SECONDS * SAMPLE_RATE:
        yield np.concatenate(waiting)


def _spoken(sound: Signal) -> Signal:
    """Without the studio's silence at both ends, but for a breath."""
    loud = np.flatnonzero(np.abs(sound) > QUIET * np.abs(sound).max(initial=1e-9))
    return sound[max(int(loud[0]) - 800, 0) : int(loud[-1]) + 1200] if len(loud) else sound[:0]
