"""What false signals are counted on, fetched from Debian and cached: `lab.noise_audio`'s folders, one more.

`python -m lab.signal_audio` prints the four folders, for `silentspam signals --sources`. Nothing of this is
committed or shipped.
"""

import logging
import shlex
import sys
from pathlib import Path

from lab.corpus_audio import AUDIO_SUITE, fetch_audio, fetch_codecs
from lab.debian import DebianError, fetch
from lab.noise_audio import fetch_places
from silentspam.training.signal_sources import PACKAGES


def fetch_unheard() -> Path:
    """The folder of speech and music that no limit was set on, fetched where it is not cached.

    Raises DebianError.
    """
    return fetch(PACKAGES, AUDIO_SUITE, closure=False)


def main() -> int:
    """Print the folders on one line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        folders = fetch_audio(), fetch_codecs(), fetch_places(), fetch_unheard()
        print(shlex.join(map(str, folders)))
    except DebianError as error:
        print(f"lab.signal_audio: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
