"""A spam model: a folder of plain arrays, a card, and the hash of each; never a pickle.

    FOLDER/roots.npy feature.npy threshold.npy children.npy shares.npy    the forest
    FOLDER/card.json                                                      what it is and was trained on
    FOLDER/SHA256SUMS                                                     checked before anything is read

The model id is the start of the hash of SHA256SUMS: equal ids are equal bytes.
"""

import hashlib
import io
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from silentspam.audio import SAMPLE_RATE, Recording, dbfs
from silentspam.call import VerdictKind
from silentspam.errors import ModelError
from silentspam.features import FeatureParams, feature_names, feature_vector
from silentspam.fitness import why_inconclusive
from silentspam.forest import ARRAY_NAMES, Forest
from silentspam.spectrum import StftParams
from silentspam.verdict import Verdict

FORMAT = 1
"""Version of the folder's layout; another one is refused."""

SPAM_CLASS = 1
"""Column of the forest's probabilities that means spam."""

CARD_NAME = "card.json"
SUMS_NAME = "SHA256SUMS"


class StftCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The card's copy of StftParams, and the window: only a Hann window exists, so another one is refused."""

    sample_rate: int
    window_length: int
    hop_length: int
    window: Literal["hann"] = "hann"


class ModelCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a model is: parameters that must match the code, and where it came from.

    threshold: spam probability, 0…1, from which on a call is suspected. min_seconds: audio needed for a
    judgement [s]. training and evaluation are written by the trainer for people to read.
    """

    format: int
    stft: StftCard
    n_bases: int
    groups: list[str]
    feature_names: list[str]
    n_features: int
    depth: int
    threshold: float
    seed: int
    data_hash: str
    versions: dict[str, str]
    created_by: str = ""
    statement: str = ""
    training: dict[str, Any] = {}
    evaluation: dict[str, Any] = {}

    def feature_params(self) -> FeatureParams:
        """The parameters as the code's own class. Raises ModelError when the code has no such features."""
        stft = StftParams(
            sample_rate=self.stft.sample_rate,
            window_length=self.stft.window_length,
            hop_length=self.stft.hop_length,
        )
        return FeatureParams(stft=stft, n_bases=self.n_bases, groups=tuple(self.groups))


class SpamModel:
    """A forest with its card: judges openings. Build one with `load_model`."""

    def __init__(self, forest: Forest, card: ModelCard, model_id: str) -> None:
        self.forest = forest
        self.card = card
        self.model_id = model_id
        self.params = card.feature_params()

    def spam_probability(self, recording: Recording) -> float:
        """The forest's spam probability of an opening that has already been found fit to judge, 0…1."""
        vector = feature_vector(recording, self.params)
        return float(self.forest.predict_proba(vector[np.newaxis])[0, SPAM_CLASS])

    def warm_up(self) -> None:
        """Judge something once: the first FFT and the first eigenvectors cost ten times the later ones."""
        codes = np.arange(2 * self.params.stft.window_length) % 251
        self.spam_probability(Recording(codes.astype(np.uint8)))

    def judge(
        self,
        recording: Recording,
        *,
        threshold: float | None = None,
        min_seconds: float = 1.0,
        max_digital_silence_share: float = 0.5,
    ) -> Verdict:
        """The verdict on an opening.

        No media, digital silence and too little audio are INCONCLUSIVE and never reach the forest (the hard
        lesson of Orife et al. 2018, section 7). `threshold` replaces the card's.
        """
        limit = self.card.threshold if threshold is None else threshold
        share = recording.digital_silence_share
        sounding = recording.sounding
        doubt = why_inconclusive(recording, min_seconds=min_seconds, max_silence=max_digital_silence_share)
        if doubt:
            return Verdict(
                kind=VerdictKind.INCONCLUSIVE,
                model_id=self.model_id,
                seconds=recording.seconds,
                digital_silence_share=share,
                reasons=(doubt,),
            )
        probability = self.spam_probability(sounding)
        spam = probability >= limit
        sign, word = ("≥", "dead air") if spam else ("<", "not dead air")
        reasons = (
            f"spam probability {probability:.3f} {sign} threshold {limit:.3f}: {word}",
            f"level {dbfs(_rms(sounding)):.1f} dBFS, peak {dbfs(_peak(sounding)):.1f} dBFS",
            f"{sounding.seconds:.2f} s judged of {recording.seconds:.2f} s, digital silence {share:.0%}",
        )
        return Verdict(
            kind=VerdictKind.CALLER_SILENCE if spam else VerdictKind.HAM,
            spam_probability=probability,
            threshold=limit,
            model_id=self.model_id,
            seconds=recording.seconds,
            digital_silence_share=share,
            reasons=reasons,
        )


def _rms(recording: Recording) -> float:
    return float(np.sqrt((recording.samples.astype(np.float64) ** 2).mean()))


def _peak(recording: Recording) -> float:
    return float(np.abs(recording.samples).max())


def load_model(folder: Path) -> SpamModel:
    """Load and check a model folder.

    Raises ModelError for a missing or changed file, another format, features this code does not make, or
    arrays that are not a forest.
    """
    files, model_id = _verified_files(folder)
    try:
        card = msgspec.json.decode(files[CARD_NAME], type=ModelCard)
    except msgspec.MsgspecError as error:
        raise ModelError(f"{folder / CARD_NAME}: {error}") from error
    if card.format != FORMAT:
        raise ModelError(f"{folder}: format is {card.format}, this version reads {FORMAT}")
    if card.stft.sample_rate != SAMPLE_RATE:
        raise ModelError(
            f"{folder}: stft.sample_rate is {card.stft.sample_rate} Hz, calls have {SAMPLE_RATE} Hz"
        )
    expected = feature_names(card.feature_params())
    if card.feature_names != expected or card.n_features != len(expected):
        raise ModelError(
            f"{folder}: feature_names are not those this version computes for the card's parameters"
        )
    if not 0 <= card.threshold <= 1:
        raise ModelError(f"{folder}: threshold is {card.threshold}, it must lie in 0…1")
    try:
        arrays = {name: np.load(io.BytesIO(files[f"{name}.npy"]), allow_pickle=False) for name in ARRAY_NAMES}
    except (ValueError, EOFError, OSError) as error:
        raise ModelError(f"{folder}: an array cannot be read: {error}") from error
    forest = Forest(**arrays, n_features=card.n_features, depth=card.depth)
    forest.validate()
    if forest.shares.shape[1] <= SPAM_CLASS:
        raise ModelError(f"{folder}: shares has {forest.shares.shape[1]} classes, at least 2 are needed")
    return SpamModel(forest, card, model_id)


def _verified_files(folder: Path) -> tuple[dict[str, bytes], str]:
    """Every file that a model needs, read once and checked against SHA256SUMS; and the model id."""
    names = [f"{name}.npy" for name in ARRAY_NAMES] + [CARD_NAME]
    try:
        sums_text = (folder / SUMS_NAME).read_bytes()
        files = {name: (folder / name).read_bytes() for name in names}
    except OSError as error:
        raise ModelError(f"model folder {folder}: {error.strerror or error} ({error.filename})") from error
    sums = {line[66:]: line[:64] for line in sums_text.decode("utf-8", "replace").splitlines()}
    for name, content in files.items():
        if sums.get(name) != hashlib.sha256(content).hexdigest():
            raise ModelError(f"{folder / name}: its SHA-256 is not the one in {SUMS_NAME}")
    return files, hashlib.sha256(sums_text).hexdigest()[:12]


def model_files(forest: Forest, card: ModelCard) -> dict[str, bytes]:
    """The content of every file of a model folder; equal models give equal bytes."""
    forest.validate()
    files = {}
    for name in ARRAY_NAMES:
        buffer = io.BytesIO()
        np.save(buffer, getattr(forest, name), allow_pickle=False)
        files[f"{name}.npy"] = buffer.getvalue()
    files[CARD_NAME] = msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n"
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    files[SUMS_NAME] = sums.encode()
    return files


def stft_card(params: StftParams) -> StftCard:
    """The card's copy of the transform's parameters."""
    return StftCard(**asdict(params))
