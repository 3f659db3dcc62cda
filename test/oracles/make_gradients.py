"""Makes gradients.json beside this file: gradients of signatures by two libraries that share nothing with ours, with the numbers they were asked for.

pySigLib's sig_backprop in float64, and JAX's gradient of Keras Sig's signature in float64, also of streams. Run it in the environment of the
bench (`npm run bench -- --quick --only peers` makes it), from the repository's root:

    bench/.venv/bin/python test/oracles/make_gradients.py
"""

import importlib.metadata
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"

import jax
import jax.numpy as jnp
import keras
import keras_sig
import numpy as np
import pysiglib

keras.config.set_floatx("float64")

# (channels, depth, points)
SHAPES = [(1, 5, 7), (2, 1, 4), (2, 2, 2), (2, 2, 9), (2, 4, 12), (2, 6, 8), (2, 8, 5), (3, 3, 10), (3, 5, 6), (4, 2, 6), (4, 4, 5), (5, 3, 7), (6, 4, 4), (7, 2, 5), (8, 3, 5)]
STREAMS = [(1, 4, 6), (2, 3, 7), (3, 2, 5), (2, 5, 4), (4, 3, 4), (6, 2, 4)]


def size(channels, depth):
    return sum(channels**k for k in range(1, depth + 1))


def case(source, channels, depth, path, cotangent, gradient, stream=False):
    return {
        "source": source,
        "channels": channels,
        "depth": depth,
        "stream": stream,
        "path": path.tolist(),
        "cotangent": np.asarray(cotangent).tolist(),
        "gradient": np.asarray(gradient, dtype=np.float64).tolist(),
    }


def by_keras(path, cotangent, depth, stream):
    def value(x):
        return jnp.sum(keras_sig.signature(x, depth, stream=stream) * cotangent)

    return jax.grad(value)(jnp.asarray(path))


def main():
    random = np.random.default_rng(20250405)
    cases = []
    for channels, depth, points in SHAPES:
        # Multiples of 1/64: exact in float32 too.
        path = np.round(64 * random.uniform(-1, 1, (points, channels))) / 64
        cotangent = np.round(64 * random.uniform(-1, 1, size(channels, depth))) / 64
        signature = pysiglib.sig(path, depth)
        cases.append(case("pySigLib", channels, depth, path, cotangent, pysiglib.sig_backprop(path, signature, cotangent, depth)))
        cases.append(case("Keras Sig, JAX", channels, depth, path, cotangent, by_keras(path, cotangent, depth, False)))
    for channels, depth, points in STREAMS:
        path = np.round(64 * random.uniform(-1, 1, (points, channels))) / 64
        cotangent = np.round(64 * random.uniform(-1, 1, (points - 1, size(channels, depth)))) / 64
        cases.append(case("Keras Sig, JAX", channels, depth, path, cotangent, by_keras(path, cotangent, depth, True), stream=True))
    versions = {name: importlib.metadata.version(name) for name in ("pysiglib", "keras-sig", "keras", "jax", "numpy")}
    file = pathlib.Path(__file__).with_name("gradients.json")
    file.write_text(json.dumps({"made_by": "test/oracles/make_gradients.py", "versions": versions, "cases": cases}, indent=None, separators=(",", ":")) + "\n")
    print(f"{len(cases)} cases in {file}")


main()
