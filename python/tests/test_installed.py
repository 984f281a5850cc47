"""What was installed from a wheel works by itself. In a checkout, which has no wheel, there is nothing to look at."""

import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

import telltale as tt
from telltale._binary import binary

INSTALLED = Path(tt.__file__).parent / "bin" / "telltale"
pytestmark = pytest.mark.skipif(
    not INSTALLED.is_file(), reason="the package was not installed from a wheel (scripts/wheel)"
)


def test_the_command_is_on_the_path_and_is_the_binary():
    assert binary() == INSTALLED
    command = Path(sys.executable).parent / "telltale"
    told = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    assert told == version("telltale") == tt.__version__
    wrong = subprocess.run([command, "predict", "--scores", "nowhere.csv"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2, "the exit status is the binary's own"


def test_libraries_are_those_of_the_environment():
    told = subprocess.run(["ldd", INSTALLED], capture_output=True, text=True, check=True).stdout
    found = dict(line.split(" => ") for line in told.splitlines() if " => " in line)
    found = {name.strip(): place for name, place in found.items()}
    assert "not found" not in told
    packages = str(INSTALLED.parents[2])
    assert os.path.realpath(found["libtorch_cpu.so"].split()[0]).startswith(os.path.realpath(packages))
    inside = ("swift", "foundation", "sqlite", "curl")
    asked = subprocess.run(["objdump", "-p", INSTALLED], capture_output=True, text=True, check=True).stdout
    needed = [line.split()[1] for line in asked.splitlines() if line.strip().startswith("NEEDED")]
    assert "libtorch_cpu.so" in needed
    assert not any(word in name.lower() for name in needed for word in inside), (
        "they are linked in, or looked for later"
    )


def test_ten_thousand_rows_are_judged_in_two_seconds():
    random = np.random.default_rng(0)
    groups, labels = random.integers(0, 500, 10_000), random.integers(0, 2, 10_000)
    scores = 0.3 * labels + random.normal(size=10_000)
    start = time.monotonic()
    verdict = tt.predict(scores, labels, groups)
    took = time.monotonic() - start
    assert verdict.verdict == "supported"
    assert took < 2 or os.getloadavg()[0] > (os.cpu_count() or 1), f"{took:.2f} s"


def test_an_embedded_model_comes_with_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TELLTALE_MODELS", raising=False)
    with tt.Model("organism-shared") as model:
        assert model.activations("Hello").values.shape == (1, 6, 128)
