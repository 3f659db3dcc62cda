"""The binary in wasmtime: one instance a process, and views of its memory.

The head of a task, 48 words, is the whole interface (crates/wasm/src/head.rs, ts/wasm/abi.ts).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import wasmtime

from .errors import PathSignatureError

Variant = Literal["simd", "relaxed"]
Array = npt.NDArray[Any]

HEAD_BYTES = 192
PATHS, BASEPOINT, INITIAL, OUT, STATE = range(5)
_OPERATION, _DTYPE = 0, 1
_CHANNELS, _DEPTH, _OPTIONS, _BATCH, _POINTS, _LENGTHS = range(6, 12)
_SCRATCH, _SCRATCH_BYTES, _REGIONS = 13, 14, 16


def align(count: int) -> int:
    """Regions begin at multiples of a cache line."""
    return (count + 63) & ~63


class Binary:
    """An instance of a variant, and its arena: the memory in which tasks are staged."""

    def __init__(self, variant: Variant) -> None:
        config = wasmtime.Config()
        config.cache = True
        engine = wasmtime.Engine(config)
        module = wasmtime.Module(engine, Path(__file__).with_name(f"{variant}.wasm").read_bytes())
        self._store = wasmtime.Store(engine)
        linker = wasmtime.Linker(engine)
        for one in module.imports:
            # Glue of wasm-bindgen, which nothing calls: the binary exchanges numbers only.
            if isinstance(one.type, wasmtime.FuncType):
                linker.define_func(one.module, one.name or "", one.type, lambda *_: None)
        exports = linker.instantiate(self._store, module).exports(self._store)
        self._exports: Mapping[str, Any] = exports
        memory = exports["memory"]
        assert isinstance(memory, wasmtime.Memory)
        self._memory = memory
        self._size = 0
        self._views: dict[str, Array] = {}
        self._arena, self._arena_bytes = 0, 0
        self.variant: Variant = variant

    def _call(self, name: str, *arguments: int) -> int:
        return int(self._exports[name](self._store, *arguments) or 0)

    def reserve(self, count: int) -> int:
        """The address of an arena of at least `count` bytes."""
        if count > self._arena_bytes:
            if self._arena:
                self._call("release", self._arena, self._arena_bytes)
            self._arena = self._arena_bytes = 0
            arena = self._call("allocate", count) & 0xFFFFFFFF if count < 2**32 - 65536 else 0
            if arena == 0:
                raise PathSignatureError("OUT_OF_MEMORY", "paths", f"a task of {count} bytes", "shorter paths")
            self._arena, self._arena_bytes = arena, count
        return self._arena

    def view(self, dtype: npt.DTypeLike, address: int, count: int) -> Array:
        """`count` numbers of the memory. Valid until the memory grows."""
        size = self._memory.data_len(self._store)
        if size != self._size:
            whole: Array = np.ctypeslib.as_array(self._memory.data_ptr(self._store), (size,))
            self._views = {name: whole.view(name) for name in ("uint32", "float32", "float64")}
            self._size = size
        numbers = self._views[np.dtype(dtype).name]
        first = address // numbers.itemsize
        return numbers[first : first + count]

    def run(
        self,
        operation: int,
        dtype: np.dtype[Any],
        channels: int,
        depth: int,
        options: int,
        items: int,
        points: int,
        inputs: Mapping[int, tuple[Array, int]],
        lengths: Array | None,
        output: tuple[int, int],
        written: int = OUT,
    ) -> tuple[int, dict[int, Array]]:
        """Stages a task, runs it, and returns its code and views of what it wrote.

        `inputs` maps regions to their numbers and the stride between items. `output` has the
        numbers of a row, and of a state (0: none). A state that is among the inputs is read too.
        """
        bytes_each = dtype.itemsize
        row, state = output
        at = HEAD_BYTES
        places: dict[int, tuple[int, int]] = {}
        for region, (numbers, stride) in inputs.items():
            places[region] = (at, stride)
            at += align(numbers.size * bytes_each)
        lengths_at = at if lengths is not None else 0
        at += align(4 * items) if lengths is not None else 0
        places[written] = (at, row)
        at += align(items * row * bytes_each)
        if state and STATE not in places:
            places[STATE] = (at, state)
            at += align(items * state * bytes_each)

        head = np.zeros(48, dtype=np.uint32)
        head[_OPERATION], head[_DTYPE] = operation, 0 if bytes_each == 4 else 1
        head[_CHANNELS], head[_DEPTH], head[_OPTIONS] = channels, depth, options
        head[_BATCH], head[_POINTS], head[_LENGTHS] = items, points, lengths_at
        for region, (offset, stride) in places.items():
            head[_REGIONS + 2 * region : _REGIONS + 2 * region + 2] = offset, stride
        address = self.reserve(at)
        self.view("uint32", address, 48)[:] = head
        scratch = self._call("scratch", address) & 0xFFFFFFFF
        if scratch == 0:
            received = f"depth {depth} of {channels} channels"
            raise PathSignatureError("SIZE_TOO_LARGE", "depth", received, "a smaller depth")
        address = self.reserve(at + scratch)
        head[_SCRATCH], head[_SCRATCH_BYTES] = address + at, scratch
        self.view("uint32", address, 48)[:] = head
        for region, (numbers, _) in inputs.items():
            self.view(dtype, address + places[region][0], numbers.size)[:] = numbers.reshape(-1)
        if lengths is not None:
            self.view("uint32", address + lengths_at, items)[:] = lengths
        code = self._call("run", address)
        if code < 0:
            raise PathSignatureError("INTERNAL", "paths", f"code {code} of the kernel", "a report of this call")
        widths = {written: row} if not state else {written: row, STATE: state}
        return code, {r: self.view(dtype, address + places[r][0], items * n) for r, n in widths.items()}


_lock = threading.RLock()
_kept: dict[tuple[int, Variant], Binary] = {}


class using:
    """The binary of this process, for one call at a time."""

    def __init__(self, variant: Variant) -> None:
        self._variant: Variant = variant

    def __enter__(self) -> Binary:
        _lock.acquire()
        try:
            # A forked process makes an instance of its own.
            key = (os.getpid(), self._variant)
            if key not in _kept:
                _kept[key] = Binary(self._variant)
            return _kept[key]
        except BaseException:
            _lock.release()
            raise

    def __exit__(self, *_: object) -> None:
        _lock.release()
