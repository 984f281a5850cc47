"""Vectors on the hub: ``huggingface_hub`` itself, against an endpoint that answers as the real one does (hub_server.py)."""

import json
import os
import subprocess
import sys

import pytest

import telltale as tt
from hub_server import Hub
from telltale.hub import card
from test_predict import made_rows

pytest.importorskip("huggingface_hub")


@pytest.fixture
def hub():
    server = Hub()
    yield server
    server.close()


def ask(hub, tmp_path, program):
    """Runs a program in a process of its own: the package reads the endpoint from the environment when it is imported."""
    environment = {
        **os.environ, "HF_ENDPOINT": hub.address, "HF_HOME": str(tmp_path / "home"), "HF_TOKEN": "hf_test",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_vector_goes_up_and_comes_down_again(hub, vector, tmp_path):
    scores, labels, groups, _ = made_rows()
    vector.save(tmp_path / "v.safetensors")
    told = ask(
        hub, tmp_path,
        f"""
import json, telltale as tt
v = tt.Vector.load({str(tmp_path / "v.safetensors")!r})
verdict = tt.predict({scores.tolist()}, {labels.tolist()}, {groups})
url = v.push_to_hub("me/sycophancy", verdicts={{"nlp | survey": verdict}}, limits="Tested on one model.", tags=["sycophancy"])
w = tt.Vector.from_hub("me/sycophancy")
print(json.dumps([url, {{str(l): w[l].tolist() for l in w}}, w.metadata, verdict.reason]))
""",
    )  # fmt: skip
    url, layers, metadata, reason = told
    repository = hub.repositories["me/sycophancy"]
    assert url == f"{hub.address}/me/sycophancy/commit/{repository['sha']}"
    assert repository["private"] is True
    assert repository["files"]["vector.safetensors"] == (tmp_path / "v.safetensors").read_bytes()
    assert layers == {str(layer): vector[layer].tolist() for layer in vector}
    assert metadata == vector.metadata
    text = repository["files"]["README.md"].decode()
    assert text.startswith("---\nlibrary_name: telltale\ntags:\n- steering-vector\n- telltale\n- sycophancy\n---\n")
    assert "| nlp \\| survey | **supported** |" in text
    assert reason.replace("|", "\\|") in text
    assert "Tested on one model." in text
    assert all(token == "Bearer hf_test" for _, _, token in hub.seen)


def test_what_is_not_there_is_an_error(hub, tmp_path):
    told = ask(
        hub, tmp_path,
        """
import json, telltale as tt
try:
    tt.Vector.from_hub("me/nothing")
except Exception as error:
    print(json.dumps(type(error).__name__))
""",
    )  # fmt: skip
    assert told == "RepositoryNotFoundError"


def test_a_card_without_verdicts_says_so():
    text = card(tt.Vector({3: [1.0, 0.0]}, metadata={"data": "<b>a|b</b>\nrow"}), "me/v")
    assert "Nothing was tested." in text
    assert "| data | &lt;b>a\\|b&lt;/b> row |" in text
    assert "base_model" not in text


def test_a_card_names_no_folder_of_this_machine():
    text = card(tt.Vector({3: [1.0, 0.0]}, metadata={"model": "/home/me/models/tiny"}), "me/v")
    assert "| model | tiny |" in text
    assert "/home" not in text
