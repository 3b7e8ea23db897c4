"""What it costs to say where a call came from: fifteen seconds of one side on one core, and each part of it.

Calls are licensed speech through real codecs and drawn losses (`training.path_corpus`). Each is examined as a
whole and part by part in turn, beside the verdict of dead air on its first two seconds, so that all meet the
same machine; the times are a thread's own, and every figure is also a ratio to that verdict. Identification
is asked of LINES lines drawn at random in the shipped space. Memory is the peak of a process of its own.

`python -m benchmarks.provenance` prints the figures; exit code 1 where an aim is missed. `--json FILE` writes
them for docs/capacity.md.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

# Before numpy is imported: one thread, as the listener has.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from lab.corpus_audio import fetch_audio, fetch_codecs
from silentspam import resources
from silentspam.audio import Recording, encode_ulaw
from silentspam.config import Config
from silentspam.judging import judge_recording, load_and_warm_up
from silentspam.provenance.analysis import PACKET_MS, examine
from silentspam.provenance.codecs import path_told
from silentspam.provenance.concealment import Concealment, concealment
from silentspam.provenance.features import Measures, measure
from silentspam.provenance.fingerprint import fingerprint
from silentspam.provenance.line_space import LineSpace, shipped_space
from silentspam.provenance.packet_loss import PacketLoss, packet_loss
from silentspam.provenance.sources import Known, identify
from silentspam.training.codecs import available_codecs, open_codec
from silentspam.training.network import quantised
from silentspam.training.path_corpus import PathPlan, PathSimulator
from silentspam.training.paths import FAMILIES
from silentspam.training.sources import find_clips

AIM_MS, IDENTIFY_AIM_MS = 500.0, 10.0
SECONDS, SOURCES, CALLS, ROUNDS, SEED = 15.0, 8, 2, 3, 1
LINES = 10_000
MEMORY_SECONDS = (15, 60, 600)
"""Of the calls whose examination's memory is measured."""
YARDSTICK, WHOLE, IDENTIFY = "dead air's verdict", "whole examination", "identification"

Needed = tuple[Measures, PacketLoss, Concealment]
Part = Callable[[Recording, Needed], object]
Times = dict[str, list[float]]


def calls() -> list[Recording]:
    """SOURCES times CALLS calls of SECONDS, each source by a path of its own."""
    folders = (fetch_audio(), fetch_codecs())
    plan = PathPlan(sources=SOURCES, calls=CALLS, seed=SEED, folders=folders, seconds=SECONDS)
    names = [name for family in FAMILIES.values() for name in family]
    names = [name for name in names if name in available_codecs(folders=folders)]
    codecs = {name: open_codec(name, folders=folders) for name in names}
    simulator = PathSimulator(plan, find_clips([folders[0]]), codecs)
    return [Recording(simulator.call(source, call)[1]) for source in range(SOURCES) for call in range(CALLS)]


def known_lines(space: LineSpace, n_lines: int = LINES) -> Known:
    """Lines of one call each, anywhere in the space."""
    places = np.random.default_rng(SEED).normal(size=(n_lines, len(space.maps.origin)))
    names = tuple(f"line {number}" for number in range(n_lines))
    return Known(space=space, names=names, sums=places, counts=np.ones(n_lines, dtype=np.int32))


def parts() -> dict[str, Part]:
    """What is timed, each on its own; a part that needs what others measure is given it."""
    config, model = Config(), load_and_warm_up(resources.shipped_model())
    known = known_lines(shipped_space())
    return {
        YARDSTICK: lambda one, _: judge_recording(model, one.opening(2.0), config),
        WHOLE: lambda one, _: examine(one),
        "packet loss": lambda one, _: packet_loss(one),
        "measures": lambda one, _: measure(one),
        "concealment": lambda one, _: concealment(one, packet_ms=PACKET_MS),
        "codecs and networks": lambda _, needed: path_told(*needed),
        IDENTIFY: lambda _, needed: identify([fingerprint(needed[0], SECONDS)], known),
    }


def times(timed: Mapping[str, Part], recordings: Sequence[Recording]) -> Times:
    """Each part's times [s]: all parts in turn on one call, ROUNDS times after one for practice."""
    spent: Times = {name: [] for name in timed}
    for one in recordings:
        measures = measure(one)
        if measures is None:
            raise ValueError(f"a call of {one.seconds:g} s is too short to be measured")
        needed = measures, packet_loss(one), concealment(one, packet_ms=PACKET_MS)
        for turn in range(ROUNDS + 1):
            for name, part in timed.items():
                fresh = Recording(one.codes)
                begun = time.thread_time()
                part(fresh, needed)
                if turn:
                    spent[name].append(time.thread_time() - begun)
    return spent


def memory(seconds: Sequence[float] = MEMORY_SECONDS) -> dict[str, float]:
    """Peak resident memory [MB] by seconds of a call; "0" is what is loaded before any."""
    return {f"{length:g}": _peak(length) for length in (0, *seconds)}


def _peak(seconds: float) -> float:
    command = [sys.executable, "-m", "benchmarks.provenance", "--peak", str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def _print_peak(seconds: float) -> int:
    """Examine synthetic noise that comes and goes, and print the peak; nothing else is made before."""
    n_samples = int(seconds * 8000)
    rng = np.random.default_rng(SEED)
    examine(Recording(encode_ulaw(quantised(0.1 * rng.standard_normal(8000)))))
    if n_samples:
        level = 0.1 * np.square(np.sin(np.arange(8000) / 2000))
        second = encode_ulaw(quantised(level * rng.standard_normal(8000)))
        examine(Recording(np.resize(second, n_samples)))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return 0


def figures_of(spent: Times, peaks: Mapping[str, float]) -> dict[str, Any]:
    """Medians and 99th percentiles [ms], ratios to the yardstick's median, and memory [MB]."""
    base = statistics.median(spent[YARDSTICK])
    return {
        "aim_ms": AIM_MS,
        "identify_aim_ms": IDENTIFY_AIM_MS,
        "seconds": SECONDS,
        "calls": SOURCES * CALLS,
        "rounds": ROUNDS,
        "lines": LINES,
        "parts": [
            {
                "name": name,
                "p50_ms": statistics.median(seconds) * 1e3,
                "p99_ms": sorted(seconds)[int(0.99 * len(seconds))] * 1e3,
                "ratio": statistics.median(seconds) / base,
            }
            for name, seconds in spent.items()
        ],
        "memory_mb": dict(peaks),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 where the whole examination's or the identification's median is above its aim."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.provenance", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures for docs/capacity.md")
    parser.add_argument("--peak", type=float, metavar="SECONDS", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.peak is not None:
        return _print_peak(options.peak)
    peaks = memory()
    figures = figures_of(times(parts(), calls()), peaks)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return _report(figures)


def _report(figures: Mapping[str, Any]) -> int:
    print(
        f"{figures['seconds']:g} s of one side of a call on one core, {figures['calls']} calls "
        f"{figures['rounds']} times [ms]\n  {'':22} {'p50':>8} {'p99':>8} {'ratio':>7}"
    )
    for one in figures["parts"]:
        print(f"  {one['name']:22} {one['p50_ms']:8.2f} {one['p99_ms']:8.2f} {one['ratio']:7.1f}")
    for seconds, peak in figures["memory_mb"].items():
        print(f"  memory with {seconds:>4} s of a call: {peak:.0f} MB")
    median = {one["name"]: one["p50_ms"] for one in figures["parts"]}
    missed = [
        f"{name}: {median[name]:.1f} ms, wanted at most {aim:g}"
        for name, aim in ((WHOLE, figures["aim_ms"]), (IDENTIFY, figures["identify_aim_ms"]))
        if median[name] > aim
    ]
    print(f"  identification is among {figures['lines']} lines\n  missed: {'; '.join(missed) or 'nothing'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
