# Writes numpy.json: files as NumPy writes them, with their numbers, for test/io.test.ts.
#
#   python3 make_numpy.py > numpy.json    (NumPy 2.4.6)

import base64
import io
import json

import numpy as np


def encoded(write):
    file = io.BytesIO()
    write(file)
    return base64.b64encode(file.getvalue()).decode()


def npy(array, **options):
    return encoded(lambda file: np.lib.format.write_array(file, array, **options))


def entry(array, **options):
    values = np.asarray(array, dtype=float).ravel(order="C").tolist()
    return {"file": npy(array, **options), "shape": list(array.shape), "values": values}


a = np.round(np.random.default_rng(5).normal(size=(2, 4, 3)), 3)
labels = np.array([0, 1])
arrays = {
    "float64": entry(a),
    "float32": entry(a.astype("<f4")),
    "big-endian float64": entry(a.astype(">f8")),
    "big-endian float32 in Fortran order": entry(np.asfortranarray(a.astype(">f4"))),
    "Fortran order": entry(np.asfortranarray(a)),
    "int64": entry(np.arange(24).reshape(2, 4, 3) - 7),
    "int16": entry((np.arange(24) * 100).astype("<i2").reshape(8, 3)),
    "uint8": entry(np.arange(6, dtype="u1").reshape(3, 2)),
    "bool": entry(np.array([[True, False], [False, True]])),
    "version 2": entry(a, version=(2, 0)),
    "version 3": entry(a, version=(3, 0)),
    "one dimension": entry(np.arange(3.0)),
    "no dimension": entry(np.array(2.5)),
    "empty": entry(np.zeros((0, 4, 3))),
}
refused = {
    "objects": npy(np.array([[1, 2], None], dtype=object)),
    "complex numbers": npy(a.astype(complex)),
    "text": npy(np.array(["a", "b"])),
    "records": npy(np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])),
    "half precision": npy(a.astype("f2")),
}
npz = {
    "savez": encoded(lambda file: np.savez(file, x=a, y=labels)),
    "savez_compressed": encoded(lambda file: np.savez_compressed(file, x=a, y=labels)),
    "x": a.ravel().tolist(),
    "y": labels.tolist(),
}
source = f"NumPy {np.__version__}: lib.format.write_array, savez, savez_compressed"
print(json.dumps({"source": source, "arrays": arrays, "refused": refused, "npz": npz}, indent=1))
