"""The notebooks run from the first cell to the last, and their stored outputs are small and of the same verdicts."""

import os
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SMOLLM2 = (
    Path(os.environ.get("TELLTALE_CACHE", Path.home() / ".cache/telltale")) / "models/SmolLM2-135M-Instruct.Q4_1.gguf"
)


def run(notebook, folder):
    """Executes a notebook; cells of SmolLM2 only where it was fetched."""
    if not SMOLLM2.is_file():
        notebook.cells = [cell for cell in notebook.cells if "smollm2" not in cell.metadata.get("tags", [])]
    NotebookClient(notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    return notebook


def verdicts(notebook):
    """What every shown verdict says, in order."""
    text = " ".join(
        output.get("data", {}).get("text/plain", "") for cell in notebook.cells for output in cell.get("outputs", [])
    )
    return re.findall(r"Verdict\((supported|explained|absent|cannot tell)", text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_says_what_is_stored(path, tmp_path, monkeypatch):
    checkout = os.environ.get("TELLTALE_CHECKOUT", str(FOLDER.parents[1]))
    monkeypatch.setenv("TELLTALE_CHECKOUT", checkout)
    monkeypatch.setenv("TELLTALE_MODELS", f"{checkout}/Models")
    for file in FOLDER.glob("*.npz"):
        shutil.copy(file, tmp_path)
    stored = nbformat.read(path, as_version=4)
    expected = verdicts(stored)
    made = run(nbformat.read(path, as_version=4), tmp_path)
    assert expected, "run the notebook and store it: its outputs are what readers see first"
    if SMOLLM2.is_file():
        assert verdicts(made) == expected
    else:
        assert verdicts(made) == expected[: len(verdicts(made))]


def test_stored_outputs_are_small():
    assert len(NOTEBOOKS) == 3
    assert all(path.stat().st_size < 200_000 for path in NOTEBOOKS)
