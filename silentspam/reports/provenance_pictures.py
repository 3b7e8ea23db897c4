"""One side of a call drawn for who asks where it came from: what was lost, what was made up, and why.

Waveform with its losses, short-term energy with the levels that losses are told by (as FIG. 4 and 5 of
US 9,516,497 B2), spectrogram, probabilities as bars, and the reasons below. Time in seconds, levels in dBFS.
"""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.provenance.analysis import Examination
from silentspam.provenance.concealment import frame_chances
from silentspam.provenance.energy import short_term_levels
from silentspam.provenance.packet_loss import Filling, LostSpan, PacketLoss
from silentspam.provenance.prediction import FRAME
from silentspam.provenance.silent_gaps import LEAST_RISE
from silentspam.reports.page import png, write_whole
from silentspam.spectrum import StftParams, magnitude_spectrogram

DPI = 100
"""Of the file: 1,200 pixels wide."""
MOST_SECONDS = 30.0
"""Of a longer call its beginning is drawn: packets of 20 ms would be no pixel wide."""
STFT = StftParams(window_length=256, hop_length=64)
FULL_SCALE_DB = 20 * np.log10(32768.0)
FLOOR_DB, TOP_DB = -110.0, -20.0
"""Of the spectrogram's colours [dBFS of a full-scale sine], one scale so that pictures compare."""
MOST_POINTS = 30_000
LIKELY = 0.5
COLOURS = {Filling.SILENCE: "tab:red", Filling.NOISE: "tab:orange"}
PURPLE = "tab:purple"
REASONS_WIDE = 150
"""Characters of a line of reasons."""
MOST_REASONS = 12
"""Lines."""

CONCEALMENT = "concealment"
"""Title of the group of `Analysis.concealment`."""

Chances = Mapping[str, Mapping[str, float]]
"""Groups of probabilities, by the group's title and each bar's name."""


def write_picture(path: Path, recording: Recording, examination: Examination, *, title: str) -> None:
    """Draw a call that was examined into a PNG file. Raises ReportError where it cannot be written."""
    write_whole(path, png(examined_figure(recording, examination, title=title), dpi=DPI))


def examined_figure(recording: Recording, examination: Examination, *, title: str) -> Figure:
    """The picture of a call that was examined."""
    found = examination.analysis
    groups = {"codecs": found.codecs, "networks": found.networks, CONCEALMENT: found.concealment}
    rated = "" if found.quality is None else f", quality {found.quality:.1f} of 5"
    return call_figure(
        recording, examination.loss, chances=groups, reasons=found.reasons, title=title + rated
    )


def call_figure(
    recording: Recording, loss: PacketLoss, *, chances: Chances, reasons: Sequence[str], title: str
) -> Figure:
    """The picture of a call, of any length and whatever is heard in it; `DPI` makes it 1,200 pixels wide.

    Frames that look made up are marked where the group CONCEALMENT says that likely any were.
    """
    heard = recording.opening(MOST_SECONDS)
    any_likely = chances.get(CONCEALMENT, {}).get("any", 0.0) >= LIKELY
    lines = _wrapped(reasons)
    figure = Figure(figsize=(12, 9.2 + 0.19 * len(lines)), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(3, 1, height_ratios=(6.6, 2.6, 0.19 * len(lines) + 0.05))
    top, bottom, foot = (figure.add_subfigure(grid[row]) for row in range(3))
    wave, energy, image = top.subplots(3, 1, sharex=True)
    top.suptitle(title + _shown(recording, heard), fontsize="medium")
    draw_waveform(wave, heard, loss.spans, made_up(heard) if any_likely else np.zeros(0))
    draw_energy(energy, heard, loss.spans)
    energy.set_xlabel("")
    _draw_spectrogram(image, heard)
    _draw_chances(bottom.subplots(1, len(chances), squeeze=False)[0], chances)
    foot.text(0.01, 0.98, "\n".join(lines), va="top", fontsize=8.5)
    return figure


def made_up(recording: Recording) -> NDArray[np.float64]:
    """Where frames begin that are likelier made up than not [s] [shape=(n,)]."""
    likely = np.flatnonzero(frame_chances(recording) >= LIKELY)
    return np.asarray(likely * FRAME / SAMPLE_RATE)


def draw_waveform(
    axes: Axes, recording: Recording, spans: Sequence[LostSpan], concealed: NDArray[np.float64]
) -> None:
    """Samples in ±1, lost spans as bands, frames that were made up as ticks below."""
    axes.plot(np.arange(len(recording.codes)) / SAMPLE_RATE, recording.samples, linewidth=0.4, color="0.25")
    peak = 1.2 * max(recording.peak, 0.001)
    axes.set(ylabel="sample [of ±1]", xlim=(0, _end(recording)), ylim=(-peak, peak))
    for filling, colour in COLOURS.items():
        for number, span in enumerate(one for one in spans if one.filling is filling):
            label = "" if number else f"lost, {filling} played"
            axes.axvspan(*_seconds(span), color=colour, alpha=0.6, linewidth=1, label=label)
    if len(concealed):
        label = "10 ms that look made up by concealment"
        axes.vlines(concealed, -peak, -0.88 * peak, color=PURPLE, linewidth=1.5, label=label)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small", loc="upper right", ncols=3)


def draw_energy(
    axes: Axes, recording: Recording, spans: Sequence[LostSpan], actual: Sequence[float] | None = None
) -> None:
    """Short-term energy, the floor of its gaps, and the level it has to drop from and to rise to.

    Dots below it: the losses that were told, and, where they are known, the actual ones [s].
    """
    levels = short_term_levels(recording.linear) - FULL_SCALE_DB
    every = max(1, len(levels) // MOST_POINTS)
    axes.plot(
        np.arange(0, len(levels), every) / SAMPLE_RATE, levels[::every], linewidth=0.5, color="tab:blue"
    )
    inside = [levels[span.begin : span.begin + span.length] for span in spans]
    inside = [part for part in inside if len(part)]
    if inside:
        floor = float(np.median(np.concatenate(inside)))
        axes.axhline(floor, color="0.4", linestyle=":", linewidth=1, label="floor of the gaps")
        axes.axhline(
            floor + LEAST_RISE, color="0.4", linestyle="--", linewidth=1, label=f"{LEAST_RISE:g} dB over it"
        )
    rows = [("losses that were told", [_seconds(span)[0] for span in spans], "tab:red")]
    if actual is not None:
        rows.append(("actual losses", list(actual), "black"))
    for row, (label, begins, colour) in enumerate(rows):
        if begins:
            height = -FULL_SCALE_DB - 5 - 6 * row
            axes.plot(begins, [height] * len(begins), ".", color=colour, markersize=4, label=label)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small", loc="upper right", ncols=4)
    axes.set(xlabel="time [s]", ylabel="short-term energy [dBFS]", xlim=(0, _end(recording)))
    axes.set_ylim(-FULL_SCALE_DB - 5 - 6 * len(rows), 5)


def _draw_spectrogram(axes: Axes, recording: Recording) -> None:
    axes.set(xlabel="time [s]", ylabel="frequency [Hz]", ylim=(0, SAMPLE_RATE / 2))
    if len(recording.codes) < STFT.window_length:
        return
    magnitudes = magnitude_spectrogram(recording.samples, STFT) / (STFT.window_length / 4)
    levels = 20 * np.log10(np.maximum(magnitudes, 10 ** (FLOOR_DB / 20)))
    extent = (0.0, recording.seconds, 0.0, SAMPLE_RATE / 2)
    axes.imshow(levels, origin="lower", aspect="auto", extent=extent, vmin=FLOOR_DB, vmax=TOP_DB)


def _draw_chances(places: Sequence[Axes], chances: Chances) -> None:
    for axes, (title, group) in zip(places, chances.items(), strict=True):
        names, heights = list(group), list(group.values())
        bars = axes.bar(names, heights, color=["tab:green" if h >= LIKELY else "0.7" for h in heights])
        axes.bar_label(bars, fmt="%.2f", fontsize="small")
        axes.axhline(LIKELY, color="0.4", linestyle=":", linewidth=1)
        axes.set(ylim=(0, 1.15), ylabel="probability" if axes is places[0] else "")
        axes.set_title(title if group else f"{title}: not told", fontsize="medium")
        axes.tick_params(axis="x", labelrotation=35 if len(names) > 4 else 0, labelsize="small")


def _end(recording: Recording) -> float:
    return max(recording.seconds, 0.01)


def _seconds(span: LostSpan) -> tuple[float, float]:
    return span.begin / SAMPLE_RATE, (span.begin + span.length) / SAMPLE_RATE


def _shown(recording: Recording, heard: Recording) -> str:
    return (
        f" (the first {MOST_SECONDS:g} of {recording.seconds:.0f} s)"
        if heard.seconds < recording.seconds
        else ""
    )


def _wrapped(reasons: Sequence[str]) -> list[str]:
    lines = [line for reason in reasons for line in textwrap.wrap(f"• {reason}", REASONS_WIDE)]
    return lines if len(lines) <= MOST_REASONS else [*lines[: MOST_REASONS - 1], "…"]
