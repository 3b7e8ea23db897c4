"""Writes docs/provenance-lab.md from what `python -m lab.trunk_study --json` measured.

    .venv/bin/python -m docs.provenance_lab [--figures docs/provenance-figures/trunks.json]

No figure is in the text that is not in that file.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from docs.markdown import Markdown
from lab.trunk_study import CODECS, CONCEALING
from silentspam.errors import SilentSpamError

OUT = Path(__file__).parent / "provenance-lab.md"
FIGURES = Path(__file__).parent / "provenance-figures" / "trunks.json"
LIKELY, HEARD = 0.5, 0.5
"""A probability, and a share of frames."""

ABOUT = (
    "What [provenance](provenance.md) tells was learnt from calls that a program put together: real "
    "codecs, but drawn telephones, paths and losses. `python -m lab.trunk_study` checks it on real ones. A"
    " SIP caller speaks licensed speech in G.711 to a carrier, an Asterisk 22, which transcodes it with "
    "its own codecs and sends it on as RTP; a border on the way drops packets by Gilbert's model, bursts "
    "of 1.2 on average; the product's Asterisk answers, screens, bridges the call and records the caller's"
    " side by MixMonitor, as any installation's does. `silentspam provenance` is asked about that side. "
    "Loopback has no jitter, the speakers are two texts of one voice, and Asterisk has neither iLBC nor "
    "G.729, so this is a check of parts and no measure of how often they are right.",
    "The same carrier and trunks are in `make run`: a mobile's and an Internet trunk's calls, a caller ID "
    "that the sound contradicts, and a line that is blocked (`python -m lab caller-id-spoofed "
    "line-blocked`).",
)
DISAGREE = (
    "**What a lost packet sounds like depends on the receiver.** Asterisk decodes each packet that comes. "
    "Where one does not, MixMonitor writes digital silence of the packet's length, whatever the codec: GSM"
    " and AMR, whose standards conceal losses and which the simulated cellular paths conceal, are gaps "
    "here, as G.711 and G.726 are. Speex and Opus fill in by their own decoders, so no gap is seen, and "
    "what was made up again is counted as concealed. Trust losses of a cellular codec as those of the last"
    " IP leg.",
    "**A jitter buffer** (`JITTERBUFFER(adaptive)` on the product's side) does not conceal either: packets"
    " stay gaps, but the recorder reads out of step, and a gap lies up to a packet from where it was lost."
    " **With GSM it silenced callers**: Asterisk gave whoever listened, agent and recorder alike, silence "
    "from shortly after the bridge on (the column `agent heard`), and of such a side nothing is told. It is "
    "no matter of the screening: in trials by hand a bare `Dial()`, and a bare `RECORD FILE` before it, did "
    "the same. Leave the jitter buffer off where trunks send GSM, or listen to such a call first.",
    "**Opus** in Asterisk is told as no codec at all: perhaps because it sends at a higher rate than the "
    "12 and 24 kbit/s that were learnt. A side that lost packets of Opus is longer than the call.",
    "**Concealment** is seen in some calls of GSM and Speex that lost nothing.",
)

Figures = Sequence[Mapping[str, Any]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document; returns 1 where a file cannot be read or written."""
    parser = argparse.ArgumentParser(prog="python -m docs.provenance_lab", description=__doc__)
    parser.add_argument("--figures", type=Path, default=FIGURES, metavar="FILE", help="what was measured")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help="the Markdown file to write")
    options = parser.parse_args(arguments)
    try:
        write(json.loads(options.figures.read_text(encoding="utf-8")), options.out)
    except (SilentSpamError, OSError, ValueError, KeyError, TypeError) as error:
        print(f"docs.provenance_lab: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def write(figures: Figures, out: Path) -> None:
    """Write `out`. Raises SilentSpamError, OSError, KeyError, TypeError."""
    document = Markdown(
        out,
        "# Provenance on real networks",
        "`make trunks` places the calls again and writes this page.",
        *ABOUT,
    )
    document.add("## What was told")
    document.table(("counted", "calls or packets"), _counts(figures))
    document.add("## Where simulated and real paths differ", *DISAGREE)
    document.add(
        "## Each call",
        "Packets that the border dropped within the recorded stretch, those seen as gaps, and how many of "
        "the seen were dropped, a packet early or late; the share of time said to be concealed, with the "
        "probability that anything is. Two calls of a kind are two texts.",
    )
    document.table(
        (
            "codec",
            "jitter buffer",
            "seconds",
            "agent heard",
            "lost",
            "seen",
            "of them lost",
            "concealed",
            "last",
            "networks",
        ),
        map(_call, figures),
    )
    document.write()


def _counts(figures: Figures) -> Iterator[tuple[str, str]]:
    told = [one for one in figures if one["last_codec"]]
    yield "calls of which a last codec was told", f"{len(told)} of {len(figures)}"
    yield "last codec right, of those", _right(told)
    for codec in CODECS:
        yield f"last codec right: {codec}", _right([one for one in told if one["codec"] == codec])
    cellular = [one for one in told if one["family"] in ("gsm_fr", "amr_nb")]
    others = [one for one in told if one not in cellular]
    yield "cellular told of GSM and AMR", _with_network(cellular, "cellular")
    yield "cellular told of others", _with_network(others, "cellular")
    gaps = [one for one in figures if one["codec"] not in CONCEALING and not one["buffered"]]
    yield "packets lost, no jitter buffer, codecs that Asterisk does not fill in for", _packets(gaps)
    yield "packets lost, with a jitter buffer", _packets([one for one in figures if one["buffered"]])
    heard = [one for one in figures if one["agent_heard"] >= HEARD]
    yield "agents who heard their caller", f"{len(heard)} of {len(figures)}"
    by_buffer = [one for one in heard if one["buffered"]]
    yield "the same with a jitter buffer", f"{len(by_buffer)} of {sum(one['buffered'] for one in figures)}"
    filled = [one for one in figures if one["codec"] in CONCEALING]
    yield "packets lost of codecs that fill in by themselves", _packets(filled)
    for what, some in (("lost packets", True), ("lost none", False)):
        calls = [one for one in filled if bool(one["lost_packets"]) is some]
        yield f"concealment seen in calls by such codecs that {what}", _concealed(calls)
    unhurt = [one for one in gaps if not one["lost_packets"]]
    yield "concealment seen in calls by others that lost none", _concealed(unhurt)


def _right(told: Figures) -> str:
    return f"{sum(one['last_codec'] == one['family'] for one in told)} of {len(told)}"


def _with_network(told: Figures, network: str) -> str:
    return f"{sum(one['networks'][network] >= LIKELY for one in told)} of {len(told)}"


def _packets(figures: Figures) -> str:
    lost, seen, found = (sum(one[f"{what}_packets"] for one in figures) for what in ("lost", "seen", "found"))
    return f"{lost} lost, {seen} seen, {found} of these lost"


def _concealed(figures: Figures) -> str:
    return f"{sum(one['concealment']['any'] >= LIKELY for one in figures)} of {len(figures)}"


def _call(one: Mapping[str, Any]) -> tuple[str, ...]:
    networks = sorted((one["networks"] or {}).items(), key=lambda told: -told[1])
    return (
        one["codec"],
        "yes" if one["buffered"] else "–",
        f"{one['seconds']:.2f}",
        f"{one['agent_heard']:.0%}",
        str(one["lost_packets"]),
        str(one["seen_packets"]),
        str(one["found_packets"]),
        f"{one['concealed_rate']:.1%} ({one['concealment']['any']:.2f})",
        one["last_codec"] or "–",
        ", ".join(f"{name} {probability:.2f}" for name, probability in networks) or "–",
    )


if __name__ == "__main__":
    sys.exit(main())
