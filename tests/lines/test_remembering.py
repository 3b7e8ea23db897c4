"""Likeness to people that is remembered: the ground's own, and each opening compared once."""

import numpy as np
import pytest

from silentspam.lines import remembering as module
from silentspam.lines.ground import LineGround
from silentspam.lines.remembering import remembering
from tests.lines.ground import a_ground, people

GROUND = a_ground()
REFERENCE = people(400, seed=7)


def test_remembered_likeness_is_that_of_the_ground() -> None:
    ground = remembering(GROUND)
    np.testing.assert_allclose(
        ground.likeness_to_people(REFERENCE), GROUND.likeness_to_people(REFERENCE), atol=1e-9
    )
    assert np.array_equal(ground.likeness_to_people(REFERENCE[:3]), ground.likeness_to_people(REFERENCE)[:3])
    assert ground.likeness_to_people(REFERENCE[:0]).shape == (0,)
    assert ground.space_id == GROUND.space_id


def test_what_was_asked_before_is_not_compared_again(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = _count(monkeypatch)
    ground = remembering(GROUND)
    ground.likeness_to_people(REFERENCE[:5])
    ground.likeness_to_people(REFERENCE[3:7])
    ground.likeness_to_people(np.concatenate([REFERENCE[:7], REFERENCE[:7]]))
    assert compared == [5, 2]


def test_only_the_openings_asked_for_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 4)
    compared = _count(monkeypatch)
    ground = remembering(GROUND)
    for _ in range(2):
        ground.likeness_to_people(REFERENCE[:2])  # asked for again and again, these stay
        ground.likeness_to_people(REFERENCE[2:4])
        ground.likeness_to_people(REFERENCE[:2])
        ground.likeness_to_people(REFERENCE[4:6])
    assert compared == [2, 2, 2, 2, 2]


def _count(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    compared: list[int] = []
    plain = LineGround.likeness_to_people

    def counted(self: LineGround, embeddings: np.ndarray) -> np.ndarray:
        compared.append(len(embeddings))
        return plain(self, embeddings)

    monkeypatch.setattr(LineGround, "likeness_to_people", counted)
    return compared
