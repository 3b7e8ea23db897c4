"""Lines known again through real codecs: speaker, language and loudness change, or the line does."""

import os
from collections.abc import Callable

import numpy as np
import pytest

from silentspam.audio import Recording
from silentspam.provenance.features import measure
from silentspam.provenance.fingerprint import Fingerprint, fingerprint
from silentspam.provenance.line_space import shipped_space
from silentspam.provenance.sources import Known, identify, known_sources, verify
from silentspam.training.codecs import open_codec
from silentspam.training.network import Loss, quantised
from silentspam.training.noise import amplitude
from silentspam.training.path_corpus import Source
from silentspam.training.path_drawing import Talk, draw_telephone
from silentspam.training.paths import Hop, Network, Path
from silentspam.training.sources import Split, find_clips

SECONDS = 8.0
FRENCH, ENGLISH, DUTCH = "june", "sphinx-cards", "fillets-nl"
LOSSY = Loss(share=0.02)
PATHS = {
    "mobile": (Hop(network=Network.CELLULAR, codec="gsm", packet_ms=20),),
    "voip": (Hop(network=Network.VOIP, codec="ilbc30", packet_ms=30, loss=LOSSY),),
    "desk": (Hop(network=Network.PSTN, codec="g711a", packet_ms=20),),
}

Call = Callable[..., Fingerprint]


@pytest.fixture(scope="module")
def call(codec_folders) -> Call:
    """`call(line, speaker, seed)`: the fingerprint of a call of a test speaker; louder: by so many dB."""
    if os.environ.get("SILENTSPAM_TEST_FETCH") != "1":
        pytest.skip("SILENTSPAM_TEST_FETCH is not set: no licensed speech is fetched")
    from lab.corpus_audio import fetch_audio

    talk = Talk(find_clips((fetch_audio(),)), Split.TEST)
    codecs = {name: open_codec(name, folders=codec_folders) for name in ("gsm", "ilbc30", "g711a")}
    lines = {
        name: Source(
            telephone=draw_telephone(np.random.default_rng([5, at])), path=Path(hops=hops), ordered=True
        )
        for at, (name, hops) in enumerate(PATHS.items())
    }

    def placed(line: str, speaker: str, seed: int, louder: float = 0.0) -> Fingerprint:
        rng = np.random.default_rng([6, seed])
        speech = np.clip(talk.draw(SECONDS, speaker, rng) * amplitude(louder), -1, 1)
        sent = quantised(lines[line].telephone.send(speech, rng))
        codes, _ = lines[line].path.send(sent, codecs, rng)
        measures = measure(Recording(codes))
        assert measures is not None
        return fingerprint(measures, SECONDS)

    return placed


@pytest.fixture(scope="module")
def known(call) -> Known:
    """Each line, known by one call of a woman who speaks French."""
    return known_sources(shipped_space(), {name: [call(name, FRENCH, 1)] for name in PATHS})


@pytest.mark.parametrize("speaker", [ENGLISH, DUTCH])
@pytest.mark.parametrize("line", PATHS)
def test_another_speaker_and_language_on_a_line_is_that_line(call, known, line, speaker) -> None:
    asked = [call(line, speaker, 2)]
    assert identify(asked, known).line == line
    assert verify(asked, line, known).accepted


@pytest.mark.parametrize("louder", [-10.0, 10.0])
def test_loudness_of_the_voice_leaves_the_line(call, known, louder) -> None:
    assert identify([call("desk", FRENCH, 3, louder)], known).line == "desk"


def test_one_speaker_on_another_line_is_not_taken_for_hers(call, known) -> None:
    without = known_sources(shipped_space(), {"mobile": [call("mobile", FRENCH, 1)]})
    for line in ("voip", "desk"):
        asked = [call(line, FRENCH, 4)]
        assert identify(asked, without).line is None
        assert not verify(asked, "mobile", known).accepted
