"""Reading paths from Arrow: arrays of lists of points, or of lists of numbers."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from .binary import Array
from .errors import PathSignatureRangeError, PathSignatureTypeError
from .paths import FORMS, Batch, as_numbers, ragged

# pyarrow has no types of its own.
pa: Any = import_module("pyarrow")
types: Any = import_module("pyarrow.types")


def from_arrow(column: Any, channels: int | None) -> Batch:
    array: Any = pa.array(column) if isinstance(column, pa.Array) else pa.chunked_array(column).combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    _without_nulls(array, "paths")
    firsts, lengths, points = _lists(array)
    firsts, lengths = firsts.astype(np.int64), lengths.astype(np.int64)
    if not _is_list(points.type):
        # Numbers of a path one behind the other.
        if channels is None:
            accepted = "channels=…, for lists of numbers; or lists of points"
            raise PathSignatureTypeError("CHANNELS_INVALID", "channels", f"None for {array.type}", accepted)
        if (lengths % channels).any() or (firsts % channels).any():
            row = int(np.flatnonzero(lengths % channels)[0])
            received = f"{lengths[row]} numbers"
            raise PathSignatureRangeError("SHAPE_MISMATCH", f"paths[{row}]", received, f"a multiple of {channels}")
        return ragged(_arrow_numbers(points), firsts // channels, lengths // channels, channels)
    _without_nulls(points, "points of paths")
    begin, widths, numbers = _lists(points)
    own = channels or (int(widths[0]) if len(widths) else 1)
    if (wrong := widths != own).any():
        row = int(np.flatnonzero(wrong)[0])
        accepted = f"{own}, as the first" if channels is None else f"{own} channels"
        raise PathSignatureRangeError("RAGGED_ROW", f"point {row}", f"{widths[row]} numbers", accepted)
    values = _arrow_numbers(numbers)[int(begin[0]) if len(begin) else 0 :]
    return ragged(values, firsts, lengths, own)


def _is_list(kind: Any) -> bool:
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _lists(array: Any) -> tuple[Array, Array, Any]:
    """First values and lengths of the lists of an array, and the array of their values."""
    if types.is_fixed_size_list(array.type):
        size = array.type.list_size
        return np.arange(len(array)) * size + array.offset * size, np.full(len(array), size), array.values
    if not _is_list(array.type):
        raise PathSignatureTypeError("PATHS_TYPE", "paths", f"an Arrow array of {array.type}", FORMS)
    offsets = np.asarray(array.offsets)
    return offsets[:-1], np.diff(offsets), array.values


def _without_nulls(array: Any, argument: str) -> None:
    if array.null_count:
        row = int(np.flatnonzero(np.asarray(array.is_null()))[0])
        accepted = "no nulls: drop or fill them first"
        raise PathSignatureTypeError("ELEMENT_TYPE", argument, f"null at {row}", accepted)


def _arrow_numbers(values: Any) -> Array:
    _without_nulls(values, "numbers of paths")
    return as_numbers(np.asarray(values), "paths")
