"""Safetensors files as numpy arrays: read through a memory map, written as the reference implementation does."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .errors import TelltaleError

__all__ = ["Header", "read", "read_header", "write"]

Array = npt.NDArray[np.float32]

_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "|u1", "BOOL": "|b1"}
_NAMES = {np.dtype(code): name for name, code in _TYPES.items()}
_LARGEST_HEADER = 100_000_000


class Header:
    """What a file says of its tensors."""

    def __init__(
        self, path: Path, start: int, entries: dict[str, tuple[str, tuple[int, ...], int]], about: dict[str, str]
    ):
        self.path = path
        self._start = start
        self._entries = entries
        self.metadata = about

    @property
    def names(self) -> list[str]:
        """Names of the tensors, sorted."""
        return sorted(self._entries)

    def tensor(self, name: str) -> npt.NDArray[np.generic]:
        """A tensor, memory-mapped and read-only."""
        if name not in self._entries:
            raise TelltaleError(
                f"{self.path}: has no tensor {name!r}; it has {', '.join(self.names[:20])}",
                code="badInput",
                file=str(self.path),
            )
        kind, shape, offset = self._entries[name]
        if 0 in shape:
            return np.zeros(shape, _TYPES[kind])
        return np.memmap(self.path, dtype=_TYPES[kind], mode="r", offset=self._start + offset, shape=shape)


def read_header(path: str | os.PathLike[str]) -> Header:
    """Opens a file, whose sizes and places are checked."""
    path = Path(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(size - 8, _LARGEST_HEADER):
                raise ValueError("claims a header that is longer than the file")
            stated = json.loads(file.read(length))
        about = stated.pop("__metadata__", {})
        entries = {name: _entry(one, size - 8 - length) for name, one in stated.items()}
    except OSError as error:
        raise TelltaleError(
            f"{path}: cannot be read ({error.strerror}); check the path", code="badInput", file=str(path)
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TelltaleError(
            f"{path}: is no safetensors file ({error}); write it again", code="badInput", file=str(path)
        ) from error
    return Header(path, 8 + length, entries, about)


def _entry(one: Mapping[str, object], size: int) -> tuple[str, tuple[int, ...], int]:
    kind, shape, offsets = one["dtype"], one["shape"], one["data_offsets"]
    if not isinstance(kind, str) or kind not in _TYPES:
        raise ValueError(f"has the element type {kind}, which is not read here")
    if not isinstance(shape, list) or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise ValueError("has a tensor without a shape")
    if not isinstance(offsets, list) or len(offsets) != 2:
        raise ValueError("has a tensor without a place")
    first, last = offsets
    count = 1
    for n in shape:
        count *= n
    if not 0 <= first <= last <= size or last - first != count * np.dtype(_TYPES[kind]).itemsize:
        raise ValueError("has a tensor that does not lie in the file")
    return kind, tuple(shape), first


def read(path: str | os.PathLike[str]) -> tuple[dict[str, npt.NDArray[np.generic]], dict[str, str]]:
    """All tensors, memory-mapped, and the metadata."""
    header = read_header(path)
    return {name: header.tensor(name) for name in header.names}, header.metadata


def write(
    path: str | os.PathLike[str], tensors: Mapping[str, npt.NDArray[np.generic]], about: Mapping[str, str] | None = None
) -> None:
    """Writes tensors, widest elements first and then by name; aside, then renamed."""
    arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header: dict[str, object] = {"__metadata__": dict(about)} if about else {}
    offset = 0
    for name in order:
        array = arrays[name]
        if array.dtype not in _NAMES:
            raise TelltaleError(f"{name}: {array.dtype} is no type to store; convert it to float32", code="badInput")
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path = Path(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            for name in order:
                file.write(arrays[name].tobytes())
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise TelltaleError(
            f"{path}: cannot be written ({error.strerror}); check the folder and the space on its disk",
            code="badInput",
            file=str(path),
        ) from error
