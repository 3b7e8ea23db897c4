"""Audio files for `silentspam recordings match`: which recordings they play."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from silentspam.cli.common import table
from silentspam.errors import AudioError

if TYPE_CHECKING:
    from silentspam.kinds.constellation import Constellation
    from silentspam.kinds.recording import Match
    from silentspam.recordings.library import IndexedLibrary


def print_matches(library: "IndexedLibrary", paths: Sequence[Path], *, as_json: bool) -> int:
    """Which recordings files play; the exit code is 1 where one cannot be read."""
    found, failed = [], 0
    for path in paths:
        try:
            sound = _peaks(path)
        except AudioError as error:
            print(f"silentspam recordings match: {error}", file=sys.stderr)
            failed = 1
            continue
        found.append((path, sound.is_telling, library.match(sound) if sound.is_telling else None))
    if as_json:
        shown = [{"file": str(path), "match": match and asdict(match)} for path, _, match in found]
        print(json.dumps(shown, indent=1, ensure_ascii=False))
    elif found:
        heads = ("file", "recording", "name", "standing", "from [s]", "peaks", "evidence")
        print(table(heads, [_cells(*one) for one in found]))
    return failed


def _peaks(path: Path) -> "Constellation":
    """Of as much as a recording is known by. Raises AudioError."""
    from silentspam.audio_files import read_recording
    from silentspam.kinds.constellation import LONGEST_SECONDS, constellation

    return constellation(read_recording(path, max_seconds=LONGEST_SECONDS).samples)


def _cells(path: Path, telling: bool, match: "Match | None") -> tuple[str, ...]:
    if match is None:
        return (str(path), "-" if telling else "tells nothing", "", "", "", "", "")
    return (
        str(path),
        match.recording_id[:8],
        match.name,
        match.standing.lower(),
        f"{match.begin:.2f}",
        f"{match.agreeing}/{match.peaks}",
        f"{match.evidence:.1f} of {match.needed:.1f}",
    )
