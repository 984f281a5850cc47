"""Where the tests find what they run on."""

from pathlib import Path

import pytest

import telltale as tt
from telltale._binary import binary

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests" / "Fixtures"
SEED_RESULTS = FIXTURES / "statistics" / "seed-results"
POLITICAL = FIXTURES / "datasets" / "political.jsonl"
TINY = FIXTURES / "models" / "tiny-llama"


@pytest.fixture(scope="session", autouse=True)
def _binary_is_there():
    binary()


@pytest.fixture(scope="session")
def model():
    with tt.Model(TINY, dtype="float32", threads=1) as loaded:
        yield loaded


@pytest.fixture(scope="session")
def vector(model):
    return model.extract(POLITICAL, take=8, layers=[1, 2])


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A run of an embedded organism, small enough for every test."""
    folder = tmp_path_factory.mktemp("runs")
    file = folder / "small.yaml"
    file.write_text(EXPERIMENT, encoding="utf-8")
    return tt.run(file, folder / "small", progress=False)


EXPERIMENT = """\
name: small
seed: 1
models: [organism-shared]
dtype: float32
datasets:
  opinions-train: {organism: opinions, take: 192, seed: 501, part: train, where: {conflict: "true"}}
  facts-test: {organism: facts, take: 192, seed: 502, where: {conflict: "true"}}
vectors:
  - {name: spontaneous, contrast: spontaneous, dataset: opinions-train, read: prompt}
recording: {label: letter, max-tokens: 4, chunk-rows: 40}
predictions:
  - targets: [facts-test]
    positions: [prompt]
    scores: [cosine]
"""
