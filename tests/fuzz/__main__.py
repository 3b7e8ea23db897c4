"""`make fuzz`: a million inputs over the readers, guided by coverage; prints what was tried and found.

Seeds, the corpus that a run leaves to the next one, and findings lie outside the tree, in the cache folder.
Needs atheris (the extra `fuzz`: Linux, and a Python that it has a wheel for). Exit status 1: findings.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lab.debian import cache_folder
from silentspam.cli.common import at_least, table
from tests.fuzz.target import MEMORY, Target
from tests.fuzz.targets import TARGETS

INPUTS = 1_000_000
SECONDS = 600
HANG_SECONDS = 10
MEMORY_MB = 1500
ENDINGS = {70: "hangs", 71: "memory", 77: "crash", -11: "crash", -6: "crash"}
"""How libFuzzer ends a process that cannot go on (its FAQ, and signals)."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one target."""

    name: str
    inputs: int
    seconds: float
    features: int
    findings: tuple[Path, ...]
    ending: str

    @property
    def good(self) -> bool:
        return not self.findings and not self.ending


def main() -> int:
    """Fuzz the targets; returns the exit status."""
    args = _arguments()
    chosen = [TARGETS[name] for name in args.target or TARGETS]
    whole = sum(target.share for target in chosen)
    with ThreadPoolExecutor(args.workers) as pool:
        outcomes = list(pool.map(lambda one: fuzz(one, round(args.inputs * one.share / whole), args), chosen))
    print(_table(outcomes))
    for outcome in outcomes:
        for path in outcome.findings:
            print(f"{path}: {path.read_text('utf-8').strip().splitlines()[-1][:160]}")
    return 0 if all(outcome.good for outcome in outcomes) else 1


def fuzz(target: Target, inputs: int, args: argparse.Namespace) -> Outcome:
    """One target for so many inputs, in a process of its own."""
    seeds, corpus, findings = (
        _folder(args.folder, kind, target.name) for kind in ("seeds", "corpus", "findings")
    )
    for seed in target.seeds():
        (seeds / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    options = [
        f"-runs={inputs}",
        f"-max_total_time={args.seconds}",
        f"-max_len={target.longest}",
        f"-timeout={HANG_SECONDS}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-seed={args.seed}",
        f"-artifact_prefix={findings}/",
        "-print_final_stats=1",
    ]
    scratch = tempfile.mkdtemp(prefix="silentspam-fuzz-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
    command = [sys.executable, "-m", "tests.fuzz.worker", target.name, str(findings), *options]
    started = time.monotonic()
    try:
        done = subprocess.run(
            [*command, str(corpus), str(seeds)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=os.environ | {"TMPDIR": scratch, "OPENBLAS_NUM_THREADS": "1"},
            check=False,
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    said = done.stderr.decode("utf-8", "replace")
    (findings / "log").write_text(said, "utf-8")
    outcome = Outcome(
        name=target.name,
        inputs=_last(r"stat::number_of_executed_units:\s*(\d+)", said) or _last(r"^#(\d+)", said),
        seconds=time.monotonic() - started,
        features=_last(r" ft: (\d+)", said),
        findings=tuple(sorted(findings.glob("*.txt"))),
        ending=ENDINGS.get(done.returncode, f"status {done.returncode}") if done.returncode else "",
    )
    print(f"{target.name}: {outcome.inputs} inputs, {len(outcome.findings)} findings", file=sys.stderr)
    return outcome


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="*", choices=[[], *TARGETS], help="readers (all)")
    parser.add_argument("--inputs", type=at_least(1), default=INPUTS, help=f"in all ({INPUTS})")
    parser.add_argument(
        "--seconds", type=at_least(1), default=SECONDS, help=f"for a target at most ({SECONDS})"
    )
    parser.add_argument(
        "--workers", type=at_least(1), default=os.cpu_count(), help="targets at once (processors)"
    )
    parser.add_argument("--seed", type=at_least(1), default=1, help="of libFuzzer's randomness (1)")
    parser.add_argument(
        "--folder",
        type=Path,
        default=cache_folder() / "fuzz",
        help="for corpus and findings (the cache folder)",
    )
    return parser.parse_args()


def _folder(root: Path, kind: str, name: str) -> Path:
    """A folder for one target; findings and seeds are of this run alone."""
    folder = root / kind / name
    if kind != "corpus":
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _last(pattern: str, text: str) -> int:
    found = re.findall(pattern, text, re.MULTILINE)
    return int(found[-1]) if found else 0


def _table(outcomes: list[Outcome]) -> str:
    heads = ("target", "inputs", "seconds", "features", "findings")
    rows = [
        (
            one.name,
            f"{one.inputs}",
            f"{one.seconds:.0f}",
            f"{one.features}",
            f"{len(one.findings)} {one.ending}",
        )
        for one in outcomes
    ]
    inputs, seconds = sum(one.inputs for one in outcomes), sum(one.seconds for one in outcomes)
    found = sum(not one.good for one in outcomes)
    return table(heads, [*rows, ("all", f"{inputs}", f"{seconds:.0f}", "", f"{found} targets with findings")])


if __name__ == "__main__":
    sys.exit(main())
