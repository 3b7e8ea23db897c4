"""A corpus of calls whose paths are known: mu-law files, and for each what it went through.

OUT/recordings/*.ulaw   one side of each call
OUT/calls.jsonl         `PathCall`, one a line; it comes last: a folder without it was not finished
OUT/corpus.json         how they were made

Sources are drawn for training or for testing, each with calls of several speakers; no speaker, source or path
of one side is met on the other. The telephones and rooms are synthetic, the speech licensed, the codecs real.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np

from silentspam.audio import SAMPLE_RATE, Codes, Recording, read_ulaw, write_ulaw
from silentspam.errors import AudioError
from silentspam.training.codecs import Codec, available_codecs, open_codec
from silentspam.training.network import quantised
from silentspam.training.noise import draw_shape
from silentspam.training.parallel import in_order
from silentspam.training.path_drawing import Talk, Telephone, draw_path, draw_telephone, with_noise
from silentspam.training.paths import FAMILIES, LostPackets
from silentspam.training.paths import Path as NetworkPath
from silentspam.training.sources import Clip, Split, find_clips

RECORDINGS, CALLS, DESCRIPTION = "recordings", "calls.jsonl", "corpus.json"

DRAWS = 10
MOST_CHANGED = 0.3
"""Beyond which nobody's voice is left."""
SILENT_AT_THE_END = 2 * SAMPLE_RATE
"""Samples; people pause for 1.2 s at most."""

STATEMENT = (
    "Telephones, rooms and losses are synthetic, paths are drawn by chance; the codecs are real, with their "
    "own concealment, and the speech is licensed recordings."
)


class PathCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call and the truth about it.

    networks, codecs (labels of `paths.FAMILIES`) and encodings, hop by hop; packet_ms, fills and loss_rates
    likewise; lost: of each hop, where its lost packets begin in that hop's output [samples]; codecs after it
    delay them by some milliseconds.
    """

    recording: str
    split: Split
    source: str
    speaker: str
    ordered: bool
    networks: tuple[str, ...]
    codecs: tuple[str, ...]
    encodings: tuple[str, ...]
    packet_ms: tuple[int, ...]
    fills: tuple[str, ...]
    loss_rates: tuple[float, ...]
    lost: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class PathPlan:
    """How large a corpus is, and what it is made of.

    sources, of which test_share are for testing, the last ones; calls of each; families: labels whose codecs
    are used; unordered: the share of sources whose codecs follow each other in any order; voices: how far
    training's speakers are made into others, noisy: how many of its calls have noise behind the speech
    (`Talk`); one_noise: all telephones and rooms share the spectrum of their noise, not its level; folders:
    unpacked audio and codecs.
    """

    sources: int
    calls: int
    seed: int
    folders: tuple[Path, ...]
    seconds: float = 15.0
    test_share: float = 0.25
    unordered: float = 0.0
    families: tuple[str, ...] = tuple(FAMILIES)
    voices: float = 0.0
    noisy: float = 0.0
    one_noise: bool = False

    def __post_init__(self) -> None:
        if min(self.sources, self.calls) < 1:
            raise AudioError(f"{self.sources} sources of {self.calls} calls: nothing to make")
        if not 0.5 <= self.seconds <= 3600:
            raise AudioError(f"seconds is {self.seconds}: it must lie in 0.5…3600")
        shares = {"test_share": 1, "unordered": 1, "noisy": 1, "voices": MOST_CHANGED}
        for name, most in shares.items():
            if not 0 <= getattr(self, name) <= most:
                raise AudioError(f"{name} is {getattr(self, name)}: it must lie in 0…{most:g}")
        if unknown := sorted(set(self.families) - set(FAMILIES)):
            raise AudioError(f"families holds {unknown}: choose from {', '.join(FAMILIES)}")

    def split_of(self, source: int) -> Split:
        """Which side a source is on."""
        return Split.TEST if source >= round(self.sources * (1 - self.test_share)) else Split.TRAIN


@dataclass(frozen=True, kw_only=True)
class Source:
    """A telephone in its room, and the path of its calls."""

    telephone: Telephone
    path: NetworkPath
    ordered: bool


class PathSimulator:
    """Draws the calls of a plan; each depends on the seed and its place alone."""

    def __init__(self, plan: PathPlan, clips: Sequence[Clip], codecs: Mapping[str, Codec]) -> None:
        self._plan = plan
        self._codecs = codecs
        self._talk = {
            Split.TRAIN: Talk(clips, Split.TRAIN, voices=plan.voices, noisy=plan.noisy),
            Split.TEST: Talk(clips, Split.TEST),
        }

    def source(self, index: int) -> Source:
        """One of the sources."""
        rng = np.random.default_rng([self._plan.seed, 1, index])
        ordered = bool(rng.random() >= self._plan.unordered)
        telephone = draw_telephone(rng)
        if self._plan.one_noise:
            telephone = with_noise(telephone, draw_shape(np.random.default_rng([self._plan.seed, 4])))
        return Source(
            telephone=telephone,
            path=draw_path(rng, self._plan.families, ordered=ordered),
            ordered=ordered,
        )

    def call(self, index: int, number: int) -> tuple[PathCall, Codes]:
        """One call of a source: the truth about it, and its audio [shape=(n,), uint8].

        One that fell silent for good is drawn again: iLBC's decoder, in floats, can end so after a loss.
        Raises AudioError where every draw does.
        """
        for attempt in range(DRAWS):
            call, codes = self._draw(index, number, attempt)
            if not _fell_silent(codes):
                return call, codes
        raise AudioError(f"source {index}, call {number}: {DRAWS} draws, and all fell silent")

    def opening(self, index: int, number: int, seconds: float) -> Codes:
        """What is heard of a source before anybody speaks [shape=(n,), uint8]."""
        rng = np.random.default_rng([self._plan.seed, 3, index, number])
        source = self.source(index)
        quiet = source.telephone.send(np.zeros(round(seconds * SAMPLE_RATE)), rng)
        return source.path.send(quantised(quiet), self._codecs, rng)[0]

    def _draw(self, index: int, number: int, attempt: int) -> tuple[PathCall, Codes]:
        rng = np.random.default_rng([self._plan.seed, 2, index, number, attempt])
        source, split = self.source(index), self._plan.split_of(index)
        talk = self._talk[split]
        speaker = str(rng.choice(talk.speakers))
        speech = source.telephone.send(talk.draw(self._plan.seconds, speaker, rng), rng)
        codes, lost = source.path.send(quantised(speech), self._codecs, rng)
        return _told(source, split, speaker, f"{index:05d}-{number:03d}", lost, len(codes)), codes


def _fell_silent(codes: Codes) -> bool:
    """Whether the end is digital silence for longer than anybody pauses."""
    return len(codes) > SILENT_AT_THE_END and len(np.unique(codes[-SILENT_AT_THE_END:])) == 1


def _told(
    source: Source, split: Split, speaker: str, name: str, lost: Sequence[LostPackets], n_samples: int
) -> PathCall:
    hops = source.path.hops
    return PathCall(
        recording=f"{RECORDINGS}/{name}.ulaw",
        split=split,
        source=name.partition("-")[0],
        speaker=speaker,
        ordered=source.ordered,
        networks=tuple(hop.network.value for hop in hops),
        codecs=tuple(hop.family for hop in hops),
        encodings=tuple(hop.codec for hop in hops),
        packet_ms=tuple(hop.packet_ms for hop in hops),
        fills=tuple(hop.fill.value for hop in hops),
        loss_rates=tuple(round(len(one.begins) * one.length / n_samples, 5) for one in lost),
        lost=tuple(one.begins for one in lost),
    )


def write_path_corpus(out: Path, plan: PathPlan, *, workers: int = 1) -> Iterator[PathCall]:
    """Write the corpus of a plan, and give each call when it is there; the same bytes for any `workers`.

    Raises AudioError where the folder holds one already, or where audio or codecs are missing.
    """
    if (out / CALLS).exists():
        raise AudioError(f"{out} already holds a {CALLS}: choose another folder")
    _simulator(plan)  # what is missing is said before anything is written
    (out / RECORDINGS).mkdir(parents=True, exist_ok=True)
    described = {"statement": STATEMENT, "plan": msgspec.to_builtins(plan, enc_hook=str)}
    (out / DESCRIPTION).write_bytes(msgspec.json.format(msgspec.json.encode(described), indent=1) + b"\n")
    jobs = [(out, plan, index, number) for index in range(plan.sources) for number in range(plan.calls)]
    unfinished = out / f"{CALLS}.part"
    with unfinished.open("wb") as file:
        for call in in_order(_write_one, jobs, workers=workers):
            file.write(msgspec.json.encode(call) + b"\n")
            yield call
    unfinished.rename(out / CALLS)


def _write_one(out: Path, plan: PathPlan, index: int, number: int) -> PathCall:
    call, codes = _simulator(plan).call(index, number)
    write_ulaw(out / call.recording, Recording(codes))
    return call


@lru_cache(maxsize=1)
def _simulator(plan: PathPlan) -> PathSimulator:
    """A process's own: codecs cannot be handed from one to another."""
    names = [name for family in plan.families for name in FAMILIES[family]]
    there = set(available_codecs(folders=plan.folders))
    if missing := [name for name in names if name not in there]:
        raise AudioError(f"no library of the codecs {', '.join(missing)}: `python -m lab.corpus_audio`")
    codecs = {name: open_codec(name, folders=plan.folders) for name in names}
    return PathSimulator(plan, find_clips(plan.folders), codecs)


def simulator_of(folder: Path) -> PathSimulator:
    """What drew the calls of a corpus. Raises AudioError where it does not say how, or audio is missing."""
    try:
        described = msgspec.json.decode((folder / DESCRIPTION).read_bytes())
        plan = msgspec.convert(described["plan"], PathPlan, dec_hook=lambda kind, text: kind(text))
    except (OSError, msgspec.MsgspecError, KeyError, TypeError) as error:
        raise AudioError(
            f"{folder / DESCRIPTION}: it does not tell how the corpus was made: {error}"
        ) from error
    return _simulator(plan)


def read_path_corpus(folder: Path) -> tuple[PathCall, ...]:
    """The calls of a corpus. Raises AudioError for a folder that holds none, or a row that is none."""
    try:
        lines: Iterable[bytes] = (folder / CALLS).read_bytes().splitlines()
    except OSError as error:
        raise AudioError(f"{folder / CALLS}: {error.strerror}") from error
    calls = []
    for number, line in enumerate(lines, start=1):
        try:
            calls.append(msgspec.json.decode(line, type=PathCall))
        except msgspec.MsgspecError as error:
            raise AudioError(f"{folder / CALLS}, line {number}: {error}") from error
    return tuple(calls)


def recording_of(folder: Path, call: PathCall) -> Recording:
    """The audio of a call. Raises AudioError."""
    return read_ulaw(folder / call.recording)
