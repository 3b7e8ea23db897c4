"""GSM full rate (GSM 06.10) by libgsm, with the substitution and muting of GSM 06.11.

libgsm conceals nothing itself: the last good frame is repeated once, then its block amplitudes are lowered
frame by frame until 320 ms, as GSM 06.11 (ETSI ETS 300 580-3, clause 6) says.
"""

import ctypes
from typing import ClassVar

import numpy as np

from silentspam.training.codecs.base import Codec, Samples, SendFrame
from silentspam.training.libraries import Folders, load_library

FRAME_BYTES = 33
N_PARAMETERS = 76
BLOCK_AMPLITUDES = [8 + 17 * subframe + 3 for subframe in range(4)]
"""Where `xmaxc` of each subframe stands among the 76 parameters: 8 LAR, then 17 a subframe."""
MUTING_STEP = 4
SILENT_AFTER = 16


class GsmFullRate(Codec):
    """13 kbit/s, frames of 20 ms."""

    licence: ClassVar[str] = "TU-Berlin"

    def __init__(self, *, folders: Folders = ()) -> None:
        self.name = "gsm"
        self.frame_samples = 160
        library = load_library("libgsm.so.1", package="libgsm1", folders=folders)
        library.gsm_create.restype = ctypes.c_void_p
        for name in ("gsm_encode", "gsm_decode", "gsm_explode", "gsm_implode"):
            getattr(library, name).argtypes = [ctypes.c_void_p] * 3
        library.gsm_destroy.argtypes = [ctypes.c_void_p]
        self._library = library

    def _call(self) -> SendFrame:
        return _GsmCall(self._library).send


class _GsmCall:
    """Encoder and decoder of one call; `_frame` is the last good frame, `_parameters` its muted copy."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._encoder, self._decoder = library.gsm_create(), library.gsm_create()
        self._frame = ctypes.create_string_buffer(FRAME_BYTES)
        self._lost = SILENT_AFTER  # nothing received yet: nothing to repeat

    def send(self, frame: Samples, lost: bool) -> Samples:
        """What the far end hears of one frame [shape=(frame_samples,), int16], concealed if lost."""
        source = np.ascontiguousarray(frame)
        packet = ctypes.create_string_buffer(FRAME_BYTES)
        self._library.gsm_encode(self._encoder, source.ctypes.data, packet)
        if lost:
            self._lost += 1
            self._mute()
        else:
            self._lost, self._frame = 0, packet
        heard = np.zeros(len(frame), dtype=np.int16)
        if self._lost < SILENT_AFTER:
            self._library.gsm_decode(self._decoder, self._frame, heard.ctypes.data)
        return heard

    def _mute(self) -> None:
        """The first lost frame repeats the last good one; each further one lowers the block amplitudes."""
        if self._lost < 2 or self._lost >= SILENT_AFTER:
            return
        parameters = np.zeros(N_PARAMETERS, dtype=np.int16)
        self._library.gsm_explode(self._decoder, self._frame, parameters.ctypes.data)
        parameters[BLOCK_AMPLITUDES] = np.maximum(parameters[BLOCK_AMPLITUDES] - MUTING_STEP, 0)
        self._library.gsm_implode(self._decoder, self._frame, parameters.ctypes.data)

    def __del__(self) -> None:
        self._library.gsm_destroy(self._encoder)
        self._library.gsm_destroy(self._decoder)
