"""Targets that read a folder of several files: models with arrays and cards, references, and the registry.

A model folder is hashed; to come past the hashes the folder is written with hashes that fit.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from silentspam.boosted import BoostedTrees
from silentspam.calllog.models import ModelEvent, ModelState
from silentspam.card import LINE_FORMAT, Combination, LineCard
from silentspam.features import feature_matrix
from silentspam.hashed import SUMS_NAME, npy, verified_files, with_sums
from silentspam.lines.evidence import LineEvidence
from silentspam.lines.ground import REFERENCE_NAME, line_ground, load_reference
from silentspam.lines.known import KnownLines
from silentspam.lines.space import LineSpace
from silentspam.model import COHORT_FILE, LINE_CARD_NAME, load_model, model_files
from silentspam.registry.files import copy_model
from silentspam.registry.history import HISTORY_NAME, activations, history_text, last_state, read_history
from silentspam.registry.links import MODEL_ID, Role, model_in
from silentspam.registry.registry import Registry
from silentspam.reports.reference import read_reference_file, reference_of
from silentspam.training.trained_on import FILE_NAME as TRAINED_ON
from silentspam.training.trained_on import read_trained_on
from tests import models
from tests.fakes import noise
from tests.fuzz.target import Target, emptied, file_of, scratch

N_DIMS = 2
OPENING = noise(1.0)


@cache
def good_files() -> Mapping[str, bytes]:
    """A small model with boosted trees, known lines, and what line memory stands on."""
    forest, n = models.a_forest(), len(models.NAMES)
    trees = BoostedTrees(
        **{name: getattr(forest, name) for name in ("roots", "feature", "threshold", "children")},
        values=np.array([0.0, 2.0, -2.0]),
        n_features=n,
        depth=1,
    )
    space = LineSpace(
        offset=np.zeros(n),
        scale=np.ones(n),
        projection=np.eye(n, N_DIMS, dtype=np.float32),
        origin=np.zeros(N_DIMS),
        spread=np.full(N_DIMS, 10.0),
    )
    places = np.arange(6, dtype=np.float32).reshape(3, N_DIMS)
    ones = np.ones(3, np.int32)
    lines = LineEvidence(KnownLines(space, places, ones), KnownLines(space, places + 20, ones))
    cohort = (places + 9).astype(np.float16)
    card = LineCard(
        format=LINE_FORMAT,
        space_id=line_ground(space, cohort).space_id,
        n_dims=N_DIMS,
        cohort=3,
        reference=3,
        campaigns=1,
        calls=3,
    )
    of_model = msgspec.structs.replace(
        models.a_card(),
        trees="boosted",
        lines=True,
        combination=Combination(bias=0.1, odds=1.0, likeness=0.1),
    )
    beside = {
        COHORT_FILE: npy(cohort),
        REFERENCE_NAME: npy(cohort),
        LINE_CARD_NAME: msgspec.json.encode(card),
    }
    return model_files(trees, of_model, lines, beside=beside)


def names() -> list[str]:
    """The files of the good folder that hashes stand for, in an order that stays."""
    return sorted(set(good_files()) - {SUMS_NAME})


def model(content: bytes) -> None:
    """The first byte picks a file of a good folder, the rest takes its place. What loads judges in 0…1."""
    name = names()[content[0] % len(names())] if content else names()[0]
    files = {path: good_files()[path] for path in names()} | {name: content[1:]}
    folder = models.write_files(scratch() / "model", with_sums(files))
    loaded = load_model(folder)
    vectors = _vectors() if loaded.params == models.PARAMS else feature_matrix([OPENING], loaded.params)
    with np.errstate(all="ignore"):
        (probability,) = loaded.probabilities(vectors)
        if loaded.ground is not None:
            assert np.isfinite(loaded.ground.embed(vectors)).all()
    assert 0 <= probability <= 1, probability


@cache
def _vectors() -> NDArray[np.float32]:
    return feature_matrix([OPENING], models.PARAMS)


def sums(content: bytes) -> None:
    """Whatever is listed: nothing is read that is not hashed, and nothing is copied from elsewhere."""
    others = {name: good_files()[name] for name in names()}
    folder = models.write_files(scratch() / "summed", others | {SUMS_NAME: content})
    copied = scratch() / "copied"
    emptied("copied").rmdir()
    try:
        verified_files(folder, ("card.json",), (COHORT_FILE, "../summed/card.json"))
    finally:
        with suppress(OSError):  # a name that no file can have, say: the registry's to tell
            copy_model(folder, copied)
    assert not copied.exists() or {path.name for path in copied.iterdir()} <= {*others, SUMS_NAME}


def history(content: bytes) -> None:
    folder = emptied("history")
    (folder / HISTORY_NAME).write_bytes(content)
    events = read_history(folder)
    activations(events)
    for event in events:
        last_state(events, event.model_id)
    history_text(events)
    (folder / "0123456789ab").mkdir()
    for listed in Registry(folder, by="fuzz").models():
        assert MODEL_ID.fullmatch(listed.model_id)


def link(content: bytes) -> None:
    """Whatever the link says: a folder of the registry, or an error."""
    if not content or b"\0" in content or len(content) > 4000:
        return  # no such link can be
    folder = emptied("links")
    os.symlink(content, os.fsencode(folder / Role.ACTIVE))
    found = model_in(folder, Role.ACTIVE)
    assert found is not None
    assert found.parent == folder.resolve()


def reference(content: bytes) -> None:
    found = read_reference_file(file_of(content, "reference.json"))
    assert found.edges.shape == (len(found.names), found.unsuspected.shape[1] - 1)


def beside(read: Callable[[Path], object], name: str) -> Callable[[bytes], None]:
    """A reader of an array of its own in a folder."""

    def read_array(content: bytes) -> None:
        folder = scratch() / "arrays"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        read(folder)

    return read_array


def _model_seeds() -> Sequence[bytes]:
    seeds = [bytes([place]) + good_files()[name] for place, name in enumerate(names())]
    forest = model_files(models.a_forest(), models.a_card())
    return [*seeds, bytes([names().index("card.json")]) + forest["card.json"]]


def _history_seeds() -> Sequence[bytes]:
    events = [
        ModelEvent(
            model_id=digit * 12, state=state, changed_at=1.8e9, changed_by="ada", note="ä", event_id=digit
        )
        for digit, state in zip("0123ab", ModelState, strict=True)
    ]
    return history_text(events).encode(), b"", b"{}\n"


def _reference_seeds() -> Sequence[bytes]:
    spam = np.repeat([True, False], 60)
    vectors = np.random.default_rng(1).normal(size=(120, 2)).astype(np.float32)
    found = reference_of(vectors, spam * 0.8 + 0.1, ["a", "b"], spam, threshold=0.5)
    return (found.to_json(),)


ARRAYS = (
    npy(np.arange(6, dtype=np.float16).reshape(3, 2)),
    npy(np.zeros((0, 2))),
    npy(np.arange(4, dtype=np.uint64)),
)

TARGETS = (
    Target(name="model-folder", read=model, seeds=_model_seeds, longest=8192),
    Target(name="model-hashes", read=sums, seeds=lambda: (good_files()[SUMS_NAME],), share=0.1),
    Target(name="registry-history", read=history, seeds=_history_seeds),
    Target(
        name="registry-link",
        read=link,
        seeds=lambda: (b"0123456789ab", b"../elsewhere", b"/etc", b"0123456789ab/", b"0123456789ab\n"),
        share=0.3,
    ),
    Target(name="drift-reference", read=reference, seeds=_reference_seeds),
    Target(name="line-reference", read=beside(load_reference, REFERENCE_NAME), seeds=lambda: ARRAYS),
    Target(name="trained-on", read=beside(read_trained_on, TRAINED_ON), seeds=lambda: ARRAYS[::-1]),
)
