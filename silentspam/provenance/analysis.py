"""Everything that one side of a call says of where it came from, and why: what `silentspam provenance` tells.

What is not told by this version, or not to be told of this call, is None.
"""

from dataclasses import dataclass

import msgspec

from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.provenance.codecs import PathTold, nobody_speaks, path_told
from silentspam.provenance.concealment import Concealment, concealment
from silentspam.provenance.features import LONGEST_SECONDS, SHORTEST_SECONDS, VERSION, measure
from silentspam.provenance.fingerprint import Fingerprint, fingerprint, tells_a_line
from silentspam.provenance.noise import NoiseProfile, noise_profile
from silentspam.provenance.packet_loss import Filling, PacketLoss, packet_loss
from silentspam.provenance.quality import quality
from silentspam.provenance.tones import tones_alone

PACKET_MS = 20
"""Of packets whose length nothing told: what most networks send."""
LEARNT_SECONDS = 2.0
"""Of the shortest pieces that codecs were learnt from: of a shorter one their probabilities are not true."""
LIKELY, SURE = 0.5, 0.9
"""Probabilities from which on an algorithm is named, and concealment is told without a perhaps."""

HARDLY_HEARD = {"g729": "; after G.729 it is hardly heard, and said because it is usual"}
"""Last coders whose calls are said to be concealed mostly whether they were or not (docs/provenance.md)."""


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a call.

    seconds: its length; lost: unconcealed losses, each [begin, length] [s]; loss_rate: their share of the
    time, 0…1; burstiness: mean length of one [packets]; concealed_rate: share of the time that a decoder made
    up again (of a longer call, of its first minute, as all but seconds and losses), and concealment: the
    probability that anything was, and that each algorithm was at work; noise: a `NoiseProfile`, by its names;
    codecs and networks: each one's probability, empty where they are not told; signature: the networks that
    are likelier than not, and last_codec: the likeliest coder before the listener, g711 where nothing
    compressed the call, both as in `codecs`; quality: how listeners would rate the call, 1…5;
    fingerprint_version: of the vector that codecs and lines are told by; reasons: in words, for an admin.
    """

    seconds: float
    loss_rate: float
    packet_ms: int | None
    burstiness: float
    lost: tuple[tuple[float, float], ...]
    concealed_rate: float
    concealment: dict[str, float]
    noise: dict[str, float | None] | None
    codes_in_pauses: dict[str, float]
    codecs: dict[str, float]
    networks: dict[str, float]
    signature: tuple[str, ...]
    last_codec: str | None
    quality: float | None
    fingerprint_version: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Examination:
    """An analysis, and what it was made from; fingerprint and told are None where nothing could be told."""

    analysis: Analysis
    fingerprint: Fingerprint | None
    loss: PacketLoss
    made_up: Concealment
    told: PathTold | None


def analyse(recording: Recording) -> Analysis:
    """What a call says, of any length and whatever is heard in it."""
    return examine(recording).analysis


def examine(recording: Recording) -> Examination:
    """What a call says, and what that is made from."""
    loss, measures = packet_loss(recording), None if tones_alone(recording) else measure(recording)
    made_up = concealment(recording, packet_ms=loss.packet_ms or PACKET_MS)
    told = path_told(measures, loss, made_up) if measures else None
    of_line = measures if tells_a_line(recording) else None
    noise = measures.noise if measures else noise_profile(recording.opening(LONGEST_SECONDS))
    return Examination(
        analysis=_analysis(recording, loss, made_up, noise, told),
        fingerprint=fingerprint(of_line, min(recording.seconds, LONGEST_SECONDS)) if of_line else None,
        loss=loss,
        made_up=made_up,
        told=told,
    )


def _analysis(
    recording: Recording,
    loss: PacketLoss,
    made_up: Concealment,
    noise: NoiseProfile | None,
    told: PathTold | None,
) -> Analysis:
    rating, unrated = quality(recording)
    return Analysis(
        seconds=round(recording.seconds, 3),
        loss_rate=round(loss.rate, 5),
        packet_ms=loss.packet_ms,
        burstiness=round(loss.burstiness, 2),
        lost=tuple(
            (round(span.begin / SAMPLE_RATE, 4), round(span.length / SAMPLE_RATE, 4)) for span in loss.spans
        ),
        concealed_rate=round(made_up.rate, 5),
        concealment={
            "any": round(made_up.probability, 3),
            **{name: round(probability, 3) for name, probability in made_up.algorithms.items()},
        },
        noise=_levels(noise) if noise else None,
        codes_in_pauses={f"0x{code:02X}": round(share, 4) for code, share in noise.codes} if noise else {},
        codecs=told.codecs if told else {},
        networks=told.networks if told else {},
        signature=told.signature if told else (),
        last_codec=told.last_codec if told else None,
        quality=None if rating is None else round(rating, 2),
        fingerprint_version=VERSION,
        reasons=(*_reasons(recording, loss, made_up, noise, told), *([unrated] if unrated else ())),
    )


def _levels(noise: NoiseProfile) -> dict[str, float | None]:
    figures = {
        "clarity_db": noise.clarity,
        "level_range_db": noise.level_range,
        "level_deviation_db": noise.level_deviation,
        "multiplicative": noise.multiplicative,
        "floor_dbfs": noise.floor_dbfs,
        "speech_dbfs": noise.speech_dbfs,
    }
    return {name: None if figure is None else round(figure, 2) for name, figure in figures.items()}


def _reasons(
    recording: Recording,
    loss: PacketLoss,
    made_up: Concealment,
    noise: NoiseProfile | None,
    told: PathTold | None,
) -> tuple[str, ...]:
    if not len(recording.codes):
        return ("no audio: nothing was heard, codecs are not told by it",)
    return (
        *_of_length(recording),
        *_of_tones(recording),
        *_of_loss(loss),
        *_of_concealment(recording, made_up, told),
        *_of_noise(noise),
        *(told.reasons if told else ()),
    )


def _of_length(recording: Recording) -> list[str]:
    if recording.seconds > LONGEST_SECONDS:
        heard = f"by the first {LONGEST_SECONDS:g} s, losses by all {recording.seconds:.0f} s"
        return [f"codecs, line, noise and concealment are told {heard}"]
    if recording.seconds >= LEARNT_SECONDS:
        return []
    if recording.seconds >= SHORTEST_SECONDS:
        length = f"{recording.seconds:.1f} s"
        least = f"{LEARNT_SECONDS:g} s or more"
        return [f"codecs were learnt from pieces of {least}: their probabilities are too high of {length}"]
    return [f"{recording.seconds:.2f} s are less than {SHORTEST_SECONDS:g} s: codecs are not told by it"]


def _of_tones(recording: Recording) -> list[str]:
    if not tones_alone(recording):
        return []
    return ["all that sounds are a few tones, no speech: codecs, concealment and its line are not told"]


def _of_loss(loss: PacketLoss) -> list[str]:
    if not loss.spans:
        return ["no packet was lost without being concealed"]
    filled = {filling: sum(span.filling is filling for span in loss.spans) for filling in Filling}
    what = " and ".join(f"{count} of {filling}" for filling, count in filled.items() if count)
    packets = f", packets of {loss.packet_ms} ms" if loss.packet_ms else ""
    return [f"{loss.rate:.1%} of the time was lost and not concealed: gaps, {what}{packets}"]


def _of_concealment(recording: Recording, made_up: Concealment, told: PathTold | None) -> list[str]:
    if not made_up.any:
        return []
    heard = f" of the first {LONGEST_SECONDS:g} s" if recording.seconds > LONGEST_SECONDS else ""
    name, probability = max(made_up.algorithms.items(), key=lambda one: one[1])
    by = f", likeliest that of {name} ({probability:.2f})" if probability >= LIKELY else ""
    perhaps = "" if made_up.probability >= SURE else "perhaps "
    sureness = f"{perhaps}concealed losses with probability {made_up.probability:.2f}"
    return [
        f"{sureness}: {made_up.rate:.1%} of the time, "
        f"{made_up.packets} packets{heard}{by}{HARDLY_HEARD.get(told.last_codec, '') if told else ''}"
    ]


def _of_noise(noise: NoiseProfile | None) -> list[str]:
    if noise is None or noise.clarity is None or noise.multiplicative is None:
        level = "" if noise is None else f" (its loudest third is at {noise.speech_dbfs:.0f} dBFS)"
        if noise is not None and nobody_speaks(noise):
            return [f"nobody speaks, it is silence or steady noise{level}: no codecs, no spectral clarity"]
        return [f"too little of it is voiced{level}: no spectral clarity"]
    kind = "multiplicative" if noise.multiplicative >= 0.5 else "additive"
    return [
        f"spectral clarity {noise.clarity:.1f} dB, noise mostly {kind} "
        f"(it rises by {noise.multiplicative:.2f} dB a dB of speech), {noise.floor_dbfs:.0f} dBFS in pauses"
    ]
