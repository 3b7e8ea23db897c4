"""What the rate guard makes of a replayed day: `python -m benchmarks.guard DECISIONS`.

DECISIONS is what `silentspam replay --format jsonl` prints (`make replay` names the day). After each call the
guard looks at the newest so many, as it does live; told are how often it would have acted, and how near it
came.
"""

import argparse
import json
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from silentspam.call import ChallengeCause, ChallengeResult, Mode
from silentspam.config import Config
from silentspam.gate.guard import FEWEST, GuardedCall, GuardSettings, judge, lowest_share
from silentspam.kinds.table import KINDS

WINDOWS = (50, 200, 1000)


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line a window; the exit status is 1 when the guard acted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guard", description=__doc__)
    parser.add_argument("decisions", type=Path)
    lines = parser.parse_args(argv).decisions.read_text(encoding="utf-8").splitlines()
    rows = sorted(map(json.loads, lines), key=lambda row: row["time"])
    calls = [_guarded(row) for row in rows]
    gate, rate = Config().gate, Config().model.max_false_challenge_rate
    settings = GuardSettings(
        challenged_share=gate.guard_challenged_share,
        false_factor=gate.guard_false_factor,
        rate=rate,
        kinds=tuple(kind.name for kind in KINDS if kind.listener),
    )
    print(f"{len(calls)} calls; limits: challenged {gate.guard_challenged_share:.1%}, "
          f"false {gate.guard_false_factor * rate:.1%}")  # fmt: skip
    return max([_look(calls, window, settings) for window in WINDOWS])


def _guarded(row: dict[str, Any]) -> GuardedCall:
    return GuardedCall(
        mode=Mode.ENFORCE,
        verdict=row.get("verdict"),
        decision=row.get("ends"),
        challenge_cause=row["source"],
        challenge_result=row["result"],
    )


def _look(calls: Sequence[GuardedCall], window: int, settings: GuardSettings) -> int:
    newest: deque[GuardedCall] = deque(maxlen=window)
    acted, challenged, false = 0, 0.0, 0.0
    for call in calls:
        newest.appendleft(call)
        looked_at = list(newest)
        acted += judge(looked_at, settings) is not None
        if len(looked_at) >= FEWEST:
            challenged, false = max(challenged, _challenged(looked_at)), max(false, _false(looked_at))
    print(f"newest {window:5}: acted {acted} times; highest lower ends: "
          f"challenged {challenged:.2%}, false {false:.2%}")  # fmt: skip
    return int(acted > 0)


def _challenged(calls: Sequence[GuardedCall]) -> float:
    suspected = sum(call.challenge_cause == ChallengeCause.SUSPICION for call in calls)
    return lowest_share(suspected, len(calls))


def _false(calls: Sequence[GuardedCall]) -> float:
    asked = [c for c in calls if c.challenge_cause not in (None, ChallengeCause.EXPLORATION)]
    passed = sum(call.challenge_result == ChallengeResult.PASSED for call in asked)
    machines = sum(call.challenge_result not in (None, ChallengeResult.PASSED) for call in asked)
    return lowest_share(passed, len(calls) - machines) if len(calls) - machines >= FEWEST else 0.0


if __name__ == "__main__":
    sys.exit(main())
