"""Speex narrowband by libspeex (RFC 5574), concealed by its own decoder, which is then given no bits."""

import ctypes
from typing import ClassVar

import numpy as np

from silentspam.training.codecs.base import Codec, Samples, SendFrame
from silentspam.training.libraries import Folders, load_library

SET_QUALITY, SET_VAD, SET_DTX = 4, 30, 34
"""Requests of speex_encoder_ctl (speex/speex.h)."""
PACKET_BYTES = 200


class _SpeexBits(ctypes.Structure):
    """struct SpeexBits of speex/speex_bits.h."""

    _fields_: ClassVar = [
        ("chars", ctypes.c_void_p),
        ("nbBits", ctypes.c_int),
        ("charPtr", ctypes.c_int),
        ("bitPtr", ctypes.c_int),
        ("owner", ctypes.c_int),
        ("overflow", ctypes.c_int),
        ("buf_size", ctypes.c_int),
        ("reserved1", ctypes.c_int),
        ("reserved2", ctypes.c_void_p),
    ]


class SpeexNarrowband(Codec):
    """Frames of 20 ms; `quality` 4 is 8 kbit/s and 8 is 15 kbit/s; `dtx` stops sending in silence."""

    licence: ClassVar[str] = "BSD-3-clause"

    def __init__(self, *, quality: int, dtx: bool = False, folders: Folders = ()) -> None:
        self.name = f"speex{quality}" + ("-dtx" if dtx else "")
        self.frame_samples = 160
        self._settings = {SET_QUALITY: quality} | ({SET_VAD: 1, SET_DTX: 1} if dtx else {})
        library = load_library("libspeex.so.1", package="libspeex1", folders=folders)
        pointer = ctypes.c_void_p
        for name in ("speex_lib_get_mode", "speex_encoder_init", "speex_decoder_init"):
            getattr(library, name).restype = pointer
        library.speex_encoder_init.argtypes = library.speex_decoder_init.argtypes = [pointer]
        library.speex_encoder_destroy.argtypes = library.speex_decoder_destroy.argtypes = [pointer]
        library.speex_encoder_ctl.argtypes = [pointer, ctypes.c_int, pointer]
        for name in ("speex_encode_int", "speex_decode_int"):
            getattr(library, name).argtypes = [pointer, pointer, pointer]
        self._library = library

    def _call(self) -> SendFrame:
        return _SpeexCall(self._library, self._settings).send


class _SpeexCall:
    def __init__(self, library: ctypes.CDLL, settings: dict[int, int]) -> None:
        self._library = library
        mode = library.speex_lib_get_mode(0)
        self._encoder, self._decoder = library.speex_encoder_init(mode), library.speex_decoder_init(mode)
        for request, value in settings.items():
            library.speex_encoder_ctl(self._encoder, request, ctypes.byref(ctypes.c_int(value)))
        self._bits = _SpeexBits()
        library.speex_bits_init(ctypes.byref(self._bits))

    def send(self, frame: Samples, lost: bool) -> Samples:
        """What the far end hears of one frame [shape=(frame_samples,), int16], concealed if lost."""
        library, bits = self._library, ctypes.byref(self._bits)
        source, heard = frame.copy(), np.zeros(len(frame), dtype=np.int16)
        library.speex_bits_reset(bits)
        sent = library.speex_encode_int(self._encoder, source.ctypes.data, bits)
        packet = ctypes.create_string_buffer(PACKET_BYTES)
        n_bytes = library.speex_bits_write(bits, packet, PACKET_BYTES)
        library.speex_bits_read_from(bits, packet, n_bytes)
        # In DTX an unsent frame reaches the decoder as a lost one does: it makes its own comfort noise.
        arrived = bits if sent and not lost else None
        library.speex_decode_int(self._decoder, arrived, heard.ctypes.data)
        return heard

    def __del__(self) -> None:
        self._library.speex_bits_destroy(ctypes.byref(self._bits))
        self._library.speex_encoder_destroy(self._encoder)
        self._library.speex_decoder_destroy(self._decoder)
