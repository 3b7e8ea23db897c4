"""An installation of its own for the listener: folders, call log, and calls with sides and openings."""

import os
import time
from pathlib import Path
from typing import Any

import msgspec

from silentspam import assembly
from silentspam.audio import Codes, Recording, write_ulaw
from silentspam.call import Call, CallEnd, CallProvenance, CallRecord, Decision
from silentspam.calllog.entry import ended, screened
from silentspam.calllog.provenance import ProvenanceTable
from silentspam.config import Config
from silentspam.listening.offering import OPENINGS
from silentspam.listening.service import Service
from silentspam.metrics import Registry
from silentspam.provenance.analysis import examine

ANI = "+12025550143"
DNIS = "+12025550100"


class Office:
    """A `silentspam listen` that a test can look into: said: what it told, seen: alerts that went out."""

    def __init__(
        self, folder: Path, *, caller_leg: bool = False, keep_legs: bool = False, **provenance: Any
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        keys = {
            "enabled": True,
            "seconds": 5.0,
            "folder": str(folder / "provenance"),
            "store": str(folder / "lines.db"),
            **provenance,
        }
        document = {
            "call_log": {
                "database": str(folder / "calls.db"),
                "spool": str(folder / "spool"),
                "unlogged": str(folder / "unlogged.jsonl"),
            },
            "collection": {"legs": str(folder / "legs"), "caller_leg": caller_leg, "keep_legs": keep_legs},
            "provenance": keys,
        }
        self.config = msgspec.convert(document, type=Config)
        (folder / "legs").mkdir(exist_ok=True)
        self.database = assembly.database(self.config)
        self.log = assembly.call_log(self.config)
        self.table = ProvenanceTable(self.database)
        self.registry = Registry()
        self.said: list[tuple[str, dict[str, object]]] = []
        self.service = self.begin()

    def begin(self, **ways: Any) -> Service:
        """A listener that has just been started."""
        self.service = Service(
            self.config,
            self.database,
            lambda entry: self.log.write(entry),
            registry=self.registry,
            tell=lambda event, values: self.said.append((event, dict(values))),
            **{"mark_pause": 0.0, **ways},
        )
        return self.service

    def turn(self) -> list[CallProvenance]:
        return list(self.service.turn())

    def call(self, *, over: bool = True, **known: Any) -> str:
        """A call that came a minute ago; known: of its record and its end."""
        now = time.time()
        call_id = Call.new_id()
        call = Call(
            call_id=call_id,
            started_at=now - 60,
            ani=ANI,
            caller_id=ANI,
            dnis=DNIS,
            channel="PJSIP/carrier-0000002a",
        )
        record: dict[str, Any] = {"decision": Decision.BRIDGE} | {
            k: v for k, v in known.items() if k not in END
        }
        self.log.write(screened(CallRecord(call=call, **record)))
        if over:
            end: dict[str, Any] = {"disposition": "BRIDGED", "bridged_at": now - 50} | {
                k: v for k, v in known.items() if k in END
            }
            self.log.write(ended(CallEnd(call=call, ended_at=now - 20, **end)))
        return call_id

    def side(self, call_id: str, codes: Codes | bytes, *, rested: float = 20.0) -> Path:
        """The caller's side of a call."""
        return self._file(self.folder / "legs" / f"{call_id}.ulaw", codes, rested)

    def opening(self, call_id: str, codes: Codes | bytes, *, rested: float = 60.0) -> Path:
        """An opening that was offered."""
        folder = self.folder / "provenance" / OPENINGS
        folder.mkdir(parents=True, exist_ok=True)
        return self._file(folder / f"{call_id}.ulaw", codes, rested)

    def events(self, name: str) -> list[dict[str, object]]:
        return [values for event, values in self.said if event == name]

    @staticmethod
    def _file(path: Path, codes: Codes | bytes, rested: float) -> Path:
        if isinstance(codes, bytes):
            path.write_bytes(codes)
        else:
            write_ulaw(path, Recording(codes))
        os.utime(path, (time.time() - rested,) * 2)
        return path


def contradiction(codes: Codes, trunk: str) -> dict[str, Any]:
    """Claims that these codes contradict: the least likely network, whichever that is by now."""
    told = examine(Recording(codes)).told
    assert told is not None
    network = min(told.networks, key=lambda name: told.networks[name])
    others = [name for name in told.networks if name != network]
    return {
        "trunks": [{"name": trunk, "networks": [network], "may": others}],
        "risk": {"missing": {network: 1.0}, "contradicted": 0.1},
    }


END = ("disposition", "bridged_at", "ended_by")
