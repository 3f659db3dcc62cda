"""Forms of paths, typed errors, memory, and processes."""

import multiprocessing
import pickle
import resource
import unittest

import numpy as np
import path_signature_wasm as ps
import pyarrow as pa

RAGGED = [np.arange(2.0 * n).reshape(n, 2) ** 1.5 for n in (4, 1, 7)]


def child(paths):
    return ps.signature(paths, depth=3)


class Forms(unittest.TestCase):
    def test_arrow_lists_of_points_are_the_paths(self):
        expected = ps.signature(RAGGED, depth=3)
        nested = [path.tolist() for path in RAGGED]
        points = (pa.list_(pa.float64(), 2), pa.list_(pa.float64()))
        for kind in (pa.list_(points[0]), pa.list_(points[1]), pa.large_list(points[1])):
            array = pa.array(nested, kind)
            np.testing.assert_array_equal(ps.signature(array, depth=3), expected)
            np.testing.assert_array_equal(ps.signature(array.slice(1), depth=3), expected[1:])
            chunks = pa.chunked_array([array.slice(0, 2), array.slice(2)])
            np.testing.assert_array_equal(ps.signature(chunks, depth=3), expected)
        flat = pa.array([path.reshape(-1).tolist() for path in RAGGED])
        np.testing.assert_array_equal(ps.signature(flat, depth=3, channels=2), expected)
        even = pa.array(np.arange(12.0), pa.float64())
        fixed = pa.FixedSizeListArray.from_arrays(pa.FixedSizeListArray.from_arrays(even, 2), 3)
        np.testing.assert_array_equal(
            ps.signature(fixed, depth=2), ps.signature(np.arange(12.0).reshape(2, 3, 2), depth=2)
        )

    def test_number_types(self):
        paths = np.arange(12).reshape(2, 3, 2)
        self.assertEqual(ps.signature(paths, depth=2).dtype, np.float64)
        self.assertEqual(ps.signature(paths.astype("f"), depth=2).dtype, np.float32)
        self.assertEqual(ps.signature(paths, depth=2, dtype="float32").dtype, np.float32)
        self.assertEqual(ps.signature(paths[:, :, ::-1], depth=2).shape, (2, 6))

    def test_lengths_and_counts(self):
        padded = np.full((3, 7, 2), np.nan)
        for i, path in enumerate(RAGGED):
            padded[i, : len(path)] = path
        expected = ps.signature(RAGGED, depth=3)
        np.testing.assert_array_equal(ps.signature(padded, depth=3, lengths=[4, 1, 7]), expected)
        counts = ps.window_counts(RAGGED, {"type": "sliding", "length": 3, "step": 2})
        self.assertEqual(counts.tolist(), [1, 0, 3])

    def test_windows_are_the_signatures_of_their_points(self):
        path = RAGGED[2]
        for windows, intervals in (
            ([(0, 3), (2, 7)], [(0, 3), (2, 7)]),
            ({"type": "expanding", "start": 3, "step": 2}, [(0, 3), (0, 5), (0, 7)]),
            ({"type": "times", "times": [0, 1, 2, 3, 10, 11, 12], "length": 4, "step": 10}, [(0, 4), (4, 7)]),
        ):
            expected = [ps.signature(path[a:b], depth=3) for a, b in intervals]
            np.testing.assert_array_equal(ps.signature(path, depth=3, windows=windows), expected)

    def test_augmentations_of_windows_blocks_and_times(self):
        many = [np.arange(2.0 * n).reshape(n, 2) ** 1.1 for n in np.arange(3_000) % 90 + 1]
        augment = ["time", "leadLag"]
        whole = ps.signature(many, depth=2, augment=augment)
        for i in (0, 1, 89, 1_500, 2_999):
            np.testing.assert_array_equal(whole[i], ps.signature(many[i], depth=2, augment=augment))
        path = RAGGED[2]
        windows = ps.signature(path, depth=2, augment=augment, windows=[(1, 4), (3, 7)])
        parts = [ps.signature(path[a:b], depth=2, augment=augment) for a, b in ((1, 4), (3, 7))]
        np.testing.assert_array_equal(windows, parts)
        times = [0.0, 0.5, 2.0, 2.5, 3.0, 5.0, 8.0]
        timed = ps.signature(path, depth=3, augment=[{"time": {"times": times}}])
        np.testing.assert_array_equal(timed, ps.signature(np.column_stack([path, times]), depth=3))
        pen = ps.signature(path, depth=2, augment=[{"penOnOff": [0, 1, 1, 0, 2, 0, 1]}])
        np.testing.assert_array_equal(pen, ps.signature(np.column_stack([path, [0, 1, 1, 0, 1, 0, 1]]), depth=2))

    def test_unknown_options_are_refused(self):
        with self.assertRaisesRegex(TypeError, "scalar is no option"):
            ps.signature(RAGGED, depth=2, scalar=True)

    def test_sizes_and_words(self):
        self.assertEqual(ps.signature_size(4, 4), 340)
        self.assertEqual([ps.log_signature_size(2, n) for n in range(1, 8)], [2, 3, 5, 8, 14, 23, 41])
        self.assertEqual(ps.words(2, 2), [(0,), (1,), (0, 0), (0, 1), (1, 0), (1, 1)])


class Errors(unittest.TestCase):
    def fails(self, code, argument, call, *args, **options):
        with self.assertRaises(ps.PathSignatureError) as caught:
            call(*args, **options)
        self.assertEqual((caught.exception.code, caught.exception.argument.split("[")[0]), (code, argument))
        # The next call works.
        np.testing.assert_array_equal(ps.signature([[0, 0], [1, 0], [1, 1]], depth=2), [1, 1, 0.5, 1, 0, 0.5])
        return caught.exception

    def test_codes(self):
        path = RAGGED[0]
        wrong = [
            ("PATHS_RANK", "paths", [1.0, 2.0], {}),
            ("PATHS_TYPE", "paths", np.array([["a", "b"]]), {}),
            ("RAGGED_ROW", "paths", [np.zeros((2, 2)), np.zeros((2, 3))], {}),
            ("EMPTY_PATH", "paths", [np.zeros((0, 2))], {}),
            ("EMPTY_PATH", "paths", [], {}),
            ("DEPTH_INVALID", "depth", path, {"depth": 0}),
            ("DEPTH_INVALID", "depth", path, {"depth": 2.5}),
            ("SIZE_TOO_LARGE", "depth", path, {"depth": 40}),
            ("DTYPE_INVALID", "dtype", path, {"dtype": "float16"}),
            ("VARIANT_INVALID", "variant", path, {"variant": "threads"}),
            ("LENGTHS_COUNT", "lengths", path, {"lengths": [1, 2]}),
            ("LENGTHS_RANGE", "lengths", path, {"lengths": [5]}),
            ("BASEPOINT_SHAPE", "basepoint", path, {"basepoint": [1, 2, 3]}),
            ("WINDOWS_TYPE", "windows", path, {"windows": {"type": "slide"}}),
            ("WINDOWS_TYPE", "windows", path, {"windows": {"type": "sliding", "width": 3}}),
            ("WINDOWS_RANGE", "windows", path, {"windows": {"type": "sliding", "length": 5}}),
            ("WINDOWS_RANGE", "windows", path, {"windows": [(2, 2)]}),
            ("NOT_FINITE", "paths", [[0.0, 1.0], [np.nan, 1.0]], {}),
            ("NOT_FINITE", "paths", [[0.0, 1.0], [1e300, 1.0]], {"dtype": "float32"}),
            ("ELEMENT_TYPE", "paths", pa.array([[[1.0, 2.0]], None]), {}),
            ("AUGMENT_TYPE", "augment", path, {"augment": "time"}),
            ("AUGMENT_TYPE", "augment", path, {"augment": ["tyme"]}),
            ("AUGMENT_RANGE", "augment", path, {"augment": [{"leadLag": {"lag": 0}}]}),
            ("AUGMENT_RANGE", "augment", path, {"augment": [{"select": [2]}]}),
            ("AUGMENT_RANGE", "basepoint", path, {"augment": ["time"], "basepoint": True}),
            ("NOT_FINITE", "paths", [[0.0, 1.0], [np.nan, 1.0]], {"augment": ["time"]}),
            ("CHANNELS_INVALID", "channels", pa.array([[1.0, 2.0]]), {}),
        ]
        for code, argument, paths, options in wrong:
            with self.subTest(code=code, options=str(options)):
                self.fails(code, argument, ps.signature, paths, **{"depth": 2, **options})

    def test_of_log_signatures(self):
        self.fails("BASIS_INVALID", "basis", ps.log_signature, RAGGED, depth=2, basis="lindon")
        self.fails("PRECISION_INVALID", "precision", ps.log_signature, RAGGED, depth=2, precision="float32")

    def test_messages_name_the_number_and_travel_between_processes(self):
        error = self.fails("NOT_FINITE", "paths", ps.signature, [RAGGED[0], [[0, np.inf]]], depth=2)
        self.assertIn("point 0, channel 1 of path 1", str(error))
        copy = pickle.loads(pickle.dumps(error))
        self.assertEqual((str(copy), copy.code, copy.argument), (str(error), error.code, error.argument))
        self.assertIsInstance(copy, ValueError)

    def test_not_finite_numbers_pass_if_wanted(self):
        got = ps.signature([[0.0, 1.0], [np.nan, 2.0]], depth=1, check_finite=False)
        np.testing.assert_array_equal(got, [np.nan, 1.0])


class Processes(unittest.TestCase):
    def test_a_forked_process_computes_as_well(self):
        expected = ps.signature(RAGGED, depth=3)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            for got in pool.map(child, [RAGGED] * 4):
                np.testing.assert_array_equal(got, expected)

    def test_memory_is_bounded_by_blocks(self):
        paths = np.random.default_rng(0).standard_normal((64, 20_000, 3)).astype("f")
        ps.signature(paths[:4], depth=3)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        ps.signature(paths, depth=3)
        ps.signature(paths.reshape(12_800, 100, 3), depth=3)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        self.assertLess(grown, 24 * 1024)  # KiB; the paths have 15 MiB


if __name__ == "__main__":
    unittest.main()
