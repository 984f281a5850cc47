"""Other tools, really imported and run: lm-eval, repeng, gguf, transformers, nnsight, TransformerLens.

They need a torch that can be imported, with its CUDA packages; ``scripts/python-test --interchange PYTHON`` runs these.
"""

import json

import numpy as np
import pytest

import telltale as tt
from conftest import TINY

pytestmark = pytest.mark.interchange


def torch():
    try:
        import torch
    except (ImportError, OSError) as error:
        pytest.skip(f"torch cannot be imported here ({error}): scripts/python-test --interchange PYTHON")
    return torch


def test_a_gguf_file_is_read_by_the_gguf_package(vector, tmp_path):
    gguf = pytest.importorskip("gguf")
    file = vector.to_gguf(tmp_path / "v.gguf", model_hint="llama")
    read = {tensor.name: np.array(tensor.data) for tensor in gguf.GGUFReader(file).tensors}
    assert set(read) == {f"direction.{layer}" for layer in vector}
    assert all(read[f"direction.{layer}"].tobytes() == vector[layer].tobytes() for layer in vector)


def test_repeng_takes_it_and_writes_the_same_file(vector, tmp_path):
    torch()
    repeng = pytest.importorskip("repeng")
    control = vector.to_repeng("llama")
    assert isinstance(control, repeng.ControlVector)
    control.export_gguf(tmp_path / "theirs.gguf")
    vector.to_gguf(tmp_path / "ours.gguf", model_hint="llama")
    assert (tmp_path / "theirs.gguf").read_bytes() == (tmp_path / "ours.gguf").read_bytes()
    again = tt.Vector.load(tmp_path / "theirs.gguf")
    assert all(again[layer].tobytes() == vector[layer].tobytes() for layer in vector)


def test_repeng_steers_as_we_do(model, vector):
    """The same continuation, and the same logits, of a model with the vector added at a layer."""
    the_torch = torch()
    repeng = pytest.importorskip("repeng")
    transformers = pytest.importorskip("transformers")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(TINY, dtype=the_torch.float32)
    wrapped = repeng.ControlModel(theirs, [2])
    wrapped.set_control(vector.to_repeng("llama"), 3.0)
    ids = model.tokenize("I think that")[0]
    with the_torch.no_grad():
        made = wrapped.generate(
            the_torch.tensor([ids]), attention_mask=the_torch.ones(1, len(ids), dtype=the_torch.long), max_new_tokens=8,
            do_sample=False, pad_token_id=0,
        )  # fmt: skip
    with model.steer(vector, layer=2, scale=3.0) as steered:
        ours = steered.generate([ids], max_tokens=8)[0].ids
    assert made[0, len(ids) :].tolist()[: len(ours)] == ours
    assert ours != model.generate([ids], max_tokens=8)[0].ids, "the vector is strong enough to be seen"


def test_lm_eval_runs_the_steered_model(vector, tmp_path):
    """``lm_eval --model steered`` on a tiny model: the log-likelihoods it reports are those of an addition by hand."""
    the_torch = torch()
    pytest.importorskip("lm_eval")
    transformers = pytest.importorskip("transformers")
    from lm_eval.api.instance import Instance
    from lm_eval.api.registry import get_model

    file = vector.to_lm_eval(tmp_path / "steer.pt", 2, coefficient=2.5)
    stored = the_torch.load(file, weights_only=True)
    assert stored["layers.2"]["steering_vector"].numpy().tobytes() == vector[2].tobytes()
    steered = get_model("steered")(
        pretrained=str(TINY), steer_path=str(file), device="cpu", dtype="float32", batch_size=1
    )
    arguments = ("I think that", " you are right")
    request = Instance("loglikelihood", doc={}, arguments=arguments, idx=0)
    found = steered.loglikelihood([request], disable_tqdm=True)[0][0]
    plain = transformers.AutoModelForCausalLM.from_pretrained(TINY, dtype=the_torch.float32)
    added = 2.5 * the_torch.from_numpy(vector[2].copy())
    hook = plain.model.layers[2].register_forward_hook(
        lambda _, __, output: (output[0] + added, *output[1:]) if isinstance(output, tuple) else output + added
    )
    context, whole = (steered.tok_encode(text) for text in (arguments[0], "".join(arguments)))
    with the_torch.no_grad():
        logs = plain(the_torch.tensor([whole])).logits[0].log_softmax(-1)
    hook.remove()
    expected = sum(float(logs[i - 1, whole[i]]) for i in range(len(context), len(whole)))
    assert found == pytest.approx(expected, abs=1e-3)


def test_lm_evals_command_takes_the_file(vector, tmp_path):
    """The command line itself, on a task of four questions that lies in a folder."""
    torch()
    pytest.importorskip("lm_eval")
    import os
    import subprocess
    import sys

    file = vector.to_lm_eval(tmp_path / "steer.pt", 2, coefficient=1.0, action="add")
    with (tmp_path / "rows.jsonl").open("w") as rows:
        for question in ("Is it so?", "Is it right?", "Do you agree?", "Am I right?"):
            rows.write(json.dumps({"q": question, "choices": [" Yes", " No"], "gold": 0}) + "\n")
    (tmp_path / "agreement.yaml").write_text(
        f"""task: agreement
dataset_path: json
dataset_kwargs: {{data_files: {{test: {tmp_path / "rows.jsonl"}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{q}}}}"
doc_to_choice: choices
doc_to_target: gold
metric_list: [{{metric: acc}}]
"""
    )
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "home"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "lm_eval", "--model", "steered", "--model_args",
         f"pretrained={TINY},steer_path={file},dtype=float32", "--tasks", "agreement", "--include_path", tmp_path,
         "--device", "cpu", "--batch_size", "1", "--output_path", tmp_path / "out"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "agreement" in done.stdout


def test_activations_of_transformers_are_ours(model):
    """What `tt.audit` takes from transformers is what the worker reads: hidden_states[i + 1] is layer i."""
    the_torch = torch()
    transformers = pytest.importorskip("transformers")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(TINY, dtype=the_torch.float32)
    ids = model.tokenize("I think that you are right")[0]
    with the_torch.no_grad():
        states = theirs(the_torch.tensor([ids]), output_hidden_states=True).hidden_states
    ours = model.activations([ids], layers=[0, 1, 2]).values[0]
    for layer in (0, 1, 2):
        assert np.allclose(ours[layer], states[layer + 1][0, -1].numpy(), atol=1e-4)


def labelled(texts):
    """Made-up labels of texts, with two rows a question."""
    return {"labels": [row % 2 for row in range(len(texts))], "groups": [row // 2 for row in range(len(texts))]}


TEXTS = [f"I think that {who} is right" for who in ("he", "she", "it", "nobody", "everybody", "Tom")] * 4


def test_activations_of_nnsight_are_audited_as_they_are(model, vector):
    the_torch = torch()
    nnsight = pytest.importorskip("nnsight")
    traced = nnsight.TransformersModel(
        str(TINY), task="text-generation", device_map="cpu", dispatch=True, dtype=the_torch.float32
    )
    streams = []
    for text in TEXTS:
        with traced.trace(text):
            output = traced.model.layers[2].output.save()
        streams.append((output[0] if isinstance(output, tuple) else output).reshape(-1, model.hidden)[-1])
    compare(model, vector, the_torch.stack(streams))


def test_activations_of_transformer_lens_are_audited_as_they_are(model, vector):
    the_torch = torch()
    bridge = pytest.importorskip("transformer_lens.model_bridge")
    theirs = bridge.TransformerBridge.boot_transformers(str(TINY), device="cpu", dtype=the_torch.float32)
    streams = []
    for ids in model.tokenize(TEXTS):
        _, cache = theirs.run_with_cache(the_torch.tensor([ids]))
        streams.append(cache["blocks.2.hook_resid_post"][0, -1])
    compare(model, vector, the_torch.stack(streams))


def compare(model, vector, theirs):
    """Their layer 2 is ours, and `tt.audit` says the same of both, to what float32 can tell."""
    ours = model.activations(TEXTS, layers=[2])
    assert np.allclose(ours.layer(2), theirs.detach().numpy(), atol=1e-4)
    told = [
        tt.audit(streams, vector=vector, layers=[2], draws=50, permutations=100, **labelled(TEXTS))
        for streams in (theirs, ours.values)
    ]
    assert told[0].verdict == told[1].verdict
    assert told[0].across.auroc == pytest.approx(told[1].across.auroc, abs=1e-3)
