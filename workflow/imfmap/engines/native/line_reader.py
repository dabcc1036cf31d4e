"""Lines of an image, processed on demand by several threads, and the time that each step takes."""

import logging
import threading
import time
from collections import Counter
from contextlib import contextmanager

import numpy as np

log = logging.getLogger(__name__)

_CHUNK_LINES = 128


class LineReader:
    """Processed lines on demand, some at a time in each thread.

    Parameters
    ----------
    image : Edr or NacCube
    steps : list of tuple
        Name and function (of lines and the first one's zero-based number) of what is done to them, in order.
    pool : concurrent.futures.Executor
    clock : StageClock
    """

    def __init__(self, image, steps, pool, clock):
        self._image, self._steps, self._pool, self._clock = image, steps, pool, clock
        self._told = 0

    def __call__(self, first, count):
        """Lines as (count, samples) float32."""
        out = np.empty((count, self._image.label.samples), np.float32)
        starts = range(0, count, _CHUNK_LINES)
        list(self._pool.map(lambda start: self._fill(out[start : start + _CHUNK_LINES], first + start), starts))
        tenth = 10 * (first + count) // self._image.label.lines
        if tenth > self._told:
            log.info("%s: line %d of %d", self._image.label.product_id, first + count, self._image.label.lines)
            self._told = tenth
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

    def __init__(self):
        self._lock, self._stages = threading.Lock(), Counter()

    @contextmanager
    def __call__(self, stage):
        started = time.perf_counter()
        yield
        self.add(stage, time.perf_counter() - started)

    def timed(self, stage, function):
        """The function, timed."""

        def call(*arguments, **options):
            with self(stage):
                return function(*arguments, **options)

        return call

    def add(self, stage, seconds):
        """Count time in a stage."""
        with self._lock:
            self._stages[stage] += seconds

    def stages(self):
        """dict of float: seconds by stage."""
        return dict(self._stages)
