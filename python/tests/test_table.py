"""Bits of the table that the npm package's tests export, and exact values."""

import json
import os
import unittest
from base64 import b64decode
from fractions import Fraction
from pathlib import Path

import numpy as np
import path_signature_wasm as ps


def numbers(text, dtype):
    return np.frombuffer(b64decode(text), dtype=dtype)


def arguments(entry):
    """The paths of a case as a list of arrays, or as one array, and its options."""
    dtype = np.dtype(entry["dtype"])
    channels, lengths, lead = entry["channels"], entry["lengths"], entry["lead"]
    ends = np.cumsum(lengths) * channels
    flat = numbers(entry["paths"], dtype)
    paths = [one.reshape(-1, channels) for one in np.split(flat, ends[:-1])]
    if len(set(lengths)) == 1:
        paths = flat.reshape(*lead, lengths[0], channels)
    options = {"depth": entry["depth"], "inverse": entry["inverse"]}
    if "basepoints" in entry:
        options["basepoint"] = numbers(entry["basepoints"], dtype).reshape(*lead, channels)
    return paths, options


class Table(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.table = json.loads(Path(os.environ["TABLE"]).read_text())

    def same(self, entry, which, got):
        expected = numbers(entry["results"][which], entry["dtype"])
        self.assertEqual(got.dtype, expected.dtype)
        np.testing.assert_array_equal(got.reshape(-1), expected, err_msg=f"{entry['name']}: {which}")

    def test_there_is_a_table(self):
        self.assertGreater(len(self.table), 300)
        self.assertGreater(sum("windows" in entry["results"] for entry in self.table), 30)

    def test_signatures_have_the_bits_of_the_table(self):
        for entry in self.table:
            paths, options = arguments(entry)
            self.same(entry, "signature", ps.signature(paths, **options, scalar_term=entry["scalar_term"]))

    def test_log_signatures_and_windows_have_the_bits_of_the_table(self):
        for entry in self.table:
            if "windows" not in entry["results"]:
                continue
            paths, options = arguments(entry)
            self.same(entry, "log_signature", ps.log_signature(paths, **options))
            self.same(entry, "windows", ps.signature(paths, **options, windows=entry["windows"]))
            self.same(entry, "dyadic", ps.signature(paths, **options, windows={"type": "dyadic", "depth": 2}))

    def test_augmented_paths_have_the_bits_of_the_table(self):
        kinds = set()
        for entry in self.table:
            if "augmented" not in entry["results"]:
                continue
            paths, options = arguments(entry)
            kinds.add(str(entry["augment"][0]))
            self.same(entry, "augmented", ps.signature(paths, **{**options, "depth": 2}, augment=entry["augment"]))
        self.assertGreater(len(kinds), 5)

    def test_relaxed_agrees_to_rounding(self):
        for entry in self.table[::7]:
            paths, options = arguments(entry)
            simd, relaxed = (ps.signature(paths, **options, variant=v) for v in ("simd", "relaxed"))
            scale = np.abs(simd).max(initial=1)
            np.testing.assert_allclose(relaxed / scale, simd / scale, atol=1e-4 if simd.dtype == np.float32 else 1e-12)


class Oracles(unittest.TestCase):
    def test_exact_signatures(self):
        oracles = json.loads((Path(os.environ["ORACLES"]) / "sig_vectors.json").read_text())["paths"]
        self.assertGreater(len(oracles), 5)
        for oracle in oracles:
            path = [[float(Fraction(x)) for x in point] for point in oracle["path"]]
            expected = np.array([float(Fraction(x)) for x in oracle["signature"]])
            got = ps.signature(np.array(path), depth=oracle["depth"])
            np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-13 * np.abs(expected).max())

    def test_chen_of_a_path_that_is_cut(self):
        """A path of 20,000 points against the signatures of two halves, multiplied in numpy."""
        path = np.random.default_rng(5).standard_normal((20_000, 3)).cumsum(axis=0) / 100
        a, b, whole = (ps.signature(p, depth=2) for p in (path[:9_001], path[9_000:], path))
        level = a[3:] + b[3:] + np.multiply.outer(a[:3], b[:3]).reshape(-1)
        np.testing.assert_allclose(whole, [*(a[:3] + b[:3]), *level], rtol=1e-10, atol=1e-10)
        log = ps.log_signature(path, depth=2)
        areas = [(whole[3 + 3 * i + j] - whole[3 + 3 * j + i]) / 2 for i, j in ((0, 1), (0, 2), (1, 2))]
        np.testing.assert_allclose(log, [*whole[:3], *areas], rtol=1e-9, atol=1e-9)


if __name__ == "__main__":
    unittest.main()
