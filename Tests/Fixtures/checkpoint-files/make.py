"""What transformers and PEFT read from checkpoints whose files contradict each other; see PROVENANCE.md.

usage: python make.py   (writes logits.safetensors and scales.json into this folder)
needs: torch 2.11.0, transformers 4.57.6, peft, safetensors
"""

import json
import os
import pathlib
import shutil
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
import transformers
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

transformers.logging.set_verbosity(transformers.logging.CRITICAL)
torch.set_num_threads(1)
HERE = pathlib.Path(__file__).parent
MODELS = HERE.parent / "models"
IDS = [1, 557, 377, 365, 403, 392, 400, 360, 712, 369, 361, 286]


def logits(name, configuration, change=None):
    """Logits [tokens, vocabulary] of a model whose config.json has other values (None removes a key)."""
    with tempfile.TemporaryDirectory() as folder:
        for file in (MODELS / name).iterdir():
            if file.name == "config.json" or file.name.startswith("model"):
                shutil.copy(file, folder)
        path = pathlib.Path(folder) / "config.json"
        values = json.loads(path.read_text())
        for key, value in configuration.items():
            values.pop(key, None)
            if value is not None:
                values[key] = value
        path.write_text(json.dumps(values))
        if change:
            change(pathlib.Path(folder))
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        with torch.no_grad():
            return model(torch.tensor([IDS])).logits[0].contiguous()


def ones_beside_index(folder):
    """model.safetensors beside shards and their index, with a norm of its own."""
    tensors = {}
    for file in sorted(folder.glob("model-*.safetensors")):
        tensors.update(load_file(file))
    tensors["model.norm.weight"] = torch.ones_like(tensors["model.norm.weight"]) * 2
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


LONGROPE = {"type": "longrope", "factor": 2.0, "short_factor": [1.0 + i / 4 for i in range(8)], "long_factor": [2.0 + i for i in range(8)]}

save_file({
    "mistral-window-4": logits("tiny-mistral", {"sliding_window": 4, "use_sliding_window": False}),
    "mistral-layer-types": logits("tiny-mistral", {"sliding_window": 4, "layer_types": ["full_attention", "sliding_attention"] * 2}),
    "mistral-single": logits("tiny-mistral", {}, ones_beside_index),
    "mistral-plain": logits("tiny-mistral", {}),
    "llama-tied": logits("tiny-llama", {"tie_word_embeddings": True}),
    "qwen2-longrope": logits("tiny-qwen2", {"rope_scaling": LONGROPE}),
    "llama-by-type": logits("tiny-llama", {"architectures": None}),
}, HERE / "logits.safetensors")

MODULES = ["q_proj", "k_proj", "o_proj", "up_proj"]
PATTERNS = [
    ({}, {"q_proj": 16, "layers.0.self_attn.q_proj": 64}),
    ({}, {"layers.0.self_attn.q_proj": 64, "q_proj": 16}),
    ({}, {"model.layers.1.self_attn.k_proj": 2, "self_attn.k_proj": 3, "proj": 5}),
    ({}, {r".*(q|k)_proj": 12, r"layers\.[0-2]\..*": 32}),
    ({}, {r"layers\.(1|3)\.mlp\.up_proj": 4, r"up_proj": 40}),
    ({}, {r"^model\.layers\.2\.self_attn\..*_proj$": 24}),
    ({}, {r"self_attn\.\w+_proj": 6, r"o_proj": 99}),
    ({}, {r"\d+\.mlp.up_proj": 7, r"layers.{1,3}self_attn.q_proj": 11}),
    ({}, {"_proj": 50, "attn.q_proj": 51, "self_attn": 52}),
    ({"k_proj": 2, r"layers\.1\..*": 3}, {r"(layers\.1\.)?self_attn\.(k|q)_proj": 10}),
    ({r".*q_proj": 1, "q_proj": 8}, {}),
    ({"q_proj": 2}, {"[qk]_proj": 1.5, "[^q]_proj": 2.5}),
]


def scales(rank_pattern, alpha_pattern):
    model = AutoModelForCausalLM.from_pretrained(MODELS / "tiny-llama", dtype=torch.float32)
    config = LoraConfig(r=4, lora_alpha=8, target_modules=MODULES, rank_pattern=rank_pattern, alpha_pattern=alpha_pattern)
    found = {}
    for name, module in get_peft_model(model, config).named_modules():
        if isinstance(module, LoraLayer):
            found[name.removeprefix("base_model.model.")] = [module.r["default"], module.scaling["default"]]
    return found


# Lists of pairs: the order is what counts.
rows = [{"rank_pattern": list(ranks.items()), "alpha_pattern": list(alphas.items()), "modules": scales(ranks, alphas)}
        for ranks, alphas in PATTERNS]
(HERE / "scales.json").write_text(json.dumps(rows, indent=1) + "\n")
