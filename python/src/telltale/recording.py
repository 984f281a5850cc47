"""Recordings: what a model answered, with labels and activations."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _safetensors

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Recording"]

Array = npt.NDArray[np.float32]
PathLike = str | os.PathLike[str]


class Recording:
    """What a model answered, with labels and activations: a folder as ``telltale record`` writes it."""

    def __init__(self, path: PathLike) -> None:
        self.path = Path(path)
        header = _safetensors.read_header(self.path / "activations.safetensors")
        self._header = header
        #: Layers that were recorded, counted from 0.
        self.layers = [int(one) for one in header.metadata.get("layers", "").split(",") if one]

    def records(self) -> list[dict[str, Any]]:
        """One dictionary a row."""
        with (self.path / "rows.jsonl").open(encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.strip()]

    @property
    def rows(self) -> pd.DataFrame:
        """One row a row: ``prompt``, ``continuation``, ``label``, ``group``, the tokens that were read."""
        from ._tables import pandas

        made: pd.DataFrame = pandas("Recording.rows").DataFrame(self.records())
        return made

    @property
    def labels(self) -> list[int | None]:
        """1 the behaviour, 0 not, None where it could not be told."""
        return [row.get("label") for row in self.records()]

    @property
    def groups(self) -> list[str]:
        """The distinct question of each row."""
        return [str(row["group"]) for row in self.records()]

    def activations(self, position: str = "prompt") -> Array:
        """float32 [rows, layers, hidden], memory-mapped, at ``prompt`` or ``continuation``."""
        made: Array = np.asarray(self._header.tensor(position), dtype=np.float32)
        return made

    def save(self, path: PathLike) -> Recording:
        """Copies the folder to a place that lasts longer than the model."""
        shutil.copytree(self.path, path)
        return Recording(path)

    def __repr__(self) -> str:
        rows, layers, hidden = self._header.tensor("prompt").shape
        return f"Recording({rows} rows, {layers} layers, width {hidden})"
