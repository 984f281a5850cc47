"""PEFT on the shape that `telltale bench --finetune` measures: LoRA (q, v, rank 16) on 4 layers of Mistral-7B's shape,
bfloat16 with random weights, steps on 4 x 256 random tokens, float32 matrices, AdamW.

    python Benchmarks/peft-lora.py [--without-checkpointing] [--rounds 3]      (torch, transformers, peft)
"""

import argparse
import resource
import statistics
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import MistralConfig, MistralForCausalLM

options = argparse.ArgumentParser()
options.add_argument("--without-checkpointing", action="store_true")
options.add_argument("--rounds", type=int, default=3)
options = options.parse_args()

torch.manual_seed(0)
torch.set_default_dtype(torch.bfloat16)
config = MistralConfig(hidden_size=4096, intermediate_size=14336, num_hidden_layers=4, num_attention_heads=32,
                       num_key_value_heads=8, vocab_size=32000, sliding_window=4096)
base = MistralForCausalLM(config)
torch.set_default_dtype(torch.float32)
model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", r=16, lora_alpha=16, target_modules=["q_proj", "v_proj"]))
model.train()
if not options.without_checkpointing:
    model.enable_input_require_grads()
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.config.use_cache = False
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-4)
ids = torch.randint(0, 32000, (4, 256))


def gemm_rate():
    x, w = torch.randn(512, 4096).bfloat16(), torch.randn(14336, 4096).bfloat16()
    x @ w.T
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        x @ w.T
        times.append(time.perf_counter() - begin)
    return 2 * 512 * 4096 * 14336 / statistics.median(times) / 1e9


def step():
    begin = time.perf_counter()
    model(input_ids=ids, labels=ids).loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return time.perf_counter() - begin


step()
before, seconds = gemm_rate(), []
for _ in range(options.rounds):
    seconds.append(step())
rate = (before + gemm_rate()) / 2
parameters = sum(p.numel() for n, p in base.named_parameters() if "proj" in n and "lora" not in n) + 32000 * 4096
tokens = ids.numel() / statistics.median(seconds)
print(f"{tokens:.0f} tokens/s, {100 * 4 * parameters * tokens / 1e9 / rate:.0f} % of the GEMM rate of {rate:.0f} GFLOP/s, "
      f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB (making the model included)")
