"""``scripts/install`` from a checkout: the command, its completions and its man pages."""

import shutil
import subprocess

import pytest

from conftest import ROOT
from telltale import __version__
from telltale._binary import binary, call


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    subprocess.run([ROOT / "scripts" / "install", "--binary", binary(), prefix], check=True, capture_output=True)
    return prefix


def test_the_command_runs_and_finds_its_models(prefix, tmp_path):
    program = prefix / "bin" / "telltale"
    asked = [program, "generate", "--model", "organism-shared", "--prompt", "Hello", "--max-tokens", "1", "--json"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_completions_are_scripts_of_their_shells(prefix):
    for shell, file in (
        ("bash", "bash-completion/completions/telltale"),
        ("zsh", "zsh/site-functions/_telltale"),
        ("fish", "fish/vendor_completions.d/telltale.fish"),
    ):
        script = prefix / "share" / file
        assert "smallest-effect" in script.read_text()
        if shutil.which(shell):
            subprocess.run([shell, "-n", script], check=True)


def test_man_pages_have_every_command_and_option(prefix):
    pages = {page.stem for page in (prefix / "share" / "man" / "man1").glob("*.1")}
    assert {"telltale", "telltale-predict", "telltale-worker", "telltale-vector-export"} <= pages
    text = (prefix / "share" / "man" / "man1" / "telltale-predict.1").read_text().replace("\\-", "-")
    options = {
        word.strip(",") for word in call(["predict", "--help"]).split() if word.startswith("--") and word[2:3].isalpha()
    }
    assert all(option.rstrip(".") in text for option in options)
    assert __version__ in text
    if shutil.which("groff"):
        told = subprocess.run(
            ["groff", "-man", "-Tutf8", "-ww", *(prefix / "share" / "man" / "man1").glob("*.1")],
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stderr == ""
