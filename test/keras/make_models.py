"""Makes the models beside this file: Keras 3 models with Keras Sig's SigLayer, saved as .keras, loaded again, written for TensorFlow.js by scripts/keras_to_tfjs.py, and the outputs that
Python gives for some inputs. Run it in the environment of the bench, from the repository's root:

    bench/.venv/bin/python test/keras/make_models.py
"""

import importlib.metadata
import json
import os
import pathlib
import sys
import tempfile

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

import keras
import keras_sig
import numpy as np

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "scripts"))
from keras_to_tfjs import convert


def sequential():
    return keras.Sequential(
        [
            keras.layers.Input((12, 3)),
            keras.layers.Dense(4, activation="tanh", name="mix"),
            keras_sig.SigLayer(depth=3, name="signature"),
            keras.layers.Dense(5, activation="softmax", name="classify"),
        ],
        name="whole",
    )


def functional():
    inputs = keras.layers.Input((9, 2), name="paths")
    x = keras.layers.Dense(3, name="mix")(inputs)
    stream = keras_sig.SigLayer(depth=2, stream=True, unroll=False, gpu_optimized=False, name="stream")(x)
    x = keras.layers.LayerNormalization(name="norm")(stream)
    # A signature of signatures.
    deep = keras_sig.SigLayer(depth=2, name="deep")(keras.layers.Dense(2, activation="relu", name="narrow")(x))
    whole = keras_sig.SigLayer(depth=4, name="whole")(inputs)
    x = keras.layers.Concatenate(name="both")([deep, whole])
    return keras.Model(inputs, keras.layers.Dense(2, name="out")(x), name="streams")


def main():
    keras.utils.set_random_seed(7)
    for make in (sequential, functional):
        model = make()
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "model.keras"
            model.save(file)
            loaded = keras.models.load_model(file)
        folder = here / model.name
        convert(loaded, folder)
        inputs = np.random.default_rng(3).uniform(-1, 1, (6, *model.input_shape[1:])).astype(np.float32)
        outputs = np.asarray(loaded(inputs))
        example = {
            "versions": {name: importlib.metadata.version(name) for name in ("keras", "keras-sig", "jax")},
            "shape": list(inputs.shape),
            "inputs": [float(x) for x in inputs.ravel()],
            "outputs": [float(x) for x in outputs.ravel()],
        }
        (folder / "example.json").write_text(json.dumps(example) + "\n")
        print(folder)


main()
