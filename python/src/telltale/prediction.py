"""``predict``: do scores predict labels? The statistics are those of ``telltale predict --scores``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ._binary import run_json
from ._tables import column, is_frame, labels_column, write_csv
from .errors import TelltaleError
from .verdict import Verdict

__all__ = ["NumericVerdict", "predict"]

PathLike = str | os.PathLike[str]

_OWN_COLUMNS = ("score", "label", "group", "letter", "source", "user_side", "family")


class NumericVerdict(Verdict):
    """The verdict on labels that are numbers (0 to 100, 1 to 5): concordances take the AUROC's place."""

    @property
    def prediction(self) -> dict[str, Any]:
        """The measures within and across questions."""
        found = self.json.get("prediction", {})
        return dict(found)


def predict(
    scores: Any,
    labels: Any = None,
    groups: Any = None,
    *,
    covariates: Mapping[str, Any] | Any = None,
    letters: Any = None,
    sources: Any = None,
    user_sides: Any = None,
    families: Any = None,
    cluster: str | Sequence[str] = (),
    ignore: str | Sequence[str] = (),
    smallest_effect: float | None = None,
    comparisons: int = 1,
    permutations: int | None = None,
    seed: int = 0,
    plan: PathLike | None = None,
    numeric_labels: bool = False,
    name: str | None = None,
) -> Verdict:
    """Says whether scores predict labels, with the doubts a sceptical reader would have.

    Args:
        scores: One number a row; or a mapping from names to such columns, which are the candidates of one audit (layers,
            say); or a DataFrame with the columns ``score``, ``label`` and any others that are known; or the path of such a
            CSV file.
        labels: 1 the behaviour, 0 not (or truth values); numbers of any kind with ``numeric_labels``.
        groups: The distinct question of each row, the unit of independence; with a CSV file also the path of a second
            file with the columns ``row,group``.
        covariates: What else is known of the rows, by name: a prediction must survive holding all of it fixed.
        letters: The letter of the answer that would show the behaviour.
        sources: Where each row comes from.
        user_sides: The side the user is on.
        families: Of near-duplicate questions.
        cluster: Columns whose levels are a sample of many and cross the questions (template, persona).
        ignore: Columns to leave out; the verdict says so.
        smallest_effect: AUROCs closer to 0.5 than this do not matter (0.05 where nothing is given).
        comparisons: How many comparisons this one was chosen from.
        permutations: Of the labels.
        seed: Of the permutations.
        plan: A plan written before the data (docs/audit.md).
        numeric_labels: Labels are numbers, not 0 and 1.
        name: What sentences and figures call it.

    Returns:
        The verdict. Its numbers are those that ``telltale predict --scores FILE --json`` prints for the same rows.

    Raises:
        TelltaleError: One sentence on what is wrong with the rows.

    >>> verdict = predict([0.1, 0.4, 0.35, 0.8] * 30, [0, 0, 1, 1] * 30, groups=[i // 4 for i in range(120)])
    >>> verdict.across.auroc
    0.75
    """
    common: list[str | os.PathLike[str]] = []
    for option, values in (("--cluster", cluster), ("--ignore", ignore)):
        for value in [values] if isinstance(values, str) else values:
            common.append(f"{option}={value}")
    if smallest_effect is not None:
        common.append(f"--smallest-effect={float(smallest_effect)!r}")
    if permutations is not None:
        common.append(f"--permutations={int(permutations)}")
    if plan is not None:
        common += ["--plan-file", plan]
    if numeric_labels:
        common.append("--numeric-labels")
    common += [f"--comparisons={int(comparisons)}", f"--seed={int(seed)}"]
    if isinstance(scores, (str, os.PathLike)):
        if labels is not None or covariates is not None:
            raise TelltaleError("labels and covariates are columns of the file; leave them out", code="badInput")
        second = ["--groups", groups] if groups is not None else []
        return _verdict(
            run_json(["predict", "--scores", scores, *second, *common]), name or Path(scores).stem, numeric_labels
        )
    named = {"letter": letters, "source": sources, "user_side": user_sides, "family": families}
    candidates, columns = _columns(scores, labels, groups, covariates, named, numeric_labels, name)
    with tempfile.TemporaryDirectory(prefix="telltale-") as folder:
        files: list[str | os.PathLike[str]] = []
        for candidate, values in candidates.items():
            file = Path(folder) / f"{_file_name(candidate)}.csv"
            write_csv(file, {"score": values, **columns})
            files += ["--scores", file]
        try:
            found = run_json(["predict", *files, *common])
        except TelltaleError as error:
            raise _of_rows(error, folder) from None
        return _verdict(found, name, numeric_labels)


def _of_rows(error: TelltaleError, folder: str) -> TelltaleError:
    """An error about a line of a file that the caller never saw, as one about a row, counted from 0."""
    if error.file is None or not error.file.startswith(folder):
        return error
    told = str(error).partition(": ")[2]
    place = [] if error.line is None else [f"row {error.line - 2}" if error.line > 1 else "the names of the columns"]
    place += [] if error.item is None else [error.item]
    return TelltaleError(f"{', '.join(place) or 'the rows'}: {told}", code=error.code, line=error.line, item=error.item)


def _file_name(name: str) -> str:
    """A candidate's name, which the binary tells from its file's."""
    if not name or "/" in name or "\0" in name or len(name) > 100 or name.startswith("."):
        raise TelltaleError(
            f"scores: {name!r} cannot name a column of scores; use up to 100 characters without a slash or a dot first",
            code="badInput",
        )
    return name


def _columns(
    scores: Any, labels: Any, groups: Any, covariates: Any, named: Mapping[str, Any], numeric: bool, name: str | None
) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """The candidates' scores by name, and the columns that they share."""
    known: dict[str, Any] = {}
    if is_frame(scores):
        known = {str(one): scores[one] for one in scores.columns}
        if "score" not in known:
            raise TelltaleError(f"scores: the table has no column score; it has {', '.join(known)}", code="badInput")
        scores = known.pop("score")
    candidates = (
        {str(key): column(values, f"scores[{key!r}]") for key, values in scores.items()}
        if isinstance(scores, Mapping)
        else {name or "the score": column(scores, "scores")}
    )
    count = len(next(iter(candidates.values()))) if candidates else 0
    if count == 0:
        raise TelltaleError("scores: there are none; give one number a row", code="badInput")
    for key, values in candidates.items():
        column(values, f"scores[{key!r}]", count)
    known = {**known, **{key: value for key, value in named.items() if value is not None}}
    if labels is not None:
        known["label"] = labels
    if groups is not None:
        known["group"] = groups
    if "label" not in known:
        raise TelltaleError("labels: there are none; give one a row", code="badInput")
    made = {"label": labels_column(known.pop("label"), count, numeric=numeric)}
    made.update({key: column(value, key, count) for key, value in known.items()})
    for key, value in _covariates(covariates):
        if key in _OWN_COLUMNS or key in made:
            raise TelltaleError(f"covariates: {key!r} is the name of a column already; rename it", code="badInput")
        made[key] = column(value, f"covariates[{key!r}]", count)
    return candidates, made


def _covariates(covariates: Any) -> list[tuple[str, Any]]:
    if covariates is None:
        return []
    if isinstance(covariates, Mapping):
        return [(str(key), value) for key, value in covariates.items()]
    if is_frame(covariates):
        return [(str(key), covariates[key]) for key in covariates.columns]
    raise TelltaleError("covariates must be a mapping from names to columns, or a DataFrame", code="badInput")


def _verdict(found: dict[str, Any], name: str | None, numeric: bool) -> Verdict:
    """Several candidates of the same rows have one audit, and each a row of measures under ``rows``."""
    if numeric:
        return NumericVerdict(found, name=name)
    if "audits" not in found:
        return Verdict(found, name=name)
    return Verdict({"rows": found["rows"], **found["audits"][0]}, name=name)
