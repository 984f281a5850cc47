"""Reference values of the verdict's estimates. Run: python make_fixtures.py > golden.json (needs R with survival and pROC)."""

import itertools
import json
import math
import subprocess
import tempfile

import numpy as np
import statsmodels.api as sm
from scipy import stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(20261130)
sizes = [3, 4, 5, 6, 6, 7, 8, 8, 9, 10, 12, 14]
group = np.repeat(np.arange(len(sizes)), sizes)
n = len(group)
template = rng.integers(0, 5, n)
letter = rng.integers(0, 2, n)
length = rng.normal(100, 20, n)
latent = 0.5 * rng.normal(size=len(sizes))[group] + 0.5 * letter + 0.01 * (length - 100) + rng.normal(size=n)
label = (latent > 0.2).astype(int)
score = np.round(0.7 * label + 0.4 * letter + 0.8 * rng.normal(size=len(sizes))[group] + rng.normal(size=n), 1)


def placements(y, s):
    p, q = s[y == 1], s[y == 0]
    return sum((a > b) + 0.5 * (a == b) for a in p for b in q), len(p) * len(q)


def stratified(y, s, strata, weights):
    ordered = pairs = 0.0
    for g in np.unique(strata):
        u, m = placements(y[strata == g], s[strata == g])
        ordered, pairs = ordered + weights[g] * u, pairs + weights[g] * m
    return ordered / pairs


def jackknife(estimate, clusters):
    values = []
    for c in np.unique(clusters):
        try:
            values.append(estimate(clusters != c))
        except ZeroDivisionError:
            pass
    values = np.array(values)
    # A cluster that takes no part in any pair leaves the estimate as it is and is passed over.
    whole = estimate(np.ones(n, bool))
    moved = values[np.abs(values - whole) > 1e-14]
    return (len(moved) - 1) / len(moved) * np.sum((moved - moved.mean()) ** 2), len(moved)


one = {0: 1.0}
elteren = {g: 1 / (np.sum(group == g) + 1) for g in range(len(sizes))}
zeros = np.zeros(n, int)
both = group * 10 + template


def pooled(keep):
    return stratified(label[keep], score[keep], zeros[keep], one)


def within(keep):
    return stratified(label[keep], score[keep], group[keep], elteren)


def linear(strata, weights, clusters):
    area = stratified(label, score, strata, weights)
    psi, total = np.zeros(n), 0.0
    for i in np.flatnonzero(label == 1):
        for j in np.flatnonzero((label == 0) & (strata == strata[i])):
            w = weights[strata[i]]
            h = (score[i] > score[j]) + 0.5 * (score[i] == score[j]) - area
            psi[[i, j]] += w * h
            total += w
    sums = np.array([psi[clusters == c].sum() / total for c in np.unique(clusters)])
    taking = sum(np.any((clusters == c) & np.isin(strata, [g for g in np.unique(strata) if 0 < label[strata == g].mean() < 1])) for c in np.unique(clusters))
    return taking / (taking - 1) * np.sum(sums**2)


areas = {}
for name, estimate in [("pooled", pooled), ("within", within)]:
    areas[name] = {
        "area": estimate(np.ones(n, bool)),
        "byQuestion": jackknife(estimate, group)[0],
        "byTemplate": jackknife(estimate, template)[0],
        "byBoth": jackknife(estimate, both)[0],
        "byTemplateLinear": linear(*([zeros, one] if name == "pooled" else [group, elteren]), template),
        "byBothLinear": linear(*([zeros, one] if name == "pooled" else [group, elteren]), both),
    }
assert abs(areas["pooled"]["area"] - roc_auc_score(label, score)) < 1e-12


def r(script):
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("label,score,group\n" + "".join(f"{a},{b},{c}\n" for a, b, c in zip(label, score, group)))
        file.flush()
        out = subprocess.run(["Rscript", "-e", script.replace("FILE", file.name)], capture_output=True, text=True, check=True)
    return [float(x) for x in out.stdout.split()]


roc = r('suppressMessages(library(pROC)); d<-read.csv("FILE"); cat(format(as.numeric(auc(d$label,d$score,direction="<",quiet=TRUE)),digits=17))')
assert abs(roc[0] - areas["pooled"]["area"]) < 1e-12
clogit = r(
    'library(survival); d<-read.csv("FILE"); f<-clogit(label~score+strata(group),d,method="exact",'
    'control=coxph.control(eps=1e-14,iter.max=50)); cat(format(c(coef(f),sqrt(vcov(f)[1,1])),digits=17))'
)


def conditional_loglik(b, g):
    y, x = label[group == g], score[group == g]
    m = int(y.sum())
    sums = [x[list(c)].sum() for c in itertools.combinations(range(len(x)), m)]
    return b * x[y == 1].sum() - np.log(np.sum(np.exp(b * np.array(sums))))


b = clogit[0]
mixed = [g for g in range(len(sizes)) if 0 < label[group == g].sum() < sizes[g]]
h = 1e-5
gradients = np.array([(conditional_loglik(b + h, g) - conditional_loglik(b - h, g)) / (2 * h) for g in mixed])
robust = math.sqrt(len(mixed) / (len(mixed) - 1) * np.sum(gradients**2)) * clogit[1] ** 2

logit = sm.Logit(label, sm.add_constant(score)).fit(
    disp=0, tol=1e-14, cov_type="cluster", cov_kwds={"groups": group, "use_correction": False}
)
slope = {
    "slope": logit.params[1],
    "standardError": logit.bse[1] * math.sqrt(len(sizes) / (len(sizes) - 1)),
}

terms = np.column_stack([letter, (length - length.mean()) / length.std()])


def ols(keep, absorbed):
    rows = np.isin(group, mixed) if absorbed else np.ones(n, bool)
    keep = keep & rows
    columns = [score[keep], *terms[keep].T]
    if absorbed:
        columns += [(group[keep] == g).astype(float) for g in np.unique(group[keep])]
    else:
        columns.append(np.ones(keep.sum()))
    return sm.OLS(label[keep].astype(float), np.column_stack(columns)).fit().params[0]


regressions = {}
for name, absorbed in [("across", False), ("within", True)]:
    whole = ols(np.ones(n, bool), absorbed)
    used = mixed if absorbed else range(len(sizes))
    deviations = np.array([ols(group != g, absorbed) - whole for g in used])
    regressions[name] = {
        "coefficient": whole,
        "variance": (len(used) - 1) / len(used) * np.sum(deviations**2),
    }
    if not absorbed:
        x = np.column_stack([score, terms, np.ones(n)])
        fit = sm.OLS(label.astype(float), x).fit(
            cov_type="cluster", cov_kwds={"groups": template, "use_correction": False}
        )
        regressions[name]["byTemplate"] = 5 / 4 * fit.bse[0] ** 2

print(
    json.dumps(
        {
            "label": label.tolist(),
            "score": score.tolist(),
            "group": [f"q{g}" for g in group],
            "template": [f"t{t}" for t in template],
            "terms": terms.T.tolist(),
            "areas": areas,
            "clogit": {"coefficient": clogit[0], "modelStandardError": clogit[1], "standardError": robust},
            "slopeLogistic": slope,
            "regressions": regressions,
            "signTest": [
                {"larger": k, "count": m, "p": stats.binomtest(k, m).pvalue} for k, m in [(9, 9), (4, 4), (31, 40), (20, 40)]
            ],
            "holm": {
                "p": [0.03, 0.001, 0.04, 0.2],
                "adjusted": multipletests([0.03, 0.001, 0.04, 0.2], method="holm")[1].tolist(),
            },
        },
        indent=1,
    )
)
