"""Reading paths: numpy arrays, lists of arrays, and Arrow lists become one flat batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .binary import Array
from .errors import PathSignatureRangeError, PathSignatureTypeError

FORMS = (
    "an array of shape (…batch, length, channels), a list of arrays (length, channels), or an Arrow array of lists "
    "of points"
)


@dataclass(frozen=True)
class Batch:
    """Paths in one array of numbers. Windows are paths that overlap."""

    numbers: Array
    """One dimension."""
    starts: Array
    """The first number of each path."""
    lengths: Array
    """Points of each path."""
    channels: int
    lead: tuple[int, ...]
    """The shape of the batch."""
    even: bool
    """Whether paths are of one length and lie one behind the other."""

    def points(self, path: int) -> Array:
        """Points of a path, (length, channels)."""
        start, length = int(self.starts[path]), int(self.lengths[path])
        return self.numbers[start : start + length * self.channels].reshape(length, self.channels)


def read_paths(paths: Any, lengths: Any, channels: int | None) -> Batch:
    """Paths of any accepted form. Numbers keep their type if it is float32, else they are float64."""
    if hasattr(paths, "__arrow_c_array__") or hasattr(paths, "__arrow_c_stream__"):
        from .arrow import from_arrow  # pyarrow is an optional dependency.

        batch = from_arrow(paths, channels)
    elif type(paths) in (list, tuple):
        batch = _from_list(paths)
    else:
        batch = _from_array(np.asarray(paths))
    if lengths is None:
        return batch
    return _shortened(batch, lengths)


def as_numbers(array: Array, argument: str) -> Array:
    if array.dtype == np.float32:
        return np.ascontiguousarray(array)
    if array.dtype.kind not in "fiu":
        raise PathSignatureTypeError("PATHS_TYPE", argument, f"numbers of type {array.dtype}", "real numbers")
    return np.ascontiguousarray(array, dtype=np.float64)


def _even(numbers: Array, count: int, length: int, channels: int, lead: tuple[int, ...]) -> Batch:
    if length == 0 or channels == 0:
        raise PathSignatureRangeError("EMPTY_PATH", "paths", f"{length} points of {channels} channels", "1 or more")
    starts = np.arange(count, dtype=np.int64) * (length * channels)
    return Batch(numbers.reshape(-1), starts, np.full(count, length, np.int64), channels, lead, True)


def _from_array(array: Array) -> Batch:
    if array.ndim < 2:
        raise PathSignatureTypeError("PATHS_RANK", "paths", f"an array of shape {array.shape}", FORMS)
    *lead, length, channels = array.shape
    return _even(as_numbers(array, "paths"), int(np.prod(lead)), length, channels, tuple(lead))


def _from_list(paths: Sequence[Any]) -> Batch:
    arrays = [np.asarray(path) for path in paths]
    if arrays and all(array.ndim < 2 for array in arrays):
        return _from_array(np.asarray(paths))
    if not arrays:
        raise PathSignatureRangeError("EMPTY_PATH", "paths", "an empty list", "one path or more, or an empty array")
    channels = arrays[0].shape[-1]
    for i, array in enumerate(arrays):
        if array.ndim != 2 or array.shape[1] != channels:
            accepted = f"(length, {channels}), as path 0"
            raise PathSignatureRangeError("RAGGED_ROW", f"paths[{i}]", f"an array of shape {array.shape}", accepted)
    lengths = np.array([len(array) for array in arrays], dtype=np.int64)
    numbers = np.concatenate([as_numbers(array, f"paths[{i}]") for i, array in enumerate(arrays)]).reshape(-1)
    return ragged(numbers, np.cumsum(lengths) - lengths, lengths, channels)


def ragged(numbers: Array, firsts: Array, lengths: Array, channels: int) -> Batch:
    empty = np.flatnonzero(lengths < 1)
    if empty.size:
        raise PathSignatureRangeError("EMPTY_PATH", f"paths[{empty[0]}]", "a path without points", "1 point or more")
    # Columns of series of one length are as quick as an array.
    even = bool((lengths == lengths[:1]).all() and (np.diff(firsts) == lengths[1:]).all())
    return Batch(numbers, firsts * channels, lengths, channels, (len(lengths),), even)


def _shortened(batch: Batch, lengths: Any) -> Batch:
    given = np.asarray(lengths)
    if given.dtype.kind not in "iu" or given.size != len(batch.lengths):
        received = f"{given.size} of type {given.dtype}"
        raise PathSignatureRangeError("LENGTHS_COUNT", "lengths", received, f"{len(batch.lengths)} whole numbers")
    given = given.reshape(-1).astype(np.int64)
    wrong = np.flatnonzero((given < 1) | (given > batch.lengths))
    if wrong.size:
        i = int(wrong[0])
        accepted = f"1 to {batch.lengths[i]}, the points of path {i}"
        raise PathSignatureRangeError("LENGTHS_RANGE", f"lengths[{i}]", str(given[i]), accepted)
    return Batch(batch.numbers, batch.starts, given, batch.channels, batch.lead, False)
