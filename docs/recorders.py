"""Writes docs/freeswitch-recordings.md from the figures that `silentspam recorders --json` measured.

    .venv/bin/python -m docs.recorders figures/recorders.json

No figure of verdicts, lines or features is in the text that is not in that file.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from docs.markdown import SYNTHETIC, Markdown
from silentspam.reports import recorders
from silentspam.reports.cells import Document, interval, rate
from silentspam.reports.page import ReportError
from silentspam.training.recorder_ways import ASTERISK, FREESWITCH, GAPS_LEFT, LATER

OUT = Path(__file__).parent / "freeswitch-recordings.md"

ABOUT = (
    "Is a call judged alike by FreeSWITCH's recording and by Asterisk's? `make recorders` measures "
    "everything on this page again and writes it.",
    SYNTHETIC,
    "**No FreeSWITCH was at hand.** What each recorder makes of a caller's packets was measured once, on "
    "Asterisk 22.10.1 (`RECORD FILE`, ulaw) and FreeSWITCH 1.10.12 (`record_session` to .ulaw beside a "
    "tone); `silentspam/training/recorders.py` does the same to the packets of a corpus. Lengths, fill "
    "and start are drawn anew for each call.",
)

RECORDERS = (
    (
        "length",
        "1.98 to 2.02 s",
        "2.08 to 2.12 s beside a tone of 2.04 s; the first 2 s of the rest are judged",
    ),
    ("its first 60 to 80 ms", "the caller", "fill, which the program takes out (`freeswitch/opening.py`)"),
    ("begins", "when it is told to", "up to 20 ms later, and hears nothing beneath the fill"),
    ("codes", "as they were sent", "as they were sent, but 0x7F (−0) becomes 0xFF (+0)"),
    (
        "a packet that does not come",
        "is not there: what follows moves up",
        "20 ms of 0x7F, taken out again: as there",
    ),
    ("no packet at all", "0 bytes", "the whole length of 0x7F, taken out again: 0 bytes"),
)

FILL = (
    "Why fill is 0x7F was read in the sources: FreeSWITCH fills with bytes of 255, the sample −1, which "
    "libsndfile codes as 0x7F and 0 as 0xFF; so a caller's own zeros, +0 and −0, both become 0xFF. So the "
    "program takes every whole packet of 0x7F out, and no code of a caller's who speaks mu-law goes with "
    "it: none of his is 0x7F. That the fill at the start is 0x7F too follows from it, and was not measured; "
    "so a recording that begins with packets of 0xFF loses up to 80 ms of those. Fill was measured in a gap "
    "of 1 s and where no packet came at all; that one lost packet leaves just one of it is assumed."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document; returns 1 where a file cannot be read or written."""
    parser = argparse.ArgumentParser(prog="python -m docs.recorders", description=__doc__)
    parser.add_argument("figures", type=Path, metavar="FILE", help="what `silentspam recorders --json` wrote")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help="the Markdown file to write")
    options = parser.parse_args(arguments)
    try:
        write(options.figures, options.out)
    except (ReportError, OSError, ValueError, KeyError) as error:
        print(f"docs.recorders: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def write(figures: Path, out: Path) -> None:
    """Write `out`. Raises ReportError, OSError, ValueError, KeyError."""
    found = json.loads(figures.read_text(encoding="utf-8"))
    document = Markdown(out, "# Openings recorded by FreeSWITCH", *ABOUT)
    document.add("## What each recorder does")
    document.table(("", "Asterisk", "FreeSWITCH"), RECORDERS)
    document.add(FILL)
    _verdicts(document, found)
    _losses(document, found)
    _lines(document, found)
    _moved(document, found)
    document.write()


def _verdicts(document: Markdown, found: Document) -> None:
    tolerance, whole = found["verdicts"]["tolerance"], recorders.same_stretch(found)
    document.add(
        "## Verdicts",
        f"**The tolerance is {tolerance} of the probability of dead air.** Of the same two seconds of a "
        f"call, {rate(whole['within'])} are within it (95 %: {interval(whole['within'])}), and "
        f"{rate(whole['same_kind'])} have the same verdict ({interval(whole['same_kind'])}); "
        f"{whole['changed_beyond']} verdicts changed by more than the tolerance. A caller who never sends "
        "0x7F is judged exactly alike. So much costs the recorder.",
        "The same call, heard 60 to 100 ms later, is another matter: that moves a verdict as much on "
        f"Asterisk alone (second part of the table: {ASTERISK} beside {LATER}), and it is the dead air "
        "whose probability lies at the threshold that changes sides, both ways. Openings of the corpus "
        "begin with the caller's first packet, which Asterisk hears here; how late a real one begins was "
        "not measured.",
        f"Model `{found['model']['model_id']}`, {found['openings']} openings of campaigns, voices and "
        "places that training never met, judged as calls are: by the model and every detector, at the "
        "thresholds that ship; line memory is not asked. *Challenged* counts openings taken for any kind "
        "of SPAM by both, by the one beside alone, by the recorder named first alone, and by each. "
        "*Moved* is the probability of dead air. Intervals are the wider of Wilson's and a bootstrap over "
        "campaigns and sources.",
    )
    document.table(recorders.VERDICT_HEADS, recorders.verdict_rows(found))


def _losses(document: Markdown, found: Document) -> None:
    closed, left = (recorders.least_alike(found, way) for way in (FREESWITCH, GAPS_LEFT))
    document.add(
        "## Lost packets",
        f"One opening in {found['each']}; the same packets are missing for both, and what FreeSWITCH is "
        f"held beside is always {LATER}. Asterisk's file shows no gap, and the program closes those of "
        "FreeSWITCH's: whatever is missing, at least "
        f"{rate(closed)} have the same verdict ({interval(closed)}). What is left is 0x7F as 0xFF, and that "
        "FreeSWITCH records up to 60 ms longer, which fills what a gap has taken from two seconds. "
        "Asterisk's Answer also waits up to 0.5 s for the first packet, which is not counted here.",
        f"**What was tried: gaps left.** Then as few as {rate(left)} had the same ({interval(left)}). Fill "
        "is digital silence, which no model is given; but an opening more than a tenth of which is silent is "
        "judged at the strictest threshold, and one more than half of which is so is not judged. So where "
        "many packets are lost, or none come for a while, dead air was challenged far less, and so were the "
        "few people. **What closing costs is cadences**: busy tones and recordings that are known keep their "
        "time where gaps are left, and are told better; with gaps closed they are told as on Asterisk. "
        "Challenged, in all the cases together:",
    )
    document.table(recorders.SUM_HEADS, recorders.sum_rows(found))
    document.add(
        "Counts of challenged and not judged are those of Asterisk and of the recorder named. Classes in "
        "which no verdict differs are left out."
    )
    document.table(recorders.LOSS_HEADS, recorders.loss_rows(found))


def _lines(document: Markdown, found: Document) -> None:
    places = found["places"]
    known = {(one["learns"], one["hears"]): one["known"] for one in places["known"]}
    document.add(
        "## Lines known again",
        f"A line is the mean of {places['enrolled']} calls of a campaign; {places['together']} are active "
        "together, at the threshold of a live call; all other calls of their campaigns are looked for.",
        f"Learnt and heard by FreeSWITCH, {rate(known[FREESWITCH, FREESWITCH])} are known again; by an "
        f"Asterisk that begins as late, {rate(known[LATER, LATER])}. **Across recorders fewer are**: of "
        f"the same stretch of a call {rate(known[LATER, FREESWITCH])} of what Asterisk learnt is known "
        f"again by FreeSWITCH; with FreeSWITCH's later start {rate(known[ASTERISK, FREESWITCH])}. So a "
        "database that serves switches of both kinds finds fewer of a line's calls on the other kind "
        "until that one has had failed challenges of its own. People matched are counted once for each "
        "twelve lines.",
    )
    document.table(recorders.KNOWN_HEADS, recorders.known_rows(found))
    document.add(
        "How far places of dead air move, in root mean square over the dimensions; calls of one line lie "
        f"{places['within']['median']:.2f} from their mean in the median, {places['within']['p99']:.2f} in "
        "99 %. *All of them together* is how far the mean of all moves."
    )
    document.table(recorders.PLACE_HEADS, recorders.place_rows(found))


def _moved(document: Markdown, found: Document) -> None:
    document.add(
        "## What 0x7F as 0xFF costs",
        "Figures of codes move and nothing else: both codes decode to 0. Movements are in standard "
        "deviations of training, the mean of all openings and, in brackets, 99 % of them.",
    )
    document.table(recorders.FEATURE_HEADS, recorders.feature_rows(found))
    document.add("Shares among the codes of what sounds, as Asterisk records them:")
    document.table(recorders.CODE_HEADS, recorders.code_rows(found))
    document.add(
        "**What would mend it.** If both zeros were one for every opening, on either switch, what is "
        "recorded of the same stretch would be equal, code by code. It would change the features of the "
        "model that ships, which would have to be trained and measured again; it has not been done. "
        "FreeSWITCH's `record` to .PCMU keeps every code, but plays no ring tone."
    )


if __name__ == "__main__":
    sys.exit(main())
