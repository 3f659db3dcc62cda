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


def signature_of(contestant, depth):
    if contestant == "signax":
        import signax

        return lambda x: signax.signature(x, depth)
    import keras_sig

    return lambda x: keras_sig.signature(x, depth)


def main():
    with open(sys.argv[1]) as file:
        spec = json.load(file)
    shape = ("batch", "length", "features", "units", "channels", "outputs", "depth")
    batch, length, features, units, channels, outputs, depth = (spec[name] for name in shape)
    is_demo = spec["model"] == "demo"
    numbers = np.fromfile(spec["file"], dtype=np.float32)
    at = 0

    def take(*shape):
        nonlocal at
        count = int(np.prod(shape))
        at += count
        return jnp.asarray(numbers[at - count : at].reshape(shape))

    size = sum(channels**k for k in range(1, depth + 1))
    weights = [take(features, units), take(units), take(size, outputs), take(outputs)]

    def take_batch():
        x, time = take(batch, length, features), None
        if is_demo:
            # Lengths are for those who take them: past its end a path stands still.
            time, _ = take(batch, length, 1), take(batch)
        return x, time, take(batch, outputs)

    data = [take_batch() for _ in range(spec["batches"])]
    whole = signature_of(spec["contestant"], depth)

    def signature(x, time):
        if not is_demo:
            return whole(x)
        path = jnp.concatenate([x, time], axis=2)
        return whole(jnp.concatenate([jnp.zeros((batch, 1, channels)), path], axis=1))

    def embed(weights, x):
        made = x @ weights[0] + weights[1]
        return jnp.tanh(made) if is_demo else made

    def loss_of(weights, x, time, y):
        out = signature(embed(weights, x), time) @ weights[2] + weights[3]
        if is_demo:
            return -jnp.mean(jnp.sum(jax.nn.log_softmax(out) * y, axis=1))
        return jnp.mean((out - y) ** 2)

    @jax.jit
    def step(weights, x, time, y):
        loss, gradients = jax.value_and_grad(loss_of)(weights, x, time, y)
        return [w - spec["rate"] * g for w, g in zip(weights, gradients)], loss

    inside = embed(weights, data[0][0])
    seconds = []
    for i in range(spec["steps"]):
        begin = time.perf_counter()
        weights, loss = step(weights, *data[i % len(data)])
        loss = float(loss)
        if i >= spec["warm"]:
            seconds.append(time.perf_counter() - begin)
    gradient = jax.jit(jax.grad(lambda x, time: signature(x, time).sum()))
    layer_seconds = []
    for _ in range(min(spec["steps"], 20)):
        begin = time.perf_counter()
        gradient(inside, data[0][1]).block_until_ready()
        layer_seconds.append(time.perf_counter() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "layerSeconds": layer_seconds[1:], "loss": loss, "peakBytes": peak, "versions": jax.__version__}))


main()
