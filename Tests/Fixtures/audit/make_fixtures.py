"""Makes probe.json: logistic probes and null areas on synthetic activations, by scikit-learn and NumPy.

Usage: python make_fixtures.py > probe.json
"""

import json

import numpy as np
import sklearn
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(20231107)
rows, hidden, groups = 60, 12, 15
labels = rng.integers(0, 2, rows)
x = rng.normal(size=(rows, hidden)) * np.linspace(3, 0.3, hidden) + 2
x[:, 4] += 1.2 * labels
x = np.round(x, 3)
group = np.arange(rows) // 4

centred = x - x.mean(0)
scaled = centred / np.sqrt((centred**2).sum() / rows)
fold = group % 5  # Telltale draws its folds at random; the fits are compared on these
fits = []
for c in (1.0, 10.0, 1000.0):
    held = np.zeros(rows)
    for f in range(5):
        train = fold != f
        model = LogisticRegression(C=c, tol=1e-12, max_iter=10000, solver="lbfgs").fit(scaled[train], labels[train])
        held[fold == f] = model.decision_function(scaled[fold == f])
    whole = LogisticRegression(C=c, tol=1e-12, max_iter=10000, solver="newton-cholesky").fit(scaled, labels)
    fits.append({
        "c": c,
        "coefficients": whole.coef_[0].tolist(),
        "intercept": whole.intercept_[0],
        "heldOut": held.tolist(),
        "heldOutAUROC": roc_auc_score(labels, held),
    })

pca = PCA(3).fit(x)
weights = rng.normal(size=(rows, 4))
directions = centred.T @ weights / np.sqrt(rows)
scores = x @ directions
units = x / np.linalg.norm(x, axis=1, keepdims=True)
cosines = units @ units.T
other = group[:, None] != group[None, :]
print(json.dumps({
    "made": f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}",
    "activations": x.tolist(),
    "labels": labels.tolist(),
    "groups": [f"question {g}" for g in group],
    "folds": fold.tolist(),
    "fits": fits,
    "explainedVarianceRatio": pca.explained_variance_ratio_.tolist(),
    "components": pca.components_.tolist(),
    "weights": weights.tolist(),
    "projectionAUROCs": [roc_auc_score(labels, scores[:, d]) for d in range(4)],
    "cosineAUROCs": [roc_auc_score(labels, scores[:, d] / np.linalg.norm(x, axis=1)) for d in range(4)],
    "centredCosineAUROCs": [
        roc_auc_score(labels, centred @ directions[:, d] / np.linalg.norm(centred, axis=1)) for d in range(4)
    ],
    "anisotropy": cosines[other].mean(),
}))
