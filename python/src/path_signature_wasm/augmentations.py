"""Augmentations: what is made of paths before their signatures. Forms and names are those of the npm
package (docs/augmentations.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .binary import Array
from .checks import is_mapping, is_whole
from .errors import PathSignatureRangeError, PathSignatureTypeError
from .paths import Batch

Augmentation = str | Mapping[str, Any]

_FORMS = 'a list of names such as "time", or of dicts such as {"leadLag": {"lag": 1}}'
_BLOCK = 1 << 18
"""Numbers of paths that are augmented at once."""


@dataclass(frozen=True)
class _Points:
    """Points of some paths, one path behind the other."""

    table: Array
    """(points, channels)."""
    lengths: Array
    """Points of each path."""
    given: Array
    """The number of each point among those that were given."""

    @property
    def firsts(self) -> Array:
        return np.cumsum(self.lengths) - self.lengths

    @property
    def places(self) -> Array:
        """The number of each point in its path."""
        return np.arange(len(self.table)) - np.repeat(self.firsts, self.lengths)

    def with_table(self, table: Array) -> _Points:
        """With other numbers of the same points, in the number type of these."""
        return replace(self, table=table.astype(self.table.dtype, copy=False))

    def channel(self, numbers: Array) -> _Points:
        """With one more channel."""
        return self.with_table(np.column_stack([self.table, np.asarray(numbers, dtype=self.table.dtype)]))

    def insert(self, at: Array, points: Array) -> _Points:
        """With one more point in each path, ahead of the numbers `at` in the table."""
        return _Points(np.insert(self.table, at, points, axis=0), self.lengths + 1, np.insert(self.given, at, -1))


def blocks(batch: Batch, augment: Sequence[Augmentation]) -> Iterator[tuple[slice, Batch]]:
    """Some paths at a time, augmented."""
    ends = np.cumsum(batch.lengths) * batch.channels
    first = 0
    while first < len(ends):
        done = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + _BLOCK, side="right")))
        yield slice(first, last), _augmented(batch, slice(first, last), augment)
        first = last


def augmented_channels(batch: Batch, augment: Sequence[Augmentation]) -> int:
    """Channels of the augmented paths of a batch."""
    if isinstance(augment, (str, Mapping)):
        raise PathSignatureTypeError("AUGMENT_TYPE", "augment", repr(augment), _FORMS)
    one = Batch(np.zeros(batch.channels), np.zeros(1, np.int64), np.ones(1, np.int64), batch.channels, (1,), True)
    return _augmented(one, slice(0, 1), augment).channels


def _augmented(batch: Batch, paths: slice, augment: Sequence[Augmentation]) -> Batch:
    lengths, starts = batch.lengths[paths], batch.starts[paths]
    places = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    given = np.repeat(starts // batch.channels, lengths) + places
    table = batch.numbers[(given * batch.channels)[:, None] + np.arange(batch.channels)]
    points = _Points(table, lengths, given - int(batch.starts.min()) // batch.channels)
    for one in augment:
        form = {one: None} if isinstance(one, str) else one
        if not is_mapping(form) or len(form) != 1:
            raise PathSignatureTypeError("AUGMENT_TYPE", "augment", str(one), _FORMS)
        ((name, settings),) = form.items()
        if name not in _AUGMENTATIONS:
            raise PathSignatureTypeError("AUGMENT_TYPE", "augment", repr(name), f"one of {', '.join(_AUGMENTATIONS)}")
        points = _AUGMENTATIONS[name](points, settings)
    width = points.table.shape[1]
    numbers = np.ascontiguousarray(points.table, dtype=batch.numbers.dtype).reshape(-1)
    even = bool((points.lengths == points.lengths[0]).all())
    return Batch(numbers, points.firsts * width, points.lengths, width, (len(lengths),), even)


def _wrong(name: str, received: Any, accepted: str) -> PathSignatureRangeError:
    return PathSignatureRangeError("AUGMENT_RANGE", f"augment[{name!r}]", f"{received!r:.60}", accepted)


def _settings(name: str, given: Any, names: Sequence[str]) -> Mapping[str, Any]:
    settings: Any = {} if given is None else given
    if not is_mapping(settings) or any(key not in names for key in settings):
        raise PathSignatureTypeError("AUGMENT_TYPE", f"augment[{name!r}]", repr(given), f"a dict of {', '.join(names)}")
    return settings


def _row(name: str, given: Any, points: _Points) -> Array:
    """A number for each channel."""
    row = np.asarray(given, dtype=np.float64)
    if row.shape != points.table.shape[1:] or not np.isfinite(row).all():
        raise _wrong(name, given, f"{points.table.shape[1]} finite numbers, one for each channel")
    return row


def _of_points(name: str, given: Any, points: _Points) -> Array:
    """A number for each point: one for each that was given, or one for each place in a path."""
    numbers = np.asarray(given, dtype=np.float64).reshape(-1)
    where = points.given if numbers.size > points.lengths.max(initial=0) else points.places
    if where.max(initial=0) >= numbers.size or not np.isfinite(numbers).all():
        raise _wrong(name, given, "a finite number for each point")
    return numbers[where]


def _time(points: _Points, given: Any) -> _Points:
    settings = _settings("time", given, ("times", "normalized"))
    firsts, since = points.firsts, points.places.astype(np.float64)
    if settings.get("times") is not None and len(points.table) > 1:
        times = _of_points("time", settings["times"], points)
        since = times - np.repeat(times[firsts], points.lengths)
    if settings.get("normalized"):
        total = since[firsts + points.lengths - 1]
        since = since / np.repeat(np.where(total == 0, 1, total), points.lengths)
    return points.channel(since)


def _lead_lag(points: _Points, given: Any) -> _Points:
    settings = _settings("leadLag", given, ("lag", "order"))
    lag, order = settings.get("lag", 1), settings.get("order", "lead-lag")
    if not is_whole(lag, 1) or order not in ("lead-lag", "lag-lead"):
        raise _wrong("leadLag", given, 'lag: a whole number from 1 on; order: "lead-lag" or "lag-lead"')
    steps = points.lengths - 1
    lengths = 2 * steps + 1
    k = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    last = np.repeat(steps, lengths)
    # The lead begins, until it is `lag` steps ahead; then both go by turns, first the one behind.
    begun = np.minimum(lag, last)
    lead = np.minimum(np.where(k <= begun, k, begun + (k - begun) // 2), last)
    first = np.repeat(points.firsts, lengths)
    both = [points.table[first + lead], points.table[first + k - lead]]
    table = np.concatenate(both if order == "lead-lag" else both[::-1], axis=1)
    return _Points(table, lengths, points.given[first + lead])


def _basepoint(points: _Points, given: Any) -> _Points:
    row = np.zeros(1) if given is None else _row("basepoint", given, points)
    return points.insert(points.firsts, row)


def _invisibility_reset(points: _Points, given: Any) -> _Points:
    if given not in (None, "initial", "terminal"):
        raise _wrong("invisibilityReset", given, '"initial" or "terminal"')
    seen = points.channel(np.ones(len(points.table)))
    ends = seen.firsts if given == "initial" else seen.firsts + seen.lengths
    edge = seen.table[seen.firsts if given == "initial" else ends - 1]
    edge[:, -1] = 0
    seen = seen.insert(ends, edge)
    return seen.insert(seen.firsts if given == "initial" else seen.firsts + seen.lengths, np.zeros(1))


def _cumulative_sum(points: _Points, _: Any) -> _Points:
    # Sums are rounded once, as in the npm package.
    table = np.empty(points.table.shape)
    for first, length in zip(points.firsts.tolist(), points.lengths.tolist()):
        np.cumsum(points.table[first : first + length], axis=0, dtype=float, out=table[first : first + length])
    return points.with_table(table)


def _differences(points: _Points, _: Any) -> _Points:
    # A single point becomes the origin, and keeps its place.
    alone = np.repeat(points.lengths == 1, points.lengths)
    steps = np.diff(points.table, axis=0, prepend=points.table[:1])
    steps[alone] = 0
    stay = (points.places > 0) | alone
    return _Points(steps[stay], np.maximum(points.lengths - 1, 1), points.given[stay])


def _pen_on_off(points: _Points, given: Any) -> _Points:
    return points.channel(_of_points("penOnOff", given, points) != 0 if len(points.table) > 1 else np.zeros(1))


def _select(points: _Points, given: Any) -> _Points:
    width = points.table.shape[1]
    if type(given) not in (list, tuple) or not given or not all(is_whole(one, 0, width - 1) for one in given):
        raise _wrong("select", given, f"channels, from 0 to {width - 1}")
    return points.with_table(points.table[:, list(given)])


def _scale(points: _Points, given: Any) -> _Points:
    factors = np.asarray(given if np.ndim(given) else np.full(points.table.shape[1], given))
    return points.with_table(points.table * _row("scale", factors, points))


def _coordinate_projections(points: _Points, given: Any) -> _Points:
    width = points.table.shape[1]
    matrix: Array = np.asarray(given, dtype=np.float64) if isinstance(given, (list, np.ndarray)) else np.zeros(0)
    if matrix.ndim != 2 or matrix.shape != (len(matrix), width) or not np.isfinite(matrix).all():
        raise _wrong("coordinateProjections", given, f"a matrix of {width} columns")
    table = np.zeros((len(points.table), len(matrix)))
    for c in range(width):
        table += points.table[:, c : c + 1] * matrix[:, c]
    return points.with_table(table)


_AUGMENTATIONS: dict[str, Callable[[_Points, Any], _Points]] = {
    "time": _time,
    "leadLag": _lead_lag,
    "basepoint": _basepoint,
    "invisibilityReset": _invisibility_reset,
    "cumulativeSum": _cumulative_sum,
    "differences": _differences,
    "penOnOff": _pen_on_off,
    "select": _select,
    "scale": _scale,
    "coordinateProjections": _coordinate_projections,
}
