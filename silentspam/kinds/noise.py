"""CALLER_NOISE: hiss, modulated bits, a broken circuit or a wrong codec, and no person in a loud place.

Boosted trees (Friedman 2001) on the feature vector that the model of dead air has anyway and on the figures
of `stillness`, calibrated (Platt 1999). They are a folder of their own, or an optional part of a model's:
`noise.json`, and their arrays with `noise_` before the name. What is quieter than HEARD_DBFS is no noise to a
person, and left to dead air.

Noise is told from a place not by how loud it is, but by how it moves: a machine keeps its colour and its
level, a street does not. Steady noise that falls with frequency as a fan's or a car's does could be
either, and is taken for a person's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from silentspam import resources
from silentspam.audio import Recording, dbfs
from silentspam.boosted import BoostedTrees
from silentspam.call import VerdictKind
from silentspam.card import Combination, OperatingPoint, StftCard
from silentspam.errors import ModelError
from silentspam.features import FeatureParams, FeatureVector, feature_names, measured
from silentspam.fitness import why_inconclusive
from silentspam.hashed import arrays_in, npy, verified_files
from silentspam.kinds.finding import Finding
from silentspam.kinds.listening import Sources
from silentspam.kinds.sound import STFT, Sound
from silentspam.kinds.stillness import NAMES, stillness
from silentspam.spectrum import StftParams, power_spectrogram

CARD_NAME = "noise.json"
PREFIX = "noise_"
ARRAY_FILES = tuple(f"{PREFIX}{name}.npy" for name in BoostedTrees.FORMS)
"""What a model folder holds beside the card where it knows noise."""

FORMAT = 2
"""Version of these files: 2 has the figures of stillness. Another one is refused."""

HEARD_DBFS = -57.0
"""The quietest noise [dBFS]: campaigns of noise begin at −55, less what codecs take; dead air ends at −60."""

LONGEST_SECONDS = 10.0
"""So much of a longer recording is listened to: openings last two seconds, time and memory have bounds."""

SIGNAL = "noise"
LIKELY = 0.5
"""Below it an opening is more likely a person's, and nothing is found."""

CHANGE = "frame_change_mean"


class NoiseCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the trees of noise are: the features they want, their calibration, and where they came from.

    operating_points: the threshold for each budget of falsely challenged people, smallest first; data_hash:
    of the openings they were trained on. training and evaluation are for people to read.
    """

    format: int
    stft: StftCard
    n_bases: int
    groups: list[str]
    feature_names: list[str]
    depth: int
    combination: Combination
    operating_points: list[OperatingPoint]
    seed: int
    data_hash: str
    versions: dict[str, str]
    statement: str
    training: dict[str, Any] = {}
    evaluation: dict[str, Any] = {}

    def params(self) -> FeatureParams:
        """The features' parameters. Raises ModelError for ones that this version does not make."""
        stft = StftParams(
            sample_rate=self.stft.sample_rate,
            window_length=self.stft.window_length,
            hop_length=self.stft.hop_length,
        )
        return FeatureParams(stft=stft, n_bases=self.n_bases, groups=tuple(self.groups))

    def validate(self) -> None:
        """Raise ModelError for another format, other features, or operating points that make no sense."""
        if self.format != FORMAT:
            raise ModelError(f"{CARD_NAME}: format is {self.format}, this version reads {FORMAT}")
        if self.feature_names != noise_names(self.params()):
            raise ModelError(f"{CARD_NAME}: feature_names are not those this version computes")
        budgets = [point.max_false_challenge_rate for point in self.operating_points]
        if not budgets or budgets != sorted(budgets):
            raise ModelError(f"{CARD_NAME}: operating_points are none, or not in the order of their budgets")
        for point in self.operating_points:
            if not 0 <= point.threshold <= 1:
                raise ModelError(f"{CARD_NAME}: threshold is {point.threshold}, it must lie in 0…1")


@dataclass(frozen=True, eq=False)
class NoiseModel:
    """Tells noise from people; a detector. Build one with `load_noise`."""

    trees: BoostedTrees
    card: NoiseCard

    @cached_property
    def params(self) -> FeatureParams:
        """What the vectors must be made with."""
        return self.card.params()

    @cached_property
    def _change(self) -> int | None:
        names = self.card.feature_names
        return names.index(CHANGE) if CHANGE in names else None

    def probabilities(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """The probability, 0…1, that each opening is noise: [shape=(n, n_features)] to [shape=(n,)]."""
        mix = self.card.combination
        return np.asarray(1 / (1 + np.exp(-(mix.bias + mix.odds * self.trees.log_odds(vectors)))))

    def threshold_for(self, max_false_challenge_rate: float) -> float:
        """The probability from which on noise is challenged, for a budget of falsely challenged people.

        That of the largest budget that is not above it; below the smallest, the smallest one's.
        """
        points = self.card.operating_points
        within = [point for point in points if point.max_false_challenge_rate <= max_false_challenge_rate]
        return (within[-1] if within else points[0]).threshold

    def probability(self, sound: Sound) -> float | None:
        """The probability, 0…1, that an opening is noise; None where it is too quiet or cannot be judged."""
        vector = self._vector(_opening(sound))
        return None if vector is None else self._probability(vector)

    def __call__(self, sound: Sound) -> tuple[Finding, ...]:
        """Noise over all of an opening, where it is likelier than a person."""
        sound = _opening(sound)
        vector = self._vector(sound)
        if vector is None:
            return ()
        probability = self._probability(vector)
        if probability < LIKELY:
            return ()
        return (
            Finding(
                kind=VerdictKind.CALLER_NOISE,
                signal=SIGNAL,
                probability=probability,
                begin=0.0,
                end=sound.recording.seconds,
                reason=self._reason(sound.recording, vector, probability),
            ),
        )

    def _vector(self, sound: Sound) -> FeatureVector | None:
        recording = sound.recording
        if why_inconclusive(recording) is not None or dbfs(recording.sounding.rms) < HEARD_DBFS:
            return None
        return noise_vector(sound, self.params)

    def _probability(self, vector: FeatureVector) -> float:
        return float(self.probabilities(vector[np.newaxis])[0])

    def _reason(self, recording: Recording, vector: FeatureVector, probability: float) -> str:
        level = f"noise probability {probability:.3f}, level {dbfs(recording.sounding.rms):.1f} dBFS"
        if self._change is None:
            return level
        return f"{level}, {vector[self._change]:.1f} dB from one 20 ms to the next"


def _opening(sound: Sound) -> Sound:
    if sound.recording.seconds <= LONGEST_SECONDS:
        return sound
    return Sound(sound.recording.opening(LONGEST_SECONDS))


def noise_names(params: FeatureParams) -> list[str]:
    """The name of each entry of `noise_vector`, in its order."""
    return [*feature_names(params), *NAMES]


def noise_vector(sound: Sound, params: FeatureParams) -> FeatureVector:
    """The features and then the stillness of an opening's sounding part [shape=(n,), float32].

    What the model of dead air has computed of it is taken over. Raises ModelError where not one window fits.
    """
    sounding = sound.recording.sounding
    known = sound.measured if sound.params == params else None
    if known is None:
        known = measured([sounding], params)[0]
    samples = sounding.samples if known.samples is None else known.samples
    power, levels = (known.power, known.band_levels) if params.stft == STFT else (None, None)
    if power is None:
        power = sound.power if sounding is sound.recording else power_spectrogram(samples, STFT)
    return np.concatenate([known.vector, stillness(samples, power, levels)])


def noise_files(trees: BoostedTrees, card: NoiseCard) -> dict[str, bytes]:
    """The files of a model folder that know noise; equal trees and cards give equal bytes."""
    card.validate()
    trees.validate()
    files = {f"{PREFIX}{name}.npy": npy(getattr(trees, name)) for name in trees.FORMS}
    return files | {CARD_NAME: msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n"}


def load_noise(files: Mapping[str, bytes]) -> NoiseModel | None:
    """The detector of a model folder's files, checked by their hashes already; None where it knows no noise.

    Raises ModelError for another format, features that this version does not make, or arrays that are none.
    """
    if CARD_NAME not in files:
        return None
    try:
        card = msgspec.json.decode(files[CARD_NAME], type=NoiseCard)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{CARD_NAME}: {error}") from error
    card.validate()
    arrays = arrays_in(files, BoostedTrees.FORMS, prefix=PREFIX)
    trees = BoostedTrees(**arrays, n_features=len(card.feature_names), depth=card.depth)  # type: ignore[arg-type]
    trees.validate()
    return NoiseModel(trees, card)


def noise_parts() -> Sequence[str]:
    """Every file of a model folder that `load_noise` reads where it is there."""
    return (CARD_NAME, *ARRAY_FILES)


def listener(sources: Sources) -> NoiseModel | None:
    """Hears noise. Raises ModelError for files that are no use."""
    folder = sources.noise or resources.shipped_noise()
    files, _ = verified_files(folder, (CARD_NAME,), ARRAY_FILES)
    return load_noise(files)
