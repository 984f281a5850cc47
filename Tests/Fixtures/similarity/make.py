"""Reference values for the similarity measures: SciPy and plain NumPy on synthetic numbers."""
import json
import sys

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.integrate import quad
from scipy.linalg import subspace_angles
from scipy.spatial.distance import squareform
from scipy.stats import spearmanr

rng = np.random.default_rng(20231107)


def random_cosine(c, d):
    """P(|C| >= c) by integrating the density, with no beta function in it."""
    density = lambda x: (1 - x * x) ** ((d - 3) / 2)
    tail = quad(density, abs(c), 1, epsabs=0, epsrel=1e-12)[0]
    return tail / quad(density, 0, 1, epsabs=0, epsrel=1e-12)[0]


def cka(x, y):
    x, y = x - x.mean(0), y - y.mean(0)
    return np.linalg.norm(y.T @ x) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))


def hsic1(k, l):
    """Song et al. 2012, equation 5, with explicit vectors of ones."""
    n = len(k)
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))
    one = np.ones(n)
    middle = (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
    return (np.trace(k @ l) + middle - 2 / (n - 2) * (one @ k @ l @ one)) / (n * (n - 3))


def debiased_cka(x, y):
    k, l = x @ x.T, y @ y.T  # HSIC_1 does not change when the rows are centred
    return hsic1(k, l) / np.sqrt(hsic1(k, k) * hsic1(l, l))


def rows(a):
    return [[float(v) for v in row] for row in a]


x = rng.normal(size=(12, 5))
y = x[:, :3] @ rng.normal(size=(3, 8)) + 0.5 * rng.normal(size=(12, 8))
z = rng.normal(size=(12, 30))
a = rng.normal(size=(9, 3))
b = np.column_stack([a[:, 0] + 1e-6 * rng.normal(size=9), rng.normal(size=(9, 1))])
points = rng.normal(size=(9, 4)) + np.repeat(np.eye(4)[:3] * 2, 3, axis=0)[rng.permutation(9)]
unit = points / np.linalg.norm(points, axis=1, keepdims=True)
distances = 1 - unit @ unit.T
np.fill_diagonal(distances, 0)
tree = linkage(squareform((distances + distances.T) / 2), "average")
p = [{"cosine": c, "dimension": d, "p": random_cosine(c, d)} for c in (0.05, 0.3, 0.9) for d in (2.5, 3, 17.25, 128, 4096)
     if c < 0.9 or d < 200]
s, t = rng.normal(size=10).round(1), rng.normal(size=10).round(1)
json.dump({
    "random_cosine": p,
    "angles": {"a": rows(a), "b": rows(b), "angles": sorted(float(v) for v in subspace_angles(a, b))},
    "cka": [{"x": rows(x), "y": rows(o), "biased": float(cka(x, o)), "debiased": float(debiased_cka(x, o))} for o in (y, z)],
    "linkage": {"distances": rows(distances), "joins": rows(tree[:, :3]), "order": [int(v) for v in leaves_list(tree)]},
    "spearman": {"x": list(s), "y": list(t), "rho": float(spearmanr(s, t)[0])},
}, open(sys.argv[1], "w"), indent=1)
