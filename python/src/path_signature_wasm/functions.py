"""The public functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np

from .augmentations import Augmentation, augmented_channels, blocks
from .binary import Array, Variant, using
from .compute import INVERSE, LOG_SIGNATURE, SCALAR_TERM, SIGNATURE, Call, Kind, check, compute
from .checks import check_one_of, check_whole
from .errors import PathSignatureRangeError, PathSignatureTypeError
from .paths import Batch, read_paths
from .windows import Windows, split

if TYPE_CHECKING:
    from typing_extensions import Unpack

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


class Options(TypedDict, total=False):
    """Options of signatures and log-signatures. They mean what they mean in the npm package."""

    windows: Windows | None
    """Stretches of which each has a row: `{"type": "sliding", "length": 50, "step": 10}`."""
    augment: Sequence[Augmentation]
    """What is made of paths, or of their windows, first: `["time", {"leadLag": {"lag": 1}}]`."""
    basepoint: Any
    """`True` for the origin, (channels), or (paths, channels)."""
    inverse: bool
    lengths: Any
    dtype: DTypeName | None
    check_finite: bool
    channels: int | None
    """For Arrow arrays of lists of numbers."""
    variant: Variant
    """"simd", the default, gives the same bits on every machine; "relaxed" is faster."""


def signature(paths: Any, *, depth: int, scalar_term: bool = False, **options: Unpack[Options]) -> Array:
    """Signatures of piecewise linear paths, truncated at `depth`.

    `paths`: an array (…batch, length, channels), a list of arrays (length, channels), or an Arrow
    array of lists of points. `options`: those of `Options`.

    Returns an array (…batch, size), with windows (…batch, windows, size); size is
    `signature_size(channels, depth)`, one more with `scalar_term`. Raises `PathSignatureError`.

    >>> signature([[0, 0], [1, 0], [1, 1]], depth=2)
    array([1. , 1. , 0.5, 1. , 0. , 0.5])
    """

    def kind(channels: int, _: bool) -> Kind:
        size = signature_size(channels, depth)
        return Kind(SIGNATURE, depth, SCALAR_TERM if scalar_term else 0, size + int(scalar_term), size)

    return _run(paths, kind, options)


def log_signature(
    paths: Any, *, depth: int, basis: Basis = "words", precision: Precision = "auto", **options: Unpack[Options]
) -> Array:
    """Log-signatures: arguments as `signature`; rows of `log_signature_size(channels, depth, basis)`.

    >>> log_signature([[0, 0], [1, 0], [1, 1]], depth=2)
    array([1. , 1. , 0.5])
    """

    def kind(channels: int, is_single: bool) -> Kind:
        row = log_signature_size(channels, depth, basis)
        check_one_of("PRECISION_INVALID", "precision", precision, tuple(_PRECISIONS))
        if precision == "float32" and not is_single:
            accepted = '"auto" or "float64" for float64 paths'
            raise PathSignatureTypeError("PRECISION_INVALID", "precision", "'float32'", accepted)
        algorithm = _PRECISIONS[precision] if is_single else 0
        # States are read and written by the kernel in the number type of its arithmetic.
        size = _followed(channels, depth) * (2 if is_single and precision != "float32" else 1)
        return Kind(LOG_SIGNATURE, depth, _BASES.index(basis) * 1024 + algorithm, row, size)

    return _run(paths, kind, options)


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


def _run(paths: Any, kind_of: Callable[[int, bool], Kind], options: Options) -> Array:
    for name in options:
        if name not in Options.__annotations__:
            raise TypeError(f"{name} is no option: there are {', '.join(Options.__annotations__)}")
    batch = read_paths(paths, options.get("lengths"), options.get("channels"))
    dtype, augment = options.get("dtype"), options.get("augment", ())
    if dtype is not None:
        check_one_of("DTYPE_INVALID", "dtype", dtype, ("float32", "float64"))
        with np.errstate(over="ignore"):
            batch = replace(batch, numbers=batch.numbers.astype(dtype, copy=False))
    base = _basepoint(options.get("basepoint"), batch)
    if augment and base is not None:
        accepted = '"basepoint" in the list augment'
        raise PathSignatureRangeError("AUGMENT_RANGE", "basepoint", "basepoint beside augment", accepted)
    variant = options.get("variant", "simd")
    check_one_of("VARIANT_INVALID", "variant", variant, ("simd", "relaxed"))
    counts: Array | None = None
    if (windows := options.get("windows")) is not None:
        batch, counts = split(batch, windows)
        if base is not None and base.ndim == 2:
            base = np.repeat(base, batch.lead[-1], axis=0)
    channels = augmented_channels(batch, augment) if augment else batch.channels
    kind = kind_of(channels, batch.numbers.dtype == np.float32)
    if options.get("inverse"):
        kind = replace(kind, options=kind.options | INVERSE)
    is_checked = options.get("check_finite", True)
    out = np.empty((len(batch.lengths), kind.row), dtype=batch.numbers.dtype)
    with using(variant) as binary:
        if not augment:
            compute(binary, Call(kind, batch, base, is_checked), out)
        else:
            # Padding is among the numbers, and may be anything.
            if is_checked and not np.isfinite(batch.numbers).all():
                check(batch)
            for block, augmented in blocks(batch, augment):
                compute(binary, Call(kind, augmented, None, False), out[block])
    if counts is not None:
        # Rows behind a path's last window are the identity.
        behind = (np.arange(batch.lead[-1]) >= counts[:, None]).reshape(-1)
        out[behind] = 0
        if kind.options & SCALAR_TERM:
            out[behind, 0] = 1
    return out.reshape(*batch.lead, kind.row)


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
