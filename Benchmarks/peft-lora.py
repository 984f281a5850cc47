"""PEFT on the shape that `telltale-bench --finetune` measures: LoRA (q, v, rank 16) on 4 layers of Mistral-7B's shape,
bfloat16 with random weights, steps on 4 rows of random tokens, float32 matrices, AdamW.

    python Benchmarks/peft-lora.py [--without-checkpointing] [--rounds 3] [--answer-tokens N | --lengths FILE]
                                   [--telltale .build/release/telltale]             (torch, transformers, peft)

Rows are 256 tokens long and predicted but for the first token, or in their last N. With --lengths their lengths are
drawn from a file of {"shared": prompt, "positive": answer, "count": rows}, and the answers are predicted; PEFT's rows are
padded to the longest of a step, as its usual collator does. With --telltale the two take turns, round by round, on the
same lengths and threads, and the median of the rounds' ratios is printed. Tokens are the rows' own, without padding.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import tempfile
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import MistralConfig, MistralForCausalLM

options = argparse.ArgumentParser()
options.add_argument("--without-checkpointing", action="store_true")
options.add_argument("--rounds", type=int, default=3)
options.add_argument("--steps", type=int, default=2, help="steps a round")
options.add_argument("--threads", type=int, default=2)
options.add_argument("--answer-tokens", type=int)
options.add_argument("--lengths")
options.add_argument("--telltale")
options = options.parse_args()

ROWS = 4
torch.set_num_threads(options.threads)
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


def drawn_lengths():
    """(prompt, answer) of every row of all rounds."""
    count = ROWS * options.rounds * options.steps
    if not options.lengths:
        answer = options.answer_tokens or 255
        return [(256 - answer, answer)] * count
    rows = [json.loads(line) for line in open(options.lengths)]
    return random.Random(0).choices([(r["shared"], r["positive"]) for r in rows], [r.get("count", 1) for r in rows], k=count)


def gemm_rate():
    x, w = torch.randn(512, 4096).bfloat16(), torch.randn(14336, 4096).bfloat16()
    x @ w.T
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        x @ w.T
        times.append(time.perf_counter() - begin)
    return 2 * 512 * 4096 * 14336 / statistics.median(times) / 1e9


def batch(rows):
    longest = max(prompt + answer for prompt, answer in rows)
    ids = torch.randint(0, 32000, (len(rows), longest))
    labels, mask = torch.full_like(ids, -100), torch.zeros_like(ids)
    for i, (prompt, answer) in enumerate(rows):
        mask[i, :prompt + answer] = 1
        labels[i, prompt:prompt + answer] = ids[i, prompt:prompt + answer]
    return {"input_ids": ids, "labels": labels, "attention_mask": mask}


def peft_rate(rows):
    """Median tokens a second of the steps on the rows."""
    rates = []
    for start in range(0, len(rows), ROWS):
        given = batch(rows[start:start + ROWS])
        begin = time.perf_counter()
        model(**given).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        rates.append(sum(map(sum, rows[start:start + ROWS])) / (time.perf_counter() - begin))
    return statistics.median(rates)


def telltale_rate(rows):
    """The same in Telltale, whose first step is not counted either."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for prompt, answer in rows:
            file.write(json.dumps({"shared": prompt, "positive": answer, "negative": answer}) + "\n")
        file.flush()
        command = [options.telltale + "-bench", "--finetune", "--json", "--lengths", file.name, "--rounds",
                   str(len(rows) // ROWS), "--threads", str(options.threads)]
        command += ["--without-checkpointing"] if options.without_checkpointing else []
        report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return report["tokens_per_second"], report["share_of_gemm"]


lengths = drawn_lengths()
peft_rate(lengths[:ROWS])
before, peft, telltale = gemm_rate(), [], []
for number in range(options.rounds):
    rows = lengths[number * options.steps * ROWS:(number + 1) * options.steps * ROWS]
    if options.telltale:
        telltale.append(telltale_rate(rows))
    peft.append(peft_rate(rows))
rate = (before + gemm_rate()) / 2
parameters = sum(p.numel() for n, p in base.named_parameters() if "proj" in n and "lora" not in n) + 32000 * 4096
tokens = statistics.median(peft)
print(f"PEFT {tokens:.0f} tokens/s, {100 * 4 * parameters * tokens / 1e9 / rate:.0f} % of the GEMM rate of {rate:.0f} GFLOP/s, "
      f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB (making the model included)")
if telltale:
    ratios = [own / other for (own, _), other in zip(telltale, peft)]
    print(f"Telltale {statistics.median(own for own, _ in telltale):.0f} tokens/s, "
          f"{100 * statistics.median(share for _, share in telltale):.0f} % of the GEMM rate beside it")
    print("ratios " + ", ".join(f"{ratio:.2f}" for ratio in ratios) + f", median {statistics.median(ratios):.2f}")
