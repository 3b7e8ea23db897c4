"""`python -m lab.trunk_study`: what `silentspam provenance` says of calls that real networks transcoded.

Calls go through the carrier's Asterisk by each codec that Asterisk can transcode, without loss and with
it, and recorded by the product's, as an installation's calls are. What is said of each is held against what
the border carried: a check of provenance by other coders, packets and gaps than those it was learnt from.
`--keep DIR` keeps the recorded sides, and `--again DIR` asks about them once more without a call.
"""

import argparse
import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lab.asterisk import AsteriskError
from lab.audio import SAMPLE_RATE, read_growing_wav
from lab.debian import DebianError
from lab.ports import PortsError
from lab.product import ProductError, silentspam
from lab.runner import Lab
from lab.scenarios import AgentPart, CallerPart, Hears, Scenario
from lab.trunks import Trunk
from silentspam.training.network import Loss

CODECS = {
    "ulaw": "g711",
    "alaw": "g711",
    "gsm": "gsm_fr",
    "speex": "speex",
    "g726": "g726",
    "amr": "amr_nb",
    "opus": "opus",
}
"""As Asterisk names them, and as `silentspam provenance` does."""
CONCEALING = ("speex", "opus")
"""Whose decoders fill in, in Asterisk 22; in place of a lost packet of any other stands digital silence."""
BUFFERED, BUFFERED_SEEDS = ("ulaw", "gsm"), (1, 2, 3)
SOUNDS = ("speech", "announcement")
SECONDS = 16.0
PACKET_MS = 20
BEFORE_SECONDS = 6.0
"""The longest stretch of a call before it is with an agent, while its packets are counted already."""
STEP = 6.0
"""What a step costs: as much as two losses gain that are seen where they were lost, and not elsewhere."""
SILENT = 16
"""Samples up to which a frame is taken for silence: two steps of mu-law, as decoders leave them."""
CALLS, LEGS = "calls.json", "legs"
HEADS = (
    "codec",
    "buffer",
    "agent heard",
    "lost",
    "seen",
    "found",
    "false",
    "packets",
    "concealed",
    "last",
    "networks",
)

Pattern = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Carried:
    """One call: how it came, its recorded side, and which of its packets the border lost.

    agent_heard: the share of frames of the talk in which its agent heard anything.
    """

    codec: str
    buffered: bool
    sends: str
    share: float
    leg: str
    packets: int
    lost: tuple[int, ...]
    agent_heard: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0, 1 where a call was not recorded, 2 where none could be placed."""
    parser = argparse.ArgumentParser(prog="python -m lab.trunk_study", description=__doc__)
    parser.add_argument("--loss", type=float, default=0.05, metavar="SHARE", help="of the lossy calls (0.05)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the recorded sides in a new folder")
    parser.add_argument(
        "--again", type=Path, metavar="DIR", help="place no call: ask about sides that were kept"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    scratch = Path(tempfile.mkdtemp(prefix="silentspam-trunks-"))
    folder = options.again or options.keep or scratch / "kept"
    try:
        lost_calls = 0 if options.again else place(scratch / "lab", folder, options.loss)
        figures = [said_of(call, said) for call, said in ask(folder)]
    except (AsteriskError, DebianError, PortsError, ProductError, OSError) as error:
        print(f"lab.trunk_study: {error}", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(table(figures))
    return 1 if lost_calls else 0


Sort = tuple[str, bool, float, int]
"""Codec, jitter buffer, share of packets lost and its seed."""


def conditions(share: float) -> Iterator[Sort]:
    """Every sort of call."""
    for codec in CODECS:
        yield codec, False, 0.0, 1
        yield codec, False, share, 1
    for codec in BUFFERED:
        for seed in BUFFERED_SEEDS:
            yield codec, True, share, seed


def place(work: Path, folder: Path, share: float) -> int:
    """Place all calls and keep their sides in a new folder; returns how many brought none.

    Raises AsteriskError, DebianError, PortsError, ProductError, OSError.
    """
    work.mkdir(parents=True)
    (folder / LEGS).mkdir(parents=True)
    sorts = {f"sort-{number}": sort for number, sort in enumerate(conditions(share))}
    trunks = {
        name: Trunk(codec=codec, buffered=buffered, loss=Loss(share=lost, burst=1.2), seed=seed)
        for name, (codec, buffered, lost, seed) in sorts.items()
    }
    scenarios = [
        _scenario(trunk, sends, number)
        for number, (trunk, sends) in enumerate((trunk, sends) for trunk in trunks for sends in SOUNDS)
    ]
    lab = Lab(work, scenarios, trunks=trunks)
    with lab:
        lab.run(lambda outcome: logging.info("%s %s", outcome.scenario.name, "; ".join(outcome.faults)))
    told = {one["called"]: one for one in (lab.carrier.carried() if lab.carrier else ()) if one["packets"]}
    kept = [_kept(work, folder, scenario, sorts[scenario.trunk], told) for scenario in scenarios]
    calls = [asdict(call) for call in kept if call is not None]
    (folder / CALLS).write_text(json.dumps(calls) + "\n", encoding="ascii")
    return len(scenarios) - len(calls)


def _scenario(trunk: str, sends: str, number: int) -> Scenario:
    return Scenario(
        name=f"{trunk}-{sends}",
        about="",
        number=number,
        caller=CallerPart(sends=sends, does="leaves_agent", seconds=SECONDS),
        agent=AgentPart(does="answers"),
        expect={"disposition": "BRIDGED"},
        hears=Hears(agent=True),
        trunk=trunk,
        config={"collection": {"caller_leg": True, "legs": "{work}/legs"}},
    )


def _kept(
    work: Path,
    folder: Path,
    scenario: Scenario,
    sort: Sort,
    told: Mapping[str, Mapping[str, Any]],
) -> Carried | None:
    """The last side recorded of a scenario: where its call was placed again, the second one's."""
    for attempt in (scenario.again(), scenario):
        legs = sorted((work / "calls" / attempt.folder / "legs").glob("*.ulaw"))
        if legs and (carried := told.get(attempt.extension)):
            shutil.copyfile(legs[0], folder / LEGS / f"{scenario.name}.ulaw")
            return Carried(
                codec=sort[0],
                buffered=sort[1],
                share=sort[2],
                sends=scenario.caller.sends,
                leg=f"{LEGS}/{scenario.name}.ulaw",
                packets=carried["packets"],
                lost=tuple(carried["lost"]),
                agent_heard=_agent_heard(work / "calls" / attempt.folder),
            )
    return None


def _agent_heard(folder: Path) -> float:
    """The share of frames of 20 ms that hold more than silence; 0 where no agent was called."""
    heard = [read_growing_wav(path, 0) for path in sorted(folder.glob("agent-*-heard.wav"))[:1]]
    frame = SAMPLE_RATE * PACKET_MS // 1000
    if not heard or heard[0].size < frame:
        return 0.0
    frames = heard[0][: heard[0].size // frame * frame].reshape(-1, frame).astype(np.int32)
    return round(float((np.abs(frames).max(axis=1) > SILENT).mean()), 3)


def ask(folder: Path) -> list[tuple[Carried, Mapping[str, Any]]]:
    """What `silentspam provenance` says of each side kept. Raises OSError and ProductError."""
    calls = [Carried(**call) for call in json.loads((folder / CALLS).read_text(encoding="ascii"))]
    paths = [str((folder / call.leg).absolute()) for call in calls]
    lines = silentspam("provenance", "--format", "jsonl", *paths, seconds=600.0).splitlines()
    said = {one["path"]: one for one in map(json.loads, lines)}
    return [(call, said[path]) for call, path in zip(calls, paths, strict=True)]


def said_of(call: Carried, said: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of one call beside what is true of it."""
    frames = round(said["seconds"] * 1000 / PACKET_MS)
    seen = np.zeros(frames, dtype=bool)
    for begin, length in said["lost"]:
        first = round(begin * 1000 / PACKET_MS)
        seen[first : first + round(length * 1000 / PACKET_MS)] = True
    truth = aligned(call, seen)
    # A frame early or late: the recorder's clock is not the sender's.
    found = min(int((beside(truth) & seen).sum()), int(truth.sum()))
    return {
        **{name: value for name, value in asdict(call).items() if name != "lost"},
        "family": CODECS[call.codec],
        "lost_packets": int(truth.sum()),
        "seen_packets": int(seen.sum()),
        "found_packets": found,
        **{name: said.get(name) for name in ("seconds", "loss_rate", "packet_ms", "concealed_rate")},
        **{name: said.get(name) for name in ("concealment", "codecs", "networks", "last_codec", "quality")},
    }


def aligned(call: Carried, seen: Pattern) -> Pattern:
    """Which packets of the recorded stretch were lost, bool [shape=(frames,)].

    Where the stretch lies within the call is found by what was seen: of all ways that it can, with a step
    wherever the recorder left out packets or added some, the one that agrees best, STEP less for each step.
    Where nothing was seen it is the last stretch that is long enough.
    """
    lost = np.zeros(max(call.packets, len(seen)), dtype=bool)
    lost[[number for number in call.lost if number < len(lost)]] = True
    n_starts = min(len(lost) - len(seen), int(BEFORE_SECONDS * 1000 / PACKET_MS)) + 1
    truths = np.lib.stride_tricks.sliding_window_view(lost, n_starts)[: len(seen)]
    if not seen.any():
        return truths[:, -1].copy()
    starts = _best_starts(np.where(truths == seen[:, np.newaxis], truths * 1.0, -1.0))
    return truths[np.arange(len(seen)), starts].copy()


def _best_starts(agreement: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """By frame, the start of the best way through [shape=(frames, starts)] (Viterbi 1967)."""
    total, came_from = agreement[0], np.zeros(agreement.shape, dtype=np.intp)
    stay = np.arange(agreement.shape[1])
    for frame in range(1, len(agreement)):
        best = int(np.argmax(total))
        came_from[frame] = np.where(total >= total[best] - STEP, stay, best)
        total = np.maximum(total, total[best] - STEP) + agreement[frame]
    starts = np.empty(len(agreement), dtype=np.intp)
    starts[-1] = int(np.argmax(total))
    for frame in range(len(agreement) - 1, 0, -1):
        starts[frame - 1] = came_from[frame, starts[frame]]
    return starts


def beside(truth: Pattern) -> Pattern:
    """Lost packets with the one before and the one after each."""
    wide = np.pad(truth, 1)
    return wide[:-2] | wide[1:-1] | wide[2:]


def table(figures: Sequence[Mapping[str, Any]]) -> str:
    """One line a call: packets lost on its recorded stretch, seen, found of them and false; and the rest."""
    rows = [HEADS, *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join([*lines, "", summary(figures)])


def summary(figures: Sequence[Mapping[str, Any]]) -> str:
    """Counts over all calls."""
    plain = [one for one in figures if one["codec"] not in CONCEALING and not one["buffered"]]
    lost, seen, found = (sum(one[f"{what}_packets"] for one in plain) for what in ("lost", "seen", "found"))
    heard = [one for one in figures if one["last_codec"]]
    right = sum(one["last_codec"] == one["family"] for one in heard)
    return (
        f"gaps, codecs that Asterisk does not conceal, no jitter buffer: {lost} packets lost, {seen} seen, "
        f"{found} of them lost\nlast codec: {right} of {len(heard)} right, "
        f"{len(figures) - len(heard)} calls of which none was told"
    )


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    networks = sorted((one["networks"] or {}).items(), key=lambda told: -told[1])
    any_made_up = (one["concealment"] or {}).get("any", 0.0)
    return (
        one["codec"],
        "yes" if one["buffered"] else "-",
        f"{one['agent_heard']:.0%}",
        str(one["lost_packets"]),
        str(one["seen_packets"]),
        str(one["found_packets"]),
        str(one["seen_packets"] - one["found_packets"]),
        f"{one['packet_ms']} ms" if one["packet_ms"] else "-",
        f"{one['concealed_rate']:.1%} ({any_made_up:.2f})",
        one["last_codec"] or "-",
        ", ".join(f"{name} {probability:.2f}" for name, probability in networks),
    )


if __name__ == "__main__":
    sys.exit(main())
