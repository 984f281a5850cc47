"""Columns and tables of the libraries that callers use: numpy, pandas, polars, or plain lists."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import MissingPackageError, TelltaleError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["column", "frame", "is_frame", "labels_column", "read_csv", "write_csv"]


def pandas(what: str) -> Any:
    """The pandas module, or an error that says what needs it."""
    try:
        import pandas as module
    except ImportError as error:
        raise MissingPackageError("pandas", what) from error
    return module


def frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], what: str) -> pd.DataFrame:
    """Rows as a DataFrame with these columns, in this order."""
    made: pd.DataFrame = pandas(what).DataFrame(list(rows), columns=list(columns))
    return made


def read_csv(path: Path, what: str) -> pd.DataFrame:
    """A table of a run; numbers as they were written, to the last digit."""
    module = pandas(what)
    # From version 3 on this is how pandas reads anyway.
    exact = {} if int(module.__version__.split(".")[0]) > 2 else {"float_precision": "round_trip"}
    read: pd.DataFrame = module.read_csv(path, **exact)
    return read


def is_frame(value: object) -> bool:
    """Whether it is a DataFrame of pandas or polars."""
    return hasattr(value, "columns") and hasattr(value, "__getitem__") and not isinstance(value, Mapping)


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: None, NaN, or pandas' own.

    >>> [is_missing(value) for value in (None, float("nan"), 0, "")]
    [True, True, False, False]
    """
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, (float, np.floating)) and math.isnan(value)


def column(values: Any, name: str, count: int | None = None) -> list[Any]:
    """One value a row, as a list.

    >>> column(np.array([1.5, 2.0]), "scores")
    [1.5, 2.0]
    """
    if isinstance(values, (str, bytes)):
        raise TelltaleError(f"{name} is a text, not one value a row", code="badInput")
    for method in ("to_list", "tolist"):
        if hasattr(values, method):
            values = getattr(values, method)()
            break
    try:
        listed = list(values)
    except TypeError as error:
        raise TelltaleError(f"{name} is not one value a row: {type(values).__name__}", code="badInput") from error
    if any(isinstance(one, (list, tuple)) for one in listed):
        raise TelltaleError(f"{name} has more than one dimension; give one value a row", code="badInput")
    if count is not None and len(listed) != count:
        raise TelltaleError(f"{name} has {len(listed)} values for {count} rows", code="badInput")
    return listed


def labels_column(values: Any, count: int, *, numeric: bool = False) -> list[Any]:
    """Labels of 0 and 1, also given as truth values; with ``numeric`` any finite numbers.

    >>> labels_column([True, False, 1.0], 3)
    [1, 0, 1]
    """
    labels = column(values, "labels", count)
    if numeric:
        return labels
    made = []
    for row, label in enumerate(labels):
        if is_missing(label) or label not in (0, 1):
            raise TelltaleError(
                f"labels: row {row} is {label!r}; labels are 1 (the behaviour) and 0 (not), leave rows without one out, "
                "and give numeric_labels=True for labels that are numbers",
                code="badInput",
            )
        made.append(int(label))
    return made


def cell(value: Any) -> str:
    """A value as a field of a CSV file: numbers with all their digits, nothing for what is missing."""
    if is_missing(value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    return str(value)


def write_csv(path: str | os.PathLike[str], columns: Mapping[str, Sequence[Any]]) -> None:
    """Columns of the same length as a CSV file."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([cell(value) for value in row] for row in zip(*columns.values(), strict=True))
