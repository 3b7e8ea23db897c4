"""`python -m benchmarks`: prints each figure as a ratio within this run, and what it was compared with."""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.process import Cost

# Before numpy is imported: one thread a side, or the comparison is of thread counts.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

VERDICT_RATIO = 8.0
PROCESS_RATIO = 4.0
LINES_SHARE = 0.5
"""Of a verdict, for asking a thousand lines."""


def main() -> int:
    """Exit code 1 when a ratio is missed."""
    from benchmarks.process import costs

    # First of all: a child's peak memory counts what its parent held at the fork.
    processes = costs()
    found = (_verdict(), _process(*processes), _lines(), _sessions())
    return 0 if all(found) else 1


def _verdict() -> bool:
    from benchmarks.verdict import compare, stages

    print("One verdict: 16,000 mu-law bytes to a probability, one thread, the paper's features and forest")
    result = compare()
    ratio = result.paper / result.ours
    print(f"  numpy full SVD + scikit-learn predict_proba   {result.paper * 1e3:8.2f} ms")
    print(f"  Silentspam                                    {result.ours * 1e3:8.2f} ms")
    print(f"  largest difference of the probabilities       {result.difference:8.1g}")
    print(f"  ratio {ratio:.1f} (wanted: at least {VERDICT_RATIO:.0f}; aim: 1 ms)")
    for name, seconds in stages().items():
        print(f"    {name:<20} {seconds * 1e3:8.3f} ms")
    return ratio >= VERDICT_RATIO and result.difference == 0


def _process(ours: "Cost", sklearn: "Cost") -> bool:
    print("One AGI process, start to end of its dialogue, the peer answering at once")
    ratio = sklearn.cpu / ours.cpu
    print(f"  with scikit-learn imported  {sklearn.cpu * 1e3:6.0f} ms CPU  {sklearn.memory / 1e6:5.0f} MB")
    print(f"  Silentspam                  {ours.cpu * 1e3:6.0f} ms CPU  {ours.memory / 1e6:5.0f} MB")
    print(f"  ratio {ratio:.1f} (wanted: at least {PROCESS_RATIO:.0f}; aim: 250 ms, 60 MB)")
    return ratio >= PROCESS_RATIO


def _lines() -> bool:
    from benchmarks.lines import N_LINES, cost

    lines = cost()
    share = lines.asking / lines.verdict
    print(f"Line memory: a snapshot of {N_LINES} lines read and asked, {lines.size / 1e3:.0f} kB")
    print(f"  verdict of the shipped model  {lines.verdict * 1e3:8.2f} ms")
    print(f"  asking the lines              {lines.asking * 1e3:8.2f} ms (aim: 1 ms)")
    print(f"  share {share:.2f} (wanted: at most {LINES_SHARE})")
    return share <= LINES_SHARE


def _sessions() -> bool:
    from benchmarks.agi_servers import SERVERS
    from benchmarks.sessions import compare, report

    return report(compare(list(SERVERS)))


if __name__ == "__main__":
    sys.exit(main())
