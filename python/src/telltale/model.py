"""Models: loaded once in a worker, read, steered and asked from Python."""

from __future__ import annotations

import contextlib
import json
import math
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from . import _safetensors
from ._worker import Progress, Worker
from .errors import MissingPackageError, TelltaleError
from .recording import Recording
from .steering import Steered, edited, require_layers
from .vector import Vector

__all__ = ["Activations", "Continuation", "Model"]

Array = npt.NDArray[np.float32]
PathLike = str | os.PathLike[str]
#: A text, a chat (``[{"role": "user", "content": "..."}]``) or token ids.
Input = str | Sequence[Mapping[str, str]] | Sequence[int]


@dataclass(frozen=True)
class Continuation:
    """What a model said: new tokens only, without the stop token."""

    text: str
    ids: list[int]
    #: ``stop``, or ``length`` where it ran out of tokens.
    end: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Activations:
    """Residual streams after decoder blocks, and the tokens they belong to.

    Attributes:
        values: float32 [inputs, layers, hidden] at the last token of each input; or of ``tokens="all"`` a list with an
            array [layers, tokens, hidden] for each input.
        layers: Which layers they are of, counted from 0.
        ids: The token ids of each input.
        tokens: The same as text.
        logits: [inputs, vocabulary], or a list of [tokens, vocabulary]; None where they were not asked for.
    """

    values: Any
    layers: list[int]
    ids: list[list[int]] = field(repr=False)
    tokens: list[list[str]] = field(repr=False)
    logits: Any = field(default=None, repr=False)

    def layer(self, layer: int) -> Any:
        """[inputs, hidden] of one layer, or a list of [tokens, hidden]."""
        if layer not in self.layers:
            raise KeyError(f"no layer {layer}; there are layers {', '.join(map(str, self.layers))}")
        place = self.layers.index(layer)
        if isinstance(self.values, list):
            return [one[place] for one in self.values]
        return self.values[:, place]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(self.values, dtype=dtype)


class Model:
    """A model that a worker keeps loaded: a directory, a GGUF file, a Hugging Face id, or an embedded organism.

    Use it as a context manager, or call ``close``: what it made in its private folder goes with it.

    Args:
        name: What ``--model`` takes.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        weights: ``dense``, or ``int8``.
        dtype: ``float32``, ``bfloat16`` or ``float16``; the checkpoint's where nothing is given.
        threads: Of the CPU.
        adapter: The directory of a LoRA adapter.
        batch_invariant: Whether an input gets the same bits whichever others are computed with it (on the CPU, at some
            cost; docs/runs.md).
        download: Whether a Hugging Face id that is not in the local cache is downloaded by ``huggingface_hub``.

    >>> with Model("organism-shared") as m:
    ...     m.layers
    6
    """

    def __init__(
        self,
        name: PathLike,
        *,
        device: str = "cpu",
        weights: str = "dense",
        dtype: str | None = None,
        threads: int | None = None,
        adapter: PathLike | None = None,
        batch_invariant: bool = False,
        download: bool = False,
    ) -> None:
        if download:
            name = _downloaded(os.fspath(name))
        self._worker = Worker()
        try:
            self.about: dict[str, Any] = self._worker.call(
                "load",
                model=os.fspath(name),
                device=device,
                weights=weights,
                dtype=dtype,
                threads=threads,
                adapter=None if adapter is None else os.fspath(adapter),
                batch_invariant=batch_invariant,
            )
        except BaseException:
            self._worker.close()
            raise

    @property
    def name(self) -> str:
        """As it was named."""
        return str(self.about["name"])

    @property
    def layers(self) -> int:
        """The number of decoder blocks."""
        return int(self.about["layers"])

    @property
    def hidden(self) -> int:
        """The width of the residual stream."""
        return int(self.about["hidden"])

    def __repr__(self) -> str:
        return f"Model({self.name}: {self.layers} layers, width {self.hidden}, {self.about['dtype']})"

    # Reading

    def tokenize(self, inputs: Input | Sequence[Input], *, template: str | None = None) -> list[list[int]]:
        """The token ids of texts (with the tokenizer's special tokens) or chats."""
        found = self._worker.call("tokenize", inputs=_inputs(inputs)[0], template=template)
        return [list(map(int, ids)) for ids in found["ids"]]

    def activations(
        self,
        inputs: Input | Sequence[Input],
        *,
        layers: Iterable[int] | None = None,
        tokens: str = "last",
        logits: bool = False,
        add_generation_prompt: bool = True,
        template: str | None = None,
        progress: Progress | None = None,
    ) -> Activations:
        """The residual streams of texts, chats or token ids.

        Args:
            inputs: One or several.
            layers: Counted from 0; all where nothing is given.
            tokens: ``last`` or ``all``.
            logits: Whether the next tokens' logits come too.
            add_generation_prompt: Of chats: whether the text includes the header after which the answer begins.
            template: A chat template instead of the model's own.
            progress: Called with a title, how many are done, and of how many.
        """
        found = self._worker.call(
            "activations",
            progress=progress,
            inputs=_inputs(inputs)[0],
            layers=None if layers is None else [int(layer) for layer in layers],
            tokens=tokens,
            logits=logits,
            add_generation_prompt=add_generation_prompt,
            template=template,
        )
        # In memory, so that the file can go: one of all tokens is large.
        tensors = {name: np.array(values) for name, values in _safetensors.read(found["file"])[0].items()}
        Path(found["file"]).unlink()

        def gathered(name: str) -> Any:
            return tensors[name] if name in tensors else [tensors[f"{name}.{n}"] for n in range(len(found["ids"]))]

        return Activations(
            gathered("residual"), found["layers"], found["ids"], found["tokens"], gathered("logits") if logits else None
        )

    # Asking

    @overload
    def generate(self, inputs: str, **options: Any) -> Continuation: ...
    @overload
    def generate(self, inputs: Sequence[Input], **options: Any) -> list[Continuation]: ...
    def generate(self, inputs: Any, **options: Any) -> Any:
        """Continues texts, chats or token ids; greedy unless a ``temperature`` is given.

        Args:
            inputs: A text gives one continuation, a list one for each of its texts, chats or lists of ids.
            **options: Those of ``telltale generate``: ``max_tokens``, ``temperature``, ``top_p``, ``seed``,
                ``ignore_stop``, ``template``; and ``progress``.
        """
        return self._generate(inputs, options)[0]

    def _generate(self, inputs: Any, options: dict[str, Any]) -> tuple[Any, list[dict[str, Any]]]:
        listed, single = _inputs(inputs)
        found = self._worker.call("generate", inputs=listed, **options)
        rows = [Continuation(row["text"], row["ids"], row["end"]) for row in found["rows"]]
        return (rows[0] if single else rows), found["edits"]

    def record(self, data: PathLike | Sequence[PathLike], **options: Any) -> Recording:
        """Asks the rows of data files and records answers, labels and activations.

        Args:
            data: The file, or several.
            **options: Those of ``telltale record``: ``take``, ``seed``, ``style``, ``label``, ``max_tokens``,
                ``record_layers`` ...; and ``progress``.

        Returns:
            A recording in the model's private folder; ``save`` it to keep it.
        """
        return self._record(data, options)[0]

    def _record(
        self, data: PathLike | Sequence[PathLike], options: dict[str, Any]
    ) -> tuple[Recording, list[dict[str, Any]]]:
        found = self._worker.call("record", data=_paths(data), **options)
        return Recording(found["file"]), found["edits"]

    def extract(
        self,
        pairs: PathLike | Sequence[Any] | None = None,
        *,
        recording: Recording | PathLike | None = None,
        **options: Any,
    ) -> Vector:
        """Makes a steering vector.

        Args:
            pairs: A data file, several, or a list of pairs of texts ``(with the behaviour, without)``, or of dictionaries
                with ``positive``, ``negative`` and, where known, ``group``.
            recording: Instead of pairs: rows with the behaviour against rows without.
            **options: Those of ``telltale extract``: ``estimator``, ``read``, ``layers``, ``take``, ``seed``, ``style``,
                ``positive`` and ``negative`` (instructions), ``against`` (a second model) ...; and ``progress``.
        """
        if recording is not None:
            options["recording"] = os.fspath(recording.path if isinstance(recording, Recording) else recording)
        elif pairs is None:
            raise TelltaleError("give pairs or a recording", code="badInput")
        elif not isinstance(pairs, os.PathLike) and len(pairs) == 0:
            raise TelltaleError("pairs: there are none; give a data file or pairs of texts", code="badInput")
        elif isinstance(pairs, (str, os.PathLike)) or all(isinstance(one, (str, os.PathLike)) for one in pairs):
            options["pairs"] = _paths(pairs)
        else:
            options["pairs"], options["format"] = str(self._pairs_file(pairs)), "texts"
        file = Path(self._worker.call("extract", **options)["file"])
        vector = Vector.load(file)
        file.unlink()
        return vector

    def _pairs_file(self, pairs: Iterable[Any]) -> Path:
        path = self._worker.folder / f"pairs-{uuid.uuid4().hex}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for number, pair in enumerate(pairs):
                if not isinstance(pair, Mapping):
                    if len(pair) != 2:
                        raise TelltaleError(f"pairs[{number}] is no pair of texts", code="badInput")
                    pair = {"positive": pair[0], "negative": pair[1]}
                file.write(json.dumps(dict(pair)) + "\n")
        return path

    # Steering

    @contextlib.contextmanager
    def steer(
        self,
        vector: Vector | PathLike,
        *,
        layer: int | None = None,
        scale: float = 1.0,
        unit: str = "raw",
        positions: str = "all",
        any_model: bool = False,
    ) -> Iterator[Steered]:
        """The model with a vector added to its residual stream.

        Args:
            vector: What is added.
            layer: At the output of which block; the vector's only one where nothing is given.
            scale: How much of it.
            unit: What ``scale`` counts: ``raw``, ``unit`` or ``residual``.
            positions: Which tokens are edited: ``all``, ``from-prompt-end``, ``generated``, ``prompt``, ``first-generated``.
            any_model: Accepts a vector that was made from another model of the same width.

        Raises:
            TelltaleError: At the end, where nothing was generated or the stream was moved by nothing (a scale of 0); by
                ``generate``, where the edit touched no token.
        """
        if not math.isfinite(scale):
            raise TelltaleError(f"scale is {scale}; give a finite number", code="badInput")
        if isinstance(vector, Vector):
            require_layers(vector, [] if layer is None else [layer])
            if layer is None and len(vector) > 1:
                known = ", ".join(map(str, vector))
                raise TelltaleError(f"the vector has the layers {known}; choose one with layer=", code="badInput")
        edit: dict[str, Any] = {"layer": layer, "scale": float(scale), "scale_unit": unit, "edit_positions": positions}
        with edited(self, vector, "add", {**edit, "any_model": any_model}) as steered:
            yield steered

    @contextlib.contextmanager
    def ablate(
        self,
        vector: Vector | PathLike,
        *,
        layers: Iterable[int] | None = None,
        positions: str = "all",
        any_model: bool = False,
    ) -> Iterator[Steered]:
        """The model with each layer's own direction removed at that block's output."""
        chosen = None if layers is None else [int(one) for one in layers]
        if isinstance(vector, Vector):
            require_layers(vector, chosen or [])
        edit: dict[str, Any] = {"layers": chosen}
        with edited(self, vector, "ablate", {**edit, "edit_positions": positions, "any_model": any_model}) as steered:
            yield steered

    # The end

    def close(self) -> None:
        """Ends the worker and removes its folder."""
        self._worker.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _inputs(inputs: Any) -> tuple[list[Any], bool]:
    """A list of texts, chats or ids, and whether one text was meant.

    >>> _inputs("a")
    (['a'], True)
    >>> _inputs([{"role": "user", "content": "a"}])
    ([[{'role': 'user', 'content': 'a'}]], False)
    """
    if isinstance(inputs, str):
        return [inputs], True
    if not isinstance(inputs, Iterable):
        raise TelltaleError(f"inputs: {inputs!r} is no text, chat or list of token ids, nor several", code="badInput")
    listed = [one.tolist() if hasattr(one, "tolist") else one for one in inputs]
    if listed and all(isinstance(one, Mapping) for one in listed):
        return [[dict(one) for one in listed]], False
    if listed and all(isinstance(one, (int, np.integer)) for one in listed):
        return [[int(one) for one in listed]], False
    return listed, False


def _paths(paths: PathLike | Sequence[Any]) -> list[str]:
    # The worker may have been started elsewhere.
    several = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    return [os.path.abspath(one) for one in several]


def _downloaded(name: str) -> str:
    try:
        import huggingface_hub
    except ImportError as error:
        raise MissingPackageError("huggingface_hub", "download=True") from error
    return str(huggingface_hub.snapshot_download(name, ignore_patterns=["*.pth", "*.bin", "original/*"]))
