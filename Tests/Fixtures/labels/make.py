"""Labels as pandas writes them: what people get who read an export, work on it and write it back.

Run with pandas 3.1.1: python make.py
"""

import pathlib

import numpy
import pandas

folder = pathlib.Path(__file__).parent
items = [f"synthetic#{number}" for number in range(4)]
base = {"item": items, "model": "one", "dataset": "test"}
columns = {
    # A column with a gap is one of floating-point numbers: 1.0, 0.0 and nothing.
    "floats": [1.0, 0.0, numpy.nan, 1.0],
    "booleans": [True, False, False, True],
    # Truth values with a gap are objects.
    "objects": [True, False, None, True],
    "nullable": pandas.array([1, 0, None, 1], dtype="Int64"),
}
for name, labels in columns.items():
    table = pandas.DataFrame({**base, "label": labels})
    table.to_csv(folder / f"{name}.csv", index=False)
pandas.DataFrame({**base, "label": columns["floats"]}).to_csv(folder / "written-gaps.csv", index=False, na_rep="NaN")
