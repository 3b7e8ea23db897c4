"""One array from a file's bytes: an array, or a ModelError that names the file; nothing is unpickled."""

import io

import numpy as np
import pytest

from silentspam.arrays import array_from
from silentspam.errors import ModelError
from tests.models import npy


def headed(header: str, rest: bytes = b"") -> bytes:
    """The bytes of a .npy file of version 1.0 with this header."""
    padded = header.encode("latin-1").ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded + rest


def archive() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.arange(3))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "array", [np.arange(6, dtype=np.int32).reshape(2, 3), np.zeros((0, 4)), np.float64(3)]
)
def test_an_array_comes_as_it_was_written(array: np.ndarray) -> None:
    found = array_from(npy(array), "x.npy")
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)


NO_ARRAYS = {
    "nothing": b"",
    "text": b"hello",
    "cut off": npy(np.arange(9))[:-1],
    "an archive": archive(),
    "objects, pickled": npy(np.array([{}], dtype=object), allow_pickle=True),
    "an open bracket": headed("{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }      ("),
    "brackets within brackets": headed("(" * 117),
    "a shape beyond memory": headed(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({2**60},), }}"),
    "a shape below zero": headed("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", bytes(64)),
    "a shape of no numbers": headed("{'descr': '<f8', 'fortran_order': False, 'shape': (None,), }"),
    "no type": headed("{'descr': 'no', 'fortran_order': False, 'shape': (1,), }"),
    "a NUL in the header": headed("{'descr': \0"),
}


@pytest.mark.parametrize("what", NO_ARRAYS)
def test_what_is_no_array_is_a_model_error_that_names_the_file(what: str) -> None:
    with pytest.raises(ModelError, match=r"x\.npy"):
        array_from(NO_ARRAYS[what], "x.npy")
