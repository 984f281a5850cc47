"""A model of random numbers with a tokenizer as GGUF, small enough to change byte by byte: tiny.gguf.

usage: python make_tiny.py   (needs gguf 0.17.1 and numpy)
"""

import gguf
import numpy as np

HIDDEN, INNER, HEADS, VOCABULARY = 16, 32, 2, 40
random = np.random.default_rng(0)
writer = gguf.GGUFWriter("tiny.gguf", "llama")
writer.add_block_count(1)
writer.add_context_length(64)
writer.add_embedding_length(HIDDEN)
writer.add_feed_forward_length(INNER)
writer.add_head_count(HEADS)
writer.add_head_count_kv(1)
writer.add_layer_norm_rms_eps(1e-6)
writer.add_rope_dimension_count(HIDDEN // HEADS)
writer.add_rope_freq_base(10000.0)
writer.add_vocab_size(VOCABULARY)
tokens = ["<unk>", "<s>", "</s>"] + [chr(ord("a") + i) for i in range(26)] + ["\u2581", "\u2581a", "ab"] + list("01234567")
assert len(tokens) == VOCABULARY
writer.add_tokenizer_model("llama")
writer.add_token_list(tokens)
writer.add_token_scores([-float(i) for i in range(VOCABULARY)])
writer.add_token_types([2, 3, 3] + [1] * (VOCABULARY - 3))
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)


def add(name, *shape):
    writer.add_tensor(name, random.standard_normal(shape).astype(np.float32) / 8)


add("token_embd.weight", VOCABULARY, HIDDEN)
add("output_norm.weight", HIDDEN)
add("output.weight", VOCABULARY, HIDDEN)
for part, shape in {
    "attn_norm": (HIDDEN,), "attn_q": (HIDDEN, HIDDEN), "attn_k": (HIDDEN // 2, HIDDEN), "attn_v": (HIDDEN // 2, HIDDEN),
    "attn_output": (HIDDEN, HIDDEN), "ffn_norm": (HIDDEN,), "ffn_gate": (INNER, HIDDEN), "ffn_up": (INNER, HIDDEN),
    "ffn_down": (HIDDEN, INNER),
}.items():
    add(f"blk.0.{part}.weight", *shape)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
