"""The public functions."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .binary import Array, Variant, using
from .compute import INVERSE, LOG_SIGNATURE, SCALAR_TERM, SIGNATURE, Call, compute
from .checks import check_one_of, check_whole
from .errors import PathSignatureRangeError, PathSignatureTypeError
from .paths import Batch, read_paths
from .windows import Windows, split

DTypeName = Literal["float32", "float64"]
Basis = Literal["words", "lyndon", "hall", "expanded"]
Precision = Literal["auto", "float32", "float64"]

_BASES: tuple[Basis, ...] = ("words", "lyndon", "hall", "expanded")
_PRECISIONS: dict[str, int] = {"auto": 0, "float32": 4096, "float64": 8192}


def signature_size(channels: int, depth: int) -> int:
    """Numbers of a signature: channels + channels² + … + channels^depth.

    >>> signature_size(3, 3)
    39
    """
    check_whole("channels", channels)
    check_whole("depth", depth)
    size = 0
    for _ in range(depth):
        size = channels * (size + 1)
        if size >= 2**31:
            received = f"depth {depth} of {channels} channels"
            raise PathSignatureRangeError("SIZE_TOO_LARGE", "depth", received, "fewer than 2^31 numbers")
    return size


def log_signature_size(channels: int, depth: int, basis: Basis = "words") -> int:
    """Numbers of a log-signature: Lyndon words up to `depth` (Witt's formula), or all words.

    >>> log_signature_size(3, 3)
    14
    """
    size = signature_size(channels, depth)
    check_one_of("BASIS_INVALID", "basis", basis, _BASES)
    if basis == "expanded":
        return size
    # channels^k = Σ d · (Lyndon words of length d), over the divisors d of k.
    counts: dict[int, int] = {}
    for k in range(1, depth + 1):
        counts[k] = (channels**k - sum(d * counts[d] for d in range(1, k) if k % d == 0)) // k
    return sum(counts.values())


def signature(
    paths: Any,
    *,
    depth: int,
    windows: Windows | None = None,
    basepoint: Any = None,
    inverse: bool = False,
    scalar_term: bool = False,
    lengths: Any = None,
    dtype: DTypeName | None = None,
    check_finite: bool = True,
    channels: int | None = None,
    variant: Variant = "simd",
) -> Array:
    """Signatures of piecewise linear paths, truncated at `depth`.

    `paths`: an array (…batch, length, channels), a list of arrays (length, channels), or an Arrow
    array of lists of points (of numbers, with `channels`). `windows`: stretches of which each has a
    row, as in the npm package: `{"type": "sliding", "length": 50, "step": 10}`. `basepoint`: `True`
    for the origin, (channels), or (paths, channels). `variant`: "simd" gives the same bits on every
    machine, "relaxed" is faster.

    Returns an array (…batch, size), with windows (…batch, windows, size); size is
    `signature_size(channels, depth)`, one more with `scalar_term`. Raises `PathSignatureError`.

    >>> signature([[0, 0], [1, 0], [1, 1]], depth=2)
    array([1. , 1. , 0.5, 1. , 0. , 0.5])
    """
    batch, base, counts = _read(paths, lengths, channels, dtype, windows, basepoint)
    size = signature_size(batch.channels, depth)
    options = (INVERSE if inverse else 0) | (SCALAR_TERM if scalar_term else 0)
    row = size + int(scalar_term)
    return _run(Call(SIGNATURE, batch, depth, options, row, size, base, check_finite), counts, variant)


def log_signature(
    paths: Any,
    *,
    depth: int,
    basis: Basis = "words",
    precision: Precision = "auto",
    windows: Windows | None = None,
    basepoint: Any = None,
    inverse: bool = False,
    lengths: Any = None,
    dtype: DTypeName | None = None,
    check_finite: bool = True,
    channels: int | None = None,
    variant: Variant = "simd",
) -> Array:
    """Log-signatures: arguments as `signature`; rows of `log_signature_size(channels, depth, basis)`.

    >>> log_signature([[0, 0], [1, 0], [1, 1]], depth=2)
    array([1. , 1. , 0.5])
    """
    batch, base, counts = _read(paths, lengths, channels, dtype, windows, basepoint)
    row = log_signature_size(batch.channels, depth, basis)
    check_one_of("PRECISION_INVALID", "precision", precision, tuple(_PRECISIONS))
    is_single = batch.numbers.dtype == np.float32
    if precision == "float32" and not is_single:
        accepted = '"auto" or "float64" for float64 paths'
        raise PathSignatureTypeError("PRECISION_INVALID", "precision", "'float32'", accepted)
    algorithm = _PRECISIONS[precision] if is_single else 0
    options = (INVERSE if inverse else 0) + _BASES.index(basis) * 1024 + algorithm
    # States are read and written by the kernel in the number type of its arithmetic.
    size = _followed(batch.channels, depth) * (2 if is_single and precision != "float32" else 1)
    return _run(Call(LOG_SIGNATURE, batch, depth, options, row, size, base, check_finite), counts, variant)


def window_counts(paths: Any, windows: Windows, *, lengths: Any = None, channels: int | None = None) -> Array:
    """Windows of each path. Rows behind them are those of the identity."""
    return split(read_paths(paths, lengths, channels), windows)[1]


def words(channels: int, depth: int) -> list[tuple[int, ...]]:
    """The word of each number of a signature: by length, then in lexicographic order."""
    signature_size(channels, depth)
    level: list[tuple[int, ...]] = [()]
    all_words: list[tuple[int, ...]] = []
    for _ in range(depth):
        level = [(*word, letter) for word in level for letter in range(channels)]
        all_words += level
    return all_words


def _read(
    paths: Any, lengths: Any, channels: int | None, dtype: str | None, windows: Windows | None, basepoint: Any
) -> tuple[Batch, Array | None, Array | None]:
    batch = read_paths(paths, lengths, channels)
    if dtype is not None:
        check_one_of("DTYPE_INVALID", "dtype", dtype, ("float32", "float64"))
        with np.errstate(over="ignore"):
            numbers = batch.numbers.astype(dtype, copy=False)
        batch = Batch(numbers, batch.starts, batch.lengths, batch.channels, batch.lead, batch.even)
    base = _basepoint(basepoint, batch)
    if windows is None:
        return batch, base, None
    batch, counts = split(batch, windows)
    if base is not None and base.ndim == 2:
        base = np.repeat(base, batch.lead[-1], axis=0)
    return batch, base, counts


def _basepoint(given: Any, batch: Batch) -> Array | None:
    if given is None or given is False:
        return None
    channels = batch.channels
    if given is True:
        return np.zeros(channels, dtype=batch.numbers.dtype)
    base = np.asarray(given, dtype=batch.numbers.dtype)
    if base.shape == (channels,):
        return base
    if base.shape == (*batch.lead, channels):
        return np.ascontiguousarray(base).reshape(-1, channels)
    accepted = f"({channels},) or {(*batch.lead, channels)}"
    raise PathSignatureRangeError("BASEPOINT_SHAPE", "basepoint", f"shape {base.shape}", accepted)


def _run(call: Call, counts: Array | None, variant: Variant) -> Array:
    check_one_of("VARIANT_INVALID", "variant", variant, ("simd", "relaxed"))
    batch = call.batch
    out = np.empty((len(batch.lengths), call.row), dtype=batch.numbers.dtype)
    with using(variant) as binary:
        compute(binary, call, out)
    if counts is not None:
        # Rows behind a path's last window are the identity.
        behind = (np.arange(batch.lead[-1]) >= counts[:, None]).reshape(-1)
        out[behind] = 0
        if call.options & SCALAR_TERM:
            out[behind, 0] = 1
    return out.reshape(*batch.lead, call.row)


def _followed(channels: int, depth: int) -> int:
    """Numbers of the state of a log-signature: words that begin with their smallest letter."""
    if channels == 1:
        return 1
    powers = (
        width ** (k - 2) * (width - 1 if k == depth else width)
        for width in range(1, channels + 1)
        for k in range(2, depth + 1)
    )
    return channels + sum(powers)
