"""Runs: what ``telltale run`` wrote, as tables and arrays; and running one."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import numpy as np
import numpy.typing as npt

from . import _safetensors, _tables
from ._binary import _WARNING, binary, call, environment, failure, run_json
from ._progress import Bar
from .errors import TelltaleError
from .vector import Vector

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Run", "RunActivations", "run"]

Array = npt.NDArray[np.float32]
PathLike = str | os.PathLike[str]

_HARMLESS = "-_+=@,."


def _file_name(name: str) -> str:
    """A name of an experiment as one part of a path, as the binary writes it.

    >>> _file_name("owner/model a")
    'owner%2Fmodel%20a'
    """
    escaped = quote(name, safe=_HARMLESS).replace("~", "%7E")
    return "%2E" + escaped[1:] if escaped.startswith(".") else escaped


class RunActivations(Sequence[Array]):
    """The residual streams of a target at a position: memory-mapped, however many there are.

    ``activations[row]`` is float32 [layers, hidden]; ``layer(i)`` is [rows, hidden] and reads nothing else;
    ``numpy.asarray`` reads everything.
    """

    def __init__(self, parts: list[Array], layers: list[int]) -> None:
        self._parts = parts
        self._ends = np.cumsum([len(part) for part in parts])
        #: Counted from 0.
        self.layers = layers

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, layers, width."""
        return len(self), len(self.layers), int(self._parts[0].shape[2])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            chosen = [self[one] for one in range(*row.indices(len(self)))]
            return np.stack(chosen) if chosen else np.zeros((0, *self.shape[1:]), np.float32)
        row = int(row) + (len(self) if row < 0 else 0)
        if not 0 <= row < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        part = int(np.searchsorted(self._ends, row, side="right"))
        return self._parts[part][row - (self._ends[part - 1] if part else 0)]

    def layer(self, layer: int) -> Array:
        """Float32 [rows, hidden] of one layer."""
        if layer not in self.layers:
            raise KeyError(f"no layer {layer}; there are layers {', '.join(map(str, self.layers))}")
        place = self.layers.index(layer)
        return np.concatenate([part[:, place] for part in self._parts])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(np.concatenate(self._parts), dtype=dtype)

    def __repr__(self) -> str:
        return f"RunActivations{self.shape}"


class Run:
    """A run directory (docs/runs.md). Tables are DataFrames with the columns that docs/python.md lists.

    Args:
        directory: Where ``telltale run`` wrote it.
    """

    def __init__(self, directory: PathLike) -> None:
        self.path = Path(directory)
        if not (self.path / "experiment.yaml").is_file():
            raise TelltaleError(
                f"{self.path}: is no run directory (it has no experiment.yaml); name one that telltale run made",
                code="badInput",
                file=str(self.path),
            )

    # Tables

    def table(self, name: str) -> pd.DataFrame:
        """A table of ``results/``, such as ``nulls`` or ``steerability``."""
        path = self.path / "results" / f"{name}.csv"
        if not path.is_file():
            there = ", ".join(sorted(one.stem for one in path.parent.glob("*.csv"))) or "none"
            raise TelltaleError(
                f"{path}: is not there; the tables are {there}. telltale predict {self.path} computes them",
                code="badInput",
                file=str(path),
            )
        return _tables.read_csv(path, "Run")

    @property
    def predictivity(self) -> pd.DataFrame:
        """One row a model, vector, target, position, layer and kind of score."""
        return self.table("predictivity")

    @property
    def vectors(self) -> pd.DataFrame:
        """One row a vector and layer: norm, reliability, what it was made of."""
        return self.table("vectors")

    @property
    def audit(self) -> pd.DataFrame:
        """One row a finding of every audit, with its verdict."""
        return self.table("audit")

    @property
    def answers(self) -> pd.DataFrame:
        """One row an answer, with the run's own label."""
        return self.query("SELECT * FROM answers")

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
        """A query of the store ``telltale.sqlite`` (docs/runs.md has its tables), which is opened read-only."""
        store = self.path / "telltale.sqlite"
        if not store.is_file():
            raise TelltaleError(
                f"{store}: is not there; telltale predict {self.path} builds it", code="badInput", file=str(store)
            )
        connection = sqlite3.connect(f"file:{quote(str(store.absolute()))}?mode=ro", uri=True)
        try:
            made: pd.DataFrame = _tables.pandas("Run.query").read_sql(sql, connection, params=list(parameters))
        finally:
            connection.close()
        return made

    # Arrays

    @property
    def models(self) -> list[str]:
        """The models that something was recorded of."""
        return sorted(unquote(one.name) for one in (self.path / "chunks").glob("*") if one.is_dir())

    def activations(self, target: str, position: str = "prompt", *, model: str | None = None) -> RunActivations:
        """The residual streams that were recorded of a target, in the order of its rows.

        Args:
            target: The data set, as the experiment names it.
            position: ``prompt`` or ``continuation``.
            model: Where several were recorded.
        """
        folder = self.path / "chunks" / _file_name(self._model(model)) / _file_name(target)
        chunks = sorted((one for one in folder.glob("*") if one.name.isdigit()), key=lambda one: int(one.name))
        if not chunks:
            raise TelltaleError(f"{folder}: nothing was recorded of {target!r}", code="badInput", file=str(folder))
        headers = [_safetensors.read_header(chunk / "activations.safetensors") for chunk in chunks]
        layers = [int(one) for one in headers[0].metadata.get("layers", "").split(",") if one]
        parts: list[Array] = [np.asarray(header.tensor(position), dtype=np.float32) for header in headers]
        return RunActivations(parts, layers)

    def rows(self, target: str, *, model: str | None = None) -> pd.DataFrame:
        """The rows that belong to ``activations(target)``, in their order."""
        folder = self.path / "chunks" / _file_name(self._model(model)) / _file_name(target)
        records = []
        for chunk in sorted((one for one in folder.glob("*") if one.name.isdigit()), key=lambda one: int(one.name)):
            with (chunk / "rows.jsonl").open(encoding="utf-8") as file:
                records += [json.loads(line) for line in file if line.strip()]
        made: pd.DataFrame = _tables.pandas("Run.rows").DataFrame(records)
        return made

    def vector(self, name: str, *, model: str | None = None) -> Vector:
        """A vector of the run."""
        return Vector.load(self.path / "vectors" / _file_name(self._model(model)) / f"{_file_name(name)}.safetensors")

    def _model(self, model: str | None) -> str:
        models = self.models
        if model is None and len(models) == 1:
            return models[0]
        if model not in models:
            raise TelltaleError(f"model is {model!r}; the run has {', '.join(models) or 'none'}", code="badInput")
        return model

    # What the binary makes of it

    def status(self) -> dict[str, Any]:
        """How far it is: what ``telltale status --json`` prints."""
        found: dict[str, Any] = run_json(["status", self.path])
        return found

    def report(self, output: PathLike | None = None) -> Path:
        """Writes the report, one HTML file, and returns where it lies."""
        where = [] if output is None else ["--output", output]
        return Path(run_json(["report", self.path, *where])["file"])

    def figures(self, folder: PathLike) -> list[Path]:
        """Writes every figure for a paper, as SVG and PDF."""
        made = run_json(["report", self.path, "--figures", folder])
        return [Path(folder) / name for name in made["files"]]

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"


def run(
    experiment: PathLike,
    output: PathLike | None = None,
    *,
    resume: bool = False,
    device: str = "cpu",
    models: Sequence[str] = (),
    datasets: dict[str, PathLike] | None = None,
    progress: bool = True,
) -> Run:
    """Runs an experiment file, with a bar that says how far it is, and returns the run.

    Args:
        experiment: The file (YAML), or with ``resume`` a run directory.
        output: The run directory to make; ``runs/<name of the file>`` where nothing is given.
        resume: Continues a run, or begins it where it is not there.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        models: Instead of those that the file names.
        datasets: Files instead of data sets, by name.
        progress: Whether the bar is shown.
    """
    experiment = Path(experiment)
    directory = (
        Path(output) if output is not None else experiment if experiment.is_dir() else Path("runs") / experiment.stem
    )
    arguments = ["run", str(experiment), "--device", device]
    # A directory goes on as it was begun and takes no --output.
    arguments += [] if experiment.is_dir() else ["--output", str(directory)]
    arguments += ["--resume"] if resume else []
    for model in models:
        arguments += ["--model", model]
    for name, file in (datasets or {}).items():
        arguments += ["--dataset", f"{name}={os.fspath(file)}"]
    with tempfile.TemporaryFile() as words, Bar(f"telltale run {experiment.name}", shown=progress) as bar:
        process = subprocess.Popen(
            [str(binary()), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=words,
            env=environment(),
        )
        try:
            for done, total, stage in _steps(process, directory, shown=progress):
                bar.update(done, total, stage)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        words.seek(0)
        told = words.read().decode("utf-8", "replace")
    for line in told.splitlines():
        if line.startswith(_WARNING):
            bar.warn(line.removeprefix(_WARNING))
    if process.returncode != 0:
        raise failure(told, process.returncode)
    return Run(directory)


def _steps(process: subprocess.Popen[bytes], directory: Path, *, shown: bool) -> Iterator[tuple[int, int, str]]:
    """How many rows are recorded and of how many, while the process runs; the directory itself says so."""
    ended = threading.Event()

    def wait() -> None:
        process.wait()
        ended.set()

    waiter = threading.Thread(target=wait, daemon=True)
    waiter.start()
    while not ended.wait(1.0):
        if not shown or not (directory / "manifest.json").is_file():
            continue
        try:
            status = json.loads(call(["status", directory, "--json"]))
        except (TelltaleError, json.JSONDecodeError):
            continue  # The directory is being made.
        yield _count(status)
    waiter.join()


def _count(status: dict[str, Any]) -> tuple[int, int, str]:
    """Rows of recordings; other stages count one each.

    >>> recorded = {"kind": "record", "state": "done", "rows": 8, "rows_done": 8}
    >>> _count({"stages": [recorded, {"kind": "audit", "state": "waiting"}]})
    (8, 9, 'audit')
    """
    done = total = 0
    current = ""
    for stage in status.get("stages", []):
        rows = int(stage.get("rows") or 1)
        is_done = stage.get("state") == "done"
        total += rows
        done += rows if is_done else int(stage.get("rows_done") or 0)
        if not is_done and not current:
            current = str(stage.get("kind", ""))
    return done, total, current
