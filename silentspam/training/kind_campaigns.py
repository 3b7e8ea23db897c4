"""Campaigns of the other kinds of SPAM: fax and busy signals, announcements, noise, each on its own line.

A campaign's source, level, offset, floor and chain of codecs are drawn once; its calls differ in where they
begin, in phases, a decibel or two, and in losses. Signals are synthetic (`signals`, after the standards
named there), announcements licensed speech (`announcements`), noise synthetic (`noise_campaigns`). Levels of
signals are dBm0, others dBFS.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np

from silentspam.audio import SAMPLE_RATE
from silentspam.call import VerdictKind
from silentspam.errors import AudioError
from silentspam.kinds import cadences
from silentspam.training import noise, signals
from silentspam.training.announcements import Announcement
from silentspam.training.network import Chain, draw_chain
from silentspam.training.noise import NoiseShape, Signal
from silentspam.training.noise_campaigns import Material, NoiseFamily, Voice, draw_noise_campaign
from silentspam.training.signal_study import MOST_OFF, Case, cases

LEVEL_DBM0 = (-36.0, -6.0)
FLOOR_DBFS = (-72.0, -52.0)
BENEATH_SHARE, BENEATH_DB = 0.2, (-25.0, -8.0)
"""How many campaigns of signals have somebody talking on the line too, and how far below the signal [dB]."""

CALLING_SHARE = 0.5
"""How many fax campaigns send CNG: who calls a business from a fax machine is a calling terminal (T.30). A
guess; the other signals of the standards come as often as each other."""
CALLING = "CNG"

PLAYED_DBFS = (-36.0, -14.0)
LATEST_START = 5.0
"""An announcement is heard from any moment of its first five seconds on [s]."""
PLAYED_SNR_DB = (10.0, 40.0)

BUSY_SIGNALS = (cadences.BUSY, cadences.CONGESTION, cadences.REORDER, cadences.SPECIAL_INFORMATION)


class KindCampaign(Protocol):
    """One campaign (`noise_campaigns.NoiseCampaign` is one too). family: what of its kind it sends."""

    @property
    def name(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def chain(self) -> Chain: ...

    def signal(self, n: int, rng: np.random.Generator) -> Signal:
        """What one call sends, before any codec: float64 [shape=(n,)] in ±1."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Sources:
    """What campaigns of one side of the split are made of: codecs by name, somebody's speech, announcements,
    and what noise is made of, None where there is none to make."""

    codecs: tuple[str, ...]
    voice: Voice
    announcements: Sequence[Announcement]
    noise: Material | None


@dataclass(frozen=True, eq=False, kw_only=True)
class ToneCampaign:
    """A machine that sends one signal of a standard. level [dBm0]; offset: share by which it is off; beneath:
    level of speech on the line [dB re the signal], -inf for none; voice draws it."""

    name: str
    case: Case
    level: float
    level_spread: float
    offset: float
    floor: NoiseShape
    floor_dbfs: float
    beneath: float
    voice: Voice
    chain: Chain

    @property
    def family(self) -> str:
        """The signal."""
        return self.case.name

    def signal(self, n: int, rng: np.random.Generator) -> Signal:
        """The signal, which lasts two seconds at most, over the line's noise."""
        level = self.level + rng.normal(0, self.level_spread)
        sent = signals.at_dbm0(self.case.draw(rng, self.offset), level)[:n]
        line = noise.at_level(noise.shaped_noise(len(sent), self.floor, rng), self.floor_dbfs) + sent
        if self.beneath == -np.inf:
            return line
        voice = self.voice(len(sent), rng)
        return line + noise.at_level(voice, level + signals.DBM0_DBFS + self.beneath)


@dataclass(frozen=True, eq=False, kw_only=True)
class PlayedCampaign:
    """An announcement that is played to everybody, from wherever the opening cuts it. level [dBFS]; snr [dB]
    over noise of the shape `floor`."""

    name: str
    announcement: Announcement
    level: float
    level_spread: float
    snr: float
    floor: NoiseShape
    chain: Chain

    @property
    def family(self) -> str:
        """Whether it is one that a library can know."""
        return "known" if self.announcement.is_known else "unknown"

    def signal(self, n: int, rng: np.random.Generator) -> Signal:
        """A cut of the announcement; silence follows where it ends."""
        whole = self.announcement.signal
        latest = min(max(len(whole) - n, 0), round(LATEST_START * SAMPLE_RATE))
        start = int(rng.integers(latest + 1))
        level = self.level + rng.normal(0, self.level_spread)
        cut = np.pad(whole[start : start + n], (0, max(n - len(whole) + start, 0)))
        floor = noise.at_level(noise.shaped_noise(n, self.floor, rng), level - self.snr)
        return noise.at_level(cut, level) + floor


def _tone(name: str, case: Case, sources: Sources, rng: np.random.Generator) -> ToneCampaign:
    voiced = rng.random() < BENEATH_SHARE
    return ToneCampaign(
        name=name,
        case=case,
        level=float(rng.uniform(*LEVEL_DBM0)),
        level_spread=float(rng.uniform(0.1, 1.5)),
        offset=float(rng.uniform(-MOST_OFF, MOST_OFF)),
        floor=noise.draw_shape(rng),
        floor_dbfs=float(rng.uniform(*FLOOR_DBFS)),
        beneath=float(rng.uniform(*BENEATH_DB)) if voiced else -np.inf,
        voice=sources.voice,
        chain=draw_chain(sources.codecs, rng),
    )


@cache
def signal_cases() -> Mapping[str, tuple[Case, ...]]:
    """The signals that speak for a kind, by its name: of the busy ones, those that are SPAM."""

    def is_busy(case: Case) -> bool:
        signal = case.name.partition(",")[0]
        return signal in BUSY_SIGNALS or (signal == cadences.DIAL and " + " in case.name)

    found = cases()
    return {
        VerdictKind.CALLER_FAX: tuple(case for case in found if case.group == "fax"),
        VerdictKind.CALLER_BUSY: tuple(case for case in found if case.group == "busy" and is_busy(case)),
    }


def _fax(name: str, index: int, sources: Sources, rng: np.random.Generator) -> KindCampaign:
    calling = [case for case in signal_cases()[VerdictKind.CALLER_FAX] if case.name == CALLING]
    others = [case for case in signal_cases()[VerdictKind.CALLER_FAX] if case.name != CALLING]
    cases_here = calling if rng.random() < CALLING_SHARE else others
    return _tone(name, cases_here[int(rng.integers(len(cases_here)))], sources, rng)


def _busy(name: str, index: int, sources: Sources, rng: np.random.Generator) -> KindCampaign:
    here = signal_cases()[VerdictKind.CALLER_BUSY]
    return _tone(name, here[index % len(here)], sources, rng)


def _played(name: str, index: int, sources: Sources, rng: np.random.Generator) -> KindCampaign:
    if not sources.announcements:
        raise AudioError(f"{name}: there is too little speech to make an announcement of")
    return PlayedCampaign(
        name=name,
        announcement=sources.announcements[index % len(sources.announcements)],
        level=float(rng.uniform(*PLAYED_DBFS)),
        level_spread=float(rng.uniform(0.1, 1.5)),
        snr=float(rng.uniform(*PLAYED_SNR_DB)),
        floor=noise.draw_shape(rng),
        chain=draw_chain(sources.codecs, rng),
    )


def _noise(name: str, index: int, sources: Sources, rng: np.random.Generator) -> KindCampaign:
    families = list(NoiseFamily)
    if sources.noise is None:
        raise AudioError(f"{name}: there is nothing to make noise of")
    return draw_noise_campaign(name, families[index % len(families)], sources.noise, rng)


Draw = Callable[[str, int, Sources, np.random.Generator], KindCampaign]

DRAWS: Mapping[str, Draw] = {
    VerdictKind.CALLER_FAX: _fax,
    VerdictKind.CALLER_RECORDING: _played,
    VerdictKind.CALLER_NOISE: _noise,
    VerdictKind.CALLER_BUSY: _busy,
}
"""Draws the campaign of an index, by kind; the same generator state gives the same campaign."""
