"""Vectors on the Hugging Face hub, each with a card that says what it is and what it was shown to do."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import MissingPackageError

if TYPE_CHECKING:
    from .vector import Vector
    from .verdict import Verdict

__all__ = ["card", "pull", "push"]

_RECIPE = {
    "model": "model",
    "contrast": "what was contrasted",
    "estimator": "how activations became a direction",
    "read": "read position",
    "data": "data",
    "data_hash": "SHA-256 of the rows as they were used",
    "pairs": "pairs",
    "groups": "distinct questions",
    "letter_balance": "matching letters",
    "template": "chat template",
    "prompt_style": "style of the prompts",
    "dtype": "arithmetic",
    "combined": "made of",
    "imported_from": "imported from",
    "model_fingerprint": "fingerprint of the model",
    "telltale": "Telltale",
}


def card(
    vector: Vector,
    repo_id: str,
    *,
    verdicts: Mapping[str, Verdict] | None = None,
    limits: str | None = None,
    tags: Sequence[str] = (),
) -> str:
    """The card of a vector, as Markdown with the header that the hub reads.

    >>> from telltale import Vector
    >>> print(card(Vector({2: [1.0, 0.0]}, metadata={"model": "owner/model"}), "me/it").splitlines()[2])
    - owner/model
    """
    base = vector.model if vector.model and vector.model.count("/") == 1 and " " not in vector.model else None
    header = ["---", *(["base_model:", f"- {base}"] if base else [])]
    header += [
        "library_name: telltale",
        "tags:",
        *(f"- {tag}" for tag in ("steering-vector", "telltale", *tags)),
        "---",
    ]
    known = {**vector.metadata, **({"model": _published(vector.model)} if vector.model else {})}
    recipe = [f"| {words} | {_cell(known[key])} |" for key, words in _RECIPE.items() if key in known]
    layers = [
        f"| {layer} | {vector.norms[layer]:.4g} | {_known(vector.residual_norms, layer)} | "
        f"{_known(vector.reliability, layer)} | {_known(vector.held_out, layer)} |"
        for layer in vector
    ]
    return "\n".join(
        [
            *header,
            f"\n# {repo_id.rsplit('/', 1)[-1]}\n",
            "A steering vector: one direction of the residual stream per layer, at the output of decoder block i, counted "
            "from 0, stored raw.\n",
            "## Recipe\n",
            *(["| | |", "|---|---|", *recipe] if recipe else ["Nothing is known of how it was made."]),
            "\n| layer | norm | norm of the stream | reliability | held out |",
            "|---|---|---|---|---|",
            *layers,
            "\n## What it predicts\n",
            *_verdicts(verdicts or {}),
            "\n## Limits\n",
            "- A verdict speaks of the data it was given on, and of this model. `cannot tell` is no evidence for either side.",
            "- That a vector predicts a behaviour does not show that it causes it, nor that it steers it.",
            *([f"- {limits}"] if limits else []),
            "\n## Use\n",
            f'```python\nimport telltale as tt\n\nv = tt.Vector.from_hub("{repo_id}")\n```\n',
        ]
    )


def _verdicts(verdicts: Mapping[str, Verdict]) -> list[str]:
    if not verdicts:
        return ["Nothing was tested."]
    lines = ["| target | verdict | within questions | across questions | why |", "|---|---|---|---|---|"]
    for name, verdict in verdicts.items():
        areas = " | ".join(_area(area) for area in (verdict.within, verdict.across))
        lines.append(f"| {_cell(name)} | **{verdict.verdict}** | {areas} | {_cell(verdict.reason)} |")
    return lines


def _area(area: Any) -> str:
    if area is None or area.value is None:
        return "undefined"
    return f"{area.value:.3f}" + (f" [{area.interval[0]:.3f}, {area.interval[1]:.3f}]" if area.interval else "")


def _known(numbers: Mapping[int, float], layer: int) -> str:
    return f"{numbers[layer]:.3f}" if layer in numbers else "-"


def _published(model: str) -> str:
    """A model's name; of a place on this machine, the folder's or file's alone."""
    return Path(model).name if Path(model).is_absolute() else model


def _cell(text: str) -> str:
    """A text that cannot leave its cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _hub() -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        raise MissingPackageError("huggingface_hub", "the hub") from error
    return huggingface_hub


def push(
    vector: Vector,
    repo_id: str,
    *,
    verdicts: Mapping[str, Verdict] | None,
    limits: str | None,
    private: bool,
    token: str | None,
    tags: Sequence[str],
) -> str:
    """Uploads the vector and its card in one commit."""
    hub = _hub()
    api = hub.HfApi(token=token)
    api.create_repo(repo_id, private=private, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="telltale-") as folder:
        vector.save(Path(folder) / "vector.safetensors")
        text = card(vector, repo_id, verdicts=verdicts, limits=limits, tags=tags)
        (Path(folder) / "README.md").write_text(text, encoding="utf-8")
        made = api.upload_folder(repo_id=repo_id, folder_path=folder, commit_message="A steering vector of Telltale")
    return str(getattr(made, "commit_url", made))


def pull(repo_id: str, *, filename: str, revision: str | None, token: str | None) -> Path:
    """The downloaded file, in Hugging Face's cache."""
    return Path(_hub().hf_hub_download(repo_id, filename, revision=revision, token=token))
