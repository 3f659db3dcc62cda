"""The binary in wasmtime: one instance a process, and views of its memory.

The head of a task, 48 words, is the whole interface (crates/wasm/src/head.rs, ts/wasm/abi.ts).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import wasmtime

from .errors import PathSignatureError

Variant = Literal["simd", "relaxed"]
Array = npt.NDArray[Any]

HEAD_BYTES = 192
PATHS, BASEPOINT, INITIAL, OUT, STATE = range(5)
_OPERATION, _DTYPE, _CHANNELS, _LENGTHS, _SCRATCH, _REGIONS = 0, 1, 6, 11, 13, 16


class Words(NamedTuple):
    """What a task computes."""

    operation: int
    channels: int
    depth: int
    options: int
    items: int
    points: int


class Layout(NamedTuple):
    """Where things lie in a task, in bytes from its head."""

    head: Array
    places: dict[int, tuple[int, int]]
    """Of each region: its place, and how many numbers it has."""
    scratch: int
    size: int


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
        exports: Any = linker.instantiate(self._store, module).exports(self._store)
        self._memory: wasmtime.Memory = exports["memory"]
        self._allocate, self._release = exports["allocate"], exports["release"]
        self._scratch, self._run = (_of_address(self._store, exports[name]) for name in ("scratch", "run"))
        self._size = 0
        self._views: dict[str, Array] = {}
        self._arena, self._arena_bytes = 0, 0
        self._layout = lru_cache(maxsize=256)(self._lay_out)

    def _reserve(self, count: int) -> int:
        """The address of an arena of at least `count` bytes."""
        if count > self._arena_bytes:
            if self._arena:
                self._release(self._store, self._arena, self._arena_bytes)
            self._arena = self._arena_bytes = 0
            arena = self._allocate(self._store, count) & 0xFFFFFFFF if count < 2**32 - 65536 else 0
            if arena == 0:
                raise PathSignatureError("OUT_OF_MEMORY", "paths", f"a task of {count} bytes", "shorter paths")
            self._arena, self._arena_bytes = arena, count
        return self._arena

    def _view(self, kind: str, address: int, count: int) -> Array:
        """`count` numbers of the memory, of the type that numpy calls `kind`. Valid until the memory grows."""
        size = self._memory.data_len(self._store)
        if size != self._size:
            whole: Array = np.ctypeslib.as_array(self._memory.data_ptr(self._store), (size,))
            self._views = {kind: whole.view(kind) for kind in "Ifd"}
            self._size = size
        numbers = self._views[kind]
        first = address // numbers.itemsize
        return numbers[first : first + count]

    def _lay_out(self, words: Words, kind: str, regions: tuple[tuple[int, int, int], ...], is_ragged: bool) -> Layout:
        """The layout of a task whose `regions` have a number, how many numbers of a type, and a stride."""
        head = np.zeros(48, dtype=np.uint32)
        head[_OPERATION], head[_DTYPE], head[_CHANNELS:_LENGTHS] = words.operation, kind == "d", words[1:]
        places: dict[int, tuple[int, int]] = {}
        at = HEAD_BYTES
        for region, count, stride in regions:
            head[_REGIONS + 2 * region : _REGIONS + 2 * region + 2] = at, stride
            places[region] = at, count
            at += _aligned(count * np.dtype(kind).itemsize)
        if is_ragged:
            head[_LENGTHS] = at
            at += _aligned(4 * words.items)
        address = self._reserve(at)
        self._view("I", address, 48)[:] = head
        head[_SCRATCH + 1] = scratch = self._scratch(address) & 0xFFFFFFFF
        if scratch == 0:
            received = f"depth {words.depth} of {words.channels} channels"
            raise PathSignatureError("SIZE_TOO_LARGE", "depth", received, "a smaller depth")
        return Layout(head, places, at, at + scratch)

    def run(
        self, words: Words, inputs: Mapping[int, tuple[Array, int]], lengths: Array | None, row: int, state: int = 0
    ) -> tuple[int, dict[int, Array]]:
        """Stages a task, runs it, and returns its code and views of what it wrote.

        `inputs` maps regions to their numbers and the stride between items; all have one type. A row
        has `row` numbers, a state `state` (0: none). A state that is among the inputs is read too.
        """
        kind = inputs[PATHS][0].dtype.char
        outputs = {OUT: row, STATE: state} if state else {OUT: row}
        regions = {region: (words.items * width, width) for region, width in outputs.items()}
        regions |= {region: (numbers.size, stride) for region, (numbers, stride) in inputs.items()}
        shapes = tuple((region, *sizes) for region, sizes in regions.items())
        layout = self._layout(words, kind, shapes, lengths is not None)
        address = self._reserve(layout.size)
        head = self._view("I", address, 48)
        head[:] = layout.head
        head[_SCRATCH] = address + layout.scratch
        for region, (numbers, _) in inputs.items():
            at, count = layout.places[region]
            self._view(kind, address + at, count)[:] = numbers.reshape(-1)
        if lengths is not None:
            self._view("I", address + int(head[_LENGTHS]), len(lengths))[:] = lengths
        code = self._run(address)
        if code < 0:
            raise PathSignatureError("INTERNAL", "paths", f"code {code} of the kernel", "a report of this call")
        places = ((region, *layout.places[region]) for region in outputs)
        return code, {region: self._view(kind, address + at, count) for region, at, count in places}


def _aligned(count: int) -> int:
    """Regions begin at multiples of a cache line."""
    return (count + 63) & ~63


def _of_address(store: wasmtime.Store, export: Any) -> Callable[[int], int]:
    """An export that takes an address and returns a number.

    Called as a C function it takes 2 µs, through its class in wasmtime 25.
    """
    ctypes: Any = import_module("ctypes")
    ffi: Any = import_module("wasmtime._bindings")
    unchecked = getattr(ffi, "_wasmtime_func_call_unchecked", None)
    if unchecked is None:
        return lambda address: export(store, address)
    context, function = getattr(store, "_context")(), ctypes.byref(export._func)
    slot = (ffi.wasmtime_val_raw_t * 1)()
    trap = ctypes.POINTER(ffi.wasm_trap_t)()
    trap_at = ctypes.byref(trap)

    def call(address: int) -> int:
        slot[0].i32 = address
        if unchecked(context, function, slot, 1, trap_at) or trap:
            # Again by the class, which raises the error.
            return export(store, address)
        return slot[0].i32

    return call


_lock = threading.RLock()
_kept: dict[tuple[int, Variant], Binary] = {}


@contextmanager
def using(variant: Variant) -> Generator[Binary, None, None]:
    """The binary of this process, for one call at a time."""
    # A forked process makes an instance of its own.
    key = (os.getpid(), variant)
    with _lock:
        if key not in _kept:
            _kept[key] = Binary(variant)
        yield _kept[key]
