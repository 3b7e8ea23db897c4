"""G.729A and G.729AB by bcg729, concealed by its own decoder (the erasure flag).

bcg729 is GPL-3: it makes openings for a corpus and is no part of what ships.
"""

import ctypes
from typing import ClassVar

import numpy as np

from silentspam.training.codecs.base import Codec, Samples, SendFrame
from silentspam.training.libraries import Folders, load_library

FRAME = 80
FRAME_BYTES, SID_BYTES = 10, 2


class G729(Codec):
    """8 kbit/s, packets of 20 ms (two frames); `vad` is Annex B: comfort noise in silence."""

    licence: ClassVar[str] = "GPL-3"

    def __init__(self, *, vad: bool = False, folders: Folders = ()) -> None:
        self.name = "g729ab" if vad else "g729a"
        self.frame_samples = 2 * FRAME
        self._vad = vad
        library = load_library("libbcg729.so.0", package="libbcg729-0", folders=folders)
        pointer, flag = ctypes.c_void_p, ctypes.c_uint8
        for name in ("initBcg729EncoderChannel", "initBcg729DecoderChannel"):
            getattr(library, name).restype = pointer
        library.initBcg729EncoderChannel.argtypes = [flag]
        library.bcg729Encoder.argtypes = [pointer] * 4
        library.bcg729Decoder.argtypes = [pointer, pointer, flag, flag, flag, flag, pointer]
        library.closeBcg729EncoderChannel.argtypes = library.closeBcg729DecoderChannel.argtypes = [pointer]
        self._library = library

    def _call(self) -> SendFrame:
        return _G729Call(self._library, self._vad).send


class _G729Call:
    def __init__(self, library: ctypes.CDLL, vad: bool) -> None:
        self._library = library
        self._encoder = library.initBcg729EncoderChannel(int(vad))
        self._decoder = library.initBcg729DecoderChannel()

    def send(self, frame: Samples, lost: bool) -> Samples:
        return np.concatenate([self._send_half(half, lost) for half in frame.reshape(-1, FRAME)])

    def _send_half(self, frame: Samples, lost: bool) -> Samples:
        source, heard = np.ascontiguousarray(frame), np.zeros(FRAME, dtype=np.int16)
        packet, n_bytes = ctypes.create_string_buffer(FRAME_BYTES), ctypes.c_uint8(0)
        self._library.bcg729Encoder(self._encoder, source.ctypes.data, packet, ctypes.byref(n_bytes))
        # An unsent frame of Annex B looks like an erased one: after a SID the decoder makes noise for it.
        erased = lost or n_bytes.value == 0
        is_sid = n_bytes.value == SID_BYTES and not lost
        self._library.bcg729Decoder(
            self._decoder, packet, n_bytes.value, erased, is_sid, 0, heard.ctypes.data
        )
        return heard

    def __del__(self) -> None:
        self._library.closeBcg729EncoderChannel(self._encoder)
        self._library.closeBcg729DecoderChannel(self._decoder)
