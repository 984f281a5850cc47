"""Reference values for the measures of numeric labels, operating points, erring labels, sensitivity and heterogeneity.

python make_fixtures.py    (NumPy, SciPy, scikit-learn, statsmodels, ppi-python; writes measures.json beside itself)
"""
import json, math
from pathlib import Path
import numpy as np
import scipy
from scipy import stats
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, brier_score_loss
import statsmodels
import statsmodels.api as sm
import ppi_py
from importlib.metadata import version

rng = np.random.default_rng(20231107)
out = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__,
                    "statsmodels": statsmodels.__version__, "ppi-python": version("ppi-python")}}


def clusters(n, groups):
    """Groups of unequal size, in mixed order."""
    sizes = rng.multinomial(n - 2 * groups, rng.dirichlet(np.ones(groups))) + 2
    g = np.repeat(np.arange(groups), sizes)
    return g[rng.permutation(n)]


def somers(label, score):
    return stats.somersd(label, score).statistic


def within_pairs(label, score, g):
    """By counting every pair inside a group."""
    c = d = ty = tx = 0
    for name in np.unique(g):
        r = np.flatnonzero(g == name)
        dx = np.sign(score[r][:, None] - score[r][None, :])
        dy = np.sign(label[r][:, None] - label[r][None, :])
        up = np.triu_indices(len(r), 1)
        c += np.sum((dx * dy)[up] > 0); d += np.sum((dx * dy)[up] < 0)
        tx += np.sum(dx[up] != 0); ty += np.sum(dy[up] != 0)
    return {"somers": (c - d) / ty, "tau": (c - d) / math.sqrt(tx * ty)}


def centred(v, g):
    v = v.astype(float).copy()
    for name in np.unique(g):
        v[g == name] -= v[g == name].mean()
    return v


def fractional_ranks(v, g):
    r = np.zeros(len(v))
    for name in np.unique(g):
        r[g == name] = stats.rankdata(v[g == name]) / np.sum(g == name)
    return r


def jackknife(f, g):
    """Over the clusters that take part: leaving out one that has no pair changes nothing."""
    whole = f(np.ones(len(g), bool))
    values = np.array([f(g != name) for name in np.unique(g)])
    values = values[np.abs(values - whole) > 1e-14]
    return (len(values) - 1) / len(values) * np.sum((values - values.mean()) ** 2)


def numeric(name, n, groups, levels, ties):
    g = clusters(n, groups)
    second = rng.integers(0, 5, n)
    effect = rng.normal(size=groups)[g]
    latent = rng.normal(size=n) + effect
    score = 0.6 * latent + rng.normal(size=n) + 0.8 * rng.normal(size=groups)[g]
    if ties:
        score = np.round(score, 1)
    label = np.clip(np.round(levels / 2 + levels / 4 * latent), 0, levels)
    both = g * 100 + second
    measures = {
        "somersD": lambda k: somers(label[k], score[k]),
        "kendallTauB": lambda k: stats.kendalltau(label[k], score[k]).statistic,
        "pearson": lambda k: stats.pearsonr(label[k], score[k]).statistic,
        "spearman": lambda k: stats.spearmanr(label[k], score[k]).statistic,
    }
    inside = {
        "somersD": lambda k: within_pairs(label[k], score[k], g[k])["somers"],
        "kendallTauB": lambda k: within_pairs(label[k], score[k], g[k])["tau"],
        "pearson": lambda k: np.corrcoef(centred(label[k], g[k]), centred(score[k], g[k]))[0, 1],
        "spearman": lambda k: np.corrcoef(centred(fractional_ranks(label[k], g[k]), g[k]),
                                          centred(fractional_ranks(score[k], g[k]), g[k]))[0, 1],
    }
    whole = np.ones(n, bool)
    describe = lambda fs: {m: {"value": float(f(whole)), "byGroup": float(jackknife(f, g)),
                               "bySecond": float(jackknife(f, second)), "byBoth": float(jackknife(f, both))}
                           for m, f in fs.items()}
    # The partial correlation given the group, from statsmodels' regression with a dummy per group.
    dummies = np.eye(groups)[g]
    residual = [sm.OLS(v, dummies).fit().resid for v in (label, score)]
    return {"name": name, "scores": score.tolist(), "labels": label.tolist(), "groups": [f"q{i}" for i in g],
            "second": [f"t{i}" for i in second], "across": describe(measures), "within": describe(inside),
            "partialByDummies": float(np.corrcoef(*residual)[0, 1]),
            "permutation": permutation(score, label, g)}


def permutation(score, label, g):
    """Mean and variance of the exchanged rank statistic, in closed form and by exchanging."""
    a, b = centred(fractional_ranks(score, g), g), centred(fractional_ranks(label, g), g)
    t = float(a @ b)
    v = sum((a[g == k] @ a[g == k]) * (b[g == k] @ b[g == k]) / (np.sum(g == k) - 1) for k in np.unique(g))
    count, draws = 0, 4000
    for _ in range(draws):
        p = b.copy()
        for k in np.unique(g):
            p[g == k] = rng.permutation(b[g == k])
        count += abs(a @ p) >= abs(t) - 1e-12
    return {"z": t / math.sqrt(v), "p": (1 + count) / (1 + draws)}


out["numeric"] = [numeric("trait score", 120, 14, 100, False), numeric("Likert", 90, 10, 4, True)]

# Partial AUROC.
partial = []
for ties in (False, True):
    y = rng.integers(0, 2, 400)
    s = rng.normal(size=400) + y
    s = np.round(s, 1) if ties else s
    partial.append({"scores": s.tolist(), "labels": y.tolist(),
                    "values": [{"rate": r, "value": float(roc_auc_score(y, s, max_fpr=r))} for r in (0.01, 0.05, 0.1, 0.37)]})
out["partial"] = partial

# Wilson intervals of whole numbers of trials come from SciPy, the clustered ones by hand from them.
out["wilson"] = [{"k": k, "n": n, "low": float(stats.binomtest(k, n).proportion_ci(method="wilson").low),
                  "high": float(stats.binomtest(k, n).proportion_ci(method="wilson").high)}
                 for k, n in [(0, 12), (3, 40), (40, 40), (250, 1000)]]

# Cox calibration: statsmodels' logistic regression of the label on the logit of a probability.
g = clusters(300, 40)
p = 1 / (1 + np.exp(-(rng.normal(size=300) + 0.5 * rng.normal(size=40)[g])))
y = (rng.random(300) < 1 / (1 + np.exp(-(0.2 + 0.6 * np.log(p / (1 - p)))))).astype(int)
fit = sm.Logit(y, sm.add_constant(np.log(p / (1 - p)))).fit(disp=0, cov_type="cluster", cov_kwds={"groups": g},
                                                             tol=1e-14, method="newton")
out["calibration"] = {"probabilities": p.tolist(), "labels": y.tolist(), "groups": [f"q{i}" for i in g],
                      "intercept": fit.params[0], "slope": fit.params[1],
                      # statsmodels multiplies by G/(G-1) (n-1)/(n-k); the second factor is taken out again.
                      "errors": (fit.bse * math.sqrt((300 - 2) / 299)).tolist(),
                      "brier": float(brier_score_loss(y, p))}

# Prediction-powered means (ppi_py, one row a group).
cases = []
for n, m, noise in ((60, 500, 0.5), (200, 300, 3.0)):
    y = rng.normal(size=n + m)
    f = y + noise * rng.normal(size=n + m) + 0.3
    low, high = ppi_py.ppi_mean_ci(y[:n], f[:n], f[n:], alpha=0.05)
    cases.append({"reference": y[:n].tolist(), "judged": f[:n].tolist(), "unlabelled": f[n:].tolist(),
                  "value": float(np.squeeze(ppi_py.ppi_mean_pointestimate(y[:n], f[:n], f[n:]))),
                  "low": float(np.squeeze(low)), "high": float(np.squeeze(high))})
out["ppi"] = cases

# Chi-squared and F tails.
out["chiSquared"] = [{"x": x, "df": df, "p": float(stats.chi2.sf(x, df))}
                     for x, df in [(0.1, 1), (3.84, 1), (30, 1), (5, 4), (40, 30), (20, 30), (300, 100), (1e-5, 3), (900, 999)]]
out["f"] = [{"x": x, "a": a, "b": b, "p": float(stats.f.sf(x, a, b))}
            for x, a, b in [(1, 1, 10), (4.2, 3, 17), (0.2, 5, 40), (50, 2, 9), (2.5, 7, 1000)]]

# Cochran's Q and I^2 of independent estimates, by statsmodels' fixed-effect meta-analysis.
from statsmodels.stats.meta_analysis import combine_effects
eff, var = np.array([0.62, 0.71, 0.55, 0.83]), np.array([0.002, 0.004, 0.001, 0.003])
meta = combine_effects(eff, var)
out["cochran"] = {"values": eff.tolist(), "variances": var.tolist(), "q": float(meta.q), "i2": float(max(0, meta.i2)),
                  "p": float(stats.chi2.sf(meta.q, 3))}

# Least squares with clustered errors: CR1 from statsmodels, CR3 by leaving out one group and fitting again.
n = 150
g = clusters(n, 12)
x = rng.normal(size=n) + rng.normal(size=12)[g]
y = 0.4 * x + 0.3 * x**2 + rng.normal(size=n) + rng.normal(size=12)[g]
X = np.column_stack([x, x**2, np.ones(n)])
fit = sm.OLS(y, X).fit(cov_type="cluster", cov_kwds={"groups": g}, use_t=True)
leave = np.array([sm.OLS(y[g != k], X[g != k]).fit().params for k in range(12)]) - fit.params
out["leastSquares"] = {"x": x.tolist(), "y": y.tolist(), "groups": [f"q{i}" for i in g], "coefficients": fit.params.tolist(),
                       "cr1": np.asarray(fit.cov_params()).tolist(), "cr3": (11 / 12 * leave.T @ leave).tolist()}

Path(__file__).with_name("measures.json").write_text(json.dumps(out, indent=0))
