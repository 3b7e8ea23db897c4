"""The part of docs/accuracy.md on every kind of SPAM: `silentspam evaluate` on a corpus that has them all."""

from collections.abc import Mapping
from typing import Any

from docs.markdown import Markdown
from silentspam.call import VerdictKind
from silentspam.kinds.table import KINDS, SpamKind
from silentspam.reports import kinds
from silentspam.reports.cells import interval, rate
from silentspam.training.kind_scoring import UNKNOWN

Document = dict[str, Any]

MIXTURE = (
    "The kinds are as many each, to be measured, not as often as calls have them: Table 2 of the paper "
    "counted 611 fax, 233 dead air, 87 recordings and 32 noise among 968 calls. `silentspam simulate` draws "
    "the others in those proportions unless told otherwise."
)

ABOUT: Mapping[str, str] = {
    VerdictKind.CALLER_FAX: (
        "Signals of T.30, V.21, V.8, V.25, V.22 and Bell 103, **all synthetic**, at −36 to −6 dBm0, "
        "frequencies off by up to 1.5 %, on lines with noise of −72 to −52 dBFS, in one of five campaigns "
        "with somebody talking 8 to 25 dB below. As much of the signal as [signals](signals.md) says lies in "
        "the window; there each signal is measured by level, codec and what it is beneath. Half of the "
        "campaigns send CNG. Limits were set on the alarm of the place called fire station, among others: "
        "that place is not held out here."
    ),
    VerdictKind.CALLER_BUSY: (
        "Busy, congestion, reorder and special information of North America, Europe, the UK and Japan, and "
        "the dial tones of two frequencies, **all synthetic**, levels and lines as of fax. "
        "[signals](signals.md) has them by level, and the table of cadences."
    ),
    VerdictKind.CALLER_RECORDING: (
        "Licensed speech, joined into announcements of up to nine seconds and played again from any moment "
        "of their first five on, at −36 to −14 dBFS and 10 to 40 dB above noise. The library holds half of "
        "the announcements, as their files are, and nobody among the people speaks from the same files. But "
        "the voices are the same, and a studio's prompts may share passages. [recordings](recordings.md) has "
        "larger libraries, and pairs of unrelated openings."
    ),
    VerdictKind.CALLER_NOISE: (
        "Campaigns of ten families, **synthetic** but for speech that a wrong codec decodes. "
        "[noise](noise.md) says where noise begins and ends, and has the rates by budget."
    ),
    VerdictKind.CALLER_SILENCE: (
        "Dead air again, **synthetic**, of campaigns that training never met, beside all other kinds. What "
        "the model makes of a larger corpus, of known campaigns and at other budgets is in the other "
        "sections; line memory is in none of them ([lines](lines.md))."
    ),
}


def add_kinds(document: Markdown, figures: Document | None) -> None:
    """The section, with one below it for each kind."""
    document.add("## Every kind of SPAM")
    if figures is None:
        return document.not_measured("silentspam evaluate")
    measured = figures["kinds"]
    counts = figures["openings"]
    document.add(
        f"{figures['statement']} {measured['openings']} openings, {counts['ham']} of them people of "
        f"{counts['ham_sources']} sources in quiet and loud places, speaking, silent, or with music. Voices, "
        f"places, tunes and campaigns are held out from training; {measured['known_recordings']} "
        f"announcements are known. {kinds.JUDGED}",
        MIXTURE,
    )
    document.table(kinds.CONFUSION_HEADS, kinds.confusion_rows(measured))
    document.add(kinds.UNKNOWN_RECORDINGS)
    document.table(kinds.FOUND_HEADS, kinds.found_rows(measured))
    document.add("### People challenged", "By the kind that they were taken for:")
    document.table(kinds.PEOPLE_HEADS, kinds.people_rows(measured))
    document.add("By how their call opens (in loud places: people of `silentspam noise`):")
    document.table(kinds.OPENING_HEADS, kinds.opening_rows(measured))
    document.add("The voices, places and tunes with most of them; one can be most of a rate:")
    document.table(kinds.WORST_HEADS, kinds.worst_rows(measured))
    document.add("### Found, by codec", "What compresses on the way; the last leg is always mu-law.")
    document.table(kinds.codec_heads(measured), kinds.codec_rows(measured))
    for kind in KINDS:
        _add_kind(document, measured, kind)


def _add_kind(document: Markdown, measured: Document, kind: SpamKind) -> None:
    document.add(f"### {kind.name}: {kind.words}")
    if about := ABOUT.get(kind.name):
        document.add(about)
    for label in (kind.name, f"{kind.name} ({UNKNOWN})"):
        found = measured["found"].get(label)
        if found is None:
            continue
        if measured["thresholds"].get(kind.name) is None:
            document.add(f"**Nobody listened for {label} when this was measured.**")
            continue
        share, people = found["found"], measured["people"]["all"][kind.name]
        document.add(
            f"{label}: found {rate(share)}, {interval(share)}, of {found['campaigns']} campaigns, at a "
            f"threshold of {kinds.threshold_of(measured, label)}."
        )
        if label == kind.name:
            document.add(f"People taken for it: {rate(people)}, {interval(people)}.")
        if label == VerdictKind.CALLER_RECORDING:
            pairs = people["n"] * measured["known_recordings"]
            document.add(f"That is {people['hits']} of {pairs} pairs of a person's opening and a recording.")
        for head, key, order in kinds.PARTS:
            if key != "codecs" and len(found[key]) > 1:
                document.table((head, *kinds.PART_HEADS), kinds.part_rows(found[key], order))
    if kind.name not in measured["found"]:
        document.add("None of it is in the corpus that was measured.")
