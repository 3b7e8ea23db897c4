"""Writes docs/signals.md from the figures that `silentspam signals --json` measured.

    .venv/bin/python -m docs.signals figures/signals.json

No figure is in the text that is not in that file, but limits, earlier counts that are called so, and those of
echoes, which name the function that makes them.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from docs.markdown import Markdown
from silentspam.kinds import cadences
from silentspam.reports import signals
from silentspam.reports.page import ReportError

OUT = Path(__file__).parent / "signals.md"

ABOUT = (
    "`silentspam.kinds` hears in the two seconds of an opening what no person sends: fax and modem "
    "signals (`fax.py`, `keying.py`), call-progress tones (`busy.py`, by the table in `cadences.py`), "
    "keys and beeps (`keys.py`). A tone is found by how much of each frame's power two narrow bands "
    "hold, believed by how much of the whole stretch's power two lines hold, and timed by its own lines; "
    "a fax beneath speech by a line that stays in its neighbourhood; flags of HDLC by folding their "
    "keyed bits.",
    "**What speaks for a kind.** CALLER_FAX: CNG, the calling tone of V.25, answer tones, flags, menus "
    "of V.8. CALLER_BUSY: busy, reorder, congestion, special information, a dial tone of two "
    "frequencies. No kind: ringback, which may be the echo of the ring tone that the caller is played "
    "while we listen, or a service that calls both ends; one frequency without a cadence; keys, beeps; "
    "and **textphones** (Baudot, and V.21 without a fax's flags or a modem's menu), behind which is a "
    "person who cannot speak.",
    "**What lies in the window** is in the second column: a burst of CNG comes each 3.5 s, so an opening "
    "of two seconds need not hold one at all. Probabilities are how pure a signal is; they are not "
    "calibrated.",
    "**Every signal here is synthetic** (`silentspam/training/signals.py`), sent through real codecs "
    "with their own concealment, 3 % of the packets lost in bursts of 1.5 on average, all frequencies "
    "off by up to 1.5 %, on a line with noise of −65 dBFS. 0 dBm0 is the digital milliwatt of G.711. "
    "What it is put under is licensed speech and ambience held out from training.",
    "**Lost packets.** G.729 takes a tone far down where a packet is lost and lets it come back slowly; "
    "iLBC sounds on into a pause; GSM adds lines beside a low tone. So a cadence that its stretches do not "
    "keep is looked for by its edges (`fitting.py`), two of the three special information tones are enough "
    "where the third left its frequency, a steady tone may have two holes, and a menu of V.8 is read by the "
    "mean of its repetitions. The table shows what is missed all the same.",
    "**What is no machine's** (`notes.py`, `trains.py`). A line with another one at an overtone's or an "
    "undertone's ratio is a note; so is one among tones at other pitches, but those of other machines, that "
    "sound for 0.12 s. A line whose frequency goes up and down by 4.5 Hz and more is an alarm or an insect. "
    "CNG does not come again within 2.5 s, the calling tone within 1.4 s. An answer lasts longer than an "
    "opening, so a beep of less than a second that begins and ends there is none. A torn cadence is "
    "believed where all its pulses are as pure as the best one and keep one frequency. V.22's guard tone "
    "and its line of 2850 Hz are believed at the standard's ratio to 2250 Hz (± 0.2 %, and 0.03 % was the "
    "most through any codec): a tempered third is 0.8 % off. **A machine calls on a quiet line.** Where "
    "something else is nearly as loud for a quarter of the time before a tone and after it, only that is "
    "believed which moves less than a note: CNG by 1.1 Hz and 1.6 dB, an answer by 2 Hz and 2.5 dB, busy by "
    "0.9 Hz and 0.8 dB, in the median. Nothing of this looks at how far a tone is from its nominal "
    "frequency: C7 is 2093 Hz, and lies within the standard's own ± 15 Hz. **What that costs**: at −45 dBm0 "
    "through GSM answer tones are mostly missed, and more is missed beneath loud places and speech, of busy "
    "above all and through GSM, G.729 and iLBC. On the half that limits were set on, when the rules on what "
    "else sounds came: of fax beneath other sounds 1,361 of 1,536 were found and then 1,305, of busy 299 of "
    "512 and then 276. In the tables of 10 openings a cell before and after: CED beneath speech at −5 dB "
    "through G.729 9 of 10 and 5; busy beneath ambience at 0 dB through iLBC 8 and 2, G.729 6 and 1, GSM 7 "
    "and 5. With machines' tones let beside each other `fax` found none in the 22,000 openings that limits "
    "were set on, nor in the 7,000 of music among them played slower.",
    "**An echo of the ring tone hides busy.** The tables have no echo in them. With an endless ring tone "
    "beneath busy at −20 dBm0 (0.5 s on and off), so many of 15 openings are found through G.711 with no "
    "packet lost, with the ring tone at −60, −55, −50, −45 and −40 dBm0: busy at 480 + 620 Hz above 440 + "
    "480 Hz: 15, 9, 5, 0, 0; above 425 Hz: 15, 15, 0, 0, 0; above 400 + 450 Hz: 15, 0, 0, 1, 1. Busy at 425 "
    "Hz above the same three: 15, 10, 13, 0, 0; 15, 8, 0, 0, 0; 15, 9, 0, 0, 0. Louder than 40 dB below, it "
    "is another tone in the pauses, or the same one going on. CNG and CED at −20 dBm0 were found in 15 of "
    "15 beneath each of these ring tones up to −23 dBm0. `tests.kinds.test_busy.found_in_ringing((440, "
    "480), -55.0, (480, 620), (0.5, 0.5))` counts one case; the tests hold what is found at −60 dBm0.",
    "**Slow cadences.** What is in no row of the table below is believed by E.180's limits up to a period "
    "of 1.1 s: India's busy (0.75 s on and off) and China's congestion (0.7 s) are not found, and a piece "
    "of one may be named ringback, of no kind.",
    "**Textphones.** A menu of V.8 is believed only when two say the same, its octet is framed, and none "
    "says textphone: the pauses of somebody who types at 300 bit/s look like the beginning of one "
    "(`tests/kinds/test_keying.py`).",
    "**ANSam and CED are not told apart**: both are CALLER_FAX, so nothing rests on it, and whether 15 Hz of "
    "20 % amplitude modulation shows through codecs was not measured.",
    "Calls are judged by it (`kinds.fax`, `kinds.busy`). `python -m benchmarks.kinds` times it: the verdict "
    "of all kinds, that of dead air alone, and each listener, on one core.",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document; returns 1 where a file cannot be read or written."""
    parser = argparse.ArgumentParser(prog="python -m docs.signals", description=__doc__)
    parser.add_argument("figures", type=Path, metavar="FILE", help="what `silentspam signals --json` wrote")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help="the Markdown file to write")
    options = parser.parse_args(arguments)
    try:
        write(options.figures, options.out)
    except (ReportError, OSError, ValueError, KeyError) as error:
        print(f"docs.signals: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def write(figures: Path, out: Path) -> None:
    """Write `out`. Raises ReportError, OSError, ValueError, KeyError."""
    found = json.loads(figures.read_text(encoding="utf-8"))
    document = Markdown(out, "# Signals of machines", *ABOUT)
    document.add("## Found", f"Of {found['openings']} openings a cell.")
    document.table(signals.FOUND_HEADS, signals.found_rows(found))
    document.add("## Beneath speech and ambience", "By the signal's level over what else sounds.")
    document.table(signals.UNDER_HEADS, signals.under_rows(found))
    document.add(
        "## False signals",
        "**Two halves.** Limits were set on one: the music of planetblupi, the letters of klettres in the "
        "languages whose codes begin with a to k, the places that noise is learnt from and a fire station, "
        "and the training side of `training.sources` (22,000 openings, and the same played slower, so that "
        "other notes lie at the machines' frequencies); and on music of ten more Debian packages, which is "
        "counted nowhere: a7xpg-data, asc-music, extremetuxracer-data, hyperrogue-music, mu-cade-data, "
        "nexuiz-music, noiz2sa-data, parsec47-data, rrootage-data and xmoto-data. The other is counted here, "
        "`signal_sources.is_tuned_on` says which: the other languages, tuxpaint, the telephone prompts, the "
        "music of singularity and drascula, the other places. Both had been counted once, together, before "
        "the rules above, and the table of that count named packages and signals: 92 false ones of 39,000, "
        "71 of them music, 65 of planetblupi. Of packages wholly in the second half, 12: tuxpaint 6, "
        "singularity 5, drascula 1; 3 of klettres and 12 of places were not told apart by half. Nothing was "
        "tuned on the second half, but what the rules are about was chosen knowing those names, and again, "
        "for the rules on V.22's lines and on what else sounds, knowing that the next count had 6 false ones "
        "of 4,000 in music, five at 2225 to 2250 Hz and one CNG, all of singularity.",
        "In openings without any signal. Those of speech overlap "
        "only once all of it is heard; openings of music and places begin each 0.7 s and overlap, and the "
        "intervals (Wilson), which are those of independent openings, are too narrow for them.",
    )
    document.table(signals.UNHEARD_HEADS, signals.unheard_rows(found))
    document.table(signals.FALSE_HEADS, signals.false_rows(found))
    document.add(
        "The aim is 1 in 10,000. Where a row is above it, no limit was moved: these sources would be held "
        "out no more. That none is false among so few openings does not show that the aim is reached: the "
        "intervals say what is known.",
    )
    document.add("## Call-progress signals that are known")
    document.table(
        ("signal", "region", "Hz", "on, off … [s]", "source"),
        [
            (
                row.signal,
                row.region,
                " + ".join(f"{hz:.0f}" for hz in row.hz),
                _times(row.pattern),
                row.source,
            )
            for row in cadences.CADENCES
        ],
    )
    document.write()


def _times(pattern: Sequence[float]) -> str:
    return " ".join(f"{seconds:g}" for seconds in pattern) or "continuous"


if __name__ == "__main__":
    sys.exit(main())
