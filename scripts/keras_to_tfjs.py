"""Writes a Keras 3 model in the layers format of TensorFlow.js, so that tf.loadLayersModel reads it: model.json and its weights beside it.

    python scripts/keras_to_tfjs.py MODEL.keras FOLDER

Keras 3 saves what TensorFlow.js 4 (whose format is that of Keras 2) does not understand; what differs and what becomes of it:

    an object {module, class_name, config, registered_name}     {class_name, config}
    batch_shape of an input                                     batch_input_shape
    a dtype policy                                              its name
    inbound nodes with args and __keras_tensor__ entries        [[[layer, node, tensor, {}], …]]
    input_layers and output_layers of a single tensor           lists of them
    settings that TensorFlow.js's layers do not know            left out
    Keras Sig's SigLayer (registered under a package's name)    SigLayer, as path-signature/tfjs registers it

Sequential and functional models of layers that TensorFlow.js has, weights in float32. Needs keras, and keras_sig where a model has its layer.
Not for training state: optimisers start afresh.
"""

import json
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np

# Settings that Keras 3 added and that TensorFlow.js refuses or has no use for.
UNKNOWN = {"build_config", "compile_config", "lora_rank", "quantization_mode", "optional", "ragged", "sparse", "synchronized", "seed_generator"}


def plain(value):
    """A value of a configuration as Keras 2 would have written it."""
    if isinstance(value, (list, tuple)):
        return [plain(x) for x in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "DTypePolicy":
        return value["config"]["name"]
    if "class_name" in value and "config" in value:
        return {"class_name": value["class_name"], "config": plain(value["config"])}
    return {
        ("batch_input_shape" if key == "batch_shape" else key): plain(x) for key, x in value.items() if key not in UNKNOWN
    }


def inbound(nodes):
    """Calls of a layer: for each, where its inputs come from."""
    found = []

    def tensors(value, to):
        if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
            layer, node, tensor = value["config"]["keras_history"]
            to.append([layer, node, tensor, {}])
        elif isinstance(value, (list, tuple)):
            for x in value:
                tensors(x, to)

    for node in nodes:
        to = []
        tensors(node["args"], to)
        # Keras 3 writes masks that it hands on beside the inputs; TensorFlow.js finds them itself.
        found.append(to)
    return found


def layer_config(layer, config):
    if type(layer).__name__ == "SigLayer":
        return {
            "name": layer.name,
            "trainable": layer.trainable,
            "dtype": "float32",
            **{name: getattr(layer, name) for name in ("depth", "stream", "unroll", "gpu_optimized")},
        }
    return plain(config)


def listed(tensors):
    """[layer, node, tensor], or a list of such, as a list."""
    return [tensors] if tensors and isinstance(tensors[0], str) else tensors


def topology(model):
    config = model.get_config()
    layers = []
    for entry in config["layers"]:
        name = entry["config"]["name"]
        written = {
            "class_name": entry["class_name"].split(">")[-1],
            "config": layer_config(model.get_layer(name) if entry["class_name"] != "InputLayer" else None, entry["config"]),
        }
        if "inbound_nodes" in entry:
            written.update(name=name, inbound_nodes=inbound(entry["inbound_nodes"]))
        layers.append(written)
    if isinstance(model, keras.Sequential):
        return {"class_name": "Sequential", "config": {"name": model.name, "layers": layers}}
    return {
        "class_name": "Functional",
        "config": {
            "name": model.name,
            "trainable": model.trainable,
            "layers": layers,
            "input_layers": listed(config["input_layers"]),
            "output_layers": listed(config["output_layers"]),
        },
    }


def convert(model, folder):
    """Writes `model` to `folder`; gives the path of model.json."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = [(f"{layer.name}/{variable.name}", np.asarray(variable, dtype=np.float32)) for layer in model.layers for variable in layer.weights]
    (folder / "weights.bin").write_bytes(b"".join(numbers.tobytes() for _, numbers in weights))
    document = {
        "format": "layers-model",
        "generatedBy": f"keras {keras.__version__}",
        "convertedBy": "path-signature, scripts/keras_to_tfjs.py",
        "modelTopology": {"keras_version": "2.15.0", "backend": "tensorflow", "model_config": topology(model)},
        "weightsManifest": [
            {
                "paths": ["weights.bin"],
                "weights": [{"name": name, "shape": list(numbers.shape), "dtype": "float32"} for name, numbers in weights],
            }
        ],
    }
    file = folder / "model.json"
    file.write_text(json.dumps(document, indent=1) + "\n")
    return file


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        import keras_sig  # registers SigLayer
    except ImportError:
        pass
    print(convert(keras.models.load_model(sys.argv[1]), sys.argv[2]))


if __name__ == "__main__":
    main()
