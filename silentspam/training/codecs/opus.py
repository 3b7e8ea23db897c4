"""Opus at 8 kHz by libopus (RFC 6716), concealed by its own decoder."""

import ctypes
from typing import ClassVar

import numpy as np

from silentspam.training.codecs.base import SAMPLE_RATE, Codec, Samples, SendFrame
from silentspam.training.libraries import Folders, load_library

APPLICATION_VOIP = 2048
SET_BITRATE, SET_DTX = 4002, 4016
"""Requests of opus_encoder_ctl (opus_defines.h)."""
PACKET_BYTES = 1500


class OpusNarrowband(Codec):
    """Frames of 20 ms at `bitrate` bit/s; `dtx` stops sending in silence."""

    licence: ClassVar[str] = "BSD-3-clause"

    def __init__(self, *, bitrate: int, dtx: bool = False, folders: Folders = ()) -> None:
        self.name = f"opus{bitrate // 1000}" + ("-dtx" if dtx else "")
        self.frame_samples = 160
        self._settings = {SET_BITRATE: bitrate, SET_DTX: int(dtx)}
        library = load_library("libopus.so.0", package="libopus0", folders=folders)
        pointer, integer = ctypes.c_void_p, ctypes.c_int
        for name in ("opus_encoder_create", "opus_decoder_create"):
            getattr(library, name).restype = pointer
        library.opus_encode.argtypes = [pointer, pointer, integer, pointer, ctypes.c_int32]
        library.opus_decode.argtypes = [pointer, pointer, ctypes.c_int32, pointer, integer, integer]
        library.opus_encoder_destroy.argtypes = library.opus_decoder_destroy.argtypes = [pointer]
        self._library = library

    def _call(self) -> SendFrame:
        return _OpusCall(self._library, self._settings).send


class _OpusCall:
    def __init__(self, library: ctypes.CDLL, settings: dict[int, int]) -> None:
        self._library = library
        error = ctypes.c_int()
        self._encoder = library.opus_encoder_create(SAMPLE_RATE, 1, APPLICATION_VOIP, ctypes.byref(error))
        self._decoder = library.opus_decoder_create(SAMPLE_RATE, 1, ctypes.byref(error))
        for request, value in settings.items():
            library.opus_encoder_ctl(ctypes.c_void_p(self._encoder), request, ctypes.c_int32(value))

    def send(self, frame: Samples, lost: bool) -> Samples:
        source, heard = np.ascontiguousarray(frame), np.zeros(len(frame), dtype=np.int16)
        packet = ctypes.create_string_buffer(PACKET_BYTES)
        n_bytes = self._library.opus_encode(
            self._encoder, source.ctypes.data, len(frame), packet, PACKET_BYTES
        )
        # Two bytes or fewer are DTX's word that nothing need be sent (opus_encoder.h).
        arrived = packet if n_bytes > 2 and not lost else None
        self._library.opus_decode(
            self._decoder, arrived, n_bytes if arrived else 0, heard.ctypes.data, len(heard), 0
        )
        return heard

    def __del__(self) -> None:
        self._library.opus_encoder_destroy(self._encoder)
        self._library.opus_decoder_destroy(self._decoder)
