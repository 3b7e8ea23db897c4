"""How well signals are heard: the measurement as one document, and its tables."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from silentspam.reports.cells import percent
from silentspam.training.codecs import Codec
from silentspam.training.operating_point import Rate
from silentspam.training.signal_sources import package_of
from silentspam.training.signal_study import Condition, cases, false_signals, found_of
from silentspam.training.sources import Clip, ClipKind

Document = dict[str, Any]

LEVELS = (-3.0, -13.0, -30.0, -45.0)
UNDER_LEVEL, BELOW = -16.0, (-10.0, 0.0, 5.0)
"""The signal's level [dBm0], and how far speech or ambience is above it [dB]."""
UNDER = ("CNG", "CED", "CED, phase reversals", "busy, North America, 480 + 620 Hz (0.5 0.5)")

FOUND_HEADS = ("signal", "in the window", "codec", *(f"{level:.0f} dBm0" for level in LEVELS), "≥ −30: 95 %")
UNDER_HEADS = ("signal", "under", "codec", *(f"{0 - below:+.0f} dB" for below in BELOW))
FALSE_HEADS = ("openings of", "n", "false signals", "per 10,000", "95 %", "named, of no kind", "which")


def measure(
    clips: Sequence[Clip],
    codecs: Mapping[str, Codec],
    unheard: Sequence[Clip],
    *,
    openings: int,
    without: int,
    seed: int,
    tell: Callable[[str], None] = lambda _what: None,
) -> Document:
    """Every figure.

    clips: what signals are put under; unheard: what has none; openings: of each case, codec and level;
    without: of all kinds together.
    """
    found, under = [], []
    for case in cases():
        tell(case.name)
        for codec in codecs:
            for level in LEVELS:
                rate = found_of(case, Condition(codec=codec, level=level), openings, codecs, clips, seed)
                found.append(
                    {
                        "signal": case.name,
                        "group": case.group,
                        "window": case.window,
                        "codec": codec,
                        "level": level,
                        **_counted(rate),
                    }
                )
            for kind in (ClipKind.SPEECH, ClipKind.AMBIENCE) if case.name in UNDER else ():
                for below in BELOW:
                    condition = Condition(codec=codec, level=UNDER_LEVEL, background=kind, below=below)
                    rate = found_of(case, condition, openings, codecs, clips, seed)
                    under.append(
                        {
                            "signal": case.name,
                            "under": kind.value,
                            "codec": codec,
                            "below": below,
                            **_counted(rate),
                        }
                    )
    return {
        "openings": openings,
        "seed": seed,
        "found": found,
        "under": under,
        "false": [_false(kind, without // 3, unheard, seed, tell) for kind in ClipKind] if without else [],
        "unheard": _told(unheard),
    }


def _counted(rate: Rate) -> Document:
    low, high = rate.interval
    return {"hits": rate.hits, "n": rate.n, "rate": rate.value, "low": low, "high": high}


def _told(unheard: Sequence[Clip]) -> list[Document]:
    """What the openings without a signal are cut from."""
    groups: dict[tuple[str, str], list[Clip]] = {}
    for clip in unheard:
        groups.setdefault((clip.kind.value, package_of(clip)), []).append(clip)
    return [
        {
            "kind": kind,
            "package": package,
            "licence": ", ".join(sorted({clip.licence for clip in group})),
            "clips": len(group),
            "groups": len({clip.speaker for clip in group}),
        }
        for (kind, package), group in sorted(groups.items())
    ]


def _false(
    kind: ClipKind, count: int, unheard: Sequence[Clip], seed: int, tell: Callable[[str], None]
) -> Document:
    tell(f"openings of {kind}")
    false, named, which = 0, 0, Counter[str]()
    for package, findings in false_signals(kind, count, unheard, seed):
        false += any(finding.kind for finding in findings)
        named += bool(findings) and not any(finding.kind for finding in findings)
        which.update({f"{finding.signal} ({package})" for finding in findings})
    return {
        "openings": kind.value,
        **_counted(Rate(hits=false, n=count)),
        "named": named,
        "which": dict(which),
    }


def found_rows(figures: Document) -> list[tuple[str, ...]]:
    """One row a signal and codec, and one of all of them."""
    rows = []
    kept: dict[tuple[str, str, str], list[Document]] = {}
    for one in figures["found"]:
        kept.setdefault((one["signal"], one["window"], one["codec"]), []).append(one)
    for (signal, window, codec), cells in kept.items():
        rows.append((signal, window, codec, *(percent(cell["rate"], 1) for cell in cells), _loud(cells)))
    for group in dict.fromkeys(one["group"] for one in figures["found"]):
        cells = [one for one in figures["found"] if one["group"] == group]
        shares = [
            percent(
                sum(c["hits"] for c in cells if c["level"] == level)
                / max(sum(c["n"] for c in cells if c["level"] == level), 1),
                2,
            )
            for level in LEVELS
        ]
        rows.append((f"all of {group}", "", "all", *shares, _loud(cells)))
    return rows


def _loud(cells: Sequence[Document]) -> str:
    loud = [cell for cell in cells if cell["level"] >= -30.0]
    rate = Rate(hits=sum(cell["hits"] for cell in loud), n=sum(cell["n"] for cell in loud))
    low, high = rate.interval
    return f"{rate.hits} of {rate.n}: {low:.2%} to {high:.2%}"


def under_rows(figures: Document) -> list[tuple[str, ...]]:
    """What is found beneath speech and ambience."""
    kept: dict[tuple[str, str, str], list[Document]] = {}
    for one in figures["under"]:
        kept.setdefault((one["signal"], one["under"], one["codec"]), []).append(one)
    return [(*key, *(f"{cell['hits']} of {cell['n']}" for cell in cells)) for key, cells in kept.items()]


def false_rows(figures: Document) -> list[tuple[str, ...]]:
    """Openings without a signal, and all of them together."""
    kinds = list(figures["false"])
    if not kinds:
        return []
    which = Counter[str]()
    for one in kinds:
        which.update(one["which"])
    total = _counted(Rate(hits=sum(one["hits"] for one in kinds), n=sum(one["n"] for one in kinds)))
    everything = {"openings": "all", **total, "named": sum(one["named"] for one in kinds), "which": which}
    return [
        (
            one["openings"],
            str(one["n"]),
            str(one["hits"]),
            f"{one['rate'] * 10_000:.2f}",
            f"{one['low'] * 10_000:.2f} to {one['high'] * 10_000:.2f}",
            str(one["named"]),
            ", ".join(f"{signal} {count}" for signal, count in one["which"].items()) or "–",
        )
        for one in (*kinds, everything)
    ]


UNHEARD_HEADS = ("openings of", "package", "licence", "files", "speakers, places or tunes")


def unheard_rows(figures: Document) -> list[tuple[str, ...]]:
    """What the openings without a signal are cut from."""
    return [
        (one["kind"], one["package"], one["licence"], str(one["clips"]), str(one["groups"]))
        for one in figures["unheard"]
    ]
