"""One Python contestant in a process of its own: python peers.py SPEC, a JSON file (see run.mjs). Trains by a jitted JAX step, and prints what it measured as a line of JSON."""

import json
import os
import resource
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np


def signature_of(contestant):
    if contestant == "signax":
        import signax

        return lambda x: signax.signature(x, 3)
    import keras_sig

    return lambda x: keras_sig.signature(x, 3)


def main():
    with open(sys.argv[1]) as file:
        spec = json.load(file)
    batch, length, features, units, outputs = (spec[name] for name in ("batch", "length", "features", "units", "outputs"))
    numbers = np.fromfile(spec["file"], dtype=np.float32)
    at = 0

    def take(*shape):
        nonlocal at
        count = int(np.prod(shape))
        at += count
        return jnp.asarray(numbers[at - count : at].reshape(shape))

    size = units + units**2 + units**3
    weights = [take(features, units), take(units), take(size, outputs), take(outputs)]
    data = [(take(batch, length, features), take(batch, outputs)) for _ in range(spec["batches"])]
    signature = signature_of(spec["contestant"])

    def loss_of(weights, x, y):
        first, first_bias, last, last_bias = weights
        return jnp.mean((signature(x @ first + first_bias) @ last + last_bias - y) ** 2)

    @jax.jit
    def step(weights, x, y):
        loss, gradients = jax.value_and_grad(loss_of)(weights, x, y)
        return [w - spec["rate"] * g for w, g in zip(weights, gradients)], loss

    inside = data[0][0] @ weights[0] + weights[1]
    seconds = []
    for i in range(spec["steps"]):
        begin = time.perf_counter()
        weights, loss = step(weights, *data[i % len(data)])
        loss = float(loss)
        if i >= spec["warm"]:
            seconds.append(time.perf_counter() - begin)
    gradient = jax.jit(jax.grad(lambda x: signature(x).sum()))
    layer_seconds = []
    for _ in range(min(spec["steps"], 20)):
        begin = time.perf_counter()
        gradient(inside).block_until_ready()
        layer_seconds.append(time.perf_counter() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "layerSeconds": layer_seconds[1:], "loss": loss, "peakBytes": peak, "versions": jax.__version__}))


main()
