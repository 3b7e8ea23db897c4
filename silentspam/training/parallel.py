"""Work spread over processes, its results in their order: nothing but the time depends on how many."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")


def in_order(
    function: Callable[..., Result], calls: Sequence[tuple[Any, ...]], *, workers: int
) -> Iterator[Result]:
    """`function(*arguments)` for each of `calls`, in as many processes as `workers`; if one, in this one."""
    if workers == 1 or len(calls) < 2:
        yield from (function(*arguments) for arguments in calls)
        return
    with ProcessPoolExecutor(min(workers, len(calls))) as pool:
        yield from pool.map(function, *zip(*calls, strict=True))
