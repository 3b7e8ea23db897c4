"""The comb over the histogram of codes: what a path does to levels, whoever speaks and however loud."""

import numpy as np
import pytest

from silentspam.audio import decode_ulaw, encode_ulaw
from silentspam.provenance.code_comb import BLOCK, SIGNED, code_comb, names
from tests.provenance.sounds import voice


def figures_of(codes) -> dict[str, float]:
    return dict(zip(names(), code_comb(np.asarray(codes, dtype=np.uint8)), strict=True))


def comb_of(codes):
    figures = figures_of(codes)
    return np.array([figures[f"comb_{level}"] for level in range(16, 40)])


def tandem(codes, step: int = 24):
    """Through a coder of fewer levels."""
    return encode_ulaw((np.round(decode_ulaw(codes) / step) * step).astype(np.int16))


def test_levels_that_a_path_leaves_out_show_whoever_speaks() -> None:
    one, other = voice(10, 1, level=2000), voice(10, 2, level=900)
    plain, through = (
        np.stack([comb_of(one), comb_of(other)]),
        np.stack([comb_of(tandem(one)), comb_of(tandem(other))]),
    )
    assert np.abs(plain).max() < 0.7
    assert through.min() < -2
    assert np.corrcoef(through)[0, 1] > 0.9


def test_an_encoder_without_minus_zero_has_one_sign_there() -> None:
    codes = voice(10, 1, room=8.0)
    assert abs(figures_of(codes)["comb_sign_3"]) < 1
    without = np.where(codes == 0x7F, 0xFF, codes)
    assert figures_of(without)["comb_sign_0"] > 4
    assert figures_of(without)["comb_pause_sign_0"] > 4


@pytest.mark.parametrize("codes", [np.full(4000, 0xFF), np.full(4000, 0x80), np.arange(BLOCK) % 256], ids=str)
def test_figures_are_finite_whatever_is_heard(codes) -> None:
    assert np.isfinite(code_comb(codes.astype(np.uint8))).all()
    assert len(names()) == len(set(names()))
    assert f"comb_sign_{SIGNED - 1}" in names()
