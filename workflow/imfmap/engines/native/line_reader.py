"""Lines of an image, processed on demand by several threads, and the time that each step takes."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from ...nac.instrument import Edr, NacCube, Step

log = logging.getLogger(__name__)

_CHUNK_LINES = 128


class LineReader:
    """Reader of processed lines; each of several threads processes some of them at a time.

    Parameters
    ----------
    image : Edr or NacCube
    steps : list of tuple
        Names and functions of the steps, in order. A function takes lines and the zero-based number of the first line.
    pool : concurrent.futures.Executor
    clock : StageClock
    """

    def __init__(
        self, image: "Edr | NacCube", steps: "Sequence[tuple[str, Step]]", pool: "Executor", clock: "StageClock"
    ) -> None:
        self._image, self._steps, self._pool, self._clock = image, steps, pool, clock
        self._logged_tenth = 0

    def __call__(self, first: int, count: int) -> np.ndarray:
        """Return processed lines from the zero-based line `first` on: (count, samples) float32."""
        out = np.empty((count, self._image.label.samples), np.float32)
        starts = range(0, count, _CHUNK_LINES)
        list(self._pool.map(lambda start: self._fill(out[start : start + _CHUNK_LINES], first + start), starts))
        tenth = 10 * (first + count) // self._image.label.lines
        if tenth > self._logged_tenth:
            log.info("%s: line %d of %d", self._image.label.product_id, first + count, self._image.label.lines)
            self._logged_tenth = tenth
        return out

    def _fill(self, out, first):
        with self._clock("read"):
            lines = self._image.read_lines(first, len(out))
        for name, step in self._steps:
            with self._clock(name):
                lines = step(lines, first)
        out[:] = lines


class StageClock:
    """Seconds spent in each stage, summed over threads."""

    def __init__(self) -> None:
        self._lock, self._stages = threading.Lock(), Counter()

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Count the time of a with block in a stage."""
        started = time.perf_counter()
        yield
        self.add(stage, time.perf_counter() - started)

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with its time counted in a stage."""

        def call(*arguments, **options):
            with self(stage):
                return function(*arguments, **options)

        return call

    def add(self, stage: str, seconds: float) -> None:
        """Count time in a stage."""
        with self._lock:
            self._stages[stage] += seconds

    def stages(self) -> dict[str, float]:
        """Return the seconds by stage."""
        return dict(self._stages)
