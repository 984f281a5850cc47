"""Figures as SVG and PDF, drawn by the binary: the same code draws those of ``telltale report --figures``."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ._worker import Worker
from .errors import MissingPackageError, TelltaleError

__all__ = ["Figure"]


class Figure:
    """A figure that shows itself in a notebook and saves itself as ``.svg``, ``.pdf`` or ``.png``."""

    def __init__(self, kind: str, numbers: Mapping[str, Any]) -> None:
        self._kind = kind
        self._numbers = dict(numbers)
        self._svg: str | None = None

    @property
    def numbers(self) -> dict[str, Any]:
        """What is drawn."""
        return dict(self._numbers)

    def _repr_svg_(self) -> str:
        if self._svg is None:
            with tempfile.TemporaryDirectory() as folder:
                self._svg = self.save(Path(folder) / "figure.svg").read_text(encoding="utf-8")
        return self._svg

    def save(self, path: str | os.PathLike[str], *, dots_per_inch: int = 300) -> Path:
        """Writes the figure; the ending of the name is the format.

        PNG is made from the SVG by the package cairosvg, where it is installed.
        """
        path = Path(path).absolute()
        if path.suffix.lower() == ".png":
            return self._save_png(path, dots_per_inch)
        if path.suffix.lower() not in (".svg", ".pdf"):
            raise TelltaleError(f"{path}: end the name in .svg, .pdf or .png", code="badInput", file=str(path))
        with Worker() as worker:
            worker.call("figure", kind=self._kind, figure=json.dumps(self._numbers, allow_nan=False), file=str(path))
        return path

    def _save_png(self, path: Path, dots_per_inch: int) -> Path:
        try:
            import cairosvg
        except ImportError as error:
            raise MissingPackageError("cairosvg", "a PNG") from error
        # Points are 1/72 of an inch, and cairosvg counts 96 dots to one.
        cairosvg.svg2png(bytestring=self._repr_svg_().encode(), write_to=str(path), scale=dots_per_inch / 96)
        return path


def forest(
    title: str, rows: Sequence[Mapping[str, Any]], *, axis: str, nothing: float, smallest: float | None
) -> Figure:
    """Estimates with intervals, one below the other."""
    numbers: dict[str, Any] = {"title": title, "axis": axis, "nothing": nothing, "rows": [dict(row) for row in rows]}
    if smallest is not None:
        numbers["smallest"] = smallest
    return Figure("forest", numbers)
