"""Writes a checkpoint in Hugging Face layout with random weights in a well-known shape, and texts to run through it: what it
computes means nothing, how fast it loads and computes is what the real model of that shape reaches.

    python Benchmarks/checkpoint.py FOLDER --layers 4 [--shape mistral-7b] [--shards 1] [--texts 16]       (torch, safetensors)

The tokenizer has one token a byte, so that a text of n ASCII characters is n tokens, and both tools read the same texts.
"""

import argparse
import json
import os
import random
import shutil

import torch
from safetensors.torch import save_file

SHAPES = {
    "mistral-7b": dict(
        architectures=["MistralForCausalLM"], model_type="mistral", vocab_size=32000, hidden_size=4096,
        intermediate_size=14336, num_hidden_layers=32, num_attention_heads=32, num_key_value_heads=8, head_dim=128,
        sliding_window=4096, max_position_embeddings=32768, rms_norm_eps=1e-5, rope_theta=10000.0),
    "smollm2-135m": dict(
        architectures=["LlamaForCausalLM"], model_type="llama", vocab_size=49152, hidden_size=576,
        intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3, head_dim=64,
        max_position_embeddings=8192, rms_norm_eps=1e-5, rope_theta=100000.0),
    "llama-30m": dict(
        architectures=["LlamaForCausalLM"], model_type="llama", vocab_size=8192, hidden_size=512,
        intermediate_size=1408, num_hidden_layers=8, num_attention_heads=8, num_key_value_heads=8, head_dim=64,
        max_position_embeddings=2048, rms_norm_eps=1e-5, rope_theta=10000.0),
}


def configuration(shape, layers, dtype):
    common = dict(hidden_act="silu", tie_word_embeddings=False, torch_dtype=dtype, bos_token_id=None, eos_token_id=None,
                  use_cache=True, attention_bias=False, mlp_bias=False)
    return dict(SHAPES[shape], **common, **({"num_hidden_layers": layers} if layers else {}))


def tensors(config):
    """Names and shapes of a checkpoint's tensors, layer by layer."""
    hidden, inner, dim = config["hidden_size"], config["intermediate_size"], config["head_dim"]
    wide, narrow = config["num_attention_heads"] * dim, config["num_key_value_heads"] * dim
    yield "model.embed_tokens.weight", (config["vocab_size"], hidden)
    for layer in range(config["num_hidden_layers"]):
        own = {"self_attn.q_proj": (wide, hidden), "self_attn.k_proj": (narrow, hidden),
               "self_attn.v_proj": (narrow, hidden), "self_attn.o_proj": (hidden, wide), "mlp.gate_proj": (inner, hidden),
               "mlp.up_proj": (inner, hidden), "mlp.down_proj": (hidden, inner), "input_layernorm": (hidden,),
               "post_attention_layernorm": (hidden,)}
        for name, shape in own.items():
            yield f"model.layers.{layer}.{name}.weight", shape
    yield "model.norm.weight", (hidden,)
    yield "lm_head.weight", (config["vocab_size"], hidden)


class Weights:
    """Normal numbers of standard deviation 0.02, out of one pool: drawing billions would take minutes."""

    def __init__(self, dtype, seed=0):
        torch.manual_seed(seed)
        self.pool = (torch.randn(16_777_259) * 0.02).to(dtype)  # a prime number of them, so that no two rows are alike
        self.place = 0

    def take(self, shape):
        if len(shape) == 1:
            return torch.ones(shape, dtype=self.pool.dtype)
        count, parts = shape[0] * shape[1], []
        while count:
            part = self.pool[self.place : self.place + count]
            parts.append(part)
            count -= part.numel()
            self.place = (self.place + part.numel()) % self.pool.numel()
        return torch.cat(parts).reshape(shape)


def write_weights(folder, config, dtype, shards):
    """One file, or several named by an index, each written before the next is made."""
    names = list(tensors(config))
    size, weights, index = -(-len(names) // shards), Weights(dtype), {}
    for shard in range(shards):
        file = "model.safetensors" if shards == 1 else f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        own = {name: weights.take(shape) for name, shape in names[shard * size : (shard + 1) * size]}
        save_file(own, os.path.join(folder, file), metadata={"format": "pt"})
        index.update(dict.fromkeys(own, file))
    if shards > 1:
        with open(os.path.join(folder, "model.safetensors.index.json"), "w") as file:
            json.dump({"metadata": {}, "weight_map": index}, file)


def write_tokenizer(folder):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={byte: i for i, byte in enumerate(["<|end|>"] + alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|end|>"])
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
        json.dump({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|end|>", "pad_token": "<|end|>"}, file)


def write_checkpoint(folder, shape="mistral-7b", layers=None, dtype="bfloat16", shards=1):
    os.makedirs(folder)  # refuses one that exists, which the clean-up below must never see
    try:
        config = configuration(shape, layers, dtype)
        with open(os.path.join(folder, "config.json"), "w") as file:
            json.dump(config, file)
        write_weights(folder, config, getattr(torch, dtype), shards)
        write_tokenizer(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def write_texts(path, count, seed=0):
    """Contrast pairs that share 148 to 348 tokens and differ in the last two, as sycophancy questions with a biography do."""
    draw = random.Random(seed)
    with open(path, "w") as file:
        for _ in range(count):
            shared = "".join(draw.choice("abcdefghijklmnopqrstuvwxyz ") for _ in range(draw.randint(148, 348)))
            file.write(json.dumps({"positive": shared + "(A", "negative": shared + "(B"}) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="must not exist yet")
    parser.add_argument("--shape", default="mistral-7b", choices=SHAPES)
    parser.add_argument("--layers", type=int)
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float16", "float32"])
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--texts", type=int, default=0, help="also write so many contrast pairs to texts.jsonl")
    options = parser.parse_args()
    write_checkpoint(options.folder, options.shape, options.layers, options.dtype, options.shards)
    if options.texts:
        write_texts(os.path.join(options.folder, "texts.jsonl"), options.texts)


if __name__ == "__main__":
    main()
