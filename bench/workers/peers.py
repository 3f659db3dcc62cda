"""One Python peer in a process of its own, driven by lines of JSON (see lib/worker.mjs): python peers.py NAME.

It prepares shapes, computes results for checking, and times calls when asked. Nothing is decided here."""

import gc
import importlib.metadata
import json
import os
import sys
import time

# One thread, unless told otherwise: the process is pinned to one core, and nobody gets to plan for more.
THREADS = int(os.environ.get("PEER_THREADS", "1"))
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(THREADS)
os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

import numpy as np


def pysiglib_call(paths, depth):
    import pysiglib

    return lambda: pysiglib.sig(paths, depth, n_jobs=THREADS)


def pysiglib_windows_call(paths, depth, length, step):
    import pysiglib

    def call():
        stream = pysiglib.SigWindowStream(paths.shape[-1], depth, length, stride=step, n_jobs=THREADS)
        stream.push_batch(paths)
        return stream.sig()

    return call


def iisignature_call(paths, depth):
    import iisignature

    # It computes in float64 whatever it gets; float64 in spares it the conversion.
    doubles = paths.astype(np.float64)
    return lambda: iisignature.sig(doubles, depth)


def jitted(function, paths):
    import jax

    compiled = jax.jit(function)
    on_device = jax.device_put(paths)
    return lambda: compiled(on_device).block_until_ready()


def keras_sig_call(paths, depth, **options):
    import keras_sig

    return jitted(lambda x: keras_sig.signature(x, depth, **options), paths)


def signax_call(paths, depth):
    import signax

    return jitted(lambda x: signax.signature(x, depth), paths)


def pysiglib_log_call(paths, depth):
    import pysiglib

    # Coefficients of Lyndon words: the fastest of its methods, and our default basis.
    pysiglib.prepare_log_sig(paths.shape[-1], depth, method=1)
    return lambda: pysiglib.log_sig(paths, depth, method=1, n_jobs=THREADS)


def pysiglib_backprop_call(paths, depth, cotangents):
    import pysiglib

    signatures = pysiglib.sig(paths, depth, n_jobs=1)
    return lambda: pysiglib.sig_backprop(paths, signatures, cotangents, depth, n_jobs=1)


def pysiglib_log_backprop_call(paths, depth, cotangents):
    import pysiglib

    channels = paths.shape[-1]
    pysiglib.prepare_log_sig(channels, depth, method=1)
    signatures = pysiglib.sig(paths, depth, n_jobs=1)

    def call():
        of_signatures = pysiglib.sig_to_log_sig_backprop(signatures, cotangents, channels, depth, method=1, n_jobs=1)
        return pysiglib.sig_backprop(paths, signatures, of_signatures, depth, n_jobs=1)

    return call


def jax_gradient_call(signature, paths, cotangents):
    """Signature and gradient together: there is no gradient without the other in a network."""
    import jax

    on_device = jax.device_put(cotangents)

    def value(x):
        result = signature(x)
        return (result * on_device).sum(), result

    compiled = jax.jit(jax.value_and_grad(value, has_aux=True))
    x = jax.device_put(paths)
    return lambda: jax.block_until_ready(compiled(x))[1]


def keras_sig_gradient_call(paths, depth, cotangents):
    import keras_sig

    return jax_gradient_call(lambda x: keras_sig.signature(x, depth), paths, cotangents)


def signax_gradient_call(paths, depth, cotangents):
    import signax

    return jax_gradient_call(lambda x: signax.signature(x, depth), paths, cotangents)


def pysiglib_kernel_call(x, y, what, order, sigma):
    import pysiglib

    options = {"dyadic_order": order, "n_jobs": THREADS}
    if sigma is not None:
        # Theirs is exp(-r^2 / sigma), ours exp(-r^2 / (2 sigma^2)).
        options["static_kernel"] = pysiglib.RBFKernel(2 * sigma**2)
    if what == "gradient":
        ones = np.ones((len(x), len(y)), dtype=x.dtype)
        return lambda: pysiglib.sig_kernel_gram_backprop(ones, x, y, **options)[0]
    if what == "pairs":
        return lambda: pysiglib.sig_kernel(x, y, **options)
    return lambda: pysiglib.sig_kernel_gram(x, x if what == "symmetric" else y, **options)


# name: (how to make a call, the packages whose versions are reported)
PEERS = {
    "pysiglib": (pysiglib_call, ["pysiglib", "numpy"]),
    "pysiglib_windows": (pysiglib_windows_call, ["pysiglib", "numpy"]),
    "iisignature": (iisignature_call, ["iisignature", "numpy"]),
    # The form that it takes by itself on a CPU (a scan over time), and the one of its paper (parallel over time), meant for GPUs.
    "keras_sig": (keras_sig_call, ["keras_sig", "keras", "jax"]),
    "keras_sig_parallel": (lambda paths, depth: keras_sig_call(paths, depth, gpu_optimized=True), ["keras_sig", "keras", "jax"]),
    "signax": (signax_call, ["signax", "jax"]),
    "pysiglib_log": (pysiglib_log_call, ["pysiglib", "numpy"]),
    # Gradients, from cotangents of the signatures.
    "pysiglib_kernel": (pysiglib_kernel_call, ["pysiglib", "numpy"]),
    "pysiglib_backprop": (pysiglib_backprop_call, ["pysiglib", "numpy"]),
    "pysiglib_log_backprop": (pysiglib_log_backprop_call, ["pysiglib", "numpy"]),
    "keras_sig_gradient": (keras_sig_gradient_call, ["keras_sig", "keras", "jax"]),
    "signax_gradient": (signax_gradient_call, ["signax", "jax"]),
}


class Peer:
    def __init__(self, name):
        self.make_call, self.packages = PEERS[name]
        self.calls = {}

    def hello(self, _):
        return {"versions": {package: importlib.metadata.version(package) for package in self.packages}, "python": sys.version.split()[0]}

    def prepare(self, request):
        paths = np.fromfile(request["file"], dtype=np.float32)
        shape = (request["batch"], request["points"], request["channels"])
        # A single path is given as such: that is what a caller with one path does.
        paths = paths.reshape(shape if shape[0] > 1 else shape[1:])
        if "otherFile" in request:
            other = np.fromfile(request["otherFile"], dtype=np.float32).reshape(paths.shape)
            pair = [p.astype(request["dtype"]) for p in (paths, other)]
            self.calls[request["key"]] = self.make_call(*pair, request["what"], request["order"], request.get("sigma"))
            return {}
        given = [paths, request["depth"]]
        if "cotangentsFile" in request:
            given.append(np.fromfile(request["cotangentsFile"], dtype=np.float32).reshape(*paths.shape[:-2], -1))
        if "windowLength" in request:
            given += [request["windowLength"], request["step"]]
        self.calls[request["key"]] = self.make_call(*given)
        return {}

    def result(self, request):
        result = np.asarray(self.calls[request["key"]]())
        np.ascontiguousarray(result, dtype=np.float64).tofile(request["file"])
        return {"numbers": result.size, "dtype": str(result.dtype)}

    def warm(self, request):
        call = self.calls[request["key"]]
        call()  # the first call compiles
        fastest, calls, begin = float("inf"), 0, time.perf_counter()
        while True:
            before = time.perf_counter()
            call()
            now = time.perf_counter()
            fastest, calls = min(fastest, now - before), calls + 1
            if now - begin > request["seconds"]:
                return {"fastest": fastest, "calls": calls}

    def sample(self, request):
        call = self.calls[request["key"]]
        calls = range(request["calls"])
        for _ in range(request["before"]):
            call()
        # As timeit does: garbage of other calls is not this one's cost.
        gc.disable()
        on_processor = time.thread_time()
        before = time.perf_counter()
        for _ in calls:
            call()
        seconds = time.perf_counter() - before
        on_processor = time.thread_time() - on_processor
        gc.enable()
        return {"seconds": seconds, "processor": on_processor}

    def forget(self, request):
        self.calls.pop(request["key"], None)
        return {}


def main():
    peer = Peer(sys.argv[1])
    # Replies have the real stdout for themselves; what libraries print goes to stderr.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = getattr(peer, request["op"])(request)
        except Exception as error:  # whatever a library throws becomes the reply
            reply = {"error": f"{type(error).__name__}: {error}"}
        replies.write(json.dumps({"id": request["id"], **reply}) + "\n")
        replies.flush()


main()
