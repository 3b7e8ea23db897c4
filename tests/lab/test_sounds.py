"""The line that only line memory can find: its sound, code by code as a call carries it."""

import numpy as np
import pytest

from lab.product import write_config
from lab.sounds import TAKES, line_codes, rumble
from silentspam import resources
from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.config import load_config
from silentspam.lines.bursts import FLOOR, Opening
from silentspam.lines.fate import Lesson, Outcome
from silentspam.lines.ground import load_reference, unpack
from silentspam.lines.memory import LineMemory
from silentspam.lines.settings import MemorySettings
from silentspam.model import SpamModel, load_model
from silentspam.verdict import Verdict

OPENING = 2 * SAMPLE_RATE


@pytest.fixture(scope="module")
def model() -> SpamModel:
    return load_model(resources.shipped_model())


@pytest.fixture(scope="module")
def verdicts(model: SpamModel, tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    config = load_config(write_config(tmp_path_factory.mktemp("lab"), {}, {}))
    takes = [Recording(line_codes(rumble(take))[OPENING : 2 * OPENING]) for take in range(TAKES)]
    return model.judge_many(takes, max_false_challenge_rate=config.model.max_false_challenge_rate)


def test_the_shipped_model_misses_every_take_and_is_not_sure_of_any(verdicts: list[Verdict]) -> None:
    """Where a new model is, give `rumble` another spectrum: the lab needs a line that has to be learnt."""
    for verdict in verdicts:
        assert verdict.spam_probability is not None
        assert verdict.threshold is not None
        assert 2 * FLOOR < verdict.spam_probability < 0.8 * verdict.threshold


def test_line_memory_finds_it_from_its_third_call_on(model: SpamModel, verdicts: list[Verdict]) -> None:
    ground = model.ground
    assert ground is not None
    memory = LineMemory(ground, load_reference(resources.shipped_model()), MemorySettings())
    matched = []
    for number, verdict in enumerate(verdicts):
        embedding = unpack(str(verdict.embedding), len(ground.space.origin))
        matched.append(memory.snapshot(0.0).match(ground, embedding) is not None)
        opening = Opening(
            call_id=str(number),
            at=0.0,
            number=number,
            embedding=embedding,
            spam_probability=verdict.spam_probability or 0.0,
        )
        memory.learn(Lesson(opening=opening, outcome=Outcome.UNKNOWN, challenged=False), 0.0)
    assert matched == [False] * 3 + [True] * (TAKES - 3)


def test_no_two_takes_are_alike() -> None:
    assert not np.array_equal(line_codes(rumble(0)), line_codes(rumble(1)))
