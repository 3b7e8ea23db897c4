"""How well lost and concealed packets are found: counts on the test split of a corpus of simulated paths.

Calls are cut at their start by chance, since a recorder does not begin where packets do. A lost packet counts
as found when half of it is marked; a marked packet is false when most of it was not lost on any hop. Losses
before another compressing codec are smeared, and counted by themselves.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.provenance.concealment import ALGORITHMS, Concealment, concealment
from silentspam.provenance.packet_loss import PacketLoss, packet_loss
from silentspam.training.operating_point import Rate
from silentspam.training.path_corpus import PathCall, read_path_corpus, recording_of
from silentspam.training.path_truth import HopLosses, concealed, losses_of, marked
from silentspam.training.paths import NETWORK_SAMPLES_PER_MS, Fill
from silentspam.training.sources import Split

LONGEST_CUT = 240
SMEARED = 400
"""Samples after a packet in which codecs that follow may show it."""
FEWEST_FOR_LENGTH = 5
"""Lost packets of a call from which the length of one is to be told (the issue's own number)."""
WITHIN = 0.02
NEAR_FIVE_PERCENT = (0.03, 0.07)


@dataclass(frozen=True)
class Tally:
    """Hits and trials of everything that is counted, by its name."""

    hits: Counter[str] = field(default_factory=Counter)
    n: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, hits: float, n: int = 1) -> None:
        """Count some trials."""
        self.hits[name] += int(hits)
        self.n[name] += n

    def lines(self) -> Iterator[str]:
        """Each name with its share, its counts, and Wilson's 95 % interval (1927).

        The interval takes packets of one call for independent, which they are not quite.
        """
        for name, one in self.rates().items():
            low, high = one["interval"]
            counts = f"{one['hits']:>6} of {one['n']:<6}"
            yield f"{name:<58} {one['hits'] / max(one['n'], 1):7.2%}  {counts} {low:.3f}…{high:.3f}"

    def rates(self) -> dict[str, dict[str, Any]]:
        """Of each name its hits, trials (n) and interval, for a file."""
        found = {name: Rate(hits=self.hits[name], n=self.n[name]) for name in sorted(self.n)}
        return {
            name: {"hits": one.hits, "n": one.n, "interval": [round(end, 4) for end in one.interval]}
            for name, one in found.items()
        }


def _found_of(hop: HopLosses, found: np.ndarray) -> tuple[int, int]:
    whole = [begin for begin in hop.begins if begin >= 0 and begin + hop.length <= len(found)]
    return sum(found[begin : begin + hop.length].mean() >= 0.5 for begin in whole), len(whole)


def count_losses(tally: Tally, told: PacketLoss, losses: Sequence[HopLosses], n_samples: int) -> None:
    """What was found of the packets that one call lost without concealment, and what falsely."""
    plain = [hop for hop in losses if hop.plain and hop.fill is not Fill.CONCEALED]
    found = np.zeros(n_samples, dtype=bool)
    for span in told.spans:
        found[span.begin : span.begin + span.length] = True
    for hop in losses:
        hits, n = _found_of(hop, found)
        if hop in plain:
            tally.add(f"lost packets found: {hop.fill}", hits, n)
            share = n * hop.length / n_samples
            if NEAR_FIVE_PERCENT[0] <= share <= NEAR_FIVE_PERCENT[1]:
                tally.add(f"lost packets found: {hop.fill}, 3 to 7 % lost", hits, n)
            if len(plain) == 1 and n >= FEWEST_FOR_LENGTH:
                right = told.packet_ms == hop.length // NETWORK_SAMPLES_PER_MS
                tally.add(f"packet length right: {hop.fill}, 5 losses or more", right)
        elif hop.fill is not Fill.CONCEALED:
            tally.add("lost packets found: before another codec", hits, n)
    _count_false(tally, told, losses, n_samples)


def _count_false(tally: Tally, told: PacketLoss, losses: Sequence[HopLosses], n_samples: int) -> None:
    anywhere = marked(tuple(hop for hop in losses if hop.plain), n_samples)
    anywhere |= marked(tuple(hop for hop in losses if not hop.plain), n_samples, tail=SMEARED)
    packet = (told.packet_ms or 20) * NETWORK_SAMPLES_PER_MS
    for span in told.spans:
        n = max(1, round(span.length / packet))
        true = anywhere[span.begin : span.begin + span.length].mean() >= 0.5
        tally.add(f"packets said to be lost that were: {span.filling}", n * true, n)
    if not losses:
        tally.add("calls without loss in which no loss is seen", not told.spans)


def count_concealment(tally: Tally, told: Concealment, losses: Sequence[HopLosses], n_samples: int) -> None:
    """Whether what one call had concealed was seen, how much, and by which algorithm."""
    made_up = concealed(tuple(losses))
    rate = float(marked(made_up, n_samples).mean())
    tally.add("concealment: whether any", told.any == (rate > 0))
    tally.add(
        "concealment: any, seen" if rate else "concealment: none, and none seen", told.any == (rate > 0)
    )
    if rate:
        size = "up to 1 %" if rate <= 0.01 else "1 to 3 %" if rate <= 0.03 else "more than 3 %"
        tally.add(f"concealment: any, seen, {size} of the time", told.any)
    tally.add("concealment: rate within 2 points", abs(told.rate - rate) <= WITHIN)
    if rate >= WITHIN:
        tally.add("concealment: rate within 2 points, of 2 % and more", abs(told.rate - rate) <= WITHIN)
    for codec in ALGORITHMS:
        there = any(
            _found_of(hop, np.ones(n_samples, dtype=bool))[1] for hop in concealed(tuple(losses), codec)
        )
        name = f"concealment: {codec} " + ("at work, and seen" if there else "not at work, and not seen")
        tally.add(name, (told.algorithms[codec] >= 0.5) == there)


def study(folder: Path, *, seconds: float, seed: int = 1) -> Tally:
    """Everything counted on the test split of a corpus, calls cut to so many seconds."""
    calls: list[PathCall] = [call for call in read_path_corpus(folder) if call.split is Split.TEST]
    tally, rng = Tally(), np.random.default_rng(seed)
    for call in tqdm(calls, unit="call", disable=None):
        cut = int(rng.integers(LONGEST_CUT))
        recording = Recording(recording_of(folder, call).codes[cut:][: round(seconds * SAMPLE_RATE)])
        n_samples = len(recording.codes)
        losses = _within(losses_of(call, cut), n_samples)
        count_losses(tally, packet_loss(recording), losses, n_samples)
        made_up = concealment(recording)
        count_concealment(tally, made_up, losses, n_samples)
        if not concealed(losses):
            tally.add(f"concealment: none, and none seen, {_last_coder(call)} last", not made_up.any)
    return tally


def _last_coder(call: PathCall) -> str:
    return next((codec for codec in reversed(call.codecs) if codec != "g711"), "g711 alone")


def _within(losses: Sequence[HopLosses], n_samples: int) -> tuple[HopLosses, ...]:
    """Those of which a packet lies in the recording."""
    return tuple(
        hop for hop in losses if any(begin + hop.length > 0 and begin < n_samples for begin in hop.begins)
    )
