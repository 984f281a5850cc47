"""Golden numbers of agreement between raters. Run: python make.py > golden.json (versions in PROVENANCE.md)."""

import json

import krippendorff
import numpy
import pandas
from irrCAC.raw import CAC
from scipy import stats
from sklearn.metrics import cohen_kappa_score, roc_auc_score

rng = numpy.random.default_rng(20261126)


def ac1(first, second):
    return CAC(pandas.DataFrame({"a": first, "b": second}), digits=15).gwet()["est"]["coefficient_value"]


def alpha(ratings):
    return krippendorff.alpha(reliability_data=ratings, level_of_measurement="nominal")


def jackknife(value, groups, measure):
    """The t interval of the delete-one-group jackknife, cut to -1...1."""
    names = sorted(set(groups))
    left = numpy.array([measure(groups != name) for name in names])
    count = len(names)
    variance = (count - 1) / count * ((left - left.mean()) ** 2).sum()
    reach = stats.t.ppf(0.975, count - 1) * variance**0.5
    return [max(-1, value - reach), min(1, value + reach)]


def pair(items, per_group, rate, noise):
    groups = numpy.arange(items) // per_group
    lean = rng.random(groups.max() + 1) < rate
    first = numpy.where(rng.random(items) < noise, ~lean[groups], lean[groups]).astype(int)
    second = numpy.where(rng.random(items) < noise, 1 - first, first)
    kappa, gwet = cohen_kappa_score(first, second), ac1(first, second)
    return {
        "first": first.tolist(), "second": second.tolist(), "groups": [str(g) for g in groups],
        "observed": float((first == second).mean()),
        "kappa": kappa, "kappa_interval": jackknife(kappa, groups, lambda k: cohen_kappa_score(first[k], second[k])),
        "ac1": gwet, "ac1_interval": jackknife(gwet, groups, lambda k: ac1(first[k], second[k])),
    }


def several(items, raters, per_group):
    groups = numpy.arange(items) // per_group
    truth = (rng.random(items) < 0.4).astype(float)
    ratings = numpy.where(rng.random((raters, items)) < 0.15, 1 - truth, truth)
    ratings[rng.random((raters, items)) < 0.3] = numpy.nan
    value = alpha(ratings)
    # Items with one rating say nothing, so groups of nothing else are none.
    usable = (~numpy.isnan(ratings)).sum(axis=0) > 1
    return {
        "ratings": [[int(r) for r in column if not numpy.isnan(r)] for column in ratings.T],
        "groups": [str(g) for g in groups], "alpha": value,
        "interval": jackknife(value, groups[usable], lambda k: alpha(ratings[:, usable][:, k])),
    }


def relabelled(items, per_group):
    """AUROC by labels A minus AUROC by labels B of the same scores, with the jackknife's variance over groups."""
    groups = numpy.arange(items) // per_group
    a = (rng.random(items) < 0.5).astype(int)
    b = numpy.where(rng.random(items) < 0.2, 1 - a, a)
    scores = numpy.round(a + rng.normal(size=items), 2)
    area = lambda k: roc_auc_score(a[k], scores[k]) - roc_auc_score(b[k], scores[k])
    left = numpy.array([area(groups != g) for g in range(groups.max() + 1)])
    count = len(left)
    return {
        "a": a.tolist(), "b": b.tolist(), "scores": scores.tolist(), "groups": [str(g) for g in groups],
        "auroc_a": roc_auc_score(a, scores), "auroc_b": roc_auc_score(b, scores),
        "difference": area(groups >= 0), "variance": (count - 1) / count * ((left - left.mean()) ** 2).sum(),
    }


print(json.dumps({
    "pairs": [pair(120, 6, 0.5, 0.2), pair(90, 3, 0.1, 0.1), pair(40, 1, 0.4, 0.3)],
    "several": [several(60, 4, 5), several(30, 3, 1)],
    "relabelled": [relabelled(120, 6), relabelled(50, 1)],
}))
