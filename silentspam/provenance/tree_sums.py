"""Boosted trees with several outputs in flat arrays: each output is the sum of its own trees' leaves.

FOLDER/{name}_{array}.npy with SHA256SUMS beside them; nothing else is read, and nothing is unpickled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from silentspam.boosted import BoostedTrees
from silentspam.errors import ModelError
from silentspam.hashed import arrays_in, npy, verified_files, with_sums
from silentspam.trees import Forms

PIECE = 2000
"""Vectors that go through the trees at once: what they need of memory stays small."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TreeSums(BoostedTrees):
    """Trees, of which output k has those from firsts[k] on; base: where it starts [shape=(n_outputs,)]."""

    FORMS: ClassVar[Forms] = {**BoostedTrees.FORMS, "firsts": ("i", 1), "base": ("f", 1)}

    firsts: NDArray[np.int32]
    base: NDArray[np.float64]

    def sums(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Each output of each vector: [shape=(n, n_features)] to [shape=(n_outputs, n)]."""
        found = [
            np.add.reduceat(self.values.take(self.leaves(vectors[at : at + PIECE])), self.firsts, axis=0)
            for at in range(0, len(vectors), PIECE)
        ]
        return np.asarray(np.concatenate(found, axis=1) + self.base[:, np.newaxis])

    def validate(self) -> None:
        """Raise ModelError unless the arrays are trees, each of one output."""
        super().validate()
        rising = len(self.firsts) > 0 and self.firsts[0] == 0 and bool((np.diff(self.firsts) > 0).all())
        if not rising or self.firsts[-1] >= len(self.roots) or len(self.base) != len(self.firsts):
            raise ModelError("tree arrays: firsts and base do not divide the trees into outputs")


def tree_files(trees: Mapping[str, TreeSums]) -> dict[str, bytes]:
    """The files of a folder with these trees, SHA256SUMS among them."""
    files = {}
    for name, sums in trees.items():
        sums.validate()
        files[f"{name}_depth.npy"] = npy(np.array([sums.depth], dtype=np.int32))
        files |= {f"{name}_{form}.npy": npy(getattr(sums, form)) for form in sums.FORMS}
    return with_sums(files)


def load_tree_sums(folder: Path, widths: Mapping[str, int]) -> dict[str, TreeSums]:
    """The trees of a folder by name; widths: how many features each has.

    Raises ModelError for files that are missing, changed or no trees.
    """
    forms = (*TreeSums.FORMS, "depth")
    files, _ = verified_files(folder, [f"{name}_{form}.npy" for name in widths for form in forms], [])
    loaded = {}
    for name, width in widths.items():
        arrays = arrays_in(files, forms, prefix=f"{name}_")
        depth = int(np.asarray(arrays.pop("depth"), dtype=np.int64)[0])
        loaded[name] = TreeSums(**arrays, n_features=width, depth=depth)  # type: ignore[arg-type]
        loaded[name].validate()
    return loaded
