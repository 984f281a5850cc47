"""Inspect (inspect-ai): logs in as targets, scores from activations out, with the verdict on them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._tables import frame
from .errors import MissingPackageError, TelltaleError
from .prediction import predict

if TYPE_CHECKING:
    import pandas as pd

    from .model import Model
    from .vector import Vector
    from .verdict import Verdict

__all__ = ["InspectTarget", "from_inspect", "verdict_of", "verdict_scorer"]

_POSITIVE = {"C": 1, "I": 0, "Y": 1, "N": 0, "YES": 1, "NO": 0, "TRUE": 1, "FALSE": 0}


def _module() -> Any:
    try:
        import inspect_ai.log
        import inspect_ai.scorer
    except ImportError as error:
        raise MissingPackageError("inspect-ai", "Inspect's logs") from error
    return inspect_ai


@dataclass(frozen=True)
class InspectTarget:
    """The samples of a log that have a score: what was asked, what was answered, and whether it shows the behaviour.

    Attributes:
        chats: What the model was given, as lists of ``{"role": ..., "content": ...}``: for ``Model.activations``.
        labels: 1 where the score says that the behaviour is there, 0 where not.
        groups: The distinct question of each sample.
        ids: Inspect's own, with the epoch.
        answers: What the model said.
        unscored: How many samples had no score that could be read.
    """

    chats: list[list[dict[str, str]]]
    labels: list[int]
    groups: list[str]
    ids: list[str]
    answers: list[str]
    unscored: int

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def frame(self) -> pd.DataFrame:
        """One row a sample: ``id``, ``group``, ``label``, ``prompt`` (the last message), ``answer``."""
        rows = [
            {"id": one, "group": group, "label": label, "prompt": chat[-1]["content"], "answer": answer}
            for one, group, label, chat, answer in zip(
                self.ids, self.groups, self.labels, self.chats, self.answers, strict=True
            )
        ]
        return frame(rows, ["id", "group", "label", "prompt", "answer"], "InspectTarget.frame")


def from_inspect(
    log: Any,
    *,
    scorer: str | None = None,
    behaviour: Callable[[Any], int | None] | None = None,
    group: str | None = None,
) -> InspectTarget:
    """Reads an Inspect log: its samples with scores become a target.

    Args:
        log: The path of a log (``.eval`` or ``.json``), or a log that was read.
        scorer: Whose scores are the labels, where several scored.
        behaviour: Turns a score's value into 1, 0 or None (left out); by default C, Y, true and 1 are 1, and I, N, false
            and 0 are 0.
        group: The key of the samples' metadata that names the question; the samples' ids where nothing is given, so that
            epochs of one sample are rows of one question.
    """
    if isinstance(log, (str, os.PathLike)):
        log = _module().log.read_eval_log(os.fspath(log))
    samples = log.samples or []
    if not samples:
        raise TelltaleError("the log has no samples; it may be a header only", code="badInput")
    read = behaviour or _label
    chats, labels, groups, ids, answers, unscored = [], [], [], [], [], 0
    for sample in samples:
        label = read(_score(sample, scorer).value) if sample.scores else None
        if label is None:
            unscored += 1
            continue
        chats.append(_chat(sample.input))
        labels.append(int(label))
        groups.append(_group(sample, group))
        ids.append(f"{sample.id}/{sample.epoch}")
        answers.append(str(sample.output.completion))
    if not labels:
        raise TelltaleError(
            f"none of {unscored} samples has a score that can be read; give behaviour=", code="badInput"
        )
    return InspectTarget(chats, labels, groups, ids, answers, unscored)


def _score(sample: Any, scorer: str | None) -> Any:
    if scorer is not None:
        if scorer not in sample.scores:
            raise TelltaleError(f"there is no scorer {scorer!r}; there are {', '.join(sample.scores)}", code="badInput")
        return sample.scores[scorer]
    if len(sample.scores) > 1:
        raise TelltaleError(f"several scored: name one with scorer=, of {', '.join(sample.scores)}", code="badInput")
    return next(iter(sample.scores.values()))


def _label(value: Any) -> int | None:
    """1, 0, or None for anything else.

    >>> [_label(value) for value in ("C", "I", 1.0, False, "N", 0.5, "P")]
    [1, 0, 1, 0, 0, None, None]
    """
    if isinstance(value, str):
        return _POSITIVE.get(value.upper())
    return int(value) if isinstance(value, (bool, int, float)) and value in (0, 1) else None


def _chat(given: Any) -> list[dict[str, str]]:
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    return [{"role": str(message.role), "content": str(message.text)} for message in given]


def _group(sample: Any, group: str | None) -> str:
    if group is None:
        return str(sample.id)
    if group not in sample.metadata:
        raise TelltaleError(f"sample {sample.id} has no {group!r} in its metadata", code="badInput")
    return str(sample.metadata[group])


def verdict_scorer(
    model: Model,
    vector: Vector,
    layer: int,
    *,
    label: Callable[[Any, Any], int | None],
    group: Callable[[Any], str] | None = None,
) -> Any:
    """A scorer for Inspect: of each sample the cosine with a vector at the prompt's end, and the verdict over all.

    The task's model answers; the activations are read from ``model``, which should be the same weights. The metrics are
    ``auroc``, across questions, and ``supported``, 1 or 0; ``verdict_of`` gives the whole verdict of the log.

    Args:
        model: What is read.
        vector: The direction.
        layer: At the output of which block.
        label: Turns Inspect's state and target into 1 (the answer shows the behaviour), 0 or None.
        group: Turns the state into the distinct question; the sample's id where nothing is given.
    """
    scoring = _module().scorer

    def metric(read: Callable[[Verdict], float]) -> Any:
        def measured(scores: list[Any]) -> float:
            return read(_judged([one.score for one in scores])) if scores else float("nan")

        # By its annotations Inspect tells which kind of scores a metric takes.
        kind: Any = list
        measured.__annotations__ = {"scores": kind[scoring.SampleScore], "return": float}
        return measured

    @scoring.metric(name="auroc")  # type: ignore[untyped-decorator, unused-ignore]
    def auroc() -> Any:
        return metric(lambda verdict: _known(verdict.across.auroc if verdict.across else None))

    @scoring.metric(name="supported")  # type: ignore[untyped-decorator, unused-ignore]
    def supported() -> Any:
        return metric(lambda verdict: float(verdict.verdict == "supported"))

    @scoring.scorer(metrics=[auroc(), supported()], name="telltale")  # type: ignore[untyped-decorator, unused-ignore]
    def telltale() -> Any:
        async def score(state: Any, target: Any) -> Any:
            told = label(state, target)
            if told is None:
                return None
            stream = model.activations(_chat(state.input), layers=[layer]).values[0, 0]
            cosine = float(stream @ vector[layer] / max(1e-30, float((stream @ stream) ** 0.5) * vector.norms[layer]))
            about = {"label": int(told), "group": group(state) if group else str(state.sample_id)}
            return scoring.Score(value=cosine, metadata=about)

        return score

    return telltale()


def _known(value: float | None) -> float:
    return float("nan") if value is None else value


def _judged(scores: list[Any]) -> Verdict:
    told = [one for one in scores if isinstance(one.metadata, Mapping) and "label" in one.metadata]
    if not told:
        raise TelltaleError("no sample has a score of telltale", code="badInput")
    return predict(
        [float(one.value) for one in told],
        [int(one.metadata["label"]) for one in told],
        [str(one.metadata["group"]) for one in told],
    )


def verdict_of(log: Any) -> Verdict:
    """The verdict on the scores that ``verdict_scorer`` gave in a log."""
    if isinstance(log, (str, os.PathLike)):
        log = _module().log.read_eval_log(os.fspath(log))
    return _judged([sample.scores["telltale"] for sample in log.samples or [] if "telltale" in (sample.scores or {})])
