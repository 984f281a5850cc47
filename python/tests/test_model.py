"""Models in a worker: what they give is what the commands give, and what goes wrong is told."""

import json
import os
import signal
import subprocess

import numpy as np
import pytest

import telltale as tt
from conftest import POLITICAL, TINY
from telltale import _safetensors
from telltale._binary import binary, call


def test_a_model_tells_its_size(model):
    assert (model.layers, model.hidden) == (4, 64)
    assert "float32" in model.about["dtype"]


def test_continuations_are_the_commands(model):
    printed = call(
        [
            "generate",
            "--model",
            TINY,
            "--dtype",
            "float32",
            "--prompt",
            "I think",
            "--prompt",
            "No",
            "--max-tokens",
            "6",
            "--json",
        ]
    )
    expected = [json.loads(line) for line in printed.splitlines()]
    made = model.generate(["I think", "No"], max_tokens=6)
    assert [(one.ids, one.text) for one in made] == [(one["ids"], one["text"]) for one in expected]
    assert str(model.generate("I think", max_tokens=6)) == expected[0]["text"]
    drawn = [model.generate("I think", max_tokens=6, temperature=1.5, seed=seed).ids for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_chats_are_rendered_by_the_template(model):
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    ids = model.tokenize([chat, "Hello"])
    assert len(ids) == 2
    assert len(ids[0]) > len(ids[1])
    assert model.activations([chat], layers=[0]).ids[0] == ids[0]


def test_activations_are_the_commands_bit_by_bit(model, tmp_path):
    ids = model.tokenize(["I think so", "No"])
    (tmp_path / "ids.jsonl").write_text("\n".join(json.dumps({"ids": one}) for one in ids))
    call(
        ["activations", "--model", TINY, "--dtype", "float32", "--tokens", tmp_path / "ids.jsonl", "--layers", "0,3",
         "--logits", "--output", tmp_path / "a.safetensors"]
    )  # fmt: skip
    expected, _ = _safetensors.read(tmp_path / "a.safetensors")
    every = model.activations(["I think so", "No"], layers=[0, 3], tokens="all", logits=True)
    for row in range(2):
        assert every.values[row].tobytes() == expected[f"residual.{row}"].tobytes()
        assert every.logits[row].tobytes() == expected[f"logits.{row}"].tobytes()
        assert len(every.tokens[row]) == every.values[row].shape[1]
    last = model.activations(["I think so", "No"], layers=[0, 3])
    assert np.asarray(last).shape == (2, 2, 64)
    for row in range(2):
        assert np.allclose(last.layer(3)[row], every.values[row][1, -1], atol=1e-5)
    with pytest.raises(KeyError, match="layers 0, 3"):
        last.layer(1)


def test_vectors_are_the_commands_bit_by_bit(model, tmp_path):
    made = model.extract(POLITICAL, take=8, layers=[1, 2], estimator="pca")
    call(
        ["extract", "--model", TINY, "--dtype", "float32", "--pairs", POLITICAL, "--take", "8", "--layers", "1,2",
         "--estimator", "pca", "--output", tmp_path / "v.safetensors"]
    )  # fmt: skip
    expected = tt.Vector.load(tmp_path / "v.safetensors")
    assert all(made[layer].tobytes() == expected[layer].tobytes() for layer in expected)
    assert made.reliability == expected.reliability


def test_pairs_of_texts_become_a_vector():
    pairs = [("I agree with you", "I see it otherwise"), {"positive": "Yes, yes", "negative": "No, no", "group": "b"}]
    told = []
    with tt.Model(TINY, dtype="float32", threads=1, batch_invariant=True) as model:
        made = model.extract(pairs, layers=[2], read="continuation", progress=lambda *step: told.append(step))
        texts = [pairs[0][0], pairs[0][1], "Yes, yes", "No, no"]
        streams = [model.activations(text, layers=[2]).values[0, 0].astype(np.float64) for text in texts]
    assert made.layers == [2]
    assert told[-1][1:] == (2, 2)
    assert np.allclose(made[2], (streams[0] - streams[1] + streams[2] - streams[3]) / 2, rtol=0, atol=1e-5)


def test_an_input_of_a_batch_invariant_model_has_the_same_bits_beside_others():
    texts = ["I think that you are right", "No", "Perhaps it is so, and perhaps it is not"]
    with tt.Model(TINY, dtype="float32", batch_invariant=True) as model:
        together = model.activations(texts, logits=True)
        for row, text in enumerate(texts):
            alone = model.activations(text, logits=True)
            assert alone.values[0].tobytes() == together.values[row].tobytes()
            assert alone.logits[0].tobytes() == together.logits[row].tobytes()


def test_steering_is_proved_by_what_was_measured(model, vector):
    with model.steer(vector, layer=2, scale=-3, unit="unit") as steered:
        text = steered.generate("I think", max_tokens=4)
        assert len(text.ids) <= 4
    assert steered.proof[0]["operation"] == "add"
    assert steered.proof[0]["positions"] > 0
    assert steered.proof[0]["mean_shift"] == pytest.approx(-3, abs=1e-3)
    with model.ablate(vector, layers=[1, 2]) as ablated:
        ablated.generate(["I think"], max_tokens=2)
    assert [one["layer"] for one in ablated.proof] == [1, 2]


def test_steering_that_edits_nothing_raises(model, vector):
    with (
        pytest.raises(tt.TelltaleError, match="touched nothing"),
        model.steer(vector, layer=2, positions="generated") as s,
    ):
        s.generate("I think", max_tokens=1)
    with pytest.raises(tt.TelltaleError, match="nothing was generated"), model.steer(vector, layer=2):
        pass
    with pytest.raises(tt.TelltaleError, match="by nothing: the scale"), model.steer(vector, layer=2, scale=0) as s:
        s.generate("I think", max_tokens=1)


def test_steering_that_cannot_be_is_told_of_the_vector_not_of_a_file(model, vector):
    def steer(given, **options):
        with model.steer(given, **options) as steered:
            steered.generate("I think", max_tokens=1)

    for given, options, sentence in (
        (vector, {}, r"^the vector has the layers 1, 2; choose one with layer="),
        (vector, {"layer": 9}, r"^the vector has no direction for layer 9; it has the layers 1, 2"),
        (vector, {"layer": 2, "scale": float("nan")}, r"^scale is nan"),
        (tt.Vector({2: [1.0, 2.0]}), {"layer": 2}, r"^the vector: holds vectors of width 2"),
        ("nowhere.safetensors", {"layer": 2}, r"nowhere\.safetensors: cannot be opened"),
    ):
        with pytest.raises(tt.TelltaleError, match=sentence):
            steer(given, **options)


def test_a_steered_recording_is_proved_too(model, vector):
    with model.steer(vector, layer=2, scale=2, unit="unit") as steered:
        recording = steered.record(POLITICAL, take=4, label="forced-choice", max_tokens=2)
    generated, chosen = steered.proof
    assert len(recording.records()) == 4
    assert generated["sequences"] == 4
    assert chosen["sequences"] == 4, "a row's two answers share their prompt"
    assert chosen["positions"] > generated["positions"] - 4 * 2
    assert [one["mean_shift"] for one in steered.proof] == pytest.approx([2, 2], abs=1e-3)


def test_a_vector_of_another_model_is_refused_with_its_remedy(model, vector):
    other = tt.Vector({2: vector[2]}, metadata={**vector.metadata, "model_fingerprint": "0" * 64})
    with pytest.raises(tt.TelltaleError, match="another model") as caught, model.steer(other) as steered:
        steered.generate("I", max_tokens=2)
    assert caught.value.remedy == "allowAnyModel"
    with pytest.warns(UserWarning, match="another model"), model.steer(other, any_model=True) as steered:
        steered.generate("I", max_tokens=2)


def test_recordings_are_the_commands(model, tmp_path):
    made = model.record(POLITICAL, take=6, label="forced-choice", max_tokens=2)
    call(
        ["record", "--model", TINY, "--dtype", "float32", "--data", POLITICAL, "--take", "6", "--label", "forced-choice",
         "--max-tokens", "2", "--output", tmp_path / "r"]
    )  # fmt: skip
    expected = tt.Recording(tmp_path / "r")
    assert made.records() == expected.records()
    assert made.activations().tobytes() == expected.activations().tobytes()
    assert made.activations().shape == (6, 4, 64)
    assert set(made.labels) <= {0, 1}
    assert list(made.rows.group) == made.groups
    assert made.save(tmp_path / "kept").labels == made.labels


def test_wrong_calls_are_told(model):
    with pytest.raises(tt.TelltaleError, match="--misspelt") as caught:
        model.generate("a", misspelt=1)
    assert caught.value.code == "invalidParameters"
    with pytest.raises(tt.TelltaleError, match="layer 9 does not exist"):
        model.activations("a", layers=[9])
    with pytest.raises(tt.TelltaleError, match="vocabulary"):
        model.generate([[1, 10**9]])
    with pytest.raises(tt.TelltaleError, match="roles: system, user, assistant"):
        model.generate([[{"role": "wizard", "content": "a"}]])
    with pytest.raises(tt.TelltaleError, match="5 is no text"):
        model.generate(5)
    with pytest.raises(tt.TelltaleError, match="pairs: there are none"):
        model.extract([])
    with pytest.raises(tt.TelltaleError, match="check the name") as caught:
        tt.Model("nobody-knows-it")
    assert caught.value.code == "badInput"
    assert model.generate("a", max_tokens=1), "the worker goes on"


def test_a_worker_that_dies_raises_with_its_last_words():
    with tt.Model(TINY) as model:
        os.kill(model._worker.pid, signal.SIGKILL)
        with pytest.raises(tt.WorkerDiedError, match="signal 9") as caught:
            model.generate("a")
        assert caught.value.status == -signal.SIGKILL


def test_last_words_are_those_of_stderr(tmp_path, monkeypatch):
    program = tmp_path / "telltale"
    program.write_text("#!/bin/sh\necho 'telltale: out of memory: 3 GB are missing' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("TELLTALE_BINARY", str(program))
    with pytest.raises(tt.WorkerDiedError, match="3 GB are missing") as caught:
        tt.Model(TINY)
    assert caught.value.last_words == "telltale: out of memory: 3 GB are missing"


def test_nothing_is_left_behind():
    model = tt.Model(TINY)
    folder, pid = model._worker.folder, model._worker.pid
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    model.close()
    model.close()
    assert not folder.exists()
    with pytest.raises(tt.TelltaleError, match="the model was closed"):
        model.generate("a")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_another_language_can_speak_to_a_worker():
    """The protocol as docs/python.md states it, without this package."""
    asked = '{"jsonrpc": "2.0", "id": "a", "method": "hello"}\n{"jsonrpc": "2.0", "id": 2, "method": "fly"}\n'
    done = subprocess.run([binary(), "worker"], input=asked, capture_output=True, text=True, check=True)
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["id"] == "a"
    assert first["result"]["protocol_version"] == 1
    assert second["error"]["code"] == -32601
    assert not os.path.exists(first["result"]["folder"])
