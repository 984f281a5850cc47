"""A bar that says how far something is, in a notebook and on a terminal."""

from __future__ import annotations

import sys
import time
import warnings
from types import TracebackType
from typing import Any

__all__ = ["Bar"]


class Bar:
    """Drawn by tqdm where it is installed, which knows notebooks; else a line that is written again and again."""

    def __init__(self, title: str, *, shown: bool = True) -> None:
        self._title = title
        self._shown = shown
        self._bar: Any = None
        self._started = time.monotonic()
        self._length = 0

    def update(self, done: int, total: int, stage: str) -> None:
        """Shows how far it is."""
        if not self._shown:
            return
        try:
            from tqdm.auto import tqdm
        except ImportError:
            self._write(f"{self._title}: {done} of {total}, {stage}, {time.monotonic() - self._started:.0f} s")
            return
        if self._bar is None:
            self._bar = tqdm(total=total, desc=self._title, unit="row")
        self._bar.total = total
        self._bar.n = done
        self._bar.set_postfix_str(stage)

    def _write(self, line: str) -> None:
        padded = line.ljust(self._length)
        self._length = len(line)
        sys.stderr.write("\r" + padded)
        sys.stderr.flush()

    @staticmethod
    def warn(message: str) -> None:
        """A warning of the binary."""
        warnings.warn(message, stacklevel=4)

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            if kind is None and self._bar.total:
                self._bar.n = self._bar.total
            self._bar.close()
        elif self._length:
            sys.stderr.write("\n")
