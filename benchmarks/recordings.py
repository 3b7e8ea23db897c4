"""`python -m benchmarks.recordings`: what is found of recordings that are played again, what wrongly, and
what it costs a call.

    --replays N    re-plays through another codec, at 10 dB SNR, from any start in the first five seconds
    --pairs N      pairs of unrelated openings and recordings: of one voice, of other voices, of other tunes
    --stored N     recordings in the library that is looked up
    --seed N       another draw of starts, codecs, noise and pairs of the same audio

Figures are counts with intervals (Wilson, and Clopper-Pearson's upper bound of 95 % for what should not
happen); times are CPU, in one run beside the transform that every verdict makes.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.replayed import (
    CODECS,
    LATEST_START,
    OPENING,
    Network,
    Played,
    Replay,
    heard,
    is_same_audio,
    recordings_of,
    replay,
)
from lab.corpus_audio import fetch_audio, fetch_codecs
from silentspam.audio import Recording, encode_ulaw
from silentspam.kinds.alignment import align, needed
from silentspam.kinds.constellation import END_BIN, FIRST_BIN, Constellation, constellation_of
from silentspam.kinds.sound import Sound
from silentspam.kinds.standing import Standing
from silentspam.recordings import store
from silentspam.recordings.library import KnownRecording
from silentspam.training.codecs import open_codec
from silentspam.training.network import quantised
from silentspam.training.sources import ClipKind, find_clips

FOUND_SHARE, FALSE_SHARE = 0.98, 1e-5
LOOK_UP_SECONDS, LANDMARK_SECONDS = 5e-3, 0.5e-3
LIBRARIES = (1, 100, 1000, 100_000)
"""Sizes of libraries whose need of evidence re-plays are held against."""
TRIED = (9.0, 10.0, 11.0, 12.0, 12.5, 13.0, 14.0)
"""Other needs of evidence that both are counted at: what stands in `kinds.alignment` is chosen by these."""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 1 when a figure is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recordings", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--replays", type=int, default=3000)
    parser.add_argument("--pairs", type=int, default=400_000)
    parser.add_argument("--stored", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    clips = find_clips([fetch_audio()])
    played, rng = recordings_of(clips), np.random.default_rng(args.seed)
    codecs = {name: open_codec(name, folders=[fetch_codecs()]) for name in CODECS}
    network = Network(codecs, tuple(clip for clip in clips if clip.kind is ClipKind.AMBIENCE))
    kinds = Counter(one.kind for one in played)
    print(f"{len(played)} recordings of 9 s, {kinds[ClipKind.MUSIC]} of them of music, the others of speech")
    replays = [replay(played[n % len(played)], network, rng) for n in range(args.replays)]
    good = _found(replays) if replays else True
    good &= _wrong(played, args.pairs, rng) if args.pairs else True
    good &= _costs(played, replays, args.stored, rng) if args.stored else True
    return 0 if good else 1


def _found(replays: list[Replay]) -> bool:
    right, evidence = [], []
    for one in replays:
        found = align(one.opening, one.known)
        right.append(one.opening.is_telling and abs(found.begin - one.begin) < 0.05)
        evidence.append(found.evidence)
    print("Re-plays at 10 dB SNR through another codec, from any start within the first 5 s")
    for n in LIBRARIES:
        hits = [r and e >= needed(n) for r, e in zip(right, evidence, strict=True)]
        print(f"  with {n:7} recordings known: {_share(sum(hits), len(hits))}")
    for enough in TRIED:
        hits = [r and e >= enough for r, e in zip(right, evidence, strict=True)]
        print(f"    with evidence of {enough:4}: {_share(sum(hits), len(hits))}")
    hits = [r and e >= needed(1) for r, e in zip(right, evidence, strict=True)]
    for name in CODECS:
        of_codec = [hit for hit, one in zip(hits, replays, strict=True) if one.heard_by == name]
        print(f"    heard through {name:7} {_share(sum(of_codec), len(of_codec))}")
    print(f"  wanted: {FOUND_SHARE:.0%}")
    return sum(hits) >= FOUND_SHARE * len(hits)


def _wrong(played: list[Played], n_pairs: int, rng: np.random.Generator) -> bool:
    openings = []
    for one in played:
        start = int(rng.integers(0, LATEST_START + 1))
        openings.append(one.signal[start : start + OPENING])
    stars = [heard(encode_ulaw(quantised(one))) for one in openings]
    groups: dict[str, list[int]] = {}
    for row, one in enumerate(played):
        groups.setdefault(one.source, []).append(row)
    seen, false, same, evidence = Counter[str](), Counter[str](), 0, []
    drawn: set[tuple[int, int]] = set()
    while seen.total() < n_pairs:
        a = int(rng.integers(len(played)))
        of_voice = groups[played[a].source]
        b = (
            of_voice[int(rng.integers(len(of_voice)))]
            if rng.random() < 0.5
            else int(rng.integers(len(played)))
        )
        group = _group(played[a], played[b])
        if a == b or (a, b) in drawn or group is None or not stars[a].is_telling:
            continue
        drawn.add((a, b))
        found = align(stars[a], played[b].known)
        if found.evidence >= TRIED[0] and is_same_audio(openings[a], played[b].signal, found.begin):
            same += 1
            continue
        seen[group] += 1
        false[group] += found.evidence >= needed(1)
        evidence.append(found.evidence)
    print(f"Unrelated pairs, evidence {needed(1):.1f} needed; {same} pairs that share a passage are left out")
    for group in sorted(seen):
        print(f"  {group:26} {false[group]} of {seen[group]}, below {_upper(false[group], seen[group]):.1e}")
    total = (false.total(), seen.total())
    print(f"  {'all':26} {total[0]} of {total[1]}, below {_upper(*total):.1e} (wanted: {FALSE_SHARE})")
    reached = ", ".join(f"{enough}: {sum(e >= enough for e in evidence)}" for enough in TRIED)
    print(f"  with an evidence of {reached}; highest of any {max(evidence):.1f}")
    return total[0] <= FALSE_SHARE * total[1]


def _group(one: Played, other: Played) -> str | None:
    """What kind of pair; None for two pieces of one tune, which repeats itself."""
    if one.source == other.source:
        return None if one.kind is ClipKind.MUSIC else "speech of one voice"
    if one.kind is other.kind is ClipKind.MUSIC:
        return "music of other tunes"
    return "speech of other voices" if one.kind is other.kind else "speech and music"


def _costs(played: list[Played], replays: list[Replay], stored: int, rng: np.random.Generator) -> bool:
    recordings = [Recording(encode_ulaw(quantised(one.signal[:OPENING]))) for one in played[:300]]
    for one in recordings:
        one.samples.sum()
    sounds = [Sound(one) for one in recordings]
    spent_each = [_as_in_a_call(one) for one in sounds]
    transform, landmark = (statistics.median(column) for column in zip(*spent_each, strict=True))
    pool = [one.known for one in played]
    library = _library([one.known for one in replays[:300]], pool, stored, rng)
    with tempfile.TemporaryDirectory() as name:
        content = store.encode(library, fingerprint="benchmark", made_at=0.0)
        store.write(Path(name), content)
        begun = time.thread_time()
        known = store.read(Path(name))
        opened = time.thread_time() - begun
        if known is None:
            return False
        openings = [one.opening for one in replays[:300]] + [heard(one.codes) for one in recordings]
        known.match(openings[0])
        spent = sorted(_seconds(lambda opening=opening: known.match(opening)) for opening in openings)  # type: ignore[misc]
        right = sum(_is(known, one, row) for row, one in enumerate(replays[:300]))
    median, late = statistics.median(spent), spent[int(0.95 * len(spent))]
    wanted = f"(wanted: {LOOK_UP_SECONDS * 1e3:g} and {LANDMARK_SECONDS * 1e3:g} ms)"
    print(
        f"Look-up among {len(library)} recordings of 7 s, {len(content) / 1e6:.0f} MB mapped, shared {wanted}"
    )
    print(f"  the verdict's own transform  {transform * 1e3:7.2f} ms")
    print(f"  landmarks of an opening      {landmark * 1e3:7.2f} ms, {landmark / transform:.1f} times that")
    print(f"  look-up                      {median * 1e3:7.2f} ms, {median / transform:.1f} times that")
    print(f"  95 % of look-ups take less than {late * 1e3:.2f} ms")
    print(f"  a new file is hashed once by each process that serves, in {opened * 1e3:.0f} ms")
    print(f"  re-plays found among all of them: {_share(right, len(replays[:300]))}")
    return median <= LOOK_UP_SECONDS and landmark <= LANDMARK_SECONDS


def _is(known: store.StoredLibrary, one: Replay, row: int) -> bool:
    match = known.match(one.opening)
    return match is not None and match.recording_id == f"{row:08}"


def _library(
    first: list[Constellation], pool: list[Constellation], count: int, rng: np.random.Generator
) -> list[KnownRecording]:
    """These, and as many more as are wanted: seconds of real ones put together anew, a bit higher or lower.

    The index and the comparison meet what real ones would give them; no more than that is claimed.
    """
    skies = first + [_mixed(pool, rng) for _ in range(count - len(first))]
    return [
        KnownRecording(
            recording_id=f"{row:08}", name=f"recording {row}", standing=Standing.CONFIRMED, constellation=sky
        )
        for row, sky in enumerate(skies)
    ]


def _mixed(pool: list[Constellation], rng: np.random.Generator) -> Constellation:
    parts = []
    for second in range(7):
        one = pool[int(rng.integers(len(pool)))]
        start, higher = int(rng.integers(0, 370)), int(rng.choice([-7, -6, -5, -4, 4, 5, 6, 7]))
        bins = one.bins + higher
        taken = (one.frames >= start) & (one.frames < start + 62) & (bins >= FIRST_BIN) & (bins < END_BIN)
        parts.append((one.frames[taken] - start + 62 * second, bins[taken], one.strong[taken]))
    frames, bins, strong = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Constellation(frames.astype(np.int32), bins.astype(np.int32), strong)


def _as_in_a_call(sound: Sound) -> tuple[float, float]:
    """What the verdict's own transform takes, and the landmarks after it: the core has it in its cache."""
    return _seconds(lambda: sound.power), _seconds(lambda: constellation_of(sound))


def _seconds(what: Callable[[], object]) -> float:
    begun = time.thread_time()
    what()
    return time.thread_time() - begun


def _share(hits: int, of: int) -> str:
    from scipy.stats import binomtest

    interval = binomtest(hits, max(of, 1)).proportion_ci(method="wilson")
    return f"{hits} of {of}, {hits / max(of, 1):.2%} ({interval.low:.2%} to {interval.high:.2%})"


def _upper(hits: int, of: int) -> float:
    from scipy.stats import beta

    return float(beta.ppf(0.95, hits + 1, of - hits)) if of > hits else 1.0


if __name__ == "__main__":
    sys.exit(main())
