"""G.726 ADPCM by libspandsp, in packets of 20 ms, with spandsp's own waveform concealment (`plc_fillin`)."""

import ctypes
from typing import ClassVar

import numpy as np

from silentspam.training.codecs.base import Codec, Samples, SendFrame
from silentspam.training.libraries import Folders, load_library

ENCODING_LINEAR, PACKING_NONE = 0, 0


class G726(Codec):
    """`bitrate` 16,000, 24,000, 32,000 or 40,000 bit/s."""

    licence: ClassVar[str] = "LGPL-2.1"

    def __init__(self, *, bitrate: int, folders: Folders = ()) -> None:
        self.name = f"g726-{bitrate // 1000}"
        self.frame_samples = 160
        self._bitrate = bitrate
        library = load_library("libspandsp.so.2", package="libspandsp2", folders=folders)
        pointer, integer = ctypes.c_void_p, ctypes.c_int
        library.g726_init.restype = library.plc_init.restype = pointer
        library.g726_init.argtypes = [pointer, integer, integer, integer]
        library.plc_init.argtypes = library.g726_free.argtypes = library.plc_free.argtypes = [pointer]
        library.g726_encode.argtypes = library.g726_decode.argtypes = [pointer, pointer, pointer, integer]
        library.plc_rx.argtypes = library.plc_fillin.argtypes = [pointer, pointer, integer]
        self._library = library

    def _call(self) -> SendFrame:
        return _G726Call(self._library, self._bitrate).send


class _G726Call:
    def __init__(self, library: ctypes.CDLL, bitrate: int) -> None:
        self._library = library
        self._encoder = library.g726_init(None, bitrate, ENCODING_LINEAR, PACKING_NONE)
        self._decoder = library.g726_init(None, bitrate, ENCODING_LINEAR, PACKING_NONE)
        self._concealment = library.plc_init(None)

    def send(self, frame: Samples, lost: bool) -> Samples:
        library, n = self._library, len(frame)
        source, heard = np.ascontiguousarray(frame), np.zeros(n, dtype=np.int16)
        packet = np.zeros(n, dtype=np.uint8)
        n_codes = library.g726_encode(self._encoder, packet.ctypes.data, source.ctypes.data, n)
        if lost:
            library.plc_fillin(self._concealment, heard.ctypes.data, n)
        else:
            library.g726_decode(self._decoder, heard.ctypes.data, packet.ctypes.data, n_codes)
            library.plc_rx(self._concealment, heard.ctypes.data, n)
        return heard

    def __del__(self) -> None:
        self._library.g726_free(self._encoder)
        self._library.g726_free(self._decoder)
        self._library.plc_free(self._concealment)
