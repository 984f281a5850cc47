"""Finds the binary and runs it: every number of this package is computed there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from .errors import TelltaleError

__all__ = ["binary", "call", "environment", "main", "run_json"]

_PACKAGE = Path(__file__).resolve().parent
_WARNING = "telltale: warning: "


def binary() -> Path:
    """The binary: ``$TELLTALE_BINARY``, else the wheel's own, else a checkout's build."""
    named = os.environ.get("TELLTALE_BINARY")
    if named:
        return _checked(Path(named), "TELLTALE_BINARY names it")
    own = _PACKAGE / "bin" / "telltale"
    if own.is_file():
        return own
    for checkout in _PACKAGE.parents:
        if (checkout / "Package.swift").is_file():
            for build in ("release", "debug"):
                built = checkout / ".build" / build / "telltale"
                if built.is_file():
                    return built
    raise TelltaleError(
        "the telltale binary is not there: install a wheel made by scripts/wheel, or build it with `swift build` and "
        "set TELLTALE_BINARY to it",
        code="badInput",
    )


def _checked(path: Path, why: str) -> Path:
    if path.is_file() and os.access(path, os.X_OK):
        return path.resolve()
    raise TelltaleError(
        f"{path}: is no program that can be run ({why}); check the path", code="badInput", file=str(path)
    )


def environment() -> dict[str, str]:
    """The environment that the binary is run in."""
    return {**os.environ, "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "passive")}


def main() -> NoReturn:
    """The command ``telltale``: gives this process over to the binary."""
    try:
        path = binary()
    except TelltaleError as error:
        print(f"telltale: {error}", file=sys.stderr)
        sys.exit(1)
    os.execve(path, ["telltale", *sys.argv[1:]], environment())


def call(arguments: Sequence[str | os.PathLike[str]], *, folder: str | os.PathLike[str] | None = None) -> str:
    """Runs the binary and returns what it printed; its warnings become Python's.

    Raises:
        TelltaleError: With the binary's own sentence, where it ends with another status than 0.
    """
    done = subprocess.run(
        [str(binary()), *(os.fspath(argument) for argument in arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=folder,
        env=environment(),
        check=False,
    )
    errors = done.stderr.decode("utf-8", "replace")
    for line in errors.splitlines():
        if line.startswith(_WARNING):
            warnings.warn(line.removeprefix(_WARNING), stacklevel=3)
    if done.returncode != 0:
        raise failure(errors, done.returncode)
    return done.stdout.decode("utf-8", "replace")


def failure(errors: str, status: int) -> TelltaleError:
    """The error that the last words of a process tell."""
    lines = [line for line in errors.splitlines() if line.strip() and not line.startswith(_WARNING)]
    told = [line.removeprefix("telltale: ") for line in lines if line.startswith("telltale: ")]
    if missing := re.search(r"error while loading shared libraries: (\S+?):", errors):
        return TelltaleError(
            f"{missing[1]} is not there: install libtorch with `pip install torch==2.11.0`, which the binary finds "
            "in the same environment",
            code="failed",
        )
    sentence = told[-1] if told else (lines[-1] if lines else f"telltale ended with status {status}")
    place = re.match(r"(?P<file>/[^:\n]+|[^\s:]+\.\w+)(?::(?P<line>\d+))?(?: \((?P<item>[^)]*)\))?: ", sentence)
    return TelltaleError(
        sentence,
        code="badInput" if status == 2 else "failed",
        file=place["file"] if place else None,
        line=int(place["line"]) if place and place["line"] else None,
        item=place["item"] if place else None,
    )


def run_json(arguments: Sequence[str | os.PathLike[str]]) -> Any:
    """What a command prints with ``--json``."""
    return json.loads(call([*arguments, "--json"]))
