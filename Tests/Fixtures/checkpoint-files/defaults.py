"""The sizes that each class of transformers has where config.json is silent; see PROVENANCE.md.

usage: python defaults.py > defaults.json
"""

import json

from transformers import AutoConfig

KINDS = ["llama", "mistral", "mixtral", "qwen2", "qwen3", "qwen3_moe", "gemma2", "gemma3_text", "olmo2", "olmo3", "phi3",
         "gpt_neox", "gpt_oss", "smollm3", "granite"]


def row(kind):
    config = AutoConfig.for_model(kind)
    heads = config.num_attention_heads
    types = getattr(config, "layer_types", None)
    window = getattr(config, "sliding_window", None)
    windows = [window if (types is None or types[i] == "sliding_attention") else None for i in range(config.num_hidden_layers)]
    return {
        "model_type": kind, "vocab_size": config.vocab_size, "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size, "num_hidden_layers": config.num_hidden_layers,
        "num_attention_heads": heads, "num_key_value_heads": getattr(config, "num_key_value_heads", None) or heads,
        "head_dim": getattr(config, "head_dim", None) or config.hidden_size // heads, "rope_theta": float(config.rope_theta),
        "tied": config.tie_word_embeddings, "windows": [w or 0 for w in windows],
    }


print(json.dumps([row(kind) for kind in KINDS]))
