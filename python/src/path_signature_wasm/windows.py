"""Windows: stretches of paths, read as paths that overlap. The forms are those of the npm package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .binary import Array
from .checks import is_whole
from .errors import PathSignatureRangeError, PathSignatureTypeError
from .paths import Batch

Windows = Mapping[str, Any] | Sequence[tuple[int, int]]

_FORMS = 'a list of intervals, or a dict whose "type" is "sliding", "expanding", "dyadic" or "times"'
_NAMES: dict[str, tuple[str, ...]] = {
    "sliding": ("length", "step"),
    "expanding": ("start", "step"),
    "dyadic": ("depth",),
    "times": ("times", "length", "step"),
}


def split(batch: Batch, windows: Windows) -> tuple[Batch, Array]:
    """The windows of each path as a batch (…batch, windows), and how many each path has.

    Windows behind a path's last have one point: their signature is the identity.
    """
    intervals = [_intervals(windows, int(n), path, batch) for path, n in enumerate(batch.lengths)]
    counts = np.array([len(one) for one in intervals], dtype=np.int64)
    most = int(counts.max(initial=0))
    froms = np.zeros((len(intervals), most), dtype=np.int64)
    sizes = np.ones_like(froms)
    for path, one in enumerate(intervals):
        froms[path, : len(one)] = one[:, 0]
        sizes[path, : len(one)] = one[:, 1] - one[:, 0]
    starts = (batch.starts[:, None] + froms * batch.channels).reshape(-1)
    return Batch(batch.numbers, starts, sizes.reshape(-1), batch.channels, (*batch.lead, most), False), counts


def _whole(windows: Mapping[str, Any], name: str, default: int | None, least: int, most: int | None = None) -> int:
    value: Any = windows.get(name, default)
    if not is_whole(value, least, float("inf") if most is None else most):
        accepted = f"a whole number from {least} on" if most is None else f"a whole number from {least} to {most}"
        raise PathSignatureRangeError("WINDOWS_RANGE", f"windows[{name!r}]", repr(value), accepted)
    return int(value)


def _intervals(windows: Windows, n: int, path: int, batch: Batch) -> Array:
    """Intervals [from, to) of points of a path of n points, (windows, 2)."""
    if not isinstance(windows, Mapping):
        return _given(windows, n, batch)
    kind = windows.get("type")
    if kind not in _NAMES:
        raise PathSignatureTypeError("WINDOWS_TYPE", "windows", repr(windows), _FORMS)
    for name in windows:
        if name != "type" and name not in _NAMES[kind]:
            raise PathSignatureTypeError("WINDOWS_TYPE", "windows", repr(name), f"one of {', '.join(_NAMES[kind])}")
    longest = int(batch.lengths.max())
    if kind == "times":
        return _of_times(windows, n, path, batch)
    if kind == "dyadic":
        levels = _whole(windows, "depth", None, 0, 20) + 1
        edges: list[Array] = [(np.arange(2**k + 1) * (n - 1)) // 2**k for k in range(levels)]
        return np.concatenate([np.stack([edge[:-1], edge[1:] + 1], axis=1) for edge in edges])
    step = _whole(windows, "step", 1, 1)
    if kind == "sliding":
        length = _whole(windows, "length", None, 1, longest)
        froms = np.arange(0, max(0, n - length + 1), step)
        return np.stack([froms, froms + length], axis=1)
    ends = np.arange(_whole(windows, "start", 1, 1, longest), n + 1, step)
    return np.stack([np.zeros_like(ends), ends], axis=1)


def _given(windows: Sequence[tuple[int, int]], n: int, batch: Batch) -> Array:
    longest = int(batch.lengths.max())
    given = np.asarray(windows)
    if given.ndim != 2 or given.shape[1] != 2 or given.dtype.kind not in "iu":
        raise PathSignatureTypeError("WINDOWS_TYPE", "windows", f"{windows!r:.60}", _FORMS)
    wrong = np.flatnonzero((given[:, 0] < 0) | (given[:, 1] <= given[:, 0]) | (given[:, 1] > longest))
    if wrong.size:
        i = int(wrong[0])
        accepted = f"(from, to) with 0 ≤ from < to ≤ {longest}"
        raise PathSignatureRangeError("WINDOWS_RANGE", f"windows[{i}]", str(given[i].tolist()), accepted)
    begin = np.minimum(given[:, 0], n - 1)
    return np.stack([begin, np.clip(given[:, 1], begin + 1, n)], axis=1)


def _of_times(windows: Mapping[str, Any], n: int, path: int, batch: Batch) -> Array:
    points = int(batch.lengths.max())
    times = np.asarray(windows.get("times"), dtype=np.float64).reshape(-1)
    count = len(batch.lengths)
    if times.size not in (points, points * count):
        accepted = f"{points}, one for each point, or {points * count}, one for each point of each path"
        raise PathSignatureRangeError("WINDOWS_RANGE", "windows['times']", f"{times.size} numbers", accepted)
    own = times[path * points : path * points + n] if times.size > points else times[:n]
    if not (np.diff(own) > 0).all() or not np.isfinite(own).all():
        received = f"times of path {path}"
        raise PathSignatureRangeError("WINDOWS_RANGE", "windows['times']", received, "increasing numbers")
    span, pace = (float(windows.get(name, 0)) for name in ("length", "step"))
    if not (0 < span < np.inf and 0 < pace < np.inf):
        received = f"length {span}, step {pace}"
        raise PathSignatureRangeError("WINDOWS_RANGE", "windows", received, "positive numbers, in the unit of times")
    intervals: list[tuple[int, int]] = []
    k = 0
    # The last point closes the last window.
    while (k == 0 or own[0] + k * pace + span <= own[-1] + pace) and own[0] + k * pace <= own[-1]:
        begin, end = np.searchsorted(own, [own[0] + k * pace, own[0] + k * pace + span]).tolist()
        intervals.append((begin, max(begin + 1, end)))
        k += 1
    return np.array(intervals, dtype=np.int64).reshape(-1, 2)
