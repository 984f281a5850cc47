"""``audit``: is my probe real? Activations of any tool and labels, judged as a run's recordings are."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _safetensors
from ._tables import column, is_missing, labels_column
from ._worker import Worker
from .errors import TelltaleError
from .vector import Vector
from .verdict import Verdict

__all__ = ["audit"]


def audit(
    activations: npt.ArrayLike,
    labels: Any,
    *,
    vector: Vector | Mapping[int, npt.ArrayLike] | npt.ArrayLike,
    groups: Any = None,
    layers: Iterable[int] | None = None,
    lengths: Any = None,
    letters: Any = None,
    sources: Any = None,
    user_sides: Any = None,
    templates: Any = None,
    prompts: Any = None,
    training: tuple[npt.ArrayLike, Any] | tuple[npt.ArrayLike, Any, Any] | None = None,
    draws: int = 1_000,
    permutations: int = 2_000,
    comparisons: int = 1,
    seed: int = 0,
    name: str | None = None,
) -> Verdict:
    """Judges whether the cosine with a vector predicts labels, with all that activations themselves can say.

    More than ``predict`` asks: would directions drawn from the activations do as well, what does a logistic probe
    reach, does the direction lie in a few coordinates or in the activations' main components?

    Args:
        activations: float [rows, hidden] of one layer, or [rows, layers, hidden]: numpy, torch on the CPU, or what
            ``Run.activations`` and ``Model.activations`` give. nnsight's, TransformerLens' and transformers' arrays are
            taken as they are; which layer they call 13 is for ``layers`` to say.
        labels: 1 the behaviour, 0 not; one a row.
        vector: A ``Vector``, a mapping from layers to directions, or one direction where there is one layer.
        groups: The distinct question of each row; without them every row is one by itself.
        layers: Which layers the activations are of; 0, 1 ... where nothing is given.
        lengths: Tokens of each prompt: what is not given cannot be ruled out.
        letters: The letter of the answer that would show the behaviour.
        sources: Where each row comes from.
        user_sides: The side the user is on.
        templates: The template of each prompt.
        prompts: The texts, to find prompts that the vector was made of.
        training: Activations and labels (and groups) that the vector was made of by their class means: null vectors
            exchange their labels.
        draws: Null directions of each kind.
        permutations: Of the labels.
        comparisons: How many comparisons this one was chosen from.
        seed: Of both.
        name: What figures call it.

    >>> import numpy as np
    >>> noise = np.random.default_rng(0)
    >>> labels = np.arange(60) % 2
    >>> activations = noise.normal(size=(60, 16)) + 3 * labels[:, None] * np.eye(16)[0]
    >>> audit(activations, labels, vector=np.eye(16)[0], draws=100, permutations=200).verdict
    'supported'
    """
    values = _three_dimensional(activations, "activations")
    numbers = list(range(values.shape[1])) if layers is None else [int(layer) for layer in layers]
    if len(numbers) != values.shape[1] or numbers != sorted(set(numbers)):
        raise TelltaleError(
            f"layers: give the {values.shape[1]} layers of the activations, each once and ascending", code="badInput"
        )
    known = {
        "group": groups, "promptTokens": lengths, "letter": letters, "source": sources, "userSide": user_sides,
        "template": templates, "prompt": prompts,
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="telltale-") as folder, Worker() as worker:
        recording = Path(folder) / "recording"
        _write(recording, values, numbers, labels, known)
        vector_file = _vector(vector, numbers).save(Path(folder) / "vector.safetensors")
        made_of = None
        if training is not None:
            made_of = Path(folder) / "training"
            past = _three_dimensional(training[0], "training")
            _write(made_of, past, numbers, training[1], {"group": training[2] if len(training) > 2 else None})
        found = worker.call(
            "audit",
            recording=str(recording),
            vector=str(vector_file),
            training=None if made_of is None else str(made_of),
            draws=draws,
            permutations=permutations,
            comparisons=comparisons,
            seed=seed,
        )
    notes = () if lengths is not None else ("The prompts' lengths were not given, so that they are not ruled out.",)
    return Verdict(found, name=name, notes=notes)


def _three_dimensional(values: Any, name: str) -> npt.NDArray[np.float32]:
    """float32 [rows, layers, hidden]."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().float().numpy()
    array = np.asarray(values, dtype=np.float32)
    if array.ndim == 2:
        array = array[:, None, :]
    if array.ndim != 3 or 0 in array.shape:
        raise TelltaleError(
            f"{name} have the shape {array.shape}; give [rows, hidden] or [rows, layers, hidden]", code="badInput"
        )
    if not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0][0])
        raise TelltaleError(f"{name}: row {row} is not finite; leave such rows out", code="badInput")
    return array


def _vector(vector: Any, layers: list[int]) -> Vector:
    if isinstance(vector, Vector):
        return vector
    if isinstance(vector, Mapping):
        return Vector(vector)
    if hasattr(vector, "detach"):
        vector = vector.detach().cpu().float().numpy()
    array = np.asarray(vector, dtype=np.float32)
    if array.ndim == 1 and len(layers) == 1:
        array = array[None]
    if array.ndim != 2 or len(array) != len(layers):
        raise TelltaleError(
            f"vector has the shape {array.shape} for {len(layers)} layers; give a direction a layer", code="badInput"
        )
    return Vector(dict(zip(layers, array, strict=True)))


def _write(
    folder: Path, values: npt.NDArray[np.float32], layers: list[int], labels: Any, known: Mapping[str, Any]
) -> None:
    """A recording as the binary reads it."""
    count = len(values)
    marks = labels_column(labels, count)
    columns = {key: column(value, key, count) for key, value in known.items() if value is not None}
    blank = [row for row, group in enumerate(columns.get("group", [])) if is_missing(group)]
    if blank:
        raise TelltaleError(
            f"groups: row {blank[0]} has none; name the question of every row, or leave groups out", code="badInput"
        )
    folder.mkdir()
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
        for row in range(count):
            own = {key: values[row] for key, values in columns.items() if not is_missing(values[row])}
            file.write(json.dumps(_row(row, marks[row], own)) + "\n")
    about = {"layers": ",".join(map(str, layers)), "shape": "[rows, layers, hidden]"}
    _safetensors.write(folder / "activations.safetensors", {"prompt": values}, about)


def _row(row: int, label: int, own: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": f"row#{row}",
        "group": str(own.get("group", f"row {row}")),
        "question": "",
        "source": str(own.get("source", "activations")),
        "row": row,
        "prompt": str(own.get("prompt", f"row {row}")),
        "continuation": "",
        "end": "length",
        "label": label,
        "labelSource": "reference",
        "promptTokens": int(own.get("promptTokens", 1)),
        "promptToken": 0,
        "promptTokenText": "",
    }
    made.update({key: str(own[key]) for key in ("letter", "userSide") if key in own})
    if "template" in own:
        made["facts"] = {"template": str(own["template"])}
    return made
