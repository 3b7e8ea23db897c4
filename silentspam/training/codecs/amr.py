"""AMR narrowband by opencore-amrnb (3GPP TS 26.071); a lost frame reaches the decoder as NO_DATA."""

import ctypes
from typing import ClassVar

import numpy as np

from silentspam.training.codecs.base import Codec, Samples, SendFrame
from silentspam.training.libraries import Folders, load_library

RATES = ("475", "515", "59", "67", "74", "795", "102", "122")
"""The names of modes 0 to 7: kbit/s without the point."""
NO_DATA = b"\x7c"
"""Frame type 15 with the quality bit (RFC 4867, section 5.3)."""
PACKET_BYTES = 64


class AmrNarrowband(Codec):
    """Frames of 20 ms; `mode` 0 (4.75 kbit/s) to 7 (12.2 kbit/s); `dtx`: only comfort noise in silence."""

    licence: ClassVar[str] = "Apache-2.0"

    def __init__(self, *, mode: int, dtx: bool = False, folders: Folders = ()) -> None:
        self.name = f"amr{RATES[mode]}" + ("-dtx" if dtx else "")
        self.frame_samples = 160
        self._mode, self._dtx = mode, dtx
        library = load_library("libopencore-amrnb.so.0", package="libopencore-amrnb0", folders=folders)
        pointer, integer = ctypes.c_void_p, ctypes.c_int
        for name in ("Encoder_Interface_init", "Decoder_Interface_init"):
            getattr(library, name).restype = pointer
        library.Encoder_Interface_Encode.argtypes = [pointer, integer, pointer, pointer, integer]
        library.Decoder_Interface_Decode.argtypes = [pointer, pointer, pointer, integer]
        library.Encoder_Interface_exit.argtypes = library.Decoder_Interface_exit.argtypes = [pointer]
        self._library = library

    def _call(self) -> SendFrame:
        return _AmrCall(self._library, self._mode, self._dtx).send


class _AmrCall:
    def __init__(self, library: ctypes.CDLL, mode: int, dtx: bool) -> None:
        self._library, self._mode = library, mode
        self._encoder = library.Encoder_Interface_init(int(dtx))
        self._decoder = library.Decoder_Interface_init()

    def send(self, frame: Samples, lost: bool) -> Samples:
        source, heard = np.ascontiguousarray(frame), np.zeros(len(frame), dtype=np.int16)
        packet = ctypes.create_string_buffer(PACKET_BYTES)
        self._library.Encoder_Interface_Encode(self._encoder, self._mode, source.ctypes.data, packet, 0)
        arrived = ctypes.create_string_buffer(NO_DATA) if lost else packet
        self._library.Decoder_Interface_Decode(self._decoder, arrived, heard.ctypes.data, 0)
        return heard

    def __del__(self) -> None:
        self._library.Encoder_Interface_exit(self._encoder)
        self._library.Decoder_Interface_exit(self._decoder)
