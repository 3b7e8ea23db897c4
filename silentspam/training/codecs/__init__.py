"""Real telephone codecs behind one interface, for making openings of calls.

Samples are int16 at 8 kHz; a frame is what one packet loses. Each codec conceals a lost frame as its own
decoder or standard does. All are reached by ctypes, so a missing library costs only that codec.
"""

from collections.abc import Callable

from silentspam.errors import AudioError
from silentspam.training.codecs.amr import AmrNarrowband
from silentspam.training.codecs.base import Codec, frames_of
from silentspam.training.codecs.g711 import G711
from silentspam.training.codecs.g726 import G726
from silentspam.training.codecs.g729 import G729
from silentspam.training.codecs.gsm import GsmFullRate
from silentspam.training.codecs.ilbc import Ilbc
from silentspam.training.codecs.opus import OpusNarrowband
from silentspam.training.codecs.speex import SpeexNarrowband
from silentspam.training.libraries import CodecUnavailableError, Folders

__all__ = [
    "CODEC_NAMES",
    "DEBIAN_PACKAGES",
    "Codec",
    "CodecUnavailableError",
    "available_codecs",
    "frames_of",
    "open_codec",
]

_FACTORIES: dict[str, Callable[[Folders], Codec]] = {
    "g711u": lambda folders: G711("g711u"),
    "g711a": lambda folders: G711("g711a"),
    "gsm": lambda folders: GsmFullRate(folders=folders),
    "speex4": lambda folders: SpeexNarrowband(quality=4, folders=folders),
    "speex8": lambda folders: SpeexNarrowband(quality=8, folders=folders),
    "speex4-dtx": lambda folders: SpeexNarrowband(quality=4, dtx=True, folders=folders),
    "opus12": lambda folders: OpusNarrowband(bitrate=12_000, folders=folders),
    "opus24": lambda folders: OpusNarrowband(bitrate=24_000, folders=folders),
    "opus12-dtx": lambda folders: OpusNarrowband(bitrate=12_000, dtx=True, folders=folders),
    "amr475": lambda folders: AmrNarrowband(mode=0, folders=folders),
    "amr795": lambda folders: AmrNarrowband(mode=5, folders=folders),
    "amr122": lambda folders: AmrNarrowband(mode=7, folders=folders),
    "amr122-dtx": lambda folders: AmrNarrowband(mode=7, dtx=True, folders=folders),
    "g726-24": lambda folders: G726(bitrate=24_000, folders=folders),
    "g726-32": lambda folders: G726(bitrate=32_000, folders=folders),
    "ilbc20": lambda folders: Ilbc(frame_ms=20, folders=folders),
    "ilbc30": lambda folders: Ilbc(frame_ms=30, folders=folders),
    "g729a": lambda folders: G729(folders=folders),
    "g729ab": lambda folders: G729(vad=True, folders=folders),
}

CODEC_NAMES = tuple(_FACTORIES)
"""Every codec that `open_codec` knows, whether its library is here or not."""

DEBIAN_PACKAGES = ("libgsm1", "libspeex1", "libopus0", "libopencore-amrnb0", "libspandsp2", "libbcg729-0")
"""What to unpack for all of them but iLBC, which the wheel `pjsua2-python` holds."""


def open_codec(name: str, *, folders: Folders = ()) -> Codec:
    """A codec by its name, its library taken from `folders` or from the system.

    Raises AudioError for an unknown name and CodecUnavailableError where the library is absent.
    """
    if name not in _FACTORIES:
        raise AudioError(f"codec {name!r} is not one of {', '.join(CODEC_NAMES)}")
    return _FACTORIES[name](folders)


def available_codecs(*, folders: Folders = ()) -> tuple[str, ...]:
    """The names, in the order of CODEC_NAMES, of the codecs whose library is found."""
    return tuple(name for name in CODEC_NAMES if _is_available(name, folders))


def _is_available(name: str, folders: Folders) -> bool:
    try:
        open_codec(name, folders=folders)
    except CodecUnavailableError:
        return False
    return True
