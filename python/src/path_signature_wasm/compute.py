"""From paths to rows: blocks of bounded size, and the cuts of long paths.

Where a path is cut depends on its own length and channels alone, as in ts/run/blocks.ts, so the
bits of a row are those of the npm package with the same binary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .binary import BASEPOINT, OUT, PATHS, STATE, Array, Binary, Words
from .errors import PathSignatureRangeError
from .paths import Batch

SIGNATURE, COMBINE, LOG_SIGNATURE = 1, 2, 4
INVERSE, SCALAR_TERM, CONTINUED, CONTINUES = 2, 4, 8, 16

BLOCK_BYTES = 1 << 19
"""Points, and rows, of a task have at most this many bytes, unless four paths need more."""
_LANES = 4
_PRODUCT_BYTES = 1 << 20


@dataclass(frozen=True)
class Kind:
    """What is computed."""

    operation: int
    depth: int
    options: int
    row: int
    """Numbers of a row of the result."""
    size: int
    """Numbers of a signature without its scalar term; of a log-signature's state."""


@dataclass(frozen=True)
class Call:
    """What is computed of which paths."""

    kind: Kind
    batch: Batch
    basepoint: Array | None
    """(channels), or (paths, channels)."""
    check_finite: bool

    def points(self, path: int) -> Array:
        """Points of a path, with its basepoint."""
        points = self.batch.points(path)
        if self.basepoint is None:
            return points
        first = self.basepoint if self.basepoint.ndim == 1 else self.basepoint[path]
        return np.concatenate([first[None, :], points])


def compute(binary: Binary, call: Call, out: Array) -> None:
    """Writes the row of each path to `out`, (paths, row)."""
    batch = call.batch
    longest = max(256, min(4096, 65536 // batch.channels))
    is_long = batch.lengths - 1 > longest
    for block in _blocks(call, np.flatnonzero(~is_long)):
        _run_block(binary, call, block, out)
    for path in np.flatnonzero(is_long):
        points = call.points(int(path))
        long = _product if call.kind.operation == SIGNATURE else _chain
        row = long(binary, call, int(path), points, longest)
        out[path, call.kind.row - len(row) :] = row
        if len(row) < call.kind.row:
            out[path, 0] = 1


def _blocks(call: Call, paths: Array) -> Iterator[Array]:
    """Paths of similar lengths, in blocks."""
    batch = call.batch
    each = batch.numbers.itemsize
    if not batch.even:
        paths = paths[np.argsort(batch.lengths[paths], kind="stable")]
    at = 0
    while at < len(paths):
        # Lengths ascend: no more than these can fit.
        most = BLOCK_BYTES // int(batch.lengths[paths[at]] * batch.channels * each) + _LANES
        rest = paths[at : at + most]
        staged = batch.lengths[rest] * batch.channels * each * np.arange(1, len(rest) + 1)
        fitting = int(np.searchsorted(staged, BLOCK_BYTES, side="right"))
        fitting = max(_LANES, min(fitting, BLOCK_BYTES // (call.kind.row * each)) // _LANES * _LANES)
        yield rest[:fitting]
        at += fitting


def _run_block(binary: Binary, call: Call, paths: Array, out: Array) -> None:
    batch, kind = call.batch, call.kind
    channels = batch.channels
    lengths: Array | None = None
    if batch.even:
        points = int(batch.lengths[0])
        first = int(batch.starts[paths[0]])
        numbers = batch.numbers[first : first + len(paths) * points * channels]
    else:
        lengths = batch.lengths[paths]
        points = int(lengths[-1])
        numbers = _padded(batch, paths, points * channels)
    inputs = {PATHS: (numbers, points * channels)}
    if call.basepoint is not None:
        is_shared = call.basepoint.ndim == 1
        inputs[BASEPOINT] = (call.basepoint if is_shared else call.basepoint[paths], 0 if is_shared else channels)
    words = Words(kind.operation, channels, kind.depth, kind.options, len(paths), points)
    code, written = binary.run(words, inputs, lengths, kind.row)
    if code > 0 and call.check_finite:
        check(batch, paths)
    rows = written[OUT].reshape(len(paths), kind.row)
    out[slice(paths[0], paths[0] + len(paths)) if batch.even else paths] = rows


def _padded(batch: Batch, paths: Array, width: int) -> Array:
    """The first `width` numbers of paths, and whatever is behind the end of shorter ones: it is not read."""
    numbers, starts = batch.numbers, batch.starts[paths]
    whole = starts + width <= len(numbers)
    if whole.all():
        return sliding_window_view(numbers, width)[starts]
    padded = np.empty((len(paths), width), dtype=numbers.dtype)
    padded[whole] = sliding_window_view(numbers, width)[starts[whole]]
    for i in np.flatnonzero(~whole):
        rest = numbers[starts[i] : starts[i] + width]
        padded[i, : len(rest)] = rest
    return padded


def check(batch: Batch, paths: Array | None = None) -> None:
    """Raises the error of the first number that is not finite, if there is one."""
    for path in np.arange(len(batch.lengths)) if paths is None else np.sort(paths):
        points = batch.points(int(path))
        wrong = np.argwhere(~np.isfinite(points))
        if wrong.size:
            point, channel = (int(i) for i in wrong[0])
            where = f"point {point}, channel {channel} of path {path}"
            accepted = "finite numbers in the range of the number type; check_finite=False lets others through"
            raise PathSignatureRangeError("NOT_FINITE", "paths", f"{points[point, channel]} at {where}", accepted)


def _task(
    binary: Binary, call: Call, options: int, points: Array, path: int, inputs: dict[int, tuple[Array, int]], state: int
) -> dict[int, Array]:
    channels = call.batch.channels
    width = call.kind.size if call.kind.operation == SIGNATURE else call.kind.row
    given = {PATHS: (points, points.size), **inputs}
    words = Words(call.kind.operation, channels, call.kind.depth, options, 1, len(points))
    code, written = binary.run(words, given, None, width, state)
    if code > 0 and call.check_finite:
        check(call.batch, np.array([path]))
    return {region: numbers.copy() for region, numbers in written.items()}


def _product(binary: Binary, call: Call, path: int, points: Array, longest: int) -> Array:
    """The signature of a long path: of stretches of equal numbers of steps, multiplied in a tree."""
    steps = len(points) - 1
    count = ceil(steps / longest)
    rows: list[Array] = []
    for k in range(count):
        a, b = k * steps // count, (k + 1) * steps // count
        if call.kind.options & INVERSE:
            a, b = steps - b, steps - a
        rows.append(_task(binary, call, call.kind.options & ~SCALAR_TERM, points[a : b + 1], path, {}, 0)[OUT])

    def combined(given: Array) -> Array:
        words = Words(COMBINE, call.batch.channels, call.kind.depth, 0, len(given), 0)
        _, written = binary.run(words, {PATHS: (given, call.kind.size)}, None, call.kind.size)
        return written[OUT][: call.kind.size].copy()

    fan = 2
    while 2 * fan * call.kind.size * points.itemsize <= _PRODUCT_BYTES:
        fan *= 2
    while len(rows) > 1:
        rows = [combined(np.stack(rows[i : i + fan])) for i in range(0, len(rows), fan)]
    return rows[0]


def _chain(binary: Binary, call: Call, path: int, points: Array, longest: int) -> Array:
    """The log-signature of a long path: segments of which each continues the state of the last."""
    steps = len(points) - 1
    count = ceil(steps / longest)
    state: dict[int, tuple[Array, int]] = {}
    row = np.zeros(0)
    for k in range(count):
        a, b = k * longest, min((k + 1) * longest, steps)
        if call.kind.options & INVERSE:
            a, b = steps - b, steps - a
        options = call.kind.options | (CONTINUED if k > 0 else 0) | (CONTINUES if k < count - 1 else 0)
        written = _task(binary, call, options, points[a : b + 1], path, state, call.kind.size)
        state = {STATE: (written[STATE], call.kind.size)}
        row = written[OUT]
    return row
