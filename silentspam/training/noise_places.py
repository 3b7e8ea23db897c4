"""Further licensed places for people in noise: streets, trains, crowds and works, of LinCity-NG's sounds.

Debian's package lincity-ng-data has them as files of about 4 s; its copyright file has all sound effects
under the GPL, version 2 or later, and under CC-BY-SA 2.0. Files whose names differ by a number, and places
that may have been recorded together, stand on one side of the split. Left out are explosions, clicks, and
what is shorter than a second. `sources` has the ambiences of the package blanket.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from silentspam.errors import AudioError
from silentspam.training.sources import Clip, ClipKind, Split

PACKAGE = "lincity-ng-data"
FOLDER = "usr/share/lincity-ng/sounds"
LICENCE = "GPL-2+ or CC-BY-SA-2.0"

PLACES: dict[str, tuple[Split, str]] = {
    # The first word of a file's name: its side, and what is heard.
    "TraficHigh": (Split.TRAIN, "street"),
    "TraficLow": (Split.TRAIN, "street"),
    "DirtTrack": (Split.TRAIN, "street"),
    "ResidentialLow": (Split.TRAIN, "neighbourhood"),
    "ResidentialLowLow": (Split.TRAIN, "neighbourhood"),
    "ResidentialMed": (Split.TRAIN, "neighbourhood"),
    "ResidentialHigh": (Split.TRAIN, "neighbourhood"),
    "School": (Split.TRAIN, "children"),
    "IndustryLight": (Split.TRAIN, "works"),
    "IndustryHigh": (Split.TRAIN, "works"),
    "CoalMine": (Split.TRAIN, "works"),
    "OreMine": (Split.TRAIN, "works"),
    "PowerCoalEmpty": (Split.TRAIN, "engine room"),
    "PowerCoalFull": (Split.TRAIN, "engine room"),
    "PowerCoalLow": (Split.TRAIN, "engine room"),
    "PowerCoalMed": (Split.TRAIN, "engine room"),
    "Farm": (Split.TRAIN, "farm"),
    "OrganicFarm": (Split.TRAIN, "farm"),
    "Green": (Split.TRAIN, "park"),
    "Water": (Split.TRAIN, "water"),
    "ParklandLake": (Split.TRAIN, "water"),
    "Health": (Split.TRAIN, "hospital"),
    "RailTrain": (Split.TEST, "train"),
    "TruckEngine": (Split.TEST, "lorry"),
    "ParklandPlane": (Split.TEST, "aeroplane"),
    "Harbor": (Split.TEST, "harbour"),
    "MarketEmpty": (Split.TEST, "market"),
    "MarketFull": (Split.TEST, "market"),
    "MarketLow": (Split.TEST, "market"),
    "MarketMed": (Split.TEST, "market"),
    "SportsCroud": (Split.TEST, "crowd"),
    "University": (Split.TEST, "university"),
    "Shanty": (Split.TEST, "quarter"),
    "Commune": (Split.TEST, "village"),
    "Recycle": (Split.TEST, "workshop"),
    "Mill": (Split.TEST, "workshop"),
    "Blacksmith": (Split.TEST, "workshop"),
    "WindMill": (Split.TEST, "windmill"),
    "FireStation": (Split.TEST, "fire station"),
}

SHORTEST_OCTETS = 20_000
"""Smaller files hold less than a second."""


def find_places(folders: Sequence[Path]) -> tuple[Clip, ...]:
    """Every place below `folders`, without doubles, in the order of their ids.

    Raises AudioError where a side of the split has none.
    """
    clips: dict[str, Clip] = {}
    for root in folders:
        for clip in _below(root):
            clips.setdefault(clip.source_id, clip)
    found = tuple(clips[source_id] for source_id in sorted(clips))
    for split in Split:
        if not any(clip.split is split for clip in found):
            where = ", ".join(map(str, folders)) or "no folder"
            raise AudioError(f"no places of the {split} split in {where}: unpack {PACKAGE} there")
    return found


def _below(root: Path) -> Iterator[Clip]:
    for path in sorted((root / FOLDER).glob("*.wav")):
        place = re.sub(r"\d+$", "", path.stem)
        if place in PLACES and path.stat().st_size >= SHORTEST_OCTETS:
            split, heard = PLACES[place]
            yield Clip(
                source_id=hashlib.sha256(path.read_bytes()).hexdigest()[:12],
                speaker=f"{heard} ({place})",
                kind=ClipKind.AMBIENCE,
                split=split,
                licence=LICENCE,
                path=path,
            )
