"""Do a language model's activations give away what it is about to do?

>>> import telltale as tt
>>> verdict = tt.predict([0.2, 0.9, 0.1, 0.8] * 20, [0, 1, 0, 1] * 20, groups=[i // 2 for i in range(80)])
>>> verdict.verdict
'supported'
"""

from importlib.metadata import PackageNotFoundError, version

from .auditing import audit
from .errors import MissingPackageError, TelltaleError, WorkerDiedError
from .figures import Figure
from .inspection import InspectTarget, from_inspect, verdict_of, verdict_scorer
from .model import Activations, Continuation, Model
from .prediction import predict
from .recording import Recording
from .run import Run, run
from .steering import Steered
from .vector import Vector
from .verdict import Area, Verdict

try:
    __version__ = version("telltale")
except PackageNotFoundError:  # a checkout that was not installed
    __version__ = "0"

__all__ = [
    "Activations",
    "Area",
    "Continuation",
    "Figure",
    "InspectTarget",
    "MissingPackageError",
    "Model",
    "Recording",
    "Run",
    "Steered",
    "TelltaleError",
    "Vector",
    "Verdict",
    "WorkerDiedError",
    "audit",
    "from_inspect",
    "predict",
    "run",
    "verdict_of",
    "verdict_scorer",
]
