"""What the lab's callers send: WAV files made from licensed Debian packages, and dead air made here.

Speech and room noise are recordings (CC-BY-SA-3.0 and CC0; a voice and a place that the shipped model was not
trained on); dead air is synthetic, as no recording of an idle line is to be had. Levels in dBFS, RMS.
"""

import io
from pathlib import Path

import numpy as np

from lab import debian
from lab.audio import SAMPLE_RATE, Samples, at_level, decode, encode, read_wav, write_wav

SUITE = "trixie"
PACKAGES = ("asterisk-core-sounds-fr-wav", "blanket")
VOICE = Path("usr/share/asterisk/sounds/fr_CA_f_June")
GREETING = ("vm-intro.wav", "vm-instructions.wav", "demo-congrats.wav")
ROOM = "train.ogg"
SECONDS = 30
SPEECH_DBFS, QUIET_SPEECH_DBFS, ROOM_DBFS = -20.0, -40.0, -44.0
DEAD_AIR_DBFS, CLICK_PEAK_DBFS = -72.0, -50.0
CLICKS_PER_SECOND = 1.5
SEED = 20

SPEECH, QUIET_SPEECH, DEAD_AIR, DIGITAL_SILENCE = "speech", "quiet_speech", "dead_air", "digital_silence"


def fetch_recordings() -> Path:
    """The root folder of the recorded speech and rooms, fetched where not cached. Raises DebianError."""
    return debian.fetch(PACKAGES, SUITE, closure=False)


def make_sounds(folder: Path) -> dict[str, Path]:
    """Write what callers play into `folder`; returns each sound's WAV by its name. Raises DebianError."""
    root = fetch_recordings()
    speech = _speech(root)
    rng = np.random.default_rng(SEED)
    room = at_level(_room(root), ROOM_DBFS)[: speech.size]
    quiet = at_level(speech, QUIET_SPEECH_DBFS)
    quiet[: room.size] += room
    sounds = {
        SPEECH: at_level(speech, SPEECH_DBFS),
        QUIET_SPEECH: quiet,
        DEAD_AIR: _dead_air(rng),
        DIGITAL_SILENCE: np.zeros(SECONDS * SAMPLE_RATE),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, signal in sounds.items():
        heard = np.clip(np.rint(signal), -32_767, 32_767).astype(np.int16)
        # As mu-law and back, so that the line carries exactly the codes that the table gives.
        codes = encode(heard)
        write_wav(folder / f"{name}.wav", decode(codes))
        codes.tofile(folder / f"{name}.ulaw")
    return {name: folder / f"{name}.wav" for name in sounds}


def _speech(root: Path) -> Samples:
    clips = [read_wav(root / VOICE / name) for name in GREETING if (root / VOICE / name).is_file()]
    if not clips:
        raise debian.DebianError(f"{root / VOICE} holds none of {', '.join(GREETING)}")
    loud = [clip[_first_loud(clip) :] for clip in clips]
    return np.concatenate(loud)[: SECONDS * SAMPLE_RATE]


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


def _dead_air(rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A low white floor with sparse clicks: RMS about -72, peaks about -50 dBFS."""
    count = SECONDS * SAMPLE_RATE
    floor = at_level(rng.normal(0.0, 1.0, count), DEAD_AIR_DBFS)
    peak = 32_768 * 10 ** (CLICK_PEAK_DBFS / 20)
    for start in rng.integers(0, count - 16, int(CLICKS_PER_SECOND * SECONDS)):
        decay = np.exp(-np.arange(16) / 3.0) * np.cos(np.arange(16) * 1.3)
        floor[start : start + 16] += rng.choice((-1.0, 1.0)) * rng.uniform(0.3, 1.0) * peak * decay
    return floor
