"""Further licensed places for people in noise: streets, trains, crowds, works and weather, of games' sounds.

The sounds of a Collection lie in one Debian package, whose copyright file has the licence given here. Files
whose names differ by a number, and places that may have been recorded together, stand on one side of the
split; of LinCity-NG, whose sounds come from many recordists, each place has a side, of the others all have
the same. Left out are explosions, clicks, what nobody calls from, and what is shorter than a second.
`sources` has the ambiences of the package blanket.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from silentspam.errors import AudioError
from silentspam.training.sources import Clip, ClipKind, Split

Places = Mapping[str, tuple[Split, str]]
"""A file's path below its collection's folder, without number and suffix: its side, and what is heard."""

PLACES: Places = {
    # A file's name without its number: its side, and what is heard.
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


def _all(split: Split, heard: Mapping[str, str]) -> Places:
    """Places of one side: what is heard, and the files where it is, with spaces between."""
    return {name: (split, what) for what, names in heard.items() for name in names.split()}


_WEATHER_AND_WILD = {
    "night": "autumn/sounds/nightime birch_forest/sounds/night dark_forest/sounds/night desert2/sounds/night "
    "fernland/sounds/night mediterran/sounds/night",
    "country": "autumn/sounds/sunny_day birch_forest/sounds/day dark_forest/sounds/day desert2/sounds/day "
    "fernland/sounds/day mediterran/sounds/desertday spring/sounds/day",
    "rain": "autumn/sounds/rain birch_forest/sounds/rain dark_forest/sounds/rain desert2/sounds/rain",
    "wind": "winter/sounds/wind winter_forest/sounds/wind",
}
_WORKS_AND_WATER = {
    "city": "city_abnd_ufoai_atm sand-city",
    "night": "cricket_loop ufo_night_atm",
    "fire": "fire smallfire firesoft",
    "works": "machine minepump steam wind_turbine alien-generator",
    "ventilation": "alien-ventilation",
    "television": "tv_newswav",
    "water": "water waterfontain",
    "wind": "arcticwind",
    "thunderstorm": "thunder",
}
_AIRCRAFT = {
    "helicopter": "helicopter_engine_inside helicopter_engine_outside helicopter_engine_shutdown "
    "hh60/engine_inside hh60/engine_start hh65/engine_inside hh65/engine_shutdown",
    "aircraft": "jet_engine_inside jet_engine_inside_old jet_engine_outside jet_engine_start",
}
_BATTLEFIELD = {
    "city": "apoc/data/wav/misc/citysounds",
    "crowd": "apoc/data/wav/misc/cheeringloop",
    "works": "apoc/data/wav/misc/factoryloop",
    "siren": "apoc/data/wav/misc/firetruck apoc/data/wav/misc/policecar",
    "aircraft": "apoc/data/wav/misc/cessna none/data/wav/misc/jet",
    "helicopter": "apoc/data/wav/misc/helicopter none/data/wav/misc/apache_",
    "lorry": "none/data/wav/movement/tankmove",
    "country": "none/data/wav/misc/birds none/data/wav/misc/frogs apoc/data/wav/misc/cows",
    "rain": "none/data/wav/misc/rain",
    "water": "none/data/wav/misc/oceanwaves",
}


@dataclass(frozen=True, kw_only=True)
class Collection:
    """The places in one package's folder."""

    package: str
    folder: str
    licence: str
    places: Places

    def below(self, root: Path) -> Iterator[Clip]:
        """Its clips in an unpacked package, in the order of their paths."""
        folder = root / self.folder
        for path in sorted((*folder.rglob("*.wav"), *folder.rglob("*.ogg"))):
            place = re.sub(r"\d+$", "", path.relative_to(folder).with_suffix("").as_posix())
            if place in self.places and path.stat().st_size >= SHORTEST_OCTETS:
                split, heard = self.places[place]
                yield Clip(
                    source_id=hashlib.sha256(path.read_bytes()).hexdigest()[:12],
                    speaker=f"{heard} ({place.replace('/sounds/', '/').replace('data/wav/misc/', '')})",
                    kind=ClipKind.AMBIENCE,
                    split=split,
                    licence=self.licence,
                    path=path,
                )


FOLDER = "usr/share/lincity-ng/sounds"
PACKED_SOUNDS = "usr/share/games/ufoai/base/0snd.pk3"
"""A zip file in the package ufoai-sound, to be unpacked where it lies."""

COLLECTIONS = (
    Collection(package="lincity-ng-data", folder=FOLDER, licence="GPL-2+ or CC-BY-SA-2.0", places=PLACES),
    Collection(
        package="megaglest-data",
        folder="usr/share/games/megaglest/tilesets",
        licence="CC-BY-SA-3.0",
        places=_all(Split.TRAIN, _WEATHER_AND_WILD),
    ),
    Collection(
        package="ufoai-sound",
        folder="usr/share/games/ufoai/base/sound/ambience",
        licence="CC-BY-3.0, CC-BY-SA-3.0, GPL-2 or GPL-2+, a file",
        places=_all(Split.TRAIN, _WORKS_AND_WATER),
    ),
    Collection(
        package="searchandrescue-data",
        folder="usr/share/games/searchandrescue/sounds",
        licence="GPL",
        places=_all(Split.TRAIN, _AIRCRAFT),
    ),
    Collection(
        package="scorched3d-data",
        folder="usr/share/games/scorched3d/data/globalmods",
        licence="GPL-2+, and of apoc CC-BY-SA-3",
        places=_all(Split.TEST, _BATTLEFIELD),
    ),
)
PACKAGES = tuple(sorted(collection.package for collection in COLLECTIONS))

SHORTEST_OCTETS = 20_000
"""Smaller files hold less than a second."""


def find_places(folders: Sequence[Path]) -> tuple[Clip, ...]:
    """Every place below `folders`, without doubles, in the order of their ids.

    Raises AudioError where a side of the split has none.
    """
    clips: dict[str, Clip] = {}
    for root in folders:
        for collection in COLLECTIONS:
            for clip in collection.below(root):
                clips.setdefault(clip.source_id, clip)
    found = tuple(clips[source_id] for source_id in sorted(clips))
    for split in Split:
        if not any(clip.split is split for clip in found):
            where = ", ".join(map(str, folders)) or "no folder"
            raise AudioError(f"no places of the {split} split in {where}: unpack {' '.join(PACKAGES)} there")
    return found
