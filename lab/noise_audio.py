"""What a corpus of noise is made of, fetched from Debian and cached: `lab.corpus_audio`'s, and more places.

`python -m lab.noise_audio` prints the three folders, for `silentspam noise simulate --sources`. Nothing of
this is committed or shipped.
"""

import logging
import shlex
import sys
import zipfile
from pathlib import Path

from lab.corpus_audio import AUDIO_SUITE, fetch_audio, fetch_codecs
from lab.debian import DebianError, fetch
from silentspam.training.noise_places import PACKAGES, PACKED_SOUNDS


def fetch_places() -> Path:
    """The folder of streets, trains and weather, fetched where it is not cached. Raises DebianError."""
    root = fetch(PACKAGES, AUDIO_SUITE, closure=False)
    packed = root / PACKED_SOUNDS
    try:
        with zipfile.ZipFile(packed) as sounds:
            sounds.extractall(packed.parent)
    except (OSError, zipfile.BadZipFile) as error:
        raise DebianError(f"{packed}: {error}") from error
    return root


def main() -> int:
    """Print the folders on one line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        print(shlex.join([str(fetch_audio()), str(fetch_codecs()), str(fetch_places())]))
    except DebianError as error:
        print(f"lab.noise_audio: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
