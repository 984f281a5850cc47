"""Steering vectors: one direction of the residual stream per layer, with what is known of how it was made."""

from __future__ import annotations

import numbers
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _safetensors
from ._binary import call
from .errors import MissingPackageError, TelltaleError

if TYPE_CHECKING:
    from .verdict import Verdict

__all__ = ["Vector"]

Array = npt.NDArray[np.float32]
PathLike = str | os.PathLike[str]

_FORMAT = "telltale.vectors.v1"
#: What a sum or a multiple of vectors still has of its parts.
_KEPT = (
    "format", "site", "layer_convention", "telltale", "model", "model_fingerprint", "tokenizer_hash", "dtype",
    "template", "prompt_style", "read",
)  # fmt: skip


class Vector(Mapping[int, Array]):
    """Directions by layer: layer i is the residual stream after decoder block i, counted from 0.

    Directions are stored raw, with the length they were made with.

    >>> v = Vector({3: [3.0, 4.0]})
    >>> v[3], v.norms[3], (0.5 * v + v)[3]
    (array([3., 4.], dtype=float32), 5.0, array([4.5, 6. ], dtype=float32))
    """

    def __init__(
        self,
        layers: Mapping[int, npt.ArrayLike],
        *,
        means: Mapping[int, npt.ArrayLike] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self._layers = {int(layer): self._direction(values, layer) for layer, values in sorted(layers.items())}
        self.means = {int(layer): self._direction(values, layer) for layer, values in sorted((means or {}).items())}
        #: What the file states: model, recipe, data, hashes (docs/vectors.md).
        self.metadata = dict(metadata or {})
        widths = {len(values) for values in (*self._layers.values(), *self.means.values())}
        if not self._layers or len(widths) != 1:
            raise TelltaleError("a vector needs one direction or more, all of the same width", code="badInput")

    @staticmethod
    def _direction(values: npt.ArrayLike, layer: int) -> Array:
        array = np.array(values, dtype=np.float32)
        if array.ndim != 1 or not np.isfinite(array).all():
            raise TelltaleError(
                f"layer {layer}: is no list of finite numbers; give one direction a layer", code="badInput"
            )
        return array

    # Contents

    def __getitem__(self, layer: int) -> Array:
        if layer not in self._layers:
            held = ", ".join(map(str, self._layers))
            raise KeyError(f"no vector for layer {layer}; there are layers {held}")
        return self._layers[layer]

    def __iter__(self) -> Iterator[int]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    @property
    def layers(self) -> list[int]:
        """Which layers it has a direction for, ascending."""
        return list(self._layers)

    @property
    def hidden(self) -> int:
        """The width of the residual stream."""
        return len(next(iter(self._layers.values())))

    @property
    def norms(self) -> dict[int, float]:
        """Euclidean lengths, by layer."""
        return {layer: float(np.linalg.norm(values.astype(np.float64))) for layer, values in self._layers.items()}

    @property
    def reliability(self) -> dict[int, float]:
        """How far other questions would have given the same direction, by layer; empty where it is not known."""
        return self._numbers("reliability")

    @property
    def held_out(self) -> dict[int, float]:
        """How well half of the data separates the other half, by layer; empty where it is not known."""
        return self._numbers("held_out")

    @property
    def residual_norms(self) -> dict[int, float]:
        """Mean length of the residual stream where it was read, by layer."""
        return self._numbers("residual_norms")

    def _numbers(self, name: str) -> dict[int, float]:
        pairs = (one.split(":") for one in self.metadata.get(name, "").replace(",", " ").split() if ":" in one)
        return {int(layer): float(value) for layer, value in pairs}

    @property
    def model(self) -> str | None:
        """The model that it was made of, as its maker named it."""
        return self.metadata.get("model")

    def unit(self, layer: int) -> Array:
        """The direction of length 1."""
        norm = self.norms[layer] if layer in self._layers else 0.0
        if norm == 0:
            raise TelltaleError(f"layer {layer}: has no direction", code="badInput")
        return (self[layer].astype(np.float64) / norm).astype(np.float32)

    def __repr__(self) -> str:
        layers = f"layers {self.layers[0]} to {self.layers[-1]}" if len(self) > 1 else f"layer {self.layers[0]}"
        made = [self.metadata[key] for key in ("estimator", "contrast", "read") if key in self.metadata]
        return f"Vector({layers}, width {self.hidden}{', ' + ', '.join(made) if made else ''})"

    def __eq__(self, other: object) -> bool:
        """Whether both have the same directions for the same layers; provenance is not compared."""
        if not isinstance(other, Vector):
            return NotImplemented
        return self.layers == other.layers and all(np.array_equal(self[layer], other[layer]) for layer in self)

    __hash__ = None  # type: ignore[assignment]

    # Arithmetic

    def __add__(self, other: Vector) -> Vector:
        return self._combined(other, "+", np.add)

    def __sub__(self, other: Vector) -> Vector:
        return self._combined(other, "-", np.subtract)

    def __neg__(self) -> Vector:
        return -1.0 * self

    def __mul__(self, factor: float) -> Vector:
        if not isinstance(factor, numbers.Real):
            return NotImplemented
        scaled = {layer: np.float32(factor) * values for layer, values in self._layers.items()}
        return Vector(scaled, metadata=self._derived(f"{float(factor):g} x ({self._name})"))

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> Vector:
        if not isinstance(divisor, numbers.Real):
            return NotImplemented
        return self * (1.0 / divisor)

    def _combined(self, other: Vector, sign: str, operation: Any) -> Vector:
        if not isinstance(other, Vector):
            return NotImplemented
        common = [layer for layer in self if layer in other]
        if not common:
            raise TelltaleError("the vectors have no layer in common", code="badInput")
        if self.hidden != other.hidden:
            raise TelltaleError(
                f"the vectors have widths {self.hidden} and {other.hidden}; they are of different models",
                code="badInput",
            )
        prints = {self.metadata.get("model_fingerprint"), other.metadata.get("model_fingerprint")} - {None}
        if len(prints) > 1:
            raise TelltaleError("the vectors were made from different models", code="badInput")
        summed = {layer: operation(self[layer], other[layer]) for layer in common}
        return Vector(summed, metadata=self._derived(f"{self._name} {sign} {other._name}"))

    @property
    def _name(self) -> str:
        return self.metadata.get("combined") or self.metadata.get("data") or "a vector"

    def _derived(self, how: str) -> dict[str, str]:
        """Reliabilities and counts are of the parts and do not carry over."""
        return {**{key: self.metadata[key] for key in _KEPT if key in self.metadata}, "combined": how}

    # Files

    def save(self, path: PathLike) -> Path:
        """Writes a vector file (safetensors), which every command and ``Vector.load`` read."""
        tensors: dict[str, npt.NDArray[np.generic]] = {
            f"layer.{layer}": values for layer, values in self._layers.items()
        }
        tensors.update({f"mean.{layer}": values for layer, values in self.means.items()})
        about = {"format": _FORMAT, "site": "resid_post", **self.metadata}
        _safetensors.write(path, tensors, about)
        return Path(path)

    @classmethod
    def load(cls, path: PathLike, *, convention: str | None = None, layer: int | None = None) -> Vector:
        """Reads a vector file, or one of another tool (``.gguf``, ``.npy``, ``.pt``), whose layers are converted.

        Args:
            path: The file.
            convention: How another tool's file counts layers (docs/vectors.md); told from its format where it can.
            layer: That file's own number of the layer, where it has one vector and does not say.
        """
        path = Path(path)
        if path.suffix == ".safetensors" and convention is None and layer is None:
            return cls._read(path)
        options: list[str] = []
        if convention is not None:
            options += ["--convention", convention]
        if layer is not None:
            options += ["--layer", str(layer)]
        with tempfile.TemporaryDirectory(prefix="telltale-") as folder:
            made = Path(folder) / "vector.safetensors"
            call(["vector", "import", path, *options, "--output", made])
            return cls._read(made)

    @classmethod
    def _read(cls, path: Path) -> Vector:
        tensors, about = _safetensors.read(path)
        found: dict[str, dict[int, npt.ArrayLike]] = {"layer": {}, "mean": {}}
        for name, values in tensors.items():
            kind, _, number = name.partition(".")
            if kind not in found or not number.isdigit():
                raise TelltaleError(
                    f"{path}: has a tensor {name!r}; it is no vector file", code="badInput", file=str(path)
                )
            found[kind][int(number)] = np.array(values, dtype=np.float32)
        if not found["layer"]:
            raise TelltaleError(f"{path}: has no vector; it is no vector file", code="badInput", file=str(path))
        return cls(found["layer"], means=found["mean"], metadata=about)

    # Other tools

    def to_gguf(self, path: PathLike, *, model_hint: str | None = None) -> Path:
        """Writes a control vector for llama.cpp, byte for byte as repeng's; layer 0 has no place in it.

        Args:
            path: The file.
            model_hint: The architecture as llama.cpp names it, such as ``llama``.
        """
        hint = ["--model-hint", model_hint] if model_hint is not None else []
        with tempfile.TemporaryDirectory(prefix="telltale-") as folder:
            own = self.save(Path(folder) / "vector.safetensors")
            call(["vector", "export", own, "--format", "gguf", *hint, "--output", path])
        return Path(path)

    def to_repeng(self, model_type: str) -> Any:
        """A ``repeng.ControlVector``, which counts layers as we do.

        Args:
            model_type: ``config.model_type`` of the model in transformers, such as ``mistral``.
        """
        try:
            import repeng
        except (ImportError, OSError) as error:
            raise MissingPackageError("repeng", "to_repeng", error) from error
        return repeng.ControlVector(model_type=model_type, directions={layer: self[layer].copy() for layer in self})

    def to_lm_eval(
        self,
        path: PathLike,
        layer: int,
        *,
        coefficient: float = 1.0,
        action: str = "add",
        hookpoint: str = "layers.{layer}",
    ) -> Path:
        """Writes the ``.pt`` file of ``lm_eval --model steered``, by ``torch.save`` in this process.

        Args:
            path: The file, ending in ``.pt``.
            layer: Where the vector applies: the output of that decoder block.
            coefficient: What the stored vector is multiplied with; of ``clamp``, the projection to set.
            action: ``add``, or ``clamp`` to set the projection on the direction.
            hookpoint: The block's name inside transformers' base model; GPT-2 calls it ``h.{layer}``.
        """
        if action not in ("add", "clamp"):
            raise TelltaleError(f"action is {action!r}; it is add or clamp", code="badInput")
        if not str(path).endswith((".pt", ".pth")):
            raise TelltaleError(
                f"{path}: end the name in .pt, by which lm-eval knows it", code="badInput", file=str(path)
            )
        direction = self[layer].copy()
        try:
            import torch
        except (ImportError, OSError) as error:
            raise MissingPackageError("torch", "to_lm_eval", error) from error
        settings = {
            "steering_vector": torch.from_numpy(direction),
            "steering_coefficient": float(coefficient),
            "action": action,
            "bias": None,
            "head_index": None,
        }
        torch.save({hookpoint.format(layer=layer): settings}, path)
        return Path(path)

    # The hub

    def push_to_hub(
        self,
        repo_id: str,
        *,
        verdicts: Mapping[str, Verdict] | None = None,
        limits: str | None = None,
        private: bool = True,
        token: str | None = None,
        tags: Sequence[str] = (),
    ) -> str:
        """Uploads the vector with a card that states recipe, verdicts and limits; returns the commit's address.

        Args:
            repo_id: ``owner/name``, made where it is not there.
            verdicts: What it predicts, by the name of the target; a card without says that nothing was tested.
            limits: What else the reader should know.
            private: Whether a repository that is made can be seen by its owner only.
            token: Of Hugging Face; the one that ``hf auth login`` stored where nothing is given.
            tags: For the card, in addition to ``steering-vector`` and ``telltale``.
        """
        from .hub import push

        return push(self, repo_id, verdicts=verdicts, limits=limits, private=private, token=token, tags=tags)

    @classmethod
    def from_hub(
        cls,
        repo_id: str,
        *,
        filename: str = "vector.safetensors",
        revision: str | None = None,
        token: str | None = None,
    ) -> Vector:
        """Downloads a vector that ``push_to_hub`` uploaded, or any vector file of a repository."""
        from .hub import pull

        return cls.load(pull(repo_id, filename=filename, revision=revision, token=token))
