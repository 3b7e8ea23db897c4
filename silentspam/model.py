"""A spam model: a folder of plain arrays, a card, and the hash of each; never a pickle.

    FOLDER/roots.npy feature.npy threshold.npy children.npy       trees, and
           shares.npy                                             a forest's leaves, or
           values.npy                                             boosted trees' leaves
    FOLDER/line_*.npy                                             known lines, where the card says so
    FOLDER/line_cohort.npy lines.json                             what line memory stands on, if there
    FOLDER/card.json                                              what it is and was trained on
    FOLDER/SHA256SUMS                                             checked before anything is read

The model id is the start of the hash of SHA256SUMS: equal ids are equal bytes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from silentspam.audio import SAMPLE_RATE, Recording, dbfs
from silentspam.boosted import BoostedTrees
from silentspam.call import VerdictKind
from silentspam.card import LineCard, ModelCard, check_line_card
from silentspam.errors import ModelError
from silentspam.features import Measured, feature_matrix, feature_names, measured
from silentspam.fitness import why_inconclusive
from silentspam.forest import SPAM_CLASS, Forest
from silentspam.hashed import SUMS_NAME, Arrays, arrays_in, npy, verified_files, with_sums
from silentspam.lines.evidence import LineEvidence
from silentspam.lines.ground import LineGround, line_ground, pack
from silentspam.lines.known import KnownLines
from silentspam.lines.space import Embeddings, LineSpace
from silentspam.verdict import Verdict

CARD_NAME = "card.json"
LINE_CARD_NAME = "lines.json"

TREES: Mapping[str, type[Forest] | type[BoostedTrees]] = {"forest": Forest, "boosted": BoostedTrees}
SPACE_ARRAYS = ("offset", "scale", "projection", "origin", "spread")
LINE_ARRAYS = (*SPACE_ARRAYS, "means", "counts", "people")
"""The arrays of LineEvidence, each in a file with `line_` before its name; people are known by one call."""

COHORT_FILE = "line_cohort.npy"
"""People an opening is told from (`lines.ground`); older folders have none, and no line memory."""

ARRAY_FILES = tuple(
    dict.fromkeys(
        [
            *(f"{name}.npy" for kind in TREES.values() for name in kind.FORMS),
            *(f"line_{name}.npy" for name in LINE_ARRAYS),
            COHORT_FILE,
        ]
    )
)
"""Every array that a model folder may hold."""

PARTLY_SILENT = 0.1
"""Share of digital silence from which an opening is judged most strictly: late media is mostly a person's."""

Card = TypeVar("Card", ModelCard, LineCard)


class SpamModel:
    """Trees, perhaps known lines, and a card: judges openings. Build one with `load_model`."""

    def __init__(
        self,
        forest: Forest | BoostedTrees,
        card: ModelCard,
        model_id: str,
        lines: LineEvidence | None = None,
        ground: LineGround | None = None,
    ) -> None:
        self.forest = forest
        self.card = card
        self.model_id = model_id
        self.lines = lines
        self.ground = ground  # in the space of `lines`
        self.params = card.feature_params()

    def probabilities(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Spam probability, 0…1, of feature vectors: [shape=(n, n_features)] to [shape=(n,)]."""
        return self._probabilities(vectors, self._places(vectors))

    def _places(self, vectors: NDArray[np.float32]) -> Embeddings | None:
        """Where openings lie in the space of lines [shape=(n, n_dims)], if the model knows lines."""
        return self.lines.space.embed(vectors) if self.lines is not None else None

    def _probabilities(self, vectors: NDArray[np.float32], places: Embeddings | None) -> NDArray[np.float64]:
        mix = self.card.combination
        if mix is None:
            return np.asarray(self.forest.predict_proba(vectors)[:, SPAM_CLASS])
        log_odds = mix.bias + mix.odds * self.forest.log_odds(vectors)
        if self.lines is not None and places is not None:
            log_odds += mix.likeness * np.minimum(np.maximum(self.lines.at(places), 0), mix.limit)
        return np.asarray(1 / (1 + np.exp(-log_odds)))

    def warm_up(self) -> None:
        """Judge something once: the first FFT and the first eigenvectors cost ten times the later ones."""
        codes = (np.arange(2 * self.params.stft.window_length) % 251).astype(np.uint8)
        vectors = feature_matrix([Recording(codes)], self.params)
        self.probabilities(vectors)
        if self.ground is not None:
            self.ground.likeness_to_people(self.ground.embed(vectors))

    def threshold_for(self, recording: Recording, max_false_challenge_rate: float | None) -> float:
        """The card's threshold for a budget; for an opening partly digital silence the strictest it has."""
        return max(self.card.threshold_for(max_false_challenge_rate), self.least_threshold_for(recording))

    def least_threshold_for(self, recording: Recording) -> float:
        """What holds whatever the budget: 0, or for an opening partly digital silence the strictest."""
        return self.card.threshold_for(0.0) if recording.digital_silence_share > PARTLY_SILENT else 0.0

    def judge(
        self,
        recording: Recording,
        *,
        threshold: float | None = None,
        max_false_challenge_rate: float | None = None,
        min_seconds: float = 1.0,
        max_digital_silence_share: float = 0.5,
    ) -> Verdict:
        """The verdict on an opening.

        No media, digital silence and too little audio are INCONCLUSIVE and never reach the trees (the hard
        lesson of Orife et al. 2018, section 7). The threshold is `threshold_for` the budget of falsely
        challenged people, unless `threshold` is given.
        """
        (verdict,) = self.judge_many(
            [recording],
            threshold=threshold,
            max_false_challenge_rate=max_false_challenge_rate,
            min_seconds=min_seconds,
            max_digital_silence_share=max_digital_silence_share,
        )
        return verdict

    def judge_many(
        self,
        recordings: Sequence[Recording],
        *,
        threshold: float | None = None,
        max_false_challenge_rate: float | None = None,
        min_seconds: float = 1.0,
        max_digital_silence_share: float = 0.5,
    ) -> list[Verdict]:
        """The verdict on each opening, as `judge` gives it; faster, since openings are measured together."""
        doubts = [
            why_inconclusive(recording, min_seconds=min_seconds, max_silence=max_digital_silence_share)
            for recording in recordings
        ]
        fit = [recording.sounding for recording, doubt in zip(recordings, doubts, strict=True) if not doubt]
        judged = iter(self._judged(fit))
        return [
            self._inconclusive(recording, doubt)
            if doubt
            else self._verdict(
                recording,
                *next(judged),
                self.threshold_for(recording, max_false_challenge_rate) if threshold is None else threshold,
            )
            for recording, doubt in zip(recordings, doubts, strict=True)
        ]

    def _judged(self, sounding: Sequence[Recording]) -> list[tuple[float, str | None, Measured]]:
        """Of each the spam probability, the place in the space of lines, and the features: computed once."""
        if not sounding:
            return []
        features = measured(sounding, self.params)
        vectors = np.array([one.vector for one in features])
        places = self._places(vectors)
        probabilities = self._probabilities(vectors, places).tolist()
        if self.ground is None or places is None:
            return [
                (probability, None, one) for probability, one in zip(probabilities, features, strict=True)
            ]
        return list(zip(probabilities, map(pack, places), features, strict=True))

    def _inconclusive(self, recording: Recording, doubt: str) -> Verdict:
        return Verdict(
            kind=VerdictKind.INCONCLUSIVE,
            model_id=self.model_id,
            seconds=recording.seconds,
            digital_silence_share=recording.digital_silence_share,
            reasons=(doubt,),
        )

    def _verdict(
        self,
        recording: Recording,
        probability: float,
        embedding: str | None,
        features: Measured,
        limit: float,
    ) -> Verdict:
        sounding, share = recording.sounding, recording.digital_silence_share
        spam = probability >= limit
        sign, word = ("≥", "dead air") if spam else ("<", "not dead air")
        level = dbfs(sounding.rms)
        reasons = (
            f"spam probability {probability:.3f} {sign} threshold {limit:.3f}: {word}",
            f"level {level:.1f} dBFS, peak {dbfs(sounding.peak):.1f} dBFS",
            f"{sounding.seconds:.2f} s judged of {recording.seconds:.2f} s, digital silence {share:.0%}",
        )
        return Verdict(
            kind=VerdictKind.CALLER_SILENCE if spam else VerdictKind.HAM,
            spam_probability=float(probability),
            threshold=limit,
            model_id=self.model_id,
            seconds=recording.seconds,
            digital_silence_share=share,
            reasons=reasons,
            space_id=self.ground.space_id if self.ground and embedding else None,
            embedding=embedding,
            level_dbfs=level,
            features=features,
        )


def load_model(folder: Path) -> SpamModel:
    """Load and check a model folder.

    Raises ModelError for a missing or changed file, another format, features this code does not make, or
    arrays that are not what the card says.
    """
    files, model_id = verified_files(folder, (CARD_NAME,), (*ARRAY_FILES, LINE_CARD_NAME))
    try:
        card = _decoded(files, CARD_NAME, ModelCard)
        card.validate()
        _check_features(card)
        trees, lines = _parts(card, files)
        ground = _ground(files, lines)
    except ModelError as error:
        raise ModelError(f"{folder}: {error}") from error
    return SpamModel(trees, card, model_id, lines, ground)


def _decoded(files: Mapping[str, bytes], name: str, kind: type[Card]) -> Card:
    try:
        return msgspec.json.decode(files[name], type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{name}: {error}") from error


def _check_features(card: ModelCard) -> None:
    if card.stft.sample_rate != SAMPLE_RATE:
        raise ModelError(f"stft.sample_rate is {card.stft.sample_rate} Hz, calls have {SAMPLE_RATE} Hz")
    expected = feature_names(card.feature_params())
    if card.feature_names != expected or card.n_features != len(expected):
        raise ModelError("feature_names are not those this version computes for the card's parameters")


def _parts(card: ModelCard, files: Mapping[str, bytes]) -> tuple[Forest | BoostedTrees, LineEvidence | None]:
    kind = TREES[card.trees]
    trees = kind(**arrays_in(files, kind.FORMS), n_features=card.n_features, depth=card.depth)  # type: ignore[arg-type]
    trees.validate()
    if isinstance(trees, Forest) and trees.shares.shape[1] <= SPAM_CLASS:
        raise ModelError(f"shares has {trees.shares.shape[1]} classes, at least 2 are needed")
    if not card.lines:
        return trees, None
    arrays = arrays_in(files, LINE_ARRAYS, prefix="line_")
    space = LineSpace(**{name: arrays[name] for name in SPACE_ARRAYS})  # type: ignore[arg-type]
    people = np.ones(len(arrays["people"]), dtype=np.int32)
    lines = LineEvidence(
        KnownLines(space, arrays["means"], arrays["counts"]),  # type: ignore[arg-type]
        KnownLines(space, arrays["people"], people),  # type: ignore[arg-type]
    )
    lines.validate(card.n_features)
    return trees, lines


def _ground(files: Mapping[str, bytes], lines: LineEvidence | None) -> LineGround | None:
    """What line memory stands on; None in a folder without it, of an older version or without lines."""
    if lines is None or COHORT_FILE not in files:
        return None
    if LINE_CARD_NAME not in files:
        raise ModelError(f"{LINE_CARD_NAME} is missing, or not in {SUMS_NAME}")
    described = _decoded(files, LINE_CARD_NAME, LineCard)
    cohort = arrays_in(files, ["cohort"], prefix="line_")["cohort"]
    ground = line_ground(lines.dead_air.space, cohort)
    check_line_card(described, space_id=ground.space_id, n_dims=len(ground.space.origin), cohort=len(cohort))
    return ground


def model_files(
    forest: Forest | BoostedTrees,
    card: ModelCard,
    lines: LineEvidence | None = None,
    *,
    beside: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """The content of every file of a model folder; equal models give equal bytes.

    `beside` are files that are made elsewhere: what line memory stands on (`training.line_ground`), and what
    no call reads, such as the reference for drift; they are hashed like the rest.
    """
    forest.validate()
    arrays: Arrays = {name: getattr(forest, name) for name in forest.FORMS}
    if lines is not None:
        lines.validate(card.n_features)
        known = lines.dead_air
        parts = {name: getattr(known.space, name) for name in SPACE_ARRAYS}
        parts |= {"means": known.means, "counts": known.counts, "people": lines.people.means}
        arrays |= {f"line_{name}": parts[name] for name in LINE_ARRAYS}
    files = {f"{name}.npy": npy(array) for name, array in arrays.items()} | dict(beside or {})
    files[CARD_NAME] = msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n"
    return with_sums(files)
