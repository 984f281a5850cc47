"""Directions by scikit-learn on small synthetic activations: python3 make_fixtures.py > scikit-learn.json"""

import json
import platform
import sys

import numpy as np
import sklearn
from sklearn.covariance import ledoit_wolf
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

SEED = 20231108


def activations(rng, positives, negatives, width, constant=()):
    """Correlated coordinates of different scales, with a shift between the classes."""
    mixing = rng.normal(size=(width, width)) * rng.uniform(0.2, 3, size=width)
    shift = rng.normal(size=width) * 0.6
    rows = rng.normal(size=(positives + negatives, width)) @ mixing + rng.normal(size=width) * 2
    rows[:positives] += shift
    for coordinate, per_class in constant:
        rows[:positives, coordinate] = 0.3
        rows[positives:, coordinate] = 0.7 if per_class else 0.3
    return rows


def discriminant(rows, labels, shrinkage):
    fit = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(rows, labels)
    return fit.coef_[0].tolist()


def logistic(rows, labels, c):
    fit = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(rows, labels)
    return {"c": c, "coefficients": fit.coef_[0].tolist(), "intercept": fit.intercept_[0]}


def case(name, rng, positives, negatives, width, constant=()):
    rows = activations(rng, positives, negatives, width, constant)
    labels = np.array([1] * positives + [0] * negatives)
    covariance, shrinkage = ledoit_wolf(rows)
    result = {
        "name": name,
        "positives": positives,
        "width": width,
        "rows": rows.ravel().tolist(),
        "logistic": [logistic(rows, labels, c) for c in (0.01, 1.0)],
        "discriminant_auto": discriminant(rows, labels, "auto"),
        "discriminant_fixed": {"shrinkage": 0.3, "coefficients": discriminant(rows, labels, 0.3)},
        "ledoit_wolf": {"shrinkage": float(shrinkage), "mean_variance": float(np.trace(covariance) / width)},
    }
    if positives == negatives:
        differences = rows[:positives] - rows[positives:]
        fit = PCA(n_components=1, svd_solver="full").fit(differences)
        result["pca_centred"] = fit.components_[0].tolist()
    return result


def main():
    rng = np.random.default_rng(SEED)
    cases = [
        case("more coordinates than rows", rng, 12, 12, 40),
        case("more rows than coordinates", rng, 30, 30, 6),
        case("unequal classes", rng, 9, 22, 12),
        case("constant coordinates", rng, 8, 8, 20, constant=((3, True), (11, False))),
    ]
    versions = {"python": platform.python_version(), "numpy": np.__version__, "scikit-learn": sklearn.__version__}
    json.dump({"seed": SEED, "versions": versions, "cases": cases}, sys.stdout)
    print()


main()
