"""The random-digit IVR Turing test (Orife et al. 2018, section 6): "press seven to be connected".

A person hears the digit and presses it; dead air presses nothing. The digit comes from `secrets`. Each kind
of SPAM may be asked in words of its own; where these are missing they fall back to the common ones, and those
to Asterisk's own `vm-press` and `digits/N`, which every installation has.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from silentspam.call import ChallengeResult
from silentspam.errors import ChannelError, ChannelHangup

DIGITS = "0123456789"
KEYS = "0123456789*#"
PROMPT = "press"
"""The common question: its sounds are press-0 … press-9."""


class Ivr(Protocol):
    """The part of a Channel that a challenge needs."""

    def play(self, sound: str, *, keys: str = "") -> str | None: ...

    def wait_for_key(self, seconds: float) -> str | None: ...


def random_digit() -> str:
    """A digit that no caller can foresee."""
    return secrets.choice(DIGITS)


@dataclass(frozen=True, kw_only=True)
class ChallengeSettings:
    """attempts a caller has; key_seconds to press after the prompt's end [s]; prompts: folder of sounds;
    contact_number: digits read out to a rejected caller, empty for none."""

    attempts: int
    key_seconds: float
    prompts: Path
    contact_number: str = ""


@dataclass
class ChallengeOutcome:
    """How the test went so far: it grows attempt by attempt, so that a hangup leaves what was known."""

    result: ChallengeResult | None = None
    attempts: list[str] = field(default_factory=list)


def run_challenge(
    ivr: Ivr,
    settings: ChallengeSettings,
    outcome: ChallengeOutcome,
    choose_digit: Callable[[], str] = random_digit,
    *,
    prompt: str = PROMPT,
    connects_anyway: bool = False,
) -> None:
    """Ask for a random digit, a new one each attempt, until it is pressed or the attempts are used up.

    Fills `outcome`. prompt: the question, a sound for each digit, PROMPT-0 … PROMPT-9. Who fails hears a
    goodbye, or with `connects_anyway` that the call goes on. Raises ChannelHangup when the caller leaves, and
    ChannelError when not even the fallback prompts can be played: then nothing was asked, and nobody may be
    rejected for it.
    """
    for attempt in range(settings.attempts):
        asked = choose_digit()
        pressed = _ask(ivr, settings, prompt, asked)
        outcome.attempts.append(f"asked {asked}, " + (f"pressed {pressed}" if pressed else "no key"))
        if pressed == asked:
            outcome.result = ChallengeResult.PASSED
            _play_if_possible(ivr, settings, "passed")
            return
        if attempt + 1 < settings.attempts:
            _play_if_possible(ivr, settings, "wrong-key" if pressed else "no-key")
    outcome.result = ChallengeResult.FAILED
    if connects_anyway:
        _play_if_possible(ivr, settings, "passed")
    else:
        _say_goodbye(ivr, settings)


def _ask(ivr: Ivr, settings: ChallengeSettings, prompt: str, digit: str) -> str | None:
    return _question(ivr, settings, prompt, digit) or ivr.wait_for_key(settings.key_seconds)


def _question(ivr: Ivr, settings: ChallengeSettings, prompt: str, digit: str) -> str | None:
    """The key pressed while it is asked, in the first words that there are."""
    for name in dict.fromkeys((prompt, PROMPT)):
        try:
            return ivr.play(_sound(settings, f"{name}-{digit}"), keys=KEYS)
        except ChannelHangup:
            raise
        except ChannelError:
            continue
    return ivr.play("vm-press", keys=KEYS) or ivr.play(f"digits/{digit}", keys=KEYS)


def _say_goodbye(ivr: Ivr, settings: ChallengeSettings) -> None:
    """The polite line for one who failed, with the number to call if that was a mistake."""
    if not settings.contact_number:
        _play_if_possible(ivr, settings, "rejected")
        return
    _play_if_possible(ivr, settings, "rejected-contact")
    for digit in settings.contact_number:
        _play_if_possible(ivr, settings, f"digit-{digit}", fallback=f"digits/{digit}")
    _play_if_possible(ivr, settings, "goodbye", fallback="vm-goodbye")


def _play_if_possible(ivr: Ivr, settings: ChallengeSettings, name: str, fallback: str | None = None) -> None:
    """Play a line that the test can do without: a missing file changes nobody's fate."""
    for sound in filter(None, (_sound(settings, name), fallback)):
        try:
            ivr.play(sound)
            return
        except ChannelHangup:
            raise
        except ChannelError:
            continue


def _sound(settings: ChallengeSettings, name: str) -> str:
    return str(settings.prompts / name)
