"""How fast the machine is at the moment: what dead air's verdict alone costs, again and again.

A shared machine gives a core's time at another pace by the minute. A figure in milliseconds says little then;
how many verdicts it is worth in the same run does.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

VERDICTS = 60
ROUNDS = 5


def verdict_ms(openings: Sequence[Path]) -> float:
    """CPU time of the shipped model's verdict on one of these openings, read from its file; median [ms].

    In a process of its own, with one BLAS thread as the screener has.
    """
    command = [sys.executable, "-m", "benchmarks.yardstick", *map(str, openings)]
    done = subprocess.run(
        command,
        cwd=Path(__file__).parent.parent,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout)


def main() -> int:
    """Print the figure for the openings named."""
    print(_measured([Path(name) for name in sys.argv[1:]]))
    return 0


def _measured(openings: Sequence[Path]) -> float:
    from silentspam.audio import read_ulaw
    from silentspam.config import Config
    from silentspam.judging import judge_recording, load_and_warm_up
    from silentspam.resources import shipped_model

    model, config = load_and_warm_up(shipped_model()), Config()
    rounds = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        for number in range(VERDICTS):
            judge_recording(model, read_ulaw(openings[number % len(openings)], max_seconds=2.0), config)
        rounds.append((time.process_time() - begin) / VERDICTS)
    return 1000 * statistics.median(rounds)


if __name__ == "__main__":
    sys.exit(main())
