"""Adapters made by PEFT and the logits that PEFT gets with them, for tests that run without Python.

    python Tests/Fixtures/adapters/make-peft-fixtures.py     (in the repository's root; torch, transformers, peft)
"""

import json
import pathlib

import peft
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

here = pathlib.Path(__file__).parent
models = here.parent / "models"

CASES = {
    # Every module of a model with grouped-query attention, rank-stabilised, stored with the ranks and alphas of patterns.
    "mistral-all-linear": (
        "tiny-mistral",
        dict(r=4, lora_alpha=8, use_rslora=True, target_modules="all-linear",
             rank_pattern={"o_proj": 2, "layers.1.mlp.up_proj": 3}, alpha_pattern={"q_proj": 3}),
    ),
    # Some blocks only, with biases in the base model.
    "qwen2-some-layers": (
        "tiny-qwen2",
        dict(r=3, lora_alpha=9, target_modules=["k_proj", "down_proj"], layers_to_transform=[1, 3], lora_dropout=0.1),
    ),
}


def load(name):
    return AutoModelForCausalLM.from_pretrained(models / name, dtype=torch.float32, attn_implementation="eager").eval()


for seed, (case, (base, options)) in enumerate(CASES.items()):
    torch.manual_seed(seed)
    adapted = get_peft_model(load(base), LoraConfig(task_type="CAUSAL_LM", **options))
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:  # zero at first: then the adapter would do nothing
            torch.nn.init.normal_(parameter, std=0.1)
    folder = here / case
    adapted.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = base
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")

    ids = load_file(models / base / "golden.safetensors")["prompt.2.ids"].long()
    again = PeftModel.from_pretrained(load(base), folder).eval()
    with torch.no_grad():
        logits = again(ids[None]).logits[0]
        plain = load(base)(ids[None]).logits[0]
    print(case, tuple(logits.shape), "largest change of a logit", (logits - plain).abs().max().item())
    save_file({"ids": ids.int(), "logits": logits.contiguous()}, folder / "golden.safetensors")

print("torch", torch.__version__, "transformers", transformers.__version__, "peft", peft.__version__)
