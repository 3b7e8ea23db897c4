"""iLBC (RFC 3951), concealed by its own decoder.

No shared library of it is in Debian; the extension module of the wheel `pjsua2-python` exports the reference
code's functions. pjproject is GPL: it makes openings for a corpus and is no part of what ships.
"""

import ctypes
import importlib.util
from pathlib import Path
from typing import ClassVar

import numpy as np

from silentspam.training.codecs.base import Codec, Samples, SendFrame
from silentspam.training.libraries import CodecUnavailableError, Folders

PACKET_BYTES = {20: 38, 30: 50}
STATE_BYTES = 1 << 16
"""More than either state of the reference code needs (about 6 kB); its headers are not at hand to ask."""
LOST, ARRIVED = 0, 1


def _extension_module(folders: Folders) -> Path:
    """The compiled module of pjsua2, found without importing it."""
    found = [path for folder in folders for path in sorted(folder.rglob("_pjsua2*.so"))]
    spec = importlib.util.find_spec("pjsua2")
    for location in (spec.submodule_search_locations or []) if spec else []:
        found += sorted(Path(location).glob("_pjsua2*.so"))
    if not found:
        raise CodecUnavailableError(
            "iLBC needs the wheel pjsua2-python (extra 'lab') or its files in the folder"
        )
    return found[0]


class Ilbc(Codec):
    """15.2 kbit/s in frames of 20 ms, or 13.3 kbit/s in frames of 30 ms."""

    licence: ClassVar[str] = "GPL-2 (as part of pjproject)"

    def __init__(self, *, frame_ms: int, folders: Folders = ()) -> None:
        self.name = f"ilbc{frame_ms}"
        self.frame_samples = frame_ms * 8
        self._frame_ms = frame_ms
        path = _extension_module(folders)
        try:
            library = ctypes.CDLL(str(path))
            functions = [library.initEncode, library.initDecode, library.iLBC_encode, library.iLBC_decode]
        except (OSError, AttributeError) as error:
            raise CodecUnavailableError(f"iLBC: {path} does not offer the codec ({error})") from error
        for function in functions:
            function.restype = None
        self._library = library

    def _call(self) -> SendFrame:
        library, frame_ms = self._library, self._frame_ms
        encoder, decoder = ctypes.create_string_buffer(STATE_BYTES), ctypes.create_string_buffer(STATE_BYTES)
        library.initEncode(encoder, frame_ms)
        library.initDecode(decoder, frame_ms, 1)

        def send(frame: Samples, lost: bool) -> Samples:
            source, heard = frame.astype(np.float32), np.zeros(len(frame), dtype=np.float32)
            packet = ctypes.create_string_buffer(PACKET_BYTES[frame_ms])
            library.iLBC_encode(packet, source.ctypes.data_as(ctypes.c_void_p), encoder)
            mode = LOST if lost else ARRIVED
            library.iLBC_decode(heard.ctypes.data_as(ctypes.c_void_p), packet, decoder, mode)
            # After a loss it can come to be no number, and stay so for the rest of the call: silence.
            return np.clip(np.round(np.nan_to_num(heard)), -32768, 32767).astype(np.int16)

        return send
