"""One array from the bytes of a .npy file: what is none is a ModelError, whatever numpy makes of it.

numpy reads the header as Python literals, and lets the errors of its tokenizer, of too deep a recursion and
of memory through. Nothing is ever unpickled, and an archive of arrays is refused.
"""

import io
import warnings

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from silentspam.errors import ModelError


def array_from(content: bytes, name: str) -> NDArray[np.generic]:
    """The array in a file's bytes; `name` is the file's. Raises ModelError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers that Python 2 wrote
            found: NDArray[np.generic] = npy_format.read_array(io.BytesIO(content), allow_pickle=False)
    except Exception as error:  # ValueError, EOFError, TokenError, MemoryError, RecursionError and more
        raise ModelError(f"an array cannot be read: {name}: {type(error).__name__}: {error}") from error
    return found
