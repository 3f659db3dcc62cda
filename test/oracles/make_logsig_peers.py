# Writes logsig_peers.json: log-signatures of random paths, and gradients, from pySigLib and iisignature.
#   pip install numpy==2.4.1 pysiglib==4.0.0 iisignature==0.24 && python make_logsig_peers.py

import json
from pathlib import Path

import iisignature
import numpy as np
import pysiglib
import torch

rng = np.random.default_rng(5)
paths = []
for channels, depth, length in [(2, 4, 7), (3, 3, 6), (2, 6, 5), (4, 4, 4), (5, 3, 4)]:
    path = np.round(rng.standard_normal((length, channels)) * 16) / 16
    one = {"channels": channels, "depth": depth, "path": path.tolist()}
    for method, basis in enumerate(["expanded", "words", "lyndon"]):
        pysiglib.prepare_log_sig(channels, depth, method=method)
        one[basis] = [float(x) for x in np.ravel(pysiglib.log_sig(path, depth, method=method))]
    cotangent = np.round(rng.standard_normal(len(one["words"])) * 16) / 16
    points = torch.tensor(path, requires_grad=True)
    pysiglib.prepare_log_sig(channels, depth, method=1)
    pysiglib.torch_api.log_sig(points, depth, method=1).backward(torch.tensor(cotangent))
    one["cotangent"] = cotangent.tolist()
    one["gradient"] = points.grad.ravel().tolist()
    hall = iisignature.prepare(channels, depth, "HCS")
    one["hall"] = [float(x) for x in iisignature.logsig(path, hall)]
    one["hall_labels"] = list(iisignature.basis(hall))
    paths.append(one)

about = (
    "Log-signatures of random paths in float64, from other libraries. expanded, words and lyndon: pySigLib 4.0.0, "
    "methods 0, 1 and 2; gradient: of the sum of words times cotangent, by its backward pass. hall, with its labels: iisignature 0.24, prepare(channels, depth, 'HCS'). "
    "Made by make_logsig_peers.py."
)
Path(__file__).with_name("logsig_peers.json").write_text(json.dumps({"about": about, "paths": paths}))
