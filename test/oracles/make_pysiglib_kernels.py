"""Makes pysiglib_kernels.json: signature kernels, Gram matrices and gradients by pySigLib 4.0.0.

    python make_pysiglib_kernels.py > pysiglib_kernels.json

The paths are random walks with steps of few binary digits, so that they are exact in float32 too. The finite difference
solver of pySigLib is the scheme of degree 1.
"""

import json

import numpy as np
import pysiglib
from pysiglib import LinearKernel, Matern12Kernel, Matern32Kernel, Matern52Kernel, PolynomialKernel
from pysiglib import RationalQuadraticKernel, RBFKernel, ScaledLinearKernel

random = np.random.default_rng(1)


def paths(count, points, channels):
    steps = random.integers(-8, 9, (count, points, channels)) / 32
    return np.cumsum(steps, axis=1)


# Our static kernels, and theirs.
KERNELS = [
    (["linear", {}], LinearKernel()),
    (["linear", {"scale": 0.75}], ScaledLinearKernel(0.75)),
    (["polynomial", {"degree": 2, "gamma": 1, "offset": 0.5}], PolynomialKernel(2.0, 0.5, 1.0)),
    (["rbf", {"sigma": 1.25}], RBFKernel(2 * 1.25**2)),
    (["matern", {"nu": 0.5, "sigma": 1.5}], Matern12Kernel(1.5)),
    (["matern", {"nu": 1.5, "sigma": 1.5}], Matern32Kernel(1.5)),
    (["matern", {"nu": 2.5, "sigma": 1.5}], Matern52Kernel(1.5)),
    (["rationalQuadratic", {"alpha": 2, "sigma": 1.5}], RationalQuadraticKernel(1.5, 2.0)),
]

groups = []
for channels, m, n in [(1, 5, 9), (3, 8, 6), (6, 4, 5)]:
    # No point of x is one of y: Matérn's kernel of 1/2 has no derivative there.
    x, y = paths(2, m, channels), paths(2, n, channels) + 1 / 64
    cases = []
    for ours, theirs in KERNELS:
        for orders in [(0, 0), (2, 1)] if channels == 3 else [(1, 0)]:
            given = {"dyadic_order": orders, "static_kernel": theirs, "n_jobs": 1}
            gram = np.asarray(pysiglib.sig_kernel_gram(x, y, **given))
            dx, dy = pysiglib.sig_kernel_gram_backprop(np.ones_like(gram), x, y, right_deriv=True, **given)
            results = {"gram": gram, "dx": np.asarray(dx), "dy": np.asarray(dy)}
            cases.append({"kernel": ours, "orders": orders, **{name: a.tolist() for name, a in results.items()}})
    groups.append({"x": x.tolist(), "y": y.tolist(), "cases": cases})
a, b = paths(5, 10, 3), paths(4, 9, 3)
number = lambda value: float(np.ravel(np.asarray(value))[0])
losses = {
    "x": a.tolist(), "y": b.tolist(),
    "mmd": number(pysiglib.sig_mmd(a, b, dyadic_order=0)),
    "expected": number(pysiglib.expected_sig_score(a, b, dyadic_order=0)),
    "score": number(pysiglib.sig_score(a, b[:1], dyadic_order=0)),
}
print(json.dumps({"groups": groups, "losses": losses}))
