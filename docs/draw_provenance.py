"""Draws the pictures of docs/provenance.md in the manner of figures 4 to 7 of US 9,516,497 B2, from seeds.

    .venv/bin/python -m docs.draw_provenance $(.venv/bin/python -m lab.corpus_audio)

Speech is licensed recordings of speakers held out from training, codecs are real; telephones, rooms and
losses are synthetic. Figure 7 is of the recordings themselves, without a telephone, as the patent's.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.errors import SilentSpamError
from silentspam.provenance.analysis import examine
from silentspam.provenance.noise import noise_profile
from silentspam.provenance.packet_loss import packet_loss
from silentspam.reports.page import png, write_whole
from silentspam.reports.provenance_pictures import draw_energy, draw_waveform, examined_figure
from silentspam.training.codecs import Codec, open_codec
from silentspam.training.network import Loss, quantised
from silentspam.training.path_drawing import Talk, draw_telephone
from silentspam.training.paths import Fill, Hop, LostPackets, Network
from silentspam.training.paths import Path as NetworkPath
from silentspam.training.sources import Split, find_clips

OUT = Path(__file__).parent
DPI = 90
CALL_DPI = 75
SEED = 7
FIVE_PERCENT = Loss(share=0.05)
FIVE_CODECS = {"G.711": "g711u", "GSM-FR": "gsm", "iLBC": "ilbc30", "Speex": "speex8", "G.729": "g729a"}
SAMPLES = 20
"""Of speech for figure 7, as the patent's."""
TITLE = "licensed speech, real codec, simulated losses"


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw all; returns 1 where audio or a codec is missing."""
    parser = argparse.ArgumentParser(prog="python -m docs.draw_provenance", description=__doc__)
    parser.add_argument("sources", type=Path, nargs="+", metavar="DIR", help="unpacked audio and codecs")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="where the pictures go")
    options = parser.parse_args(arguments)
    try:
        studio = Studio(tuple(options.sources))
        for name, figure in figures(studio).items():
            write_whole(options.out / f"provenance-{name}.png", png(figure, dpi=DPI))
        write_whole(options.out / "provenance-call.png", png(whole_call(studio), dpi=CALL_DPI))
    except (SilentSpamError, OSError) as error:
        print(f"docs.draw_provenance: {error}", file=sys.stderr)
        return 1
    return 0


class Studio:
    """Speakers held out from training, and the codecs. Raises SilentSpamError where they are missing."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = folders
        self._talk = Talk(find_clips(folders), Split.TEST)
        self._codecs: dict[str, Codec] = {}

    def codec(self, name: str) -> Codec:
        """One of them, opened once."""
        if name not in self._codecs:
            self._codecs[name] = open_codec(name, folders=self._folders)
        return self._codecs[name]

    def call(
        self, *hops: Hop, seconds: float, number: int, telephone: bool = True
    ) -> tuple[Recording, LostPackets]:
        """A call, and what its last hop lost; without a telephone its speech is as it was recorded."""
        rng = np.random.default_rng([SEED, number])
        speaker = self._talk.speakers[number % len(self._talk.speakers)]
        phone, speech = draw_telephone(rng), self._talk.draw(seconds, speaker, rng)
        said = quantised(phone.send(speech, rng) if telephone else speech)
        codecs = {hop.codec: self.codec(hop.codec) for hop in hops}
        codes, lost = NetworkPath(hops=hops).send(said, codecs, rng)
        return Recording(codes), lost[-1]


def figures(studio: Studio) -> dict[str, Figure]:
    """Each figure by its name."""
    return {
        "energy": two_seconds(studio),
        "told": fifteen_seconds(studio),
        "packets": packet_lengths(studio),
        "clarity": clarity(studio),
    }


def _hop(codec: str, packet_ms: int, loss: Loss = FIVE_PERCENT, fill: Fill = Fill.SILENCE) -> Hop:
    return Hop(network=Network.VOIP, codec=codec, packet_ms=packet_ms, loss=loss, fill=fill)


def _figure(rows: int, height: float, title: str) -> tuple[Figure, Sequence]:
    figure = Figure(figsize=(10, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize="medium")
    return figure, np.ravel(figure.subplots(rows, 1))


def whole_call(studio: Studio) -> Figure:
    """What `silentspam provenance --plot` draws, of a call from a mobile phone by VoIP."""
    cellular = Hop(network=Network.CELLULAR, codec="gsm", packet_ms=20)
    recording, _ = studio.call(cellular, _hop("speex8", 20), seconds=15.0, number=4)
    return examined_figure(recording, examine(recording), title=f"GSM-FR, then Speex at 5 % loss: {TITLE}")


def two_seconds(studio: Studio) -> Figure:
    """Figure 4: two seconds at 5 % loss, amplitude and short-term energy."""
    recording, lost = studio.call(_hop("g711u", 20), seconds=2.0, number=3)
    spans = packet_loss(recording).spans
    figure, (wave, energy) = _figure(2, 5, f"two seconds at 5 % loss, G.711: {TITLE}")
    draw_waveform(wave, recording, spans, np.zeros(0))
    draw_energy(energy, recording, spans, _seconds(lost))
    return figure


def fifteen_seconds(studio: Studio) -> Figure:
    """Figure 5: fifteen seconds at 5 % loss; losses that were told above the actual ones."""
    recording, lost = studio.call(_hop("g711u", 20), seconds=15.0, number=1)
    figure, (energy,) = _figure(1, 3.6, f"fifteen seconds at 5 % loss, G.711: {TITLE}")
    draw_energy(energy, recording, packet_loss(recording).spans, _seconds(lost))
    return figure


def packet_lengths(studio: Studio) -> Figure:
    """Figure 6: two networks whose codecs have packets of 30 and of 20 ms, and the floors' lengths."""
    figure = Figure(figsize=(10, 5.4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"packets of 30 and of 20 ms at 5 % loss: {TITLE}", fontsize="medium")
    for (energy, lengths), (name, codec, packet_ms) in zip(
        figure.subplots(2, 2, width_ratios=(3, 1)),
        (("iLBC at 30 ms", "ilbc30", 30), ("Speex at 20 ms", "speex8", 20)),
        strict=True,
    ):
        recording = studio.call(_hop(codec, packet_ms), seconds=15.0, number=2)[0]
        told = packet_loss(recording)
        beginning = recording.opening(4.0)
        draw_energy(energy, beginning, [s for s in told.spans if s.begin < len(beginning.codes)])
        energy.set_title(f"{name}: told {told.packet_ms} ms", fontsize="medium")
        milliseconds = [1000 * span.length // SAMPLE_RATE for span in told.spans]
        lengths.hist(milliseconds, bins=np.arange(5, 130, 10), color="tab:red")
        lengths.set(xlabel="length of a floor [ms]", ylabel=f"floors of {len(milliseconds)}")
        lengths.set_title("in all 15 s", fontsize="medium")
    return figure


def clarity(studio: Studio) -> Figure:
    """Figure 7: spectral clarity against level range and deviation, of speech through five codecs."""
    figure = Figure(figsize=(10, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"{SAMPLES} samples of 15 s through each codec: licensed speech", fontsize="medium")
    places = np.ravel(figure.subplots(1, 2))
    for name, codec in FIVE_CODECS.items():
        values = np.array([_profile(studio, codec, number) for number in range(SAMPLES)])
        for axes, column in zip(places, (1, 2), strict=True):
            axes.scatter(values[:, column], values[:, 0], s=14, label=name, alpha=0.8)
    for axes, label in zip(
        places, ("spectral level range [dB]", "spectral level deviation [dB]"), strict=True
    ):
        axes.set(xlabel=label, ylabel="spectral clarity [dB]")
        axes.grid(alpha=0.3)
    places[0].legend(fontsize="small")
    return figure


def _profile(studio: Studio, codec: str, number: int) -> tuple[float, ...]:
    hop = _hop(codec, 30 if codec == "ilbc30" else 20, Loss())
    noise = noise_profile(studio.call(hop, seconds=15.0, number=number, telephone=False)[0])
    found = (noise.clarity, noise.level_range, noise.level_deviation) if noise else (None,) * 3
    return tuple(float("nan") if one is None else one for one in found)


def _seconds(lost: LostPackets) -> list[float]:
    return [begin / SAMPLE_RATE for begin in lost.begins]


if __name__ == "__main__":
    sys.exit(main())
