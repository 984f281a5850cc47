"""Curves of scikit-learn for OperatingCurve, ReliabilityCurve and HeldOutProbability: writes curves.json beside it."""
import json
import pathlib

import numpy
import sklearn
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import auc, roc_curve
from sklearn.model_selection import LeaveOneGroupOut

generator = numpy.random.default_rng(7)


def case(rows, digits, effect):
    """Rows of five groups; scores rounded to `digits`, so that some are tied."""
    groups = [f"group {i % 5}" for i in range(rows)]
    labels = generator.integers(0, 2, rows)
    scores = numpy.round(generator.normal(effect * labels, 1), digits)
    false, true, thresholds = roc_curve(labels, scores)
    standard = ((scores - scores.mean()) / scores.std()).reshape(-1, 1)
    held = numpy.zeros(rows)
    for train, test in LeaveOneGroupOut().split(standard, labels, groups):
        model = LogisticRegression(C=100.0, tol=1e-12, max_iter=10_000).fit(standard[train], labels[train])
        held[test] = model.predict_proba(standard[test])[:, 1]
    share, probability = calibration_curve(labels, held, n_bins=10)
    return {
        "scores": scores.tolist(), "labels": labels.tolist(), "groups": groups,
        "false_positive_rates": false.tolist(), "true_positive_rates": true.tolist(),
        "thresholds": thresholds[1:].tolist(), "area": auc(false, true), "held_out": held.tolist(),
        "share": share.tolist(), "mean_probability": probability.tolist(),
    }


cases = [case(60, 1, 1.0), case(200, 6, 0.4), case(25, 0, 2.0)]
versions = {"scikit_learn": sklearn.__version__, "numpy": numpy.__version__}
target = pathlib.Path(__file__).with_name("curves.json")
target.write_text(json.dumps({"versions": versions, "cases": cases}, indent=1) + "\n")
