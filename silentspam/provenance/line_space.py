"""Where a call's measures lie among lines: learnt maps to a space in which calls of one line lie together.

FOLDER/space.json and line_*.npy with SHA256SUMS beside them. Each measure is first warped so that it is
Gaussian over training's calls (feature warping, Pelecanos and Sridharan 2001): shares, levels and ratios then
count alike, and nothing lies far out. The maps after it are those of line memory (`lines.space`), learnt
over whole calls of sources (`training.source_training`). Measures are chosen by their names: a vector may
have more of them than the space was learnt from.
"""

from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from silentspam.errors import ModelError
from silentspam.hashed import Arrays, arrays_in, npy, verified_files, with_sums
from silentspam.lines.space import Embeddings
from silentspam.lines.space import LineSpace as Maps
from silentspam.provenance.features import VERSION, Vector, names

SHIPPED = Path(__file__).parent.parent / "models" / "provenance_lines"
DESCRIPTION = "space.json"
PREFIX = "line_"
AT_ONCE = 64
"""Calls whose figures are warped together, which bounds the memory."""
FORMS = ("knots", "heights", *(one.name for one in fields(Maps)))


class SpaceCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a space is for: version of the measures and the names of those it looks at, in order.

    slope, offset: score = slope · natural log ratio + offset, learnt so that a score is a log likelihood
    ratio over lines and speakers that were not learnt from (Brümmer and du Preez 2006). learnt_from: in
    words.
    """

    version: int
    figures: tuple[str, ...]
    slope: float = 1.0
    offset: float = 0.0
    learnt_from: str = ""


@dataclass(frozen=True, eq=False)
class Warp:
    """For each figure where it is bent, and what becomes of it there [shape=(n_figures, n_knots) each];
    between knots it is straight, beyond them flat."""

    knots: NDArray[np.float32]
    heights: NDArray[np.float32]

    def bend(self, figures: Vector) -> Vector:
        """Figures of calls [shape=(n, n_figures)], each bent."""
        return np.concatenate(
            [self._bend(figures[at : at + AT_ONCE]) for at in range(0, max(len(figures), 1), AT_ONCE)]
        )

    def _bend(self, figures: Vector) -> Vector:
        """Linear interpolation of all figures at once: one by one they cost a call more than all lines do."""
        below = (self.knots[:, 1:-1] <= figures[:, :, np.newaxis]).sum(axis=2)
        rows = np.arange(len(self.knots))
        start, width = self.knots[rows, below], self._widths[rows, below]
        share = np.clip((figures - start) / width, 0, 1)
        low, high = self.heights[rows, below], self.heights[rows, below + 1]
        return np.asarray(low + share * (high - low), dtype=np.float32)

    @cached_property
    def _widths(self) -> NDArray[np.float32]:
        """Between knots; where two are one, too small to be within."""
        return np.maximum(np.diff(self.knots, axis=1), np.float32(np.finfo(np.float32).tiny))

    def validate(self, n_figures: int) -> None:
        """Raise ModelError unless there are rising knots for so many figures."""
        for array in (self.knots, self.heights):
            if array.ndim != 2 or len(array) != n_figures or array.shape != self.knots.shape:
                raise ModelError(
                    f"knots and heights of {array.shape}: those of {n_figures} figures are wanted"
                )
            if not (np.isfinite(array).all() and (np.diff(array, axis=1) >= 0).all()):
                raise ModelError("knots and heights: every row must be finite and rise")


@dataclass(frozen=True, eq=False)
class LineSpace:
    """Which measures count, how they are warped, and the maps after it."""

    card: SpaceCard
    warp: Warp
    maps: Maps

    def embed(self, vectors: Vector) -> Embeddings:
        """Where calls lie: measures [shape=(n, len(features.names()))] to [shape=(n, n_dims), float64]."""
        return self.maps.embed(self.warp.bend(vectors[:, self._columns]))

    @property
    def n_dims(self) -> int:
        """Dimensions of the space."""
        return len(self.maps.origin)

    @cached_property
    def _columns(self) -> NDArray[np.intp]:
        places = {name: place for place, name in enumerate(names())}
        return np.array([places[name] for name in self.card.figures], dtype=np.intp)

    def validate(self) -> None:
        """Raise ModelError unless the maps are of measures that this program makes."""
        if self.card.version != VERSION:
            raise ModelError(
                f"a space of lines for measures of version {self.card.version}: this program's are of "
                f"version {VERSION}; learn it again with `silentspam paths learn-lines`"
            )
        if unknown := sorted(set(self.card.figures) - set(names())):
            raise ModelError(f"a space of lines for measures that nobody makes: {', '.join(unknown[:3])} …")
        self.warp.validate(len(self.card.figures))
        self.maps.validate(len(self.card.figures))


@lru_cache(maxsize=1)
def shipped_space() -> LineSpace:
    """The space that comes with the program. Raises ModelError for files that were changed."""
    return load_space(SHIPPED)


def space_files(space: LineSpace) -> dict[str, bytes]:
    """The files of a folder with this space, SHA256SUMS among them."""
    space.validate()
    arrays = {f"{PREFIX}{form}.npy": npy(getattr(_holder(space, form), form)) for form in FORMS}
    card = msgspec.json.format(msgspec.json.encode(space.card), indent=1) + b"\n"
    return with_sums({DESCRIPTION: card, **arrays})


def _holder(space: LineSpace, form: str) -> Warp | Maps:
    return space.warp if hasattr(space.warp, form) else space.maps


def load_space(folder: Path) -> LineSpace:
    """The space of a folder. Raises ModelError for files that are missing, changed or no space."""
    files, _ = verified_files(folder, [DESCRIPTION, *(f"{PREFIX}{form}.npy" for form in FORMS)], [])
    try:
        card = msgspec.json.decode(files[DESCRIPTION], type=SpaceCard)
    except msgspec.MsgspecError as error:
        raise ModelError(f"{folder / DESCRIPTION}: {error}") from error
    arrays: Arrays = arrays_in(files, FORMS, prefix=PREFIX)
    warp = Warp(knots=arrays.pop("knots"), heights=arrays.pop("heights"))  # type: ignore[arg-type]
    space = LineSpace(card, warp, Maps(**arrays))  # type: ignore[arg-type]
    space.validate()
    return space
