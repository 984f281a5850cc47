"""The audited verdict: what ``telltale predict`` found, as an object."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import figures
from ._tables import frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Area", "Verdict"]

_SYMBOLS = {"supported": "✓", "explained": "↷", "absent": "✕", "cannot tell": "?"}
_SEVERITIES = {"inFavour": "in favour"}
#: The columns of ``Verdict.covariates`` that come first.
_COVARIATE = ["name", "kind", "levels", "score_share", "label_share", "adjusted_coefficient", "low", "high"]
_COLOURS = {"supported": "#007a5e", "explained": "#b07000", "absent": "#b03a00", "cannot tell": "#555555"}


class Area(Mapping[str, Any]):
    """One of the two claims: an AUROC with its interval and test, as the binary gives it.

    For labels that are numbers the measure is the concordance, which the AUROC is for labels of 0 and 1.

    >>> area = Area({"auroc": 0.75, "low": 0.6, "high": 0.9, "p": 0.01})
    >>> area.auroc, area.interval, area["p"]
    (0.75, (0.6, 0.9), 0.01)
    """

    def __init__(self, numbers: Mapping[str, Any]) -> None:
        self._numbers = dict(numbers)

    @property
    def auroc(self) -> float | None:
        """The chance that a row with the behaviour scores higher than one without."""
        return self._number("auroc")

    @property
    def measure(self) -> str:
        """``AUROC``, or ``concordance``."""
        return str(self._numbers.get("measure", "AUROC"))

    @property
    def value(self) -> float | None:
        """The AUROC or the concordance: 0.5 where the score tells nothing."""
        return self._number("value") if "measure" in self._numbers else self.auroc

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval, clustered; None where there are too few questions for one."""
        low, high = self._number("low"), self._number("high")
        return None if low is None or high is None else (low, high)

    @property
    def p(self) -> float | None:
        """Two-sided, of an AUROC of 0.5, uncorrected."""
        return self._number("p")

    @property
    def adjusted_p(self) -> float | None:
        """The same, corrected for everything that was compared."""
        return self._number("adjusted_p")

    @property
    def odds_ratio(self) -> float | None:
        """Per standard deviation of the score."""
        return self._number("odds_ratio")

    def _number(self, name: str) -> float | None:
        value = self._numbers.get(name)
        return None if value is None else float(value)

    def __getitem__(self, key: str) -> Any:
        return self._numbers[key]

    def __iter__(self) -> Any:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __repr__(self) -> str:
        if self.value is None:
            return "Area(undefined)"
        interval = "no interval" if self.interval is None else f"[{self.interval[0]:.3f}, {self.interval[1]:.3f}]"
        return f"Area({self.value:.3f} {interval})"


class Verdict:
    """Whether scores predict labels, and what else could explain it.

    Every number is the binary's; ``json`` is all that it printed.
    """

    def __init__(self, json: Mapping[str, Any], *, name: str | None = None, notes: tuple[str, ...] = ()) -> None:
        self.json: dict[str, Any] = dict(json)
        self.name = name
        #: What this package has to add, such as what was not given.
        self.notes = notes

    # The verdict

    @property
    def verdict(self) -> str:
        """``supported``, ``explained``, ``absent`` or ``cannot tell``."""
        return str(self.json["verdict"])

    @property
    def reason(self) -> str:
        """The sentence that decided."""
        return str(self.json["reason"])

    @property
    def direction(self) -> str:
        """``positive``, ``inverted`` or ``none``."""
        return str(self.json.get("direction", "none"))

    @property
    def specificity(self) -> str:
        """Whether other directions do as well: ``yes``, ``no``, ``at the ceiling`` or ``not tested``."""
        return str(self.json.get("specificity", "not tested"))

    @property
    def within(self) -> Area | None:
        """Does a higher score mean more of the behaviour for the same question?"""
        return self._area("within")

    @property
    def across(self) -> Area | None:
        """Does one threshold serve all questions?"""
        return self._area("across")

    def _area(self, name: str) -> Area | None:
        found = self.json.get(name)
        return Area(found) if isinstance(found, Mapping) else None

    @property
    def base_rate(self) -> float | None:
        """The share of rows with the behaviour."""
        found = self.json.get("base_rate")
        return None if found is None else float(found)

    # Tables

    @property
    def findings(self) -> pd.DataFrame:
        """One row a finding, the gravest first: ``severity``, ``name``, ``number``, ``sentence``."""
        return frame(self.json.get("findings", []), ["severity", "name", "number", "sentence"], "Verdict.findings")

    @property
    def covariates(self) -> pd.DataFrame:
        """One row a column that was held fixed, with what it explains."""
        rows = self.json.get("covariates", [])
        columns = list(dict.fromkeys([*_COVARIATE, *(key for row in rows for key in row)]))
        return frame(rows, columns, "Verdict.covariates")

    def sentences(self, *severities: str) -> list[str]:
        """The sentences of the findings, of some severities or of all."""
        return [
            str(one["sentence"])
            for one in self.json.get("findings", [])
            if not severities or one["severity"] in severities
        ]

    # For a person

    def plot(self) -> figures.Figure:
        """Both claims with their intervals, against 0.5; grey is what is too small to matter."""
        rows = [
            {"label": f"{name} questions", "value": area.value if area else None, "low": low, "high": high}
            for name, area in self._claims
            for low, high in [(area.interval if area else None) or (None, None)]
        ]
        smallest = self.json.get("smallest_effect")
        title = f"{self.name or 'Prediction'}: {self.verdict}"
        return figures.forest(
            title, rows, axis=self._measure, nothing=0.5, smallest=None if smallest is None else float(smallest)
        )

    @property
    def _claims(self) -> list[tuple[str, Area | None]]:
        return [("within", self.within), ("across", self.across)]

    @property
    def _measure(self) -> str:
        return next((area.measure for _, area in self._claims if area), "AUROC")

    def to_json(self) -> str:
        """All that the binary printed, on one line with sorted keys."""
        return json.dumps(self.json, sort_keys=True, ensure_ascii=False)

    def __repr__(self) -> str:
        return f"Verdict({self.verdict}: {self.reason})"

    def _repr_html_(self) -> str:
        colour = _COLOURS.get(self.verdict, "#555555")
        is_corrected = any(area is not None and area.adjusted_p is not None for _, area in self._claims)
        areas = "".join(
            f"<tr><td>{name} questions</td><td>{_number(area.value if area else None)}</td><td>{_interval(area)}</td>"
            f"<td>{_number((area.adjusted_p if is_corrected else area.p) if area else None)}</td></tr>"
            for name, area in self._claims
        )
        told = [one for one in self.json.get("findings", []) if one.get("severity") != "note"]
        findings = "".join(
            f"<li><b>{html.escape(_SEVERITIES.get(one['severity'], one['severity']))}</b> {html.escape(one['sentence'])}</li>"
            for one in told
        )
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return (
            f'<div style="border-left: 4px solid {colour}; padding: 2px 12px; max-width: 60em">'
            f'<p><b style="color: {colour}">{_SYMBOLS.get(self.verdict, "?")} {html.escape(self.verdict)}</b> '
            f"{html.escape(self.reason)}</p>"
            f"<table><tr><th></th><th>{self._measure}</th><th>95 % interval</th>"
            f"<th>p{', corrected' if is_corrected else ''}</th></tr>{areas}</table>"
            f"<ul>{findings}{notes}</ul></div>"
        )


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4g}"


def _interval(area: Area | None) -> str:
    if area is None or area.interval is None:
        return "none"
    return f"{area.interval[0]:.3f} to {area.interval[1]:.3f}"
