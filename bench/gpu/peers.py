"""One Python peer on a CUDA device in a process of its own, driven by lines of JSON (see lib/worker.mjs): python peers.py NAME.

Paths lie on the device before anything is timed, and results stay there. Nothing is decided here."""

import importlib.metadata
import json
import os
import sys
import time

NAME = sys.argv[1]
os.environ["KERAS_BACKEND"] = "jax" if NAME == "keras_sig_jax" else "torch"
# Otherwise JAX takes most of the memory, and the other processes have none.
os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"

import numpy as np


def torch_paths(paths):
    import torch

    if not torch.cuda.is_available():
        raise RuntimeError("torch finds no CUDA device")
    return torch, torch.from_numpy(paths).cuda()


def pysiglib_cuda(paths, depth):
    import pysiglib

    torch, on_device = torch_paths(paths)
    return lambda: pysiglib.sig(on_device, depth), torch.cuda.synchronize


def keras_sig_torch(paths, depth):
    import keras_sig

    torch, on_device = torch_paths(paths)

    def call():
        with torch.no_grad():
            return keras_sig.signature(on_device, depth, gpu_optimized=True)

    return call, torch.cuda.synchronize


def keras_sig_jax(paths, depth):
    import jax
    import keras_sig

    if jax.default_backend() != "gpu":
        raise RuntimeError("JAX finds no CUDA device")
    compiled = jax.jit(lambda x: keras_sig.signature(x, depth, gpu_optimized=True))
    on_device = jax.device_put(paths)
    last = [None]

    def call():
        last[0] = compiled(on_device)
        return last[0]

    return call, lambda: last[0].block_until_ready()


# name: (how to make a call and a wait for it, the packages whose versions are reported)
PEERS = {
    "pysiglib_cuda": (pysiglib_cuda, ["pysiglib", "pysiglib-cuda", "torch"]),
    "keras_sig_torch": (keras_sig_torch, ["keras_sig", "keras", "torch"]),
    "keras_sig_jax": (keras_sig_jax, ["keras_sig", "keras", "jax"]),
}


class Peer:
    def __init__(self, name):
        self.make_call, self.packages = PEERS[name]
        self.calls = {}

    def hello(self, _):
        versions = {package: importlib.metadata.version(package) for package in self.packages}
        return {"versions": versions, "python": sys.version.split()[0]}

    def prepare(self, request):
        paths = np.fromfile(request["file"], dtype=np.float32)
        paths = paths.reshape(request["batch"], request["points"], request["channels"])
        self.calls[request["key"]] = self.make_call(paths, request["depth"])
        return {}

    def rows(self, request):
        call, wait = self.calls[request["key"]]
        result = call()
        wait()
        result = result.cpu().numpy() if hasattr(result, "cpu") else np.asarray(result)
        np.ascontiguousarray(result[request["paths"]], dtype=np.float64).tofile(request["file"])
        return {}

    def warm(self, request):
        call, wait = self.calls[request["key"]]
        fastest, calls, begin = float("inf"), 0, time.perf_counter()
        while True:
            before = time.perf_counter()
            call()
            wait()
            now = time.perf_counter()
            fastest, calls = min(fastest, now - before), calls + 1
            if calls > 2 and now - begin > request["seconds"]:
                return {"fastest": fastest, "calls": calls}

    def sample(self, request):
        call, wait = self.calls[request["key"]]
        for _ in range(request["before"]):
            call()
            wait()
        before = time.perf_counter()
        for _ in range(request["calls"]):
            call()
            wait()
        return {"seconds": time.perf_counter() - before}

    def queued(self, request):
        call, wait = self.calls[request["key"]]
        before = time.perf_counter()
        for _ in range(request["calls"]):
            call()
        wait()
        return {"seconds": (time.perf_counter() - before) / request["calls"]}

    def forget(self, request):
        self.calls.pop(request["key"], None)
        return {}


def main():
    # Replies have the real stdout for themselves; what libraries print goes to stderr.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = Peer(NAME)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = getattr(peer, request["op"])(request)
        except Exception as error:  # whatever a library throws becomes the reply
            reply = {"error": f"{type(error).__name__}: {error}"}
        replies.write(json.dumps({"id": request["id"], **reply}) + "\n")
        replies.flush()


main()
