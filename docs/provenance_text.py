"""The words of docs/provenance.md. Figures of trials are called so; all others come from commands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ISSUE_SECONDS = 15.0
"""Length of a call for which figures were asked."""


@dataclass(frozen=True, kw_only=True)
class Want:
    """A figure that was asked for: in which file, under which name, at least."""

    words: str
    source: str
    name: str
    least: float = 0.0
    most: float | None = None

    @property
    def limit(self) -> str:
        """What was asked for, in words."""
        return f"≥ {self.least:.0%}" if self.most is None else f"≤ {self.most:.0%}"

    def is_reached(self, one: Mapping[str, Any]) -> bool:
        """Whether a share, of hits and n, is what was asked for."""
        share = one["hits"] / max(one["n"], 1)
        return share >= self.least if self.most is None else share <= self.most


WANTED = (
    Want(words="lost packets found, silence played, about 5 % lost", source="losses",
         name="lost packets found: silence, 3 to 7 % lost", least=0.97),
    Want(words="lost packets found, noise played, about 5 % lost", source="losses",
         name="lost packets found: noise, 3 to 7 % lost", least=0.97),
    Want(words="packets said to be lost that were: silence", source="losses",
         name="packets said to be lost that were: silence", least=0.97),
    Want(words="packets said to be lost that were: noise", source="losses",
         name="packets said to be lost that were: noise", least=0.97),
    Want(words="packet length right, five losses or more: silence", source="losses",
         name="packet length right: silence, 5 losses or more", least=0.97),
    Want(words="packet length right, five losses or more: noise", source="losses",
         name="packet length right: noise, 5 losses or more", least=0.97),
    Want(words="whether any packet was concealed", source="losses", name="concealment: whether any",
         least=0.95),
    Want(words="concealed rate within 2 points", source="losses", name="concealment: rate within 2 points",
         least=0.90),
    Want(words="last coder before the listener", source="codecs",
         name="last coder right, in the order of networks", least=0.97),
    Want(words="exact set, paths in the order of networks", source="codecs",
         name="exact set, in the order of networks", least=0.92),
    Want(words="exact set, codecs in any order (a trial had .56)", source="codecs",
         name="exact set, in any order", least=0.56),
    Want(words="which of 16 sources, after 1 call", source="lines", name="one of 16 sources, after 1",
         least=0.99),
    Want(words="which of 16 sources, after 3 calls", source="lines", name="one of 16 sources, after 3",
         least=1.0),
    Want(words="another line's call taken for one line's, known by 1 call, where 95 % of its own are",
         source="lines", name="foreign pairs accepted at 95 % of true ones, after 1", most=0.01),
    Want(words="unknown lines taken for known where 95 % are recognised, 16 lines known by 1 call",
         source="lines", name="16 lines known by 1: unknown lines taken for known, at 95 %", most=0.01),
    Want(words="the same with 500 lines", source="lines",
         name="500 lines known by 1: unknown lines taken for known, at 95 %", most=0.01),
)  # fmt: skip

ABOUT = (
    "**The calls are synthetic, the codecs are real.** Telephones, rooms and losses are drawn by chance "
    "(`silentspam/training/path_drawing.py`), packets are lost by Gilbert's model; G.711, GSM-FR, iLBC, "
    "Speex, G.729, AMR-NB, Opus and G.726 are the libraries that telephones have, with their own "
    "concealment, and speech is licensed recordings. Speakers, telephones and paths of the test split were "
    "never learnt from. Real networks will differ: transcoders of other make, echo cancellers, noise "
    "suppressors and level control are not in it.",
    "Shares stand with their counts and Wilson's interval of 95 %; it takes packets of one call for "
    "independent, which they are not quite. `make provenance` makes the corpora, runs every command named "
    "here and writes this page; what the commands printed is in `docs/provenance-figures/`. How it is used "
    "is in [provenance-uses.md](provenance-uses.md), what it costs in [capacity.md](capacity.md), how it "
    "did on calls by real trunks in [provenance-lab.md](provenance-lab.md).",
)

CALL_ALT = "What `silentspam provenance --plot` draws: a synthetic call, licensed speech, real codecs"

MEASURES_HEADS = ("what", "module of `silentspam/provenance/`", "passage of US 9,516,497 B2", "how")
MEASURES = (
    (
        "lost packets, silence played", "packet_loss, silent_gaps, grid", "FIG. 4 and 5: drop, floor and "
                                                                          "rise",
        "Short-term energy, Hamming window of 40 samples. A floor is one mu-law code held; it counts where "
        "both sides are 6 dB above it and its ends lie on one grid of 10 ms with the others, more than "
        "chance would put there. Speech pauses and comfort noise keep no grid; machines' cadences have one "
        "interval or length.",
    ),
    (
        "lost packets, noise played", "noise_gaps", "“suitably adjusting the energy floor to the noise "
                                                    "floor”",
        "The one level of white Gaussian noise whose stretches agree best on a grid, between sounds that "
        "it does not explain.",
    ),
    (
        "length of packets", "grid", "FIG. 6: the length of the floor, by the most frequent one",
        "The most frequent length of runs that is a packet's, else the longest that explains enough of them.",
    ),
    (
        "concealed packets", "concealment, frame_traces, repetition, prediction",
        "Correlation of pitch-synchronous residuals of successive packets",
        "Each frame of 10 ms by 79 figures of it and its surroundings (repetition of signal and LPC "
        "residual one pitch period before, codes repeated, filters that freeze, fades), boosted trees; the "
        "call by how the scores lie.",
    ),
    (
        "noise profile", "noise, codes", "FIG. 7: spectral clarity, level range and level deviation",
        "Levels at a voice's harmonics and between them; the slope of the noise over the speech parts "
        "multiplicative from additive noise; shares of mu-law codes in pauses.",
    ),
    ("quality", "quality", "“a single ended quality tool, such as P.563”", "PLCMOS v2, optional; below."),
    (
        "codecs, networks, path traversal signature",
        "codecs, path_model, path_net, excitation, frame_grid, colour",
        "FIG. 8: a multi-label classifier, the set of networks",
        "Boosted trees and small networks of units, added up: first the last coder, then what stood before "
        "it; networks from codecs and losses.",
    ),
    (
        "line", "fingerprint, line_space, sources", "The provenance fingerprint of a source",
        "Discriminants over sources and a two-covariance model; the score is a log likelihood ratio, and "
        "*unknown* is an answer.",
    ),
    (
        "risk", "risk, claims", "Weighted and normalised sum over labels that differ from claimed metadata",
        "[provenance-uses.md](provenance-uses.md).",
    ),
)  # fmt: skip

LOSS_PICTURES = (
    (
        "energy",
        "As FIG. 4: two seconds of a call that lost 5 % of its packets, amplitude and short-term energy",
    ),
    (
        "told",
        "As FIG. 5: fifteen seconds at 5 % loss; red dots are losses that were told, black dots actual ones",
    ),
    ("packets", "As FIG. 6: iLBC in packets of 30 ms and Speex in packets of 20 ms; lengths of the floors"),
)

LOSSES = (
    "A lost packet counts as found when half of it is marked; a marked packet is false when most of it was "
    "not lost on any hop. A loss before another compressing codec is smeared by it and counted by itself: "
    "its energy has neither floor nor edges, and almost none is found. Of gaps that noise filled, those "
    "that fall into a pause of about the same level cannot be seen by anybody: nothing drops and nothing "
    "rises.",
)

CONCEALMENT = (
    "*At work* is an algorithm that concealed one packet or more anywhere on the path, also in a pause, "
    "also before another codec, also one packet in 15 s. Of the 359 calls of `patent` with any concealed "
    "packet, 20 have none in speech, 59 none in speech that nothing but G.711 followed, and in 69 only "
    "G.729 concealed (counted by a trial from the truth): whoever saw all that can be seen would still say "
    "*none* of some of these calls.",
    "**Of calls whose last coder is G.729, *any* is what is usual, not what is heard.** G.729 conceals so "
    "smoothly that in a trial a seventh of its concealed frames stood out where one in a hundred untouched "
    "ones does. Most such calls of the corpus lost packets, so the trees say so of most, and the rows "
    "*none, and none seen, … last* show what that costs. AMR-NB, Opus and G.726 were not learnt from: what "
    "they conceal is told worse.",
)

CLARITY_ALT = (
    "As FIG. 7: spectral clarity over level range and level deviation, 20 samples of licensed speech "
    "through five codecs, no telephone, no loss"
)

NOISE = (
    "In the patent's figure G.711 and GSM-FR part clearly. Here GSM-FR parts from the others by its ranges "
    "in half of the samples, and clarity changes more from speaker to speaker than from codec to codec; "
    "the same five codecs behind simulated telephones lie in one cloud. The three measures alone tell no "
    "codec; they are six of the figures that the classifier looks at. The patent names the measures and "
    "not their formulas, so these are our own (`noise.py`).",
)

QUALITY = (
    "The patent adds a single-ended quality measure, ITU-T P.563, to the vector. **P.563 is not used**: no "
    "package of it was found, its reference code is under the ITU's own terms, and it was "
    "made for clips of 3 to 20 s whose speech is loud and clean enough, so that its validity would have to "
    "be shown again. In its place stands PLCMOS v2 (Diener et al., Interspeech 2023; network and package "
    "`speechmos` under MIT, `onnxruntime` under MIT), which was learnt from listeners' ratings of lost and "
    "concealed packets. It is optional (`pip install 'silentspam[quality]'`, 37 MB of wheels, 89 MB on "
    "disk), off the call path and needs no network: without it `quality` is null and a reason says so. Its "
    "network takes a vector for the rater; zero, the middle of all, gives each call one score, on 12 calls "
    ".16 to .26 below the mean of fifteen raters drawn by chance that the package prints. The call is "
    "brought to one level first, and up-sampled to 16 kHz.",
    "**It is told, and nothing is learnt from it.** The rating falls with each packet lost and with the "
    "first coder that compresses, but by less than telephones and speakers differ: of one call it says "
    "nothing about its path. It is no figure of the fingerprint's vector for that reason, and because a "
    "vector must not depend on what is installed. The patent's remark that quality falls with each network "
    "gone through holds for the first one here.",
)

CODECS = (
    "A set is exact when every compressing codec, and no other, is likelier than not. G.711 is left out of "
    "it: a call that arrives as G.711 shows it by losses and A-law alone; sets with it are counted beside. "
    "The last coder is the last that compressed, g711 where none did. PinDr0p had 91.6 % for paths in the "
    "order of networks.",
    "The shipped model learnt from 9,400 training calls, of each a piece of 15, 5 and 2 s: those of "
    "`patent`, `all` and `any`, 3,000 of the patent's codecs and 1,600 of all eight with changed voices and "
    "noise. Its predecessor, trees alone that had learnt from 15 s alone, has 545, 470 and 272 of 600 exact "
    "sets at 15, 5 and 2 s of `patent` on the same recordings (on an earlier draw of them 539, 479 and 279), "
    "364, 312 and 182 of 400 of `held`, 462, 416 and 327 of 600 of `all`, and 211, 160 and 48 of 400 of "
    "`any`. So at 15 s paths in order gained little, and `all` lost four.",
)

CALIBRATION = "How often what was said with a probability in each range was true."

LINES = (
    "Sources are telephones with their path; speakers and languages change within each. *Unknown source* "
    "is an answer, so known lines can be missed and unknown ones be taken for known; *at 95 %* counts at "
    "the score that 95 % of known calls reach, *at its threshold* at the one that is in use. Intervals "
    "here are by drawing sources again (bootstrap), since calls of one source are alike; one of 0 hits has "
    "no width by it, and says little.",
)

NOT_REACHED = (
    "- **Whether any packet was concealed.** What cannot be heard cannot be told: see above. In a trial 16 "
    "of the 43 calls that were missed had only GSM-FR's few losses, half of them before another codec; 24 "
    "of the 40 that were falsely seen came last through G.729 or iLBC.",
    "- **Losses that noise filled**, at the level of the room: the gap has no edge. Their length is told "
    "from fewer gaps than were lost.",
    "- **Losses before another compressing codec**: neither floor nor edge is left.",
    "- **A coder behind another one.** The last coder re-synthesises what came before; what is left is a "
    "line at the frame rate, and only where the call is long enough to find it "
    "([codecs](#codecs-and-networks)).",
    "- **Unknown lines among many known ones.** Lines without noise of their own, on one path, differ in "
    "their telephone's band alone, which voices cover. Calls that miss their own line are most of them those "
    "whose speech brings noise along: the reading behind `sphinx-reader` covers the line's. The shipped "
    "threshold keeps to few false ones instead, and misses known lines; line memory's two seconds of the "
    "same line, before anybody speaks, tell more of it.",
    "- **Two seconds.** Losses to the sample need a few gaps; concealment, grids and codes need speech. "
    "The tables say how much less is told.",
)

TRIED = (
    "Trials, whose figures no command prints again. Where nothing else is said they were counted on the "
    "test split of `patent`; none was taken over, so that it stays held out.",
    "- *Frames on the coder's own grid.* Frames of 10 ms lie anywhere against the coder's. Trees learnt "
    "and used on frames that were aligned by the truth rank frames by an average precision of .510, on "
    "frames anywhere .492; the grid is right in 54 of 100 calls where the scores themselves choose it, and "
    "nothing is left (.489). 900 calls learnt from, 300 counted, all of the training split.",
    "- *More calls.* Frames: average precision .532 learnt from 900 calls, .536 from 2,200. Calls: trees "
    "of 3,000 calls more than the shipped ones had judge 523 of 600 right for 517, and as many rates (500 "
    "and 499).",
    "- *The packet's phase, the greatest scores, runs of two and three frames* as 33 more figures of a "
    "call: 525 of 600, and 497 rates.",
    "- *Codecs by networks of units beside trees.* Counted on training calls of `patent`, `any` and 3,000 "
    "with changed voices and noise, in pieces of 15, 5 and 2 s, each of the four speakers held out in turn; "
    "exact sets of paths in the order of networks at 15 s. A network on all 1,682 figures 87.4 %, on the "
    "500 by which hasty trees gain most 89.8 %, on 250 of them 87.7 %; with 256 and 64 units and half of "
    "them left out by chance 90.3 %, three averaged as many. Half of the calls: 85.0 % for 87.4 %. "
    "Thresholds moved by Platt's scaling on the other speakers: 87.8 % for 89.5 %, so a codec's stays where "
    "learning puts it. The last coder 97.5 %; trees of half of the calls tell it in 98.4 %, and both are "
    "added up.",
    "- *Gaps of noise against chance.* At first a grid was believed that chance gives once in 1,000 "
    "trials. Two of 700 calls of the training split had 16 and 20 pauses of one cell that agreed so far; "
    "of one cell it is 1 in 20,000 now, which lost none of the gaps there, and on the test split some at 5 "
    "s and 2 s.",
    "- *Quality as a figure of concealment*: see the section on quality, area under the ROC with it and "
    "without.",
    "- *Lines.* One of 16 sources after one call, on the held-out 40 of 10 calls, while the space grew "
    "(16 sources are drawn 20 times, 2,880 calls asked about): the first vector and linear discriminants "
    "2,680; with what is heard in pauses 2,749; 1,286 sources in place of 300, speakers made into others, "
    "figures warped to Gaussians and the comb of codes 2,833. Without the codes' figures 72 fewer than with "
    "them; frame grids and the excitation of voices 12 more, for twice the figures, that of pauses 18 more "
    "of 4,320. Noise behind the speech of training calls: none more, better calibrated. The choices were "
    "counted on the held-out sets, whose figures are somewhat kind for it.",
    "- *Scores of lines.* Student's tails in place of Gauss's: foreign pairs that reach what 95 % of true "
    "ones do 0.9 % for 1.2 %; a cohort of training's sources in the place of one Gaussian: none fewer.",
    "- *Absolute error* in place of squared for the rate: 497 of 600 within 2 points; below 2 % better, "
    "above worse.",
)

BAD_INPUT = (
    "Each of these has a test (`tests/provenance/test_bad_input.py`): silence (digital, of either sign, "
    "and noise of −72 dBFS), music of pure tones, fax, keys, busy, a tone, clipped audio, bytes by chance, "
    "0.2 s, nothing, an hour, a WAV that was cut off, stereo, 16 kHz.",
    "- **Tones.** Where 90 % of the power lies in a dozen bins of 16 Hz all call long, nobody speaks: no "
    "codec, no concealment and no line is told (`tones.py`). Music with instruments, and a fax's page at "
    "high speed, pass as speech; what is told of codecs there was never measured.",
    "- **An hour.** All losses are found; everything else is of the first minute.",
    "- **Both sides mixed into one file cannot be noticed**: two people at once are one sound. What is "
    "told is then of both ways together, and wrong for each; record one side a file (MixMonitor's r and t "
    "options). A stereo file is refused, and so is 16 kHz, with the remedy.",
    "- **Silence**, and steady noise in which nothing is voiced: no codec is told of what nobody speaks on.",
)
