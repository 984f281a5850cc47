"""A model that is steered: what it is asked, and the proof that it was steered."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from .errors import TelltaleError
from .recording import Recording
from .vector import Vector

if TYPE_CHECKING:
    from .model import Continuation, Input, Model

__all__ = ["Steered", "edited", "require_layers"]

PathLike = str | os.PathLike[str]


class Steered:
    """A model with an edit."""

    def __init__(self, model: Model, edit: dict[str, Any]) -> None:
        self._model = model
        self._edit = edit
        #: What the edits of every call did: ``positions`` and ``sequences`` edited, ``mean_shift`` along the vector as
        #: measured in the stream.
        self.proof: list[dict[str, Any]] = []

    def require_effect(self) -> None:
        """Refuses edits that did nothing."""
        if not self.proof:
            raise TelltaleError(
                "nothing was generated while the model was steered, so nothing was edited", code="badInput"
            )
        if all(entry["mean_absolute_shift"] == 0 for entry in self.proof):
            raise TelltaleError(
                "the edits moved the residual stream by nothing: the scale or the vector is 0", code="badInput"
            )

    @overload
    def generate(self, inputs: str, **options: Any) -> Continuation: ...
    @overload
    def generate(self, inputs: Sequence[Input], **options: Any) -> list[Continuation]: ...
    def generate(self, inputs: Any, **options: Any) -> Any:
        """As ``Model.generate``, edited.

        Raises:
            TelltaleError: Where the edit touched nothing.
        """
        made, edits = self._model._generate(inputs, {**options, **self._edit})
        self.proof += edits
        return made

    def record(self, data: PathLike | Sequence[PathLike], **options: Any) -> Recording:
        """As ``Model.record``, edited; the binary refuses an edit that touched nothing."""
        recording, edits = self._model._record(data, {**options, **self._edit})
        self.proof += edits
        return recording


@contextlib.contextmanager
def edited(model: Model, vector: Vector | PathLike, name: str, edit: dict[str, Any]) -> Iterator[Steered]:
    """The model with an edit of a name (``add``, ``ablate``), by a vector or the file of one.

    Raises:
        TelltaleError: At the end, where nothing was edited.
    """
    own: Path | None = None
    if isinstance(vector, Vector):
        own = vector.save(model._worker.folder / f"edit-{uuid.uuid4().hex}.safetensors")
        vector = own
    # The worker may have been started elsewhere.
    file = os.path.abspath(vector)
    steered = Steered(model, {name: file, **edit})
    try:
        yield steered
        steered.require_effect()
    except TelltaleError as error:
        if own is not None and str(own) in str(error):
            raise _of_vector(error, str(own)) from None
        raise
    finally:
        if own is not None:
            own.unlink(missing_ok=True)


def require_layers(vector: Vector, layers: Iterable[int]) -> None:
    """Refuses layers that a vector has no direction for."""
    for layer in layers:
        if layer not in vector:
            known = ", ".join(map(str, vector))
            raise TelltaleError(
                f"the vector has no direction for layer {layer}; it has the layers {known}", code="badInput"
            )


def _of_vector(error: TelltaleError, file: str) -> TelltaleError:
    """An error about the file of a vector that was given as an object: the file says nothing to the caller."""
    told = str(error).replace(file, "the vector")
    return TelltaleError(told, code=error.code, item=error.item, remedy=error.remedy)
