"""What a corpus of noise is made of, fetched from Debian and cached: `lab.corpus_audio`'s, and more places.

`python -m lab.noise_audio` prints the three folders, for `silentspam noise simulate --sources`. Nothing of
this is committed or shipped.
"""

import logging
import shlex
import sys
from pathlib import Path

from lab.corpus_audio import AUDIO_SUITE, fetch_audio, fetch_codecs
from lab.debian import DebianError, fetch
from silentspam.training.noise_places import PACKAGE


def fetch_places() -> Path:
    """The folder of streets, trains and crowds, fetched where it is not cached. Raises DebianError."""
    return fetch([PACKAGE], AUDIO_SUITE, closure=False)


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
