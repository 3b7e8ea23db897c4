"""`silentspam calls why CALL_ID --picture FILE.png`: what kept audio of a call tells of where it came from.

Drawn from the caller's side where it is there yet (`collection.keep_legs`), else from the opening.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from silentspam.errors import AudioError

if TYPE_CHECKING:
    from silentspam.audio import Recording
    from silentspam.config import Config
    from silentspam.provenance.analysis import Examination
    from silentspam.retention.openings import Openings

Row = Mapping[str, str | int | float | None]


def draw_call(config: "Config", row: Row, picture: Path, openings: "Openings") -> Path:
    """Draw a call of the log into a PNG file; returns the recording that it shows.

    Raises AudioError where none was kept, ReportError where the picture cannot be written.
    """
    from silentspam.provenance.analysis import examine

    reasons = []
    for path in kept_audio(config, row):
        try:
            recording = openings.read(path)
        except AudioError as error:
            reasons.append(str(error))
            continue
        draw(picture, recording, examine(recording), title=f"call {row['call_id']}, {path.name}")
        return path
    raise AudioError("; ".join(reasons) or f"call {row['call_id']}: no audio of it was recorded")


def kept_audio(config: "Config", row: Row) -> Iterator[Path]:
    """Where audio of a call may lie, the longest first."""
    from silentspam.training.legs import MEASURED

    if config.legs_folder:
        name = f"{row['call_id']}.ulaw"
        sides = (config.legs_folder / name, config.legs_folder / MEASURED / name)
        yield from (path for path in sides if path.exists())
    if row["recording"]:
        yield Path(str(row["recording"]))


def draw(picture: Path, recording: "Recording", examination: "Examination", *, title: str) -> None:
    """Raises ReportError where the picture cannot be written."""
    from silentspam.reports.provenance_pictures import write_picture

    write_picture(picture, recording, examination, title=title)
