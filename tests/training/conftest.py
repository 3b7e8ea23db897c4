"""Small stand-ins for the licensed audio, and the codecs' libraries where they can be had.

`make test` sets SILENTSPAM_TEST_FETCH=1: codec libraries then come from Debian through `lab.debian` (cached).
Without it the system's are used, and a test whose library is absent is skipped and says so.
"""

import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from silentspam.cli import main
from silentspam.training.sources import AMBIENCES, BLANKET, MUSIC, SPEECH
from tests.conftest import MakeOnce

RATE = 8000


@pytest.fixture(scope="session")
def codec_folders() -> tuple[Path, ...]:
    """Where codec libraries lie: fetched, or nowhere but the system."""
    if os.environ.get("SILENTSPAM_TEST_FETCH") != "1":
        return ()
    from lab.corpus_audio import fetch_codecs

    return (fetch_codecs(),)


@pytest.fixture
def gresource() -> Callable[[Mapping[str, bytes]], bytes]:
    """Packs files into an archive for `read_gresource`."""
    return pack_gresource


def pack_gresource(members: Mapping[str, bytes]) -> bytes:
    """A GResource (GVDB) archive with every path as one item, as `read_gresource` reads it."""
    items, bodies = b"", b""
    start = 24
    bodies_at = start + 8 + 4 + 24 * len(members)
    for name, content in members.items():
        name_at = bodies_at + len(bodies)
        bodies += name.encode()
        bodies += b"\0" * (-(bodies_at + len(bodies)) % 8)
        value_at = bodies_at + len(bodies)
        bodies += struct.pack("<II", len(content), 0) + content + b"\0"
        items += struct.pack(
            "<IIIHBxII", 0, 0xFFFFFFFF, name_at, len(name), ord("v"), value_at, bodies_at + len(bodies)
        )
    table = struct.pack("<II", 0, 1) + struct.pack("<I", 0) + items
    header = b"GVariant" + struct.pack("<II", 0, 0) + struct.pack("<II", start, start + len(table))
    return header + table + bodies


def _tune(path: Path, rng: np.random.Generator, seconds: float, hz: float) -> None:
    """Something with a pitch and a beat: enough of a voice for a classifier that is only being tested."""
    t = np.arange(int(seconds * RATE)) / RATE
    beat = 0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(2, 5) * t)
    sound = 0.3 * beat * np.sin(2 * np.pi * hz * t + rng.uniform(0, 6)) + 0.01 * rng.standard_normal(len(t))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, RATE, subtype="PCM_16" if path.suffix == ".wav" else None)


@pytest.fixture(scope="session")
def audio_folder(make_once: MakeOnce) -> Path:
    """A folder laid out as the unpacked packages are, with a few short sounds made here."""
    return make_once("audio", _write_audio)


def _write_audio(root: Path) -> None:
    rng = np.random.default_rng(0)
    for number, group in enumerate(SPEECH):
        folder = root / group.folder.replace("*", "start")
        for take in range(2):
            _tune(folder / f"take{take}.wav", rng, 2.5, 120 + 37 * number + 11 * take)
    members = {}
    for place in AMBIENCES:
        path = root / "ambience.ogg"
        _tune(path, rng, 3.0, rng.uniform(100, 900))
        members[f"/sounds/{place}"] = path.read_bytes()
        path.unlink()
    archive = root / BLANKET
    archive.parent.mkdir(parents=True)
    archive.write_bytes(pack_gresource(members))
    for track in range(5):
        _tune(root / MUSIC / f"track{track}.wav", rng, 4.0, 300 + 50 * track)


@pytest.fixture(scope="session")
def small_corpus(audio_folder: Path, make_once: MakeOnce) -> Path:
    """A simulated corpus of 12 campaigns of 12 calls and 320 people, for the studies."""
    from silentspam.cli import main

    size = ["--campaigns", "12", "--calls", "12", "--ham", "320", "--silence", "20", "--kinds", "0"]
    size += ["--seed", "3"]
    sources = ["--sources", str(audio_folder), "--codecs", "g711u", "g711a"]

    def simulate(out: Path) -> None:
        assert main(["simulate", "--out", str(out), *sources, *size]) == 0

    return make_once("small-corpus", simulate)


@pytest.fixture(scope="session")
def corpus_options(small_corpus: Path) -> list[str]:
    """`--recordings DIR --labels CSV` of the small corpus."""
    return ["--recordings", str(small_corpus), "--labels", str(small_corpus / "labels.csv")]


@pytest.fixture
def quick_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """The studies train as ever, but few trees: their tests are about what is measured."""
    from silentspam.training import trainers

    for name in ("default_fit", "RepeatedFit"):
        train = getattr(trainers, name)

        def few_trees(params: trainers.FitParams, train: Callable[..., trainers.Fit] = train) -> trainers.Fit:
            return train(replace(params, n_trees=10, folds=2, workers=1))

        monkeypatch.setattr(trainers, name, few_trees)


@pytest.fixture(scope="session")
def g711_calls(audio_folder, tmp_path_factory):
    """Two dozen calls of 4 s through G.711 alone."""
    out = tmp_path_factory.mktemp("g711") / "calls"
    size = ["--callers", "24", "--seconds", "4", "--test-share", "0.5", "--workers", "1", "--seed", "2"]
    assert (
        main(
            [
                "paths",
                "simulate",
                "--out",
                str(out),
                "--sources",
                str(audio_folder),
                "--codecs",
                "g711",
                *size,
            ]
        )
        == 0
    )
    return out
