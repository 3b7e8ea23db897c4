"""Timelines of synthetic openings: places in a small space in place of recordings."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from silentspam.call import Mode, VerdictKind
from silentspam.config import Config, LinesSection
from silentspam.lines.ground import pack
from silentspam.lines.memory import LineMemory
from silentspam.replay.replay import Replay, Replayed, new_memory
from silentspam.replay.timeline import TimelineCall
from silentspam.verdict import Verdict
from tests.lines.ground import a_ground, people

GROUND = a_ground()
REFERENCE = people(400, seed=7)
CONFIG = Config(mode=Mode.SHADOW)


def verdict(embedding: np.ndarray | None, probability: float = 0.5) -> Verdict:
    """The model's word on an opening at a place; None: it cannot be judged."""
    if embedding is None:
        return Verdict(kind=VerdictKind.INCONCLUSIVE, model_id="m")
    return Verdict(
        kind=VerdictKind.CALLER_SILENCE if probability >= 0.9 else VerdictKind.HAM,
        spam_probability=probability,
        threshold=0.9,
        model_id="m",
        level_dbfs=-40.0,
        space_id=GROUND.space_id,
        embedding=pack(embedding),
    )


class Timeline:
    """Calls and what is heard of them; each caller has another number."""

    def __init__(self) -> None:
        self.calls: list[TimelineCall] = []
        self.verdicts: dict[str, Verdict] = {}

    def add(
        self,
        time: float,
        embedding: np.ndarray | None,
        *,
        passes: bool = False,
        campaign: str = "",
        ani: str | None = None,
        probability: float = 0.5,
    ) -> None:
        name = f"{len(self.calls)}.ulaw"
        self.verdicts[name] = verdict(embedding, probability)
        number = f"555{len(self.calls):07d}" if ani is None else ani
        self.calls.append(
            TimelineCall(time=float(time), recording=name, ani=number, passes=passes, campaign=campaign)
        )

    def attack(self, times: Sequence[float], embeddings: np.ndarray, campaign: str = "attack") -> None:
        for time, one in zip(times, embeddings, strict=True):
            self.add(time, one, campaign=campaign)

    def crowd(self, times: Sequence[float], embeddings: np.ndarray, probability: float = 0.5) -> None:
        for time, one in zip(times, embeddings, strict=True):
            self.add(time, one, passes=True, probability=probability)

    def replay(
        self, folder: Path, config: Config = CONFIG, *, seed: int = 0, memory: LineMemory | None = None
    ) -> list[Replayed]:
        memory = memory or new_memory(config, GROUND, REFERENCE)
        return list(Replay(config, self.verdicts, memory, folder=folder, seed=seed).run(self.calls))


def with_lines(**settings: object) -> Config:
    """The defaults, but for some keys of the lines section."""
    return msgspec.structs.replace(CONFIG, lines=LinesSection(**settings))  # type: ignore[arg-type]
