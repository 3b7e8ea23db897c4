"""What the verdict of all kinds costs on one core, beside that of dead air alone, and each listener of it.

Openings are a fixed mix of two seconds: half of it licensed speech, the rest music, places, dead air (white
noise of −75 to −60 dBFS) and signals of machines, all by mu-law. Each is judged by every part in turn, so
that the parts meet the same machine; the times are a thread's own, and every figure is also a ratio to the
verdict of dead air, since a shared machine's milliseconds say little. The library of recordings holds LIBRARY
openings of the mix played backwards, which none of them is.

`python -m benchmarks.kinds` prints the figures; exit code 1 where the median of all kinds is above the aim.
`--json FILE` writes them for docs/capacity.md.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

# Before numpy is imported: one thread, as a screener has.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from lab.corpus_audio import fetch_audio
from silentspam import resources
from silentspam.audio import Recording, encode_ulaw
from silentspam.config import Config
from silentspam.judging import judge_recording, load_and_warm_up, settled
from silentspam.kinds.constellation import constellation_of
from silentspam.kinds.listening import Listener, Listeners, Sources
from silentspam.kinds.sound import Sound
from silentspam.kinds.standing import Standing
from silentspam.kinds.table import KINDS
from silentspam.model import SpamModel
from silentspam.recordings import store
from silentspam.recordings.library import KnownRecording
from silentspam.training.network import quantised
from silentspam.training.noise import amplitude, at_level
from silentspam.training.signal_study import N, background, cases
from silentspam.training.signals import at_dbm0
from silentspam.training.sources import ClipKind, Split, find_clips
from silentspam.verdict import Verdict

AIM_MS = 3.0
"""Median of the whole verdict on one core."""
SEED, COUNT, ROUNDS, LIBRARY = 1, 300, 3, 1000
ALONE, WHOLE = "dead air alone", "all kinds"
SHARES = {"speech": 0.5, "music": 0.1, "ambience": 0.1, "dead air": 0.2, "signals": 0.1}

Mix = dict[str, list[Recording]]
Times = dict[str, list[float]]
Part = Callable[[Recording, Verdict], object]


def mix() -> Mix:
    """The openings, by what they are of."""
    rng = np.random.default_rng(SEED)
    clips = [clip for clip in find_clips([fetch_audio()]) if clip.split is Split.TEST]
    known = cases()
    found: Mix = {}
    for name, share in SHARES.items():
        signals = []
        while len(signals) < round(share * COUNT):
            if name == "dead air":
                signal = amplitude(float(rng.uniform(-75, -60))) * rng.standard_normal(N)
            elif name == "signals":
                case = known[int(rng.integers(len(known)))]
                signal = at_dbm0(case.draw(rng, 0.0), -16) + amplitude(-65.0) * rng.standard_normal(N)
            else:
                signal = at_level(background(clips, ClipKind(name), rng), float(rng.uniform(-40, -14)))
            signals.append(Recording(encode_ulaw(quantised(signal))))
        found[name] = signals
    return found


def library(folder: Path, openings: Mix) -> Sources:
    """Where the listeners have theirs from: LIBRARY recordings that none of the openings is of."""
    speech = [recording for name in ("speech", "music") for recording in openings[name]]
    known = [
        KnownRecording(
            recording_id=f"{row:08}",
            name=f"recording {row}",
            standing=Standing.CONFIRMED,
            constellation=constellation_of(Sound(Recording(speech[row % len(speech)].codes[::-1].copy()))),
        )
        for row in range(LIBRARY)
    ]
    store.write(folder, store.encode(known, fingerprint="benchmark", made_at=0.0))
    return Sources(recordings=folder)


def parts(model: SpamModel, made: Mapping[str, Listener], config: Config) -> dict[str, Part]:
    """What is timed, each on its own: a listener is given what the model measured, as in a call."""

    def whole(recording: Recording, _: Verdict) -> Verdict:
        verdict = judge_recording(model, recording, config)
        return settled(verdict, recording, model, Listeners(made), config)

    def alone(listener: Listener) -> Part:
        return lambda recording, verdict: listener(Sound(recording, verdict.features, model.params))  # type: ignore[arg-type]

    timed: dict[str, Part] = {
        ALONE: lambda recording, _: judge_recording(model, recording, config),
        WHOLE: whole,
    }
    return timed | {name: alone(listener) for name, listener in made.items()}


def times(timed: Mapping[str, Part], openings: Mix, model: SpamModel, config: Config) -> dict[str, Times]:
    """Each part's times [s] for each sort of opening: all parts in turn on one opening, ROUNDS times."""
    spent: dict[str, Times] = {part: {sort: [] for sort in openings} for part in timed}
    for turn in range(ROUNDS + 1):
        for sort, recordings in openings.items():
            for one in recordings:
                verdict = judge_recording(model, Recording(one.codes), config)
                for name, part in timed.items():
                    fresh = Recording(one.codes)
                    begun = time.thread_time()
                    part(fresh, verdict)
                    if turn:  # the first time through is for practice
                        spent[name][sort].append(time.thread_time() - begun)
    return spent


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 where the whole verdict's median is above the aim."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kinds", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures for docs/capacity.md")
    options = parser.parse_args(arguments)
    config, openings = Config(), mix()
    model = load_and_warm_up(resources.shipped_model())
    with tempfile.TemporaryDirectory() as name:
        sources, made = library(Path(name), openings), {}
        for kind in KINDS:
            module, _, maker = kind.listener.partition(":")
            if module:
                made[kind.name] = getattr(import_module(module), maker)(sources)
                getattr(made[kind.name], "look", lambda: None)()
        figures = figures_of(times(parts(model, made, config), openings, model, config))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return _report(figures)


def figures_of(spent: Mapping[str, Times]) -> dict[str, Any]:
    """Medians, 99th percentiles and ratios to dead air alone [ms], of all openings and of each sort."""
    base = statistics.median(_all(spent[ALONE]))
    return {
        "aim_ms": AIM_MS,
        "openings": COUNT,
        "rounds": ROUNDS,
        "known": LIBRARY,
        "sorts": list(SHARES),
        "parts": [
            {
                "name": name.strip(),
                "p50_ms": statistics.median(_all(by_sort)) * 1e3,
                "p99_ms": sorted(_all(by_sort))[int(0.99 * len(_all(by_sort)))] * 1e3,
                "ratio": statistics.median(_all(by_sort)) / base,
                "p50_ms_by_sort": [statistics.median(seconds) * 1e3 for seconds in by_sort.values()],
            }
            for name, by_sort in spent.items()
        ],
    }


def _report(figures: Mapping[str, Any]) -> int:
    print(
        f"One verdict on one core, {COUNT} openings {ROUNDS} times, {LIBRARY} recordings known [ms]\n"
        f"  {'':20} {'p50':>6} {'p99':>6} {'ratio':>6}  p50 of " + ", ".join(SHARES)
    )
    for one in figures["parts"]:
        sorts = " ".join(f"{median:6.2f}" for median in one["p50_ms_by_sort"])
        print(f"  {one['name']:20} {one['p50_ms']:6.2f} {one['p99_ms']:6.2f} {one['ratio']:6.2f}  {sorts}")
    whole = next(one["p50_ms"] for one in figures["parts"] if one["name"] == WHOLE)
    print(f"  wanted of all kinds: at most {AIM_MS:g} ms p50{'' if whole <= AIM_MS else ': missed'}")
    return 0 if whole <= AIM_MS else 1


def _all(by_sort: Times) -> list[float]:
    return [one for seconds in by_sort.values() for one in seconds]


if __name__ == "__main__":
    sys.exit(main())
