"""The client of ``telltale worker``: JSON-RPC 2.0 over the process's stdin and stdout."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import tempfile
import threading
import warnings
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from ._binary import _WARNING, binary, environment
from .errors import TelltaleError, WorkerDiedError

__all__ = ["Progress", "Worker"]

Progress = Callable[[str, int, int], None]

_PROTOCOL = 1


def _is_readable(file: int, *, wait: bool) -> bool:
    poll = select.poll()
    poll.register(file, select.POLLIN | select.POLLHUP)
    return bool(poll.poll(None if wait else 0))


class Worker:
    """A process that answers calls, and the private folder through which arrays come and go.

    >>> with Worker() as worker:
    ...     sorted(worker.call("hello"))[:2]
    ['devices', 'folder']
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="telltale-")
        self._lock = threading.Lock()
        self._next = 0
        self._is_closed = False
        self._ears = threading.Lock()
        self._unfinished = b""
        self._words: deque[str] = deque(maxlen=60)
        self._warnings: deque[str] = deque()
        self._process = subprocess.Popen(
            [str(binary()), "worker", "--folder", self._folder.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        try:
            greeting = self.call("hello")
        except BaseException:
            self.close()
            raise
        if greeting["protocol_version"] != _PROTOCOL:
            self.close()
            raise TelltaleError(
                f"the binary speaks version {greeting['protocol_version']} of the worker's protocol and this package "
                f"{_PROTOCOL}; install the two together"
            )

    @property
    def folder(self) -> Path:
        """Where arrays are put for the worker, and where it puts its own."""
        return Path(self._folder.name)

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def _listen(self) -> None:
        while self._hear(wait=True):
            pass

    def _hear(self, *, wait: bool) -> bool:
        """Takes what the process has written to stderr; false at its end, and where there is nothing and no wait."""
        assert self._process.stderr is not None
        file = self._process.stderr.fileno()
        if not _is_readable(file, wait=wait):
            return False
        with self._ears:
            if not _is_readable(file, wait=False):  # The other thread was faster.
                return wait
            part = os.read(file, 65_536)
            *lines, self._unfinished = (self._unfinished + (part or b"\n")).split(b"\n")
            for raw in lines:
                line = raw.decode("utf-8", "replace")
                if line:
                    (self._warnings if line.startswith(_WARNING) else self._words).append(line)
        return bool(part)

    def call(self, method: str, *, progress: Progress | None = None, **parameters: Any) -> Any:
        """The result of a method.

        Raises:
            TelltaleError: Where the worker refuses; code, place and remedy are its own.
            WorkerDiedError: Where the process has ended.
        """
        if self._is_closed:
            raise TelltaleError("the model was closed; load it again", code="badInput")
        with self._lock:
            self._next += 1
            asked = {name: value for name, value in parameters.items() if value is not None}
            self._send({"jsonrpc": "2.0", "id": self._next, "method": method, "params": asked})
            answer = self._answer(progress)
        # What it wrote to stderr before it answered is there, and perhaps not yet read.
        while self._hear(wait=False):
            pass
        while self._warnings:
            warnings.warn(self._warnings.popleft().removeprefix(_WARNING), stacklevel=3)
        if "error" in answer:
            raise TelltaleError.from_answer(answer["error"])
        return answer["result"]

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message, allow_nan=False).encode() + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            if isinstance(error, ValueError) and not self._process.stdin.closed:
                raise TelltaleError(f"a parameter cannot be sent: {error}", code="badInput") from error
            raise self._died() from error

    def _answer(self, progress: Progress | None) -> dict[str, Any]:
        assert self._process.stdout is not None
        while True:
            line = self._process.stdout.readline()
            if not line:
                raise self._died()
            message: dict[str, Any] = json.loads(line)
            if message.get("method") == "progress":
                told = message["params"]
                if progress is not None and told["id"] == self._next:
                    progress(told["title"], told["done"], told["total"])
            elif message.get("id") == self._next:
                return message

    def _died(self) -> WorkerDiedError:
        status: int | None = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = self._process.wait(timeout=10)
        self._listener.join(timeout=5)
        words = "\n".join(self._words)
        how = f"by signal {-status}" if status is not None and status < 0 else f"with status {status}"
        told = f"; its last words: {words}" if words else " and said nothing"
        return WorkerDiedError(f"the worker has ended {how}{told}", last_words=words, status=status)

    def close(self) -> None:
        """Ends the process and removes the folder; safe to call again."""
        self._is_closed = True
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(timeout=5)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        self._folder.cleanup()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
