"""Makes least-squares.json: ordinary least squares with HC3 errors by statsmodels 0.15.0, seed 20261201."""
import json
import pathlib

import numpy as np
import statsmodels.api as sm

draw = np.random.default_rng(20261201)
n = 14
a, b = draw.integers(0, 2, n), draw.integers(0, 3, n)
design = np.column_stack([np.ones(n), np.round(draw.normal(size=n), 3), (a == 1) * 1.0, (b == 1) * 1.0, (b == 2) * 1.0])
y = np.round(design @ np.array([0.5, 0.1, -0.2, 0.05, 0.3]) + draw.normal(size=n) * 0.2, 4)
fit = sm.OLS(y, design).fit(cov_type="HC3", use_t=True)
ends = fit.conf_int()
found = {
    "design": design.tolist(), "y": y.tolist(), "value": fit.params.tolist(), "error": fit.bse.tolist(),
    "p": fit.pvalues.tolist(), "low": ends[:, 0].tolist(), "high": ends[:, 1].tolist(), "r2": fit.rsquared,
    "df": fit.df_resid,
}
pathlib.Path(__file__).with_name("least-squares.json").write_text(json.dumps(found, indent=1) + "\n")
