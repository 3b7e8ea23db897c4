"""Whether an opening holds enough to be judged at all: for whoever judges, and for whoever only collects.

No media, digital silence and too little audio never reach a model, and nobody is challenged for them: the
hard lesson of Orife et al. 2018, section 7.
"""

from silentspam.audio import Recording


def why_inconclusive(
    recording: Recording, *, min_seconds: float = 1.0, max_silence: float = 0.5
) -> str | None:
    """Why an opening cannot be judged, in words; None when it can.

    min_seconds of sound are needed [s], and between its first and last sounding frame at most the share
    max_silence (0…1) may be digital silence.
    """
    sounding = recording.sounding
    if not len(recording.codes):
        return "no media: not one sample was received"
    if recording.seconds < min_seconds:
        return f"too little audio: {recording.seconds:.2f} s, at least {min_seconds:.2f} s are needed"
    if not len(sounding.codes):
        return f"digital silence: all of {recording.seconds:.2f} s"
    if sounding.seconds < min_seconds:
        return (
            f"digital silence leaves {sounding.seconds:.2f} s to judge, "
            f"at least {min_seconds:.2f} s are needed"
        )
    share = recording.trimmed().digital_silence_share
    if share > max_silence:
        return f"digital silence: {share:.0%} between first and last sound, more than {max_silence:.0%}"
    return None
