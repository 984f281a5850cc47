"""MC1, MC2, MC3 and perplexity by transformers alone, one unbatched pass an answer.

Usage: python make.py MODEL_DIRECTORY MC_TASK.json > golden.json
"""

import json
import sys

import torch
import transformers

directory, task = sys.argv[1:]
tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
model = transformers.AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()


def token_log_probabilities(ids):
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].double()
    logs = torch.log_softmax(logits, -1)
    return [logs[i - 1, ids[i]].item() for i in range(1, len(ids))]


def score(question, answer):
    prompt = f"Q: {question}\nA:"
    start = len(tokenizer(prompt).input_ids)
    return sum(token_log_probabilities(tokenizer(f"{prompt} {answer}").input_ids)[start - 1 :])


rows = []
for item in json.load(open(task)):
    scores = {a: score(item["question"], a) for a in {**item["mc1_targets"], **item["mc2_targets"]}}
    (best,) = [a for a, value in item["mc1_targets"].items() if value == 1]
    true = torch.tensor([scores[a] for a, value in item["mc2_targets"].items() if value == 1])
    false = torch.tensor([scores[a] for a, value in item["mc2_targets"].items() if value == 0])
    rows.append({
        "question": item["question"],
        "mc1": float(all(scores[best] > scores[a] for a, v in item["mc1_targets"].items() if v == 0)),
        "mc2": (true.double().exp().sum() / torch.cat([true, false]).double().exp().sum()).item(),
        "mc3": (true > false.max()).double().mean().item(),
        "scores": [scores[a] for a in item["mc2_targets"]],
    })

text = "The capital of the country lies on a river, and the people who live there say that it never sleeps."
logs = token_log_probabilities(tokenizer(text).input_ids)
json.dump({
    "torch": torch.__version__,
    "transformers": transformers.__version__,
    "rows": rows,
    "text": text,
    "text_tokens": len(logs),
    "text_loss": -sum(logs) / len(logs),
}, sys.stdout, indent=1)
