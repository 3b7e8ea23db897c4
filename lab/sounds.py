"""What the lab's callers send: WAV files made from licensed Debian packages, and dead air made here.

Speech and room noise are recordings (CC-BY-SA-3.0 and CC0; a voice and a place that the shipped model was not
trained on); dead air and a modem's noise are synthetic, as no recordings are to be had. Levels in dBFS, RMS.
Of a sound that comes on one line there are several takes, as no two calls are alike.
"""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lab import debian
from lab.asterisk import root_folder, sounds_folder
from lab.audio import SAMPLE_RATE, Codes, Samples, at_level, decode, encode, read_wav, write_wav

Signal = npt.NDArray[np.float64]

SUITE = "trixie"
PACKAGES = ("asterisk-core-sounds-fr-wav", "asterisk-moh-opsound-wav", "blanket")
VOICE = Path("usr/share/asterisk/sounds/fr_CA_f_June")
GREETING = ("vm-intro.wav", "vm-instructions.wav", "demo-congrats.wav")
ROBOCALL = "demo-instruct.wav"
HOLD_MUSIC = Path("usr/share/asterisk/moh/manolo_camp-morning_coffee.wav")
ROOM = "train.ogg"
SECONDS = 30
SPEECH_DBFS, QUIET_SPEECH_DBFS, ROOM_DBFS = -20.0, -40.0, -44.0
LOUD_ROOM_DBFS, LOUD_ROOM_CODEC = -24.0, "gsm"
DEAD_AIR_DBFS, CLICK_PEAK_DBFS = -72.0, -50.0
CLICKS_PER_SECOND = 1.5
RUMBLE_DBFS, RUMBLE_SPREAD = -67.5, 0.5
RUMBLE_TILT, RUMBLE_BAND = -4.5, (300.0, 3600.0)
RUMBLE_RESONANCE = (240.0, 10.0, 0.35)
"""Of the rumbling line's noise: dB/octave, Hz, and where it is loudest (centre [Hz], gain [dB], octaves)."""
TAKES = 12
SEED = 20

SPEECH, QUIET_SPEECH, DEAD_AIR, DIGITAL_SILENCE = "speech", "quiet_speech", "dead_air", "digital_silence"
FAX, BUSY = "fax", "busy"
"""An answering machine's tone of 2100 Hz, again and again, and North America's busy signal: synthetic."""
TONE_DBM0, LINE_DBFS = -13.0, -66.0
ANSWER_TONE, BUSY_TONE = ((2100.0,), (3.0, 1.0)), ((480.0, 620.0), (0.5, 0.5))
"""Frequencies [Hz], and seconds on and off."""
NOISE, LOUD_SPEECH, LOUD_PLACE = "noise", "loud_speech", "loud_place"
"""A modem's scrambled bits (ITU-T V.34), synthetic; somebody who speaks, and somebody who says nothing, in a
loud train, through a mobile's codec (GSM full rate)."""
MODEM_RATE, MODEM_CARRIER, MODEM_ROLL_OFF, MODEM_SIDE = 3200.0, 1829.0, 0.12, 8
"""Symbols a second and carrier [Hz] of V.34, table 2."""
NOISE_DBFS = -22.0
ANNOUNCEMENT, MUSIC = "announcement", "hold_music"
"""A voice's long announcement and a tune, licensed recordings; each call cuts them later."""
LATER_SECONDS, CUTS = 0.2, 6
CALL_CENTRE, CENTRE_DBFS = "call_centre", -50.0
"""Two voices in two languages, each in a call of its own, over the noise of one place's telephones."""
RUMBLE = "rumble"
"""The sound of a line that the shipped model rather takes for a person's."""


def fetch_recordings() -> Path:
    """The root folder of the recorded speech and rooms, fetched where not cached. Raises DebianError."""
    return debian.fetch(PACKAGES, SUITE, closure=False)


def make_sounds(folder: Path) -> dict[str, list[Path]]:
    """Write what callers play into `folder`; returns the WAVs of each sound's takes. Raises DebianError."""
    root = fetch_recordings()
    speech = _speech(root)
    rng = np.random.default_rng(SEED)
    room = at_level(_room(root), ROOM_DBFS)[: speech.size]
    quiet = at_level(speech, QUIET_SPEECH_DBFS)
    quiet[: room.size] += room
    loud = at_level(room, LOUD_ROOM_DBFS)
    sounds = {
        SPEECH: [at_level(speech, SPEECH_DBFS)],
        QUIET_SPEECH: [quiet],
        DEAD_AIR: [_dead_air(rng)],
        DIGITAL_SILENCE: [np.zeros(SECONDS * SAMPLE_RATE)],
        FAX: [_cadenced(*ANSWER_TONE, rng)],
        BUSY: [_cadenced(*BUSY_TONE, rng)],
        NOISE: [_modem(rng)],
        LOUD_SPEECH: [_by_mobile(at_level(speech, SPEECH_DBFS)[: loud.size] + loud)],
        LOUD_PLACE: [_by_mobile(loud)],
        ANNOUNCEMENT: _cuts(read_wav(root / VOICE / ROBOCALL)),
        CALL_CENTRE: [_in_centre(voice, rng) for voice in (speech, _english())],
        MUSIC: _cuts(read_wav(root / HOLD_MUSIC)),
        RUMBLE: [rumble(number) for number in range(TAKES)],
    }
    folder.mkdir(parents=True, exist_ok=True)
    return {
        name: [
            _write(folder / f"{name}-{number}" if number else folder / name, signal)
            for number, signal in enumerate(takes)
        ]
        for name, takes in sounds.items()
    }


def take(takes: Sequence[Path], place: int) -> Path:
    """What the call at that place of its sequence sends: another take than the call before it."""
    return takes[place % len(takes)]


def rumble(number: int) -> Signal:
    """One take of a low, steep noise, as a machine's fan makes it on an open line."""
    from silentspam.training.noise import NoiseShape, shaped_noise

    rng = np.random.default_rng([SEED, number])
    low, high = RUMBLE_BAND
    shape = NoiseShape(tilt=RUMBLE_TILT, low_cut=low, high_cut=high, order=3, resonances=(RUMBLE_RESONANCE,))
    noise = shaped_noise(SECONDS * SAMPLE_RATE, shape, rng)
    return at_level(noise, RUMBLE_DBFS + rng.normal(0, RUMBLE_SPREAD))


def _cuts(clip: Samples) -> list[Signal]:
    """One recording from where it begins to sound, and from later on each time, as calls play it."""
    sounding = at_level(clip[_first_loud(clip) :][: SECONDS * SAMPLE_RATE], SPEECH_DBFS)
    return [sounding[int(cut * LATER_SECONDS * SAMPLE_RATE) :] for cut in range(CUTS)]


def _in_centre(speech: Samples, rng: np.random.Generator) -> Signal:
    """A voice at a telephone of the call centre: its noise is everywhere, and never the same twice."""
    from silentspam.training.noise import NoiseShape, shaped_noise

    low, high = RUMBLE_BAND
    shape = NoiseShape(tilt=RUMBLE_TILT, low_cut=low, high_cut=high, order=3, resonances=(RUMBLE_RESONANCE,))
    return at_level(speech, SPEECH_DBFS) + at_level(shaped_noise(speech.size, shape, rng), CENTRE_DBFS)


def _cadenced(hz: Sequence[float], pattern: Sequence[float], rng: np.random.Generator) -> Signal:
    """Tones on and off, on a quiet line."""
    from silentspam.training.signals import at_dbm0, cadence_spans, gate, tones

    count = SECONDS * SAMPLE_RATE
    on = gate(count, cadence_spans(pattern, 0.0, SECONDS))
    signal: Signal = at_dbm0(tones(count, hz, rng) * on, TONE_DBM0) * 32_768
    return signal + at_level(rng.normal(0.0, 1.0, count), LINE_DBFS)


def _modem(rng: np.random.Generator) -> Signal:
    from silentspam.training.modulation import Modem

    modem = Modem(
        rate=MODEM_RATE,
        carrier=MODEM_CARRIER,
        roll_off=MODEM_ROLL_OFF,
        offset=0.0,
        side=MODEM_SIDE,
        echo=-np.inf,
    )
    return at_level(modem.sound(SECONDS * SAMPLE_RATE, rng), NOISE_DBFS)


def _by_mobile(signal: Signal) -> Signal:
    """What arrives of a signal through a mobile's codec, no frame lost."""
    from lab.corpus_audio import fetch_codecs
    from silentspam.training.codecs import frames_of, open_codec

    codec = open_codec(LOUD_ROOM_CODEC, folders=(fetch_codecs(),))
    samples = np.clip(np.rint(signal), -32_767, 32_767).astype(np.int16)
    lost = np.zeros(frames_of(samples.size, codec.frame_samples), dtype=np.bool_)
    return codec.transmit(samples, lost).astype(np.float64)


def line_codes(signal: Signal) -> Codes:
    """The mu-law codes of a signal at the scale of int16."""
    return encode(np.clip(np.rint(signal), -32_767, 32_767).astype(np.int16))


def _write(path: Path, signal: Signal) -> Path:
    """Write a signal as WAV and as mu-law; returns the WAV."""
    codes = line_codes(signal)
    # As mu-law and back, so that the line carries exactly the codes that the table gives.
    write_wav(path.with_suffix(".wav"), decode(codes))
    codes.tofile(path.with_suffix(".ulaw"))
    return path.with_suffix(".wav")


def _speech(root: Path) -> Samples:
    clips = [read_wav(root / VOICE / name) for name in GREETING if (root / VOICE / name).is_file()]
    if not clips:
        raise debian.DebianError(f"{root / VOICE} holds none of {', '.join(GREETING)}")
    loud = [clip[_first_loud(clip) :] for clip in clips]
    return np.concatenate(loud)[: SECONDS * SAMPLE_RATE]


def _english() -> Samples:
    """The speaker of Asterisk's own prompts, as many of the greetings as there are."""
    folder = sounds_folder(root_folder())
    clips = [read_wav(folder / name) for name in GREETING if (folder / name).is_file()]
    if not clips:
        raise debian.DebianError(f"{folder} holds none of {', '.join(GREETING)}")
    return np.concatenate([clip[_first_loud(clip) :] for clip in clips])[: SECONDS * SAMPLE_RATE]


def _first_loud(clip: Samples) -> int:
    """A caller who speaks at once: cut off the silence before the first word, but for 0.1 s."""
    loud = np.flatnonzero(np.abs(clip.astype(np.int32)) > 1000)
    return max(0, int(loud[0]) - SAMPLE_RATE // 10) if loud.size else 0


def _room(root: Path) -> Samples:
    import soundfile
    from scipy.signal import resample_poly

    from silentspam.training.gresource import read_gresource

    members = read_gresource(root / "usr/share/blanket/blanket.gresource")
    content = next(content for name, content in members.items() if name.endswith(f"/{ROOM}"))
    samples, rate = soundfile.read(io.BytesIO(content), frames=48_000 * SECONDS, always_2d=True)
    heard: Samples = (resample_poly(samples.mean(axis=1), SAMPLE_RATE, rate) * 32_000).astype(np.int16)
    return heard


def _dead_air(rng: np.random.Generator) -> Signal:
    """A low white floor with sparse clicks: RMS about -72, peaks about -50 dBFS."""
    count = SECONDS * SAMPLE_RATE
    floor = at_level(rng.normal(0.0, 1.0, count), DEAD_AIR_DBFS)
    peak = 32_768 * 10 ** (CLICK_PEAK_DBFS / 20)
    for start in rng.integers(0, count - 16, int(CLICKS_PER_SECOND * SECONDS)):
        decay = np.exp(-np.arange(16) / 3.0) * np.cos(np.arange(16) * 1.3)
        floor[start : start + 16] += rng.choice((-1.0, 1.0)) * rng.uniform(0.3, 1.0) * peak * decay
    return floor
