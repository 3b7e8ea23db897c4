"""Keyed signals: flags and menus are a machine's, a textphone is a person's."""

import numpy as np
import pytest

from silentspam.call import VerdictKind
from silentspam.kinds.fax import fax
from silentspam.training.network import Loss
from silentspam.training.signals import (
    V8_CI_SYNC,
    V8_CM_SYNC,
    V8_OCTETS,
    baudot_bits,
    gate,
    hdlc_bits,
    keyed,
    unscrambled_ones,
    v8_bits,
)
from tests.kinds.signalling import N, heard, rng

TEXTPHONE_OCTETS = (0x41, 0x85)
"""V.8's call function 010: a text telephone."""


def sent(bits, rate, mark, space, *, offset=0.0, begin=0.4):
    return keyed(N, bits, rate, mark, space, rng(), offset=offset) * gate(N, [(begin, 3.0)])


@pytest.mark.parametrize("level", [-3.0, -13.0, -30.0, -45.0])
@pytest.mark.parametrize("offset", [-0.015, 0.0, 0.015])
def test_the_flags_of_a_fax_are_found(level, offset):
    (finding,) = fax(heard(sent(hdlc_bits(2, rng()), 300, 1650, 1850, offset=offset), level=level))
    assert (finding.signal, finding.kind) == ("V.21 channel 2, HDLC flags", VerdictKind.CALLER_FAX)


@pytest.mark.parametrize(("sync", "signal"), [(V8_CM_SYNC, "V.8 CM"), (V8_CI_SYNC, "V.8 CI")])
def test_a_menu_of_v8_is_read(sync, signal):
    (finding,) = fax(heard(sent(v8_bits(sync, V8_OCTETS), 300, 980, 1180)))
    assert (finding.signal, finding.kind) == (signal, VerdictKind.CALLER_FAX)


def test_a_textphone_is_never_a_fax():
    """Behind it is a person: nothing that one sends may be taken for a fax."""
    for seed in range(5):
        calls = [
            sent(baudot_bits(2, rng(seed)), 45.45, 1400, 1800),
            sent(rng(seed).integers(0, 2, 400).astype(np.int8), 300, 980, 1180),
            sent(rng(seed).integers(0, 2, 400).astype(np.int8), 300, 1650, 1850),
            sent(v8_bits(V8_CI_SYNC, TEXTPHONE_OCTETS), 300, 980, 1180),
        ]
        for call in calls:
            assert [finding.kind for finding in fax(heard(call))] in ([], [None])


def typed(chance, *, pauses):
    """Characters by ITU-T V.21 and V.18: start bit, seven bits, parity, stop bit, and ones in between."""
    characters = (
        [0, *chance.integers(0, 2, 7), int(chance.integers(2)), 1, *[1] * int(chance.integers(0, pauses + 1))]
        for _ in range(60)
    )
    return np.array([bit for one in characters for bit in one], dtype=np.int8)


@pytest.mark.parametrize("pauses", [0, 20])
def test_what_somebody_types_is_read_as_no_menu(pauses):
    """After ten ones of a pause a letter looks like a sync; what follows is no menu, or not twice."""
    for seed in range(40):
        call = sent(typed(rng(seed), pauses=pauses), 300, 980, 1180, begin=0.1)
        assert {finding.kind for finding in fax(heard(call))} == {None}


@pytest.mark.parametrize("sync", [V8_CM_SYNC, V8_CI_SYNC])
def test_the_menu_of_a_textphone_is_no_fax_whatever_packets_are_lost(sync):
    menu = sent(v8_bits(sync, TEXTPHONE_OCTETS), 300, 980, 1180, begin=0.0)
    for seed in range(40):
        lost = np.repeat(Loss(share=0.1, burst=1.5).draw(100, rng(seed)), 160)
        assert {finding.kind for finding in fax(heard(np.where(lost, 0, menu)))} <= {None}


def test_a_menu_is_read_although_packets_of_it_are_lost():
    menu = sent(v8_bits(V8_CM_SYNC, V8_OCTETS), 300, 980, 1180, begin=0.0)
    for seed in range(10):
        lost = np.repeat(Loss(share=0.05, burst=1.5).draw(100, rng(seed)), 160)
        assert [finding.signal for finding in fax(heard(np.where(lost, 0, menu)))] == ["V.8 CM"]


def test_a_baudot_textphone_is_named():
    assert [finding.signal for finding in fax(heard(sent(baudot_bits(2, rng()), 45.45, 1400, 1800)))] == [
        "textphone"
    ]


@pytest.mark.parametrize("guard", [False, True])
def test_the_answer_of_v22_is_found(guard):
    (finding,) = fax(heard(unscrambled_ones(N, rng(), guard=guard) * gate(N, [(0.3, 3)])))
    assert (finding.signal, finding.kind) == ("Bell 103 or V.22 answer", VerdictKind.CALLER_FAX)


def test_lost_packets_do_not_hide_flags():
    flags = sent(hdlc_bits(2, rng()), 300, 1650, 1850)
    for seed in range(5):
        lost = np.repeat(Loss(share=0.03, burst=1.5).draw(100, rng(seed)), 160)
        assert fax(heard(np.where(lost, 0, flags)))
