"""What is heard of packets that the wrong codec decodes, or that were encrypted and are decoded all the same.

Real encoders and decoders, by ctypes; only what is sent into them is chance or licensed speech. Speech whose
A-law is taken for mu-law is left to the people: it is distorted, but a listener still understands it.
"""

import ctypes
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from silentspam.training.libraries import Folders, load_library

Octets = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.int16]

GSM_OCTETS, GSM_SAMPLES, GSM_MAGIC = 33, 160, 0xD0
"""A frame of GSM 06.10 begins with the four bits 1101 (RFC 3551, section 4.5.8.1)."""
G729_OCTETS, G729_SAMPLES = 10, 80
AMR_OCTETS: Mapping[int, int] = {0: 12, 2: 15, 5: 20, 7: 31}
"""Octets of speech in a frame of AMR by its mode (RFC 4867, section 3.6)."""
AMR_SAMPLES = 160


def pcm_octets(samples: Samples, *, big_endian: bool) -> Octets:
    """L16's octets (RFC 3551, section 4.5.11: big-endian), or as a careless sender orders them."""
    return np.frombuffer(samples.astype(">i2" if big_endian else "<i2").tobytes(), dtype=np.uint8)


class Payloads:
    """Encoders to octets, and octets of chance to decoders.

    Raises CodecUnavailableError where a library is absent.
    """

    def __init__(self, folders: Folders = ()) -> None:
        self._gsm = load_library("libgsm.so.1", package="libgsm1", folders=folders)
        self._gsm.gsm_create.restype = ctypes.c_void_p
        for name in ("gsm_encode", "gsm_decode"):
            getattr(self._gsm, name).argtypes = [ctypes.c_void_p] * 3
        self._gsm.gsm_destroy.argtypes = [ctypes.c_void_p]
        self._g729 = _g729_library(folders)
        self._amr = _amr_library(folders)
        self.encoders: Mapping[str, Callable[[Samples], Octets]] = {
            "gsm": self._gsm_octets,
            "g729": self._g729_octets,
            "amr": self._amr_octets,
            "l16": lambda samples: pcm_octets(samples, big_endian=True),
            "l16-swapped": lambda samples: pcm_octets(samples, big_endian=False),
        }
        self.decoders: Mapping[str, Callable[[int, np.random.Generator], Samples]] = {
            "gsm": self._gsm_of_chance,
            "g729": self._g729_of_chance,
            "amr": self._amr_of_chance,
        }

    def _gsm_octets(self, samples: Samples) -> Octets:
        coder, packet = self._gsm.gsm_create(), ctypes.create_string_buffer(GSM_OCTETS)
        octets = b""
        for frame in _frames(samples, GSM_SAMPLES):
            self._gsm.gsm_encode(coder, frame.ctypes.data, packet)
            octets += packet.raw
        self._gsm.gsm_destroy(coder)
        return np.frombuffer(octets, dtype=np.uint8)

    def _gsm_of_chance(self, n: int, rng: np.random.Generator) -> Samples:
        coder, heard = self._gsm.gsm_create(), []
        for frame in rng.integers(0, 256, (-(-n // GSM_SAMPLES), GSM_OCTETS), dtype=np.uint8):
            frame[0] = GSM_MAGIC | (frame[0] & 0x0F)
            out = np.zeros(GSM_SAMPLES, dtype=np.int16)
            self._gsm.gsm_decode(coder, np.ascontiguousarray(frame).ctypes.data, out.ctypes.data)
            heard.append(out)
        self._gsm.gsm_destroy(coder)
        return np.concatenate(heard)[:n]

    def _g729_octets(self, samples: Samples) -> Octets:
        coder, packet = self._g729.initBcg729EncoderChannel(0), ctypes.create_string_buffer(G729_OCTETS)
        length, octets = ctypes.c_uint8(0), b""
        for frame in _frames(samples, G729_SAMPLES):
            self._g729.bcg729Encoder(coder, frame.ctypes.data, packet, ctypes.byref(length))
            octets += packet.raw
        self._g729.closeBcg729EncoderChannel(coder)
        return np.frombuffer(octets, dtype=np.uint8)

    def _g729_of_chance(self, n: int, rng: np.random.Generator) -> Samples:
        coder, heard = self._g729.initBcg729DecoderChannel(), []
        for frame in rng.integers(0, 256, (-(-n // G729_SAMPLES), G729_OCTETS), dtype=np.uint8):
            out = np.zeros(G729_SAMPLES, dtype=np.int16)
            source = np.ascontiguousarray(frame).ctypes.data
            self._g729.bcg729Decoder(coder, source, G729_OCTETS, 0, 0, 0, out.ctypes.data)
            heard.append(out)
        self._g729.closeBcg729DecoderChannel(coder)
        return np.concatenate(heard)[:n]

    def _amr_octets(self, samples: Samples) -> Octets:
        coder, packet, octets = self._amr.Encoder_Interface_init(0), ctypes.create_string_buffer(64), b""
        for frame in _frames(samples, AMR_SAMPLES):
            length = self._amr.Encoder_Interface_Encode(coder, 7, frame.ctypes.data, packet, 0)
            octets += packet.raw[:length]
        self._amr.Encoder_Interface_exit(coder)
        return np.frombuffer(octets, dtype=np.uint8)

    def _amr_of_chance(self, n: int, rng: np.random.Generator) -> Samples:
        coder, heard = self._amr.Decoder_Interface_init(), []
        mode = int(rng.choice(list(AMR_OCTETS)))
        for _ in range(-(-n // AMR_SAMPLES)):
            packet = bytes([mode << 3 | 4]) + rng.bytes(AMR_OCTETS[mode])
            out = np.zeros(AMR_SAMPLES, dtype=np.int16)
            source = ctypes.create_string_buffer(packet)
            self._amr.Decoder_Interface_Decode(coder, source, out.ctypes.data, 0)
            heard.append(out)
        self._amr.Decoder_Interface_exit(coder)
        return np.concatenate(heard)[:n]


def _frames(samples: Samples, size: int) -> Samples:
    """Whole frames of the samples [shape=(k, size)]."""
    return np.ascontiguousarray(samples[: len(samples) // size * size].reshape(-1, size))


def _g729_library(folders: Folders) -> Any:
    library = load_library("libbcg729.so.0", package="libbcg729-0", folders=folders)
    pointer, octet = ctypes.c_void_p, ctypes.c_uint8
    for name in ("initBcg729EncoderChannel", "initBcg729DecoderChannel"):
        getattr(library, name).restype = pointer
    library.initBcg729EncoderChannel.argtypes = [octet]
    library.bcg729Encoder.argtypes = [pointer] * 4
    library.bcg729Decoder.argtypes = [pointer, pointer, octet, octet, octet, octet, pointer]
    library.closeBcg729EncoderChannel.argtypes = library.closeBcg729DecoderChannel.argtypes = [pointer]
    return library


def _amr_library(folders: Folders) -> Any:
    library = load_library("libopencore-amrnb.so.0", package="libopencore-amrnb0", folders=folders)
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    for name in ("Encoder_Interface_init", "Decoder_Interface_init"):
        getattr(library, name).restype = pointer
    library.Encoder_Interface_Encode.argtypes = [pointer, integer, pointer, pointer, integer]
    library.Decoder_Interface_Decode.argtypes = [pointer, pointer, pointer, integer]
    library.Encoder_Interface_exit.argtypes = library.Decoder_Interface_exit.argtypes = [pointer]
    return library
