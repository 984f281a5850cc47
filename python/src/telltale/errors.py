"""What this package raises: one sentence that says what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["MissingPackageError", "TelltaleError", "WorkerDiedError"]


class TelltaleError(Exception):
    """An error of the binary, or of what it was given.

    Attributes:
        code: ``badInput`` (mend a file or a value), ``invalidArgument``, ``outOfMemory`` (try a smaller batch),
            ``invalidParameters``, or ``failed``.
        file: The file that the error is about, where there is one.
        line: The line in it, counted from 1.
        item: The tensor, key or token in it.
        remedy: What would help, by the name that the binary gives it (``allowAnyModel``).

    >>> error = TelltaleError("v.safetensors: cannot be read; check the path", code="badInput", file="v.safetensors")
    >>> error.code, error.file, str(error)
    ('badInput', 'v.safetensors', 'v.safetensors: cannot be read; check the path')
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "failed",
        file: str | None = None,
        line: int | None = None,
        item: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.file = file
        self.line = line
        self.item = item
        self.remedy = remedy

    @classmethod
    def from_answer(cls, error: Mapping[str, Any]) -> TelltaleError:
        """Of the ``error`` of a JSON-RPC answer."""
        data = error.get("data") or {}
        return cls(
            str(error.get("message", "unknown error")),
            code=str(data.get("code", "failed")),
            file=data.get("file"),
            line=data.get("line"),
            item=data.get("item"),
            remedy=data.get("remedy"),
        )


class WorkerDiedError(TelltaleError):
    """The process that held the model has ended; ``last_words`` is what it wrote to stderr."""

    def __init__(self, message: str, *, last_words: str, status: int | None) -> None:
        super().__init__(message, code="failed")
        self.last_words = last_words
        self.status = status


class MissingPackageError(TelltaleError, ImportError):
    """An optional package is not installed, or cannot be imported; the message says how to get it.

    >>> print(MissingPackageError("repeng", "to_repeng"))
    to_repeng needs the package repeng; install it with: pip install repeng
    """

    def __init__(self, package: str, what: str, cause: BaseException | None = None) -> None:
        if cause is None or isinstance(cause, ModuleNotFoundError):
            told = f"{what} needs the package {package}; install it with: pip install {package}"
        else:
            told = (
                f"{what} needs the package {package}, which is there and cannot be imported ({cause}); install it again "
                "with what it depends on"
            )
        super().__init__(told, code="badInput")
