"""What the Python tools reach on the work that `telltale-bench` measures: one model shape with random weights, drawn
token ids of given lengths, the same dtype, device and threads; or a checkpoint and texts. Prints one JSON object a job and
batch size.

    python Benchmarks/peers.py --layers 4 --take 32 --batches 1,8,32          (torch, transformers, steering-vectors)
    python Benchmarks/peers.py --model FOLDER --pairs texts.jsonl --jobs steering-vectors

Jobs: `steering-vectors` (train_steering_vector, every layer), `transformers` (output_hidden_states at the last token of
both halves), `decode` (greedy generate), `record` (the founding experiment: a pass for the prompt's activations, generate,
a pass over prompt and continuation for the activations after it).
"""

import argparse
import json
import random
import statistics
import sys
import time

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM

SHAPES = {
    "mistral-7b": (MistralForCausalLM, MistralConfig, dict(
        vocab_size=32000, hidden_size=4096, intermediate_size=14336, num_hidden_layers=32, num_attention_heads=32,
        num_key_value_heads=8, sliding_window=4096)),
    "tiny": (LlamaForCausalLM, LlamaConfig, dict(
        vocab_size=1024, hidden_size=128, intermediate_size=384, num_hidden_layers=6, num_attention_heads=4,
        num_key_value_heads=4)),
}


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shape", default="mistral-7b", choices=SHAPES)
    parser.add_argument("--layers", type=int)
    parser.add_argument("--model", help="a checkpoint to load instead, with its tokenizer")
    parser.add_argument("--pairs", help='with --model: JSON Lines of {"positive": "...", "negative": "..."}')
    parser.add_argument("--vectors", help="where steering-vectors's vectors are written: safetensors, layer.0 and so on")
    parser.add_argument("--once", action="store_true", help="run every job once, without running it to warm up first")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--lengths", help="JSON Lines of shared, positive, negative token counts, and how many pairs (default: 148 to 348)")
    parser.add_argument("--take", type=int, default=16)
    parser.add_argument("--batches", default="1,8,32")
    parser.add_argument("--record", default="", help="numbers of prompts, such as 32,128")
    parser.add_argument("--new-tokens", type=int, default=33)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--jobs", default="steering-vectors,transformers,decode,record")
    return parser.parse_args()


def make_model(options):
    if options.model:
        model = transformers.AutoModelForCausalLM.from_pretrained(options.model, dtype=getattr(torch, options.dtype))
        model.generation_config.eos_token_id = None  # a continuation is as long as was asked for
        return model.to(options.device).eval()
    kind, configuration, sizes = SHAPES[options.shape]
    sizes = dict(sizes, **({"num_hidden_layers": options.layers} if options.layers else {}))
    torch.manual_seed(0)
    torch.set_default_dtype(getattr(torch, options.dtype))
    with torch.device(options.device):
        model = kind(configuration(**sizes, pad_token_id=0, eos_token_id=None))
    torch.set_default_dtype(torch.float32)
    return model.eval()


def read_pairs(options, tokenizer):
    """The texts, and their tokens."""
    rows = [json.loads(line) for line in open(options.pairs, encoding="utf-8")][: options.take]
    texts = [(row["positive"], row["negative"]) for row in rows]
    return texts, [tuple(tokenizer(half).input_ids for half in pair) for pair in texts]


def make_pairs(options, vocabulary):
    draw = random.Random(0)
    if options.lengths:
        rows = [json.loads(line) for line in open(options.lengths)]
        lengths = [(row["shared"], row["positive"], row["negative"]) for row in rows for _ in range(row.get("count", 1))]
        draw.shuffle(lengths)
        lengths = lengths[: options.take]
    else:
        lengths = [(draw.randint(148, 348), 2, 2) for _ in range(options.take)]
    pairs = []
    for shared, positive, negative in lengths:
        prefix = [draw.randrange(1, vocabulary) for _ in range(shared)]
        pairs.append((prefix + [5] * positive, prefix + [6] * negative))
    return pairs


def padded(sequences, device, left=False):
    """Ids and attention mask [sequences, longest]."""
    longest = max(map(len, sequences))
    fill = [[0] * (longest - len(s)) for s in sequences]
    ones = [[1] * len(s) for s in sequences]
    ids = [f + s if left else s + f for s, f in zip(sequences, fill)]
    mask = [f + o if left else o + f for o, f in zip(ones, fill)]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


class IdTokenizer:
    """Texts are token ids separated by spaces: what steering-vectors needs of a tokenizer."""

    pad_token_id = 0

    def __call__(self, texts, return_tensors, padding):
        ids, mask = padded([[int(word) for word in text.split()] for text in texts], "cpu")
        return transformers.BatchEncoding({"input_ids": ids, "attention_mask": mask})


def batches(items, size):
    items = sorted(items, key=lambda item: len(item[0]) if isinstance(item, tuple) else len(item))
    return [items[i : i + size] for i in range(0, len(items), size)]


def spelled(pairs):
    """Pairs of token ids as the texts that IdTokenizer reads."""
    return [tuple(" ".join(map(str, half)) for half in pair) for pair in pairs]


def last_residuals(model, sequences, device):
    """float32 [layers, sequences, hidden] at the last token of each sequence, the head left out."""
    ids, mask = padded(sequences, device)
    states = model.model(input_ids=ids, attention_mask=mask, output_hidden_states=True, use_cache=False).hidden_states
    ends, rows = mask.sum(1) - 1, torch.arange(len(sequences), device=device)
    return torch.stack([state[rows, ends] for state in states[1:]]).float()


def run_transformers(model, pairs, size, device):
    total = 0
    for batch in batches(pairs, size):
        difference = last_residuals(model, [p for p, _ in batch], device) - last_residuals(
            model, [n for _, n in batch], device)
        total = total + difference.double().sum(1)
    return total.cpu()


def run_steering_vectors(model, tokenizer, texts, size):
    from steering_vectors import train_steering_vector

    ordered = [text for batch in batches(texts, size) for text in batch]
    return train_steering_vector(model, tokenizer, ordered, batch_size=size, read_token_index=-1)


def save_vectors(vectors, path):
    from safetensors.torch import save_file

    save_file({f"layer.{layer}": vector.float().contiguous() for layer, vector in vectors.items()}, path)


def generate(model, prompts, options):
    ids, mask = padded(prompts, options.device, left=True)
    return model.generate(ids, attention_mask=mask, do_sample=False, max_new_tokens=options.new_tokens,
                          min_new_tokens=options.new_tokens, pad_token_id=0)


def run_record(model, prompts, size, options):
    for batch in batches(prompts, size):
        last_residuals(model, batch, options.device).cpu()
        longest = max(map(len, batch))
        new = generate(model, batch, options)[:, longest:].tolist()
        last_residuals(model, [prompt + own for prompt, own in zip(batch, new)], options.device).cpu()


def timed(body, options):
    def synchronize():
        if options.device != "cpu":
            torch.cuda.synchronize()

    seconds = []
    for _ in range(options.rounds):
        synchronize()
        begin = time.perf_counter()
        body()
        synchronize()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def say(job, batch, seconds, **counts):
    rates = {f"{name}_per_second": round(count / seconds, 3) for name, count in counts.items()}
    print(json.dumps({"job": job, "batch": batch, "seconds": round(seconds, 3), **rates}), flush=True)


@torch.no_grad()
def run(job, model, tokenizer, texts, pairs, size, options):
    prompts = [pair[0][:-2] for pair in pairs]
    tokens = sum(len(half) for pair in pairs for half in pair)
    if job == "transformers":
        if not options.once:
            run_transformers(model, pairs[:size], size, options.device)
        seconds = timed(lambda: run_transformers(model, pairs, size, options.device), options)
        say(job, size, seconds, pairs=len(pairs), tokens=tokens)
    elif job == "steering-vectors":
        if not options.once:
            run_steering_vectors(model, tokenizer, texts[:size], size)
        result = []
        seconds = timed(lambda: result.append(run_steering_vectors(model, tokenizer, texts, size)), options)
        if options.vectors:
            save_vectors(result[-1].layer_activations, options.vectors)
        say(job, size, seconds, pairs=len(pairs), tokens=tokens)
    elif job == "decode":
        batch = [prompts[i % len(prompts)] for i in range(size)]
        ids, mask = padded(batch, options.device, left=True)
        one = dict(options.__dict__, new_tokens=1)
        generate(model, batch, argparse.Namespace(**one))
        first = timed(lambda: generate(model, batch, argparse.Namespace(**one)), options)
        seconds = timed(lambda: generate(model, batch, options), options) - first
        say(job, size, seconds, tokens=size * (options.new_tokens - 1))
    elif job == "record":
        for count in map(int, filter(None, options.record.split(","))):
            batch = [prompts[i % len(prompts)] for i in range(count)]
            seconds = timed(lambda: run_record(model, batch, size, options), options)
            say(f"record {count} prompts", size, seconds, prompts=count)


def main():
    options = arguments()
    if options.threads:
        torch.set_num_threads(options.threads)
    model = make_model(options)
    if options.pairs:
        tokenizer = transformers.AutoTokenizer.from_pretrained(options.model)
        texts, pairs = read_pairs(options, tokenizer)
    else:
        tokenizer, pairs = IdTokenizer(), make_pairs(options, model.config.vocab_size)
        texts = spelled(pairs)
    name = torch.cuda.get_device_name() if options.device != "cpu" else "cpu"
    print(json.dumps({"peers": options.model or options.shape, "layers": model.config.num_hidden_layers, "dtype": options.dtype,
                      "device": name, "torch": torch.__version__, "transformers": transformers.__version__,
                      "pairs": len(pairs)}), flush=True)
    for job in options.jobs.split(","):
        for size in map(int, options.batches.split(",")):
            try:
                run(job, model, tokenizer, texts, pairs, size, options)
            except Exception as error:  # a job that one version cannot do must not cost the others
                print(json.dumps({"job": job, "batch": size, "error": f"{type(error).__name__}: {error}"[:300]}), flush=True)


sys.exit(main())
