"""The licensed audio and the codecs that a training corpus is made of, fetched from Debian and cached.

`python -m lab.corpus_audio` prints the two folders, for `silentspam simulate --sources`. The audio's suite is
fixed, so that one seed makes one corpus; the codecs come from an old suite, whose libraries run on any newer
machine. Nothing of this is committed or shipped.
"""

import logging
import shlex
import sys
from pathlib import Path

from lab.debian import DebianError, fetch
from silentspam.training.codecs import DEBIAN_PACKAGES as CODEC_PACKAGES
from silentspam.training.sources import DEBIAN_PACKAGES as AUDIO_PACKAGES

AUDIO_SUITE = "trixie"
CODEC_SUITE = "bookworm"


def fetch_audio() -> Path:
    """The folder of speech, ambience and music, fetched where it is not cached. Raises DebianError."""
    return fetch(AUDIO_PACKAGES, AUDIO_SUITE, closure=False)


def fetch_codecs() -> Path:
    """The folder of codec libraries and what they depend on. Raises DebianError."""
    return fetch(CODEC_PACKAGES, CODEC_SUITE)


def main() -> int:
    """Print both folders on one line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        print(shlex.join([str(fetch_audio()), str(fetch_codecs())]))
    except DebianError as error:
        print(f"lab.corpus_audio: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
