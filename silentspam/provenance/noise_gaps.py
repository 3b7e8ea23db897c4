"""Lost packets that were played as noise: the floor is not silence, but white, of one level all call long.

US 9,516,497 B2: noise substitution is found as silence is, the energy floor adjusted to the noise's. A gap is
a stretch that white Gaussian noise of that level explains, between sounds that it does not explain; gaps
agree on a grid of packets, and what noise there is else agrees on none. Powers are of 16-bit samples.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

from silentspam.provenance.energy import Figures, running_sum, runs
from silentspam.provenance.grid import CELL, Packets, Runs, distance, packets_of, whole_packets

BLOCK = 16
"""Samples whose power must be the noise's; a cell has five."""
STEP = 8
"""Samples from one stretch that is looked at to the next."""

FLOORS_DBFS = np.arange(-72.0, -40.0, 1.0)
"""Levels that are tried."""
FULL_SCALE = 32768.0

UNLIKE = 24.0
"""Deviance of a cell, of seven degrees of freedom, above which it is no such noise: one in 900 is."""
SHORTEST, LONGEST = 64, 1600
SLACK = 4
"""Samples by which a gap's ends are uncertain before the grid is known."""
AROUND_END = 32
"""Samples on both sides of a stretch's end, among which the gap's own end is."""
FEWEST = 3
CHANCE, CHANCE_OF_CELLS = 1e-3, 5e-5
"""That stretches of noise agree on a grid as well as these do, and where most are of one cell: pauses have
more of those, and at each of the levels that are tried others."""
FEW = 0.15
"""Of the packets that the noise explains on their grid, how many it may explain half a cell beside it, for
all of them to be taken for lost, whatever stands beside them."""
EDGE = 16
EDGE_UNLIKE = 10.0
"""Deviance of the samples next to a gap, above which they are no such noise."""


def _deviance(power: Figures, floor: float, n: int) -> Figures:
    """Of n samples' mean square from Gaussian noise of one power (twice the log likelihood ratio)."""
    ratio = (power + 1.0) / (floor + 1.0)
    return np.asarray(n * (ratio - 1 - np.log(ratio)))


@dataclass(frozen=True, eq=False, kw_only=True)
class Powers:
    """Running sums: squares, products of samples one and two apart, changes of value [shape=(n + 1,)]."""

    squares: Figures
    ones: Figures
    twos: Figures
    changes: Figures

    def mean(self, begins: NDArray[np.intp], length: int) -> Figures:
        """Mean squares of stretches."""
        return np.asarray((self.squares[begins + length] - self.squares[begins]) / length)

    def colour(self, begins: NDArray[np.intp]) -> Figures:
        """Deviance of cells from white noise: what two coefficients of prediction take from their power."""
        ends = begins + CELL
        energy = self.squares[ends] - self.squares[begins] + CELL
        first = np.clip((self.ones[ends - 1] - self.ones[begins]) / energy, -0.99, 0.99)
        second = (self.twos[ends - 2] - self.twos[begins]) / energy
        partial = np.clip((second - first**2) / (1 - first**2), -0.99, 0.99)
        return np.asarray(-CELL * (np.log1p(-(first**2)) + np.log1p(-(partial**2))))


def powers_of(x: Figures) -> Powers:
    """Running sums of 16-bit samples [shape=(n,)]."""
    ones, twos = np.zeros(len(x)), np.zeros(len(x))
    ones[:-1], twos[:-2] = x[:-1] * x[1:], x[:-2] * x[2:]
    return Powers(
        squares=running_sum(x * x),
        ones=running_sum(ones),
        twos=running_sum(twos),
        changes=running_sum(np.diff(x, append=0.0) != 0),
    )


def _cell_deviance(powers: Powers, begins: NDArray[np.intp], floor: float, colour: Figures) -> Figures:
    total = colour.copy()
    for at in range(0, CELL, BLOCK):
        total += _deviance(powers.mean(begins + at, BLOCK), floor, BLOCK)
    return total


def _stretches(like: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Begins and ends [samples] of what the noise explains, of a gap's length [shape=(n, 2)]."""
    first, end = runs(like)
    found = np.stack([first * STEP, (end - 1) * STEP + CELL], axis=1)
    lengths = found[:, 1] - found[:, 0]
    return found[(lengths >= SHORTEST) & (lengths <= LONGEST)]


def _first_of_noise(x: Figures, around: NDArray[np.intp], floor: float, *, outwards: int) -> NDArray[np.intp]:
    """Where sound turns into the noise, most likely [shape=(n,)]: of both, samples are taken as Gaussian.

    outwards: −1 where the sound lies before, 1 where it lies after.
    """
    offsets = outwards * np.arange(AROUND_END - 1, -AROUND_END - 1, -1)
    at = np.clip(around[:, np.newaxis] + offsets - (outwards > 0), 0, len(x) - 1)
    square = np.square(x[at]) + 1.0
    sound = square[:, : AROUND_END - 8].mean(axis=1, keepdims=True)
    for_sound = square * (1 / (floor + 1) - 1 / sound) + np.log((floor + 1) / sound)
    gathered = np.cumsum(np.concatenate([np.zeros((len(at), 1)), for_sound], axis=1), axis=1)
    return np.asarray(around - outwards * (gathered.argmax(axis=1) - AROUND_END))


def _agreement(found: NDArray[np.intp]) -> tuple[float, NDArray[np.bool_]]:
    """The chance of the grid on which most stretches agree, and which of them do."""
    lengths = found[:, 1] - found[:, 0]
    whole = (np.abs(distance(lengths, 0)) <= SLACK) & (lengths >= CELL - SLACK)
    near = np.abs((found[:, :1] - found[:, 0] + CELL // 2) % CELL - CELL // 2) <= SLACK
    counts = (near & whole).sum(axis=1) * whole
    best = int(counts.argmax()) if len(found) else 0
    if not len(found) or counts[best] < FEWEST:
        return 1.0, np.zeros(len(found), dtype=bool)
    share = (2 * SLACK + 1) / CELL * float(whole.mean())
    return float(bdtrc(int(counts[best]) - 2, len(found) - 1, share)), near[best] & whole


@dataclass(frozen=True, eq=False, kw_only=True)
class _Guess:
    chance: float
    floor: float
    found: NDArray[np.intp]


def _best_guess(x: Figures, powers: Powers, begins: NDArray[np.intp]) -> _Guess:
    blocks = powers.mean(np.arange(0, len(powers.squares) - BLOCK, STEP), BLOCK)
    colour = powers.colour(begins)
    best = _Guess(chance=1.0, floor=0.0, found=np.zeros((0, 2), dtype=np.intp))
    for level in FLOORS_DBFS:
        floor = (FULL_SCALE * 10 ** (level / 20)) ** 2
        unlike = _deviance(blocks, floor, BLOCK)
        total = colour.copy()
        for at in range(0, CELL, BLOCK):
            total += unlike[at // STEP :][: len(begins)]
        like = total < UNLIKE
        like[1:-1] |= like[:-2] & like[2:]
        found = _stretches(like)
        found = found[_bounded(powers, found, floor)]
        found = np.stack(
            [
                _first_of_noise(x, found[:, 0], floor, outwards=-1),
                _first_of_noise(x, found[:, 1], floor, outwards=1),
            ],
            axis=1,
        )
        chance, agree = _agreement(found)
        if chance < best.chance:
            best = _Guess(chance=chance, floor=floor, found=found[agree])
    return best


def _phase(powers: Powers, guess: _Guess) -> int:
    """The grid's phase to the sample: where the ends of gaps are most like the noise."""
    centre = int(guess.found[0, 0])
    middle = centre + int(np.median(distance(guess.found[:, 0], centre)))
    firsts = np.round((guess.found[:, 0] - middle) / CELL).astype(np.intp)
    lasts = np.round((guess.found[:, 1] - middle) / CELL).astype(np.intp)
    last = len(powers.squares) - 1 - EDGE
    costs = []
    for phase in range(middle - SLACK, middle + SLACK + 1):
        begins, ends = phase + firsts * CELL, phase + lasts * CELL
        inside = [np.clip(begins, 0, last), np.clip(ends - EDGE, 0, last)]
        costs.append(
            sum(np.minimum(_deviance(powers.mean(i, EDGE), guess.floor, EDGE), 40).sum() for i in inside)
        )
    low = np.flatnonzero(np.asarray(costs) <= min(costs) + 1e-9)
    return int(middle - SLACK + np.median(low)) % CELL


def _are_cells(found: NDArray[np.intp]) -> bool:
    lengths = found[:, 1] - found[:, 0]
    return len(found) > 0 and float(np.median(lengths)) < 1.5 * CELL


def _edge(powers: Powers, begins: NDArray[np.intp], floor: float) -> Figures:
    return _deviance(powers.mean(begins, EDGE), floor, EDGE)


def _bounded(powers: Powers, found: NDArray[np.intp], floor: float) -> NDArray[np.bool_]:
    """Which stretches have sounds on both sides that the noise does not explain.

    What lies between silent gaps is cut by them, and no gap: one value that is held is no sound.
    """
    n = len(powers.squares) - 1
    before, after = (np.clip(at, 0, n - EDGE) for at in (found[:, 0] - EDGE, found[:, 1]))
    unlike = _edge(powers, before, floor), _edge(powers, after, floor)
    both = np.minimum(*unlike) > EDGE_UNLIKE / 4
    both &= (powers.changes[before + EDGE] > powers.changes[before]) & (
        powers.changes[after + EDGE] > powers.changes[after]
    )
    return np.asarray(both & (np.maximum(*unlike) > EDGE_UNLIKE))


def noise_gaps(linear: NDArray[np.int16]) -> tuple[int, Runs]:
    """The grid's phase [samples] and the runs of lost cells [shape=(n, 2)], none where nothing was lost.

    Parameters: 16-bit samples [shape=(n,)].
    """
    none = np.zeros((0, 2), dtype=np.intp)
    if len(linear) < 4 * CELL:
        return 0, none
    x = linear.astype(np.float64)
    powers = powers_of(x)
    guess = _best_guess(x, powers, np.arange(0, len(linear) - CELL + 1, STEP))
    if guess.chance > (CHANCE_OF_CELLS if _are_cells(guess.found) else CHANCE):
        return 0, none
    phase, floor = _phase(powers, guess), guess.floor
    for _ in range(2):
        cells = _like_cells(powers, phase, floor)
        cells = cells[_bounded(powers, phase + cells * CELL, floor)]
        if len(cells) < FEWEST - 1:
            return phase, none
        inside = np.concatenate([np.arange(first, end) for first, end in cells])
        floor = float(np.median(powers.mean(phase + inside * CELL, CELL)))
    packets = packets_of(cells)
    every = _packets(powers, phase, floor, packets)
    beside = _packets(powers, phase + CELL // 2, floor, packets)
    return phase, every if len(beside) <= FEW * len(every) else whole_packets(cells, packets)


def _packets(powers: Powers, phase: int, floor: float, packets: Packets) -> Runs:
    """Runs of whole packets on a grid that the noise explains, no longer than gaps are."""
    like = _like(powers, phase, floor)[packets.phase :]
    n = len(like) // packets.length
    whole = np.asarray(like[: n * packets.length].reshape(n, packets.length).all(axis=1))
    first, end = runs(whole)
    cells = packets.phase + packets.length * np.stack([first, end], axis=1)
    return np.asarray(cells[(cells[:, 1] - cells[:, 0]) * CELL <= LONGEST])


def _like(powers: Powers, phase: int, floor: float) -> NDArray[np.bool_]:
    """Which cells of a grid the noise explains."""
    begins = np.arange(phase, len(powers.squares) - CELL, CELL)
    return np.asarray(_cell_deviance(powers, begins, floor, powers.colour(begins)) < UNLIKE)


def _like_cells(powers: Powers, phase: int, floor: float) -> Runs:
    """Runs of a grid's cells that the noise explains, no longer than gaps are."""
    cells = np.stack(runs(_like(powers, phase, floor)), axis=1)
    return np.asarray(cells[(cells[:, 1] - cells[:, 0]) * CELL <= LONGEST])
