"""A server of calls with line memory, in one process: what the AGI process does, without a switch.

The shipped model judges synthetic dead air that it takes for a person's; rows, lessons and snapshot are real.
"""

import time
from pathlib import Path
from typing import Any

import yaml

from silentspam import assembly, judging
from silentspam.audio import Recording, write_ulaw
from silentspam.call import Call, CallRecord, ChallengeResult, Decision
from silentspam.calllog.entry import screened
from silentspam.config import load_config
from silentspam.lines.line import Line
from silentspam.policy import Exploration, rule
from tests.lines.openings import missed_by_the_model

SILENT = ("asked 7, no key", "asked 2, no key")


class Server:
    """One machine with its own lines.folder; several may share a database."""

    def __init__(self, folder: Path, database: Path, **sections: dict[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.file = folder / "silentspam.yaml"
        settings: dict[str, Any] = {
            "mode": "enforce",
            "call_log": {
                "database": str(database),
                "spool": str(folder / "spool"),
                "unlogged": str(folder / "unlogged.jsonl"),
            },
            "recording": {"folder": str(folder / "recordings")},
            "model": {"registry": str(folder / "registry")},
            "lines": {"folder": str(folder / "lines"), "exploration_share": 0.0, "suspended_share": 0.0},
            "gate": {"folder": str(folder / "gate")},
        }
        for name, section in sections.items():
            settings[name] = settings.get(name, {}) | section
        self.file.write_text(yaml.safe_dump(settings))
        self.config = load_config(self.file)
        self.calls = 0
        self._judge = judging.LazyJudge(self.config)
        self._judge.prepare()

    @property
    def lines_folder(self) -> Path:
        return self.folder / "lines"

    def dead_air(self, *, line: int = 12, **known: Any) -> CallRecord:
        """A call of a line of dead air, from a number of its own."""
        return self.call(missed_by_the_model(self.calls, line=line), **known)

    def call(
        self,
        opening: Recording,
        *,
        ani: str | None = None,
        passes: bool = False,
        at: float | None = None,
        learn: bool = True,
    ) -> CallRecord:
        """One call from its opening to its lesson."""
        self.calls += 1
        started_at = time.time() if at is None else at
        call = Call(call_id=Call.new_id(), started_at=started_at, ani=ani or f"202555{self.calls:04d}")
        path = self.folder / "recordings" / f"{call.call_id}.ulaw"
        path.parent.mkdir(exist_ok=True)
        write_ulaw(path, opening)
        record = self._judged(call, path)
        if record.decision is Decision.CHALLENGE:
            record.challenged_at = started_at + 2
            record.challenge_result = ChallengeResult.PASSED if passes else ChallengeResult.FAILED
            record.challenge_attempts = () if passes else SILENT
        assembly.call_log(self.config).write(screened(record))
        if learn:
            assembly.learn_lines(self.config)
        return record

    def _judged(self, call: Call, path: Path) -> CallRecord:
        verdict = self._judge.judge(path)
        standing = self._judge.standing(call)
        ruling = rule(verdict, mode=self.config.mode, exploration=Exploration(), standing=standing)
        record = CallRecord(
            call=call,
            mode=self.config.mode,
            answered_at=call.started_at,
            recorded_at=call.started_at + 2,
            recording=str(path),
            recorded_seconds=2.0,
            verdict=verdict.kind,
            spam_probability=verdict.spam_probability,
            threshold=verdict.threshold,
            model_id=verdict.model_id,
            reasons=verdict.reasons,
            level_dbfs=verdict.level_dbfs,
            space_id=verdict.space_id,
            embedding=verdict.embedding,
            decision=ruling.decision,
            challenge_cause=ruling.challenge_cause,
            challenge_probability=ruling.challenge_probability,
            held_back=ruling.held_back,
        )
        if verdict.line:
            record.line_id, record.line_state = verdict.line.line_id, verdict.line.state
            record.line_score, record.line_threshold = verdict.line.score, verdict.line.threshold
        return record

    def lines(self) -> list[Line]:
        """Every line of the database, the one heard of last first."""
        return assembly.lines(self.config).lines()

    def attack(self, *, line: int = 12, calls: int = 5) -> str:
        """An attack: three calls unasked, the others challenged and silent; returns its line's id."""
        for _ in range(calls):
            self.dead_air(line=line)
        return self.lines()[0].line_id
