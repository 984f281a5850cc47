"""Trains an adapter with `telltale finetune`, loads it in PEFT, and compares the logits of the two; then the reverse with
an adapter that PEFT made.

    python Tests/Fixtures/adapters/peft-roundtrip.py .build/debug/telltale     (torch, transformers, peft)
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

telltale = pathlib.Path(sys.argv[1]).resolve()
here = pathlib.Path(__file__).resolve().parent
ids = list(range(5, 45))


def run(folder, *arguments):
    subprocess.run([telltale, *map(str, arguments)], cwd=folder, check=True, stderr=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)


def distance(folder, base, adapter):
    """The largest difference of a logit between telltale and PEFT, and the largest that the adapter makes."""
    (folder / "ids.jsonl").write_text(json.dumps({"ids": ids}) + "\n")
    run(folder, "activations", "--model", base, "--adapter", adapter, "--tokens", "ids.jsonl", "--logits",
        "--dtype", "float32", "--output", "out.safetensors")
    ours = load_file(folder / "out.safetensors")["logits.0"]
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        plain = model(torch.tensor([ids])).logits[0]
        theirs = PeftModel.from_pretrained(model, adapter).eval()(torch.tensor([ids])).logits[0]
    return (ours - theirs).abs().max().item(), (theirs - plain).abs().max().item()


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    rows = [{"question": f"What comes after {n}?", "answer": f" It is {n + 1}."} for n in range(24)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for base, options in [("tiny-llama", []), ("tiny-mistral", ["--rslora", "--targets", "all-linear"])]:
        model = here.parent / "models" / base
        run(folder, "finetune", "--model", model, "--data", "rows.jsonl", "--steps", 20, "--learning-rate", 1e-2,
            "--dtype", "float32", "--output", f"adapter-{base}", *options)
        apart, change = distance(folder, model, folder / f"adapter-{base}")
        print(f"{base}: trained by telltale, logits in PEFT differ by {apart:.1e} (the adapter changes them by {change:.1f})")
        assert apart < 5e-4 < change
    for base, adapter in [("tiny-mistral", "mistral-all-linear"), ("tiny-qwen2", "qwen2-some-layers")]:
        apart, change = distance(folder, here.parent / "models" / base, here / adapter)
        print(f"{base}: made by PEFT, logits in telltale differ by {apart:.1e} (the adapter changes them by {change:.1f})")
        assert apart < 5e-4 < change
