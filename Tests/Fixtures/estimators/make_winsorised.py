"""Writes winsorised.json: rows of synthetic activations with massive coordinates and what SciPy makes of them."""

import json

import numpy as np
from scipy.stats.mstats import winsorize

generator = np.random.default_rng(20261130)
cases = []
for rows, width, share in [(3, 20, 0.1), (2, 64, 0.05), (4, 33, 0.2), (1, 7, 0.3)]:
    activations = generator.standard_normal((rows, width))
    activations[:, 2] *= 300
    activations[0, 5] = -activations[0, 2]  # a tie in magnitude
    magnitudes = np.asarray(winsorize(np.abs(activations), limits=(0, share), axis=1))
    cases.append({
        "share": share, "rows": rows, "width": width, "activations": activations.ravel().tolist(),
        "winsorised": (magnitudes * np.sign(activations)).ravel().tolist(),
    })
print(json.dumps({"cases": cases}))
