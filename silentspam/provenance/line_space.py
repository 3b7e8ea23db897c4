"""Where a call's measures lie among lines: learnt maps to a space in which calls of one line lie together.

FOLDER/space.json and line_*.npy with SHA256SUMS beside them. The maps are those of line memory
(`lines.space`), learnt over whole calls of sources (`training.source_training`). Measures are chosen by their
names, so that a vector may have more of them than the space was learnt from.
"""

from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from silentspam.errors import ModelError
from silentspam.hashed import arrays_in, npy, verified_files, with_sums
from silentspam.lines.space import Embeddings
from silentspam.lines.space import LineSpace as Maps
from silentspam.provenance.features import VERSION, Vector, names

SHIPPED = Path(__file__).parent.parent / "models" / "provenance_lines"
DESCRIPTION = "space.json"
PREFIX = "line_"


class SpaceCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a space is for: version of the measures and the names of those it looks at, in order.

    slope, offset: score = slope · natural log ratio + offset, learnt so that a score is a log likelihood
    ratio over lines that were not learnt from (Brümmer and du Preez 2006). learnt_from: in words.
    """

    version: int
    figures: tuple[str, ...]
    slope: float = 1.0
    offset: float = 0.0
    learnt_from: str = ""


@dataclass(frozen=True, eq=False)
class LineSpace:
    """The maps, and which measures they are for."""

    card: SpaceCard
    maps: Maps

    def embed(self, vectors: Vector) -> Embeddings:
        """Where calls lie: measures [shape=(n, len(features.names()))] to [shape=(n, n_dims), float64]."""
        return self.maps.embed(vectors[:, self._columns])

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
        self.maps.validate(len(self.card.figures))


@lru_cache(maxsize=1)
def shipped_space() -> LineSpace:
    """The space that comes with the program. Raises ModelError for files that were changed."""
    return load_space(SHIPPED)


def space_files(space: LineSpace) -> dict[str, bytes]:
    """The files of a folder with this space, SHA256SUMS among them."""
    space.validate()
    arrays = {f"{PREFIX}{one.name}.npy": npy(getattr(space.maps, one.name)) for one in fields(Maps)}
    card = msgspec.json.format(msgspec.json.encode(space.card), indent=1) + b"\n"
    return with_sums({DESCRIPTION: card, **arrays})


def load_space(folder: Path) -> LineSpace:
    """The space of a folder. Raises ModelError for files that are missing, changed or no space."""
    forms = [one.name for one in fields(Maps)]
    files, _ = verified_files(folder, [DESCRIPTION, *(f"{PREFIX}{form}.npy" for form in forms)], [])
    try:
        card = msgspec.json.decode(files[DESCRIPTION], type=SpaceCard)
    except msgspec.MsgspecError as error:
        raise ModelError(f"{folder / DESCRIPTION}: {error}") from error
    space = LineSpace(card, Maps(**arrays_in(files, forms, prefix=PREFIX)))  # type: ignore[arg-type]
    space.validate()
    return space
