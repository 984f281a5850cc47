"""What the reference libraries make of Gemma-3-270M's GGUF file (scripts/fetch-model gemma3-270m).

Usage: python make_gemma3.py gemma-3-270m-q4_k_m.gguf, writes gemma3-texts.jsonl beside itself.

The tokenizer is the SentencePiece library on a model made of the file's pieces, scores and kinds; the model is transformers'
Gemma3ForCausalLM on transformers' own reading of the file, dequantised to float32.
"""
import json
import pathlib
import sys

import gguf
import sentencepiece
import torch
from sentencepiece import sentencepiece_model_pb2
from transformers import AutoModelForCausalLM

HERE = pathlib.Path(__file__).parent
TEXTS = [
    "The capital of France is", "  two  spaces   and    four", "\t\ttabs\n\n\nlines", "été naïve Straße 日本語 한국어 हिन्दी 😀👩‍👩‍👧",
    "def f(x):\n    return x + 1\n", "1234567890 3.14159 $1,299.99", "<h1>Title</h1><b>bold</b>", "a", " ", "",
    "Once upon a time, in a small village by the sea, there lived an old man who had never once told a lie. " * 8,
]


def processor(reader):
    fields = reader.fields
    model = sentencepiece_model_pb2.ModelProto()
    lists = [fields[f"tokenizer.ggml.{key}"].contents() for key in ("tokens", "scores", "token_type")]
    for token, score, kind in zip(*lists):
        piece = model.pieces.add()
        piece.piece, piece.score, piece.type = token.replace(" ", "▁") if kind == 4 else token, score, kind
    model.trainer_spec.model_type = 2
    model.trainer_spec.byte_fallback = True
    model.trainer_spec.unk_id, model.trainer_spec.bos_id, model.trainer_spec.eos_id, model.trainer_spec.pad_id = 3, 2, 1, 0
    model.trainer_spec.bos_piece, model.trainer_spec.eos_piece, model.trainer_spec.pad_piece = "<bos>", "<eos>", "<pad>"
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = False
    model.normalizer_spec.remove_extra_whitespaces = False
    return sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())


def main():
    path = pathlib.Path(sys.argv[1])
    tok = processor(gguf.GGUFReader(path))
    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    print(model.config)
    with open(HERE / "gemma3-texts.jsonl", "w", encoding="utf-8") as out:
        for text in TEXTS:
            ids = [2] + tok.encode(text)
            with torch.no_grad():
                result = model(torch.tensor([ids]), output_hidden_states=True)
                greedy = model.generate(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)), max_new_tokens=16,
                                        do_sample=False, pad_token_id=0, eos_token_id=1)[0, len(ids):].tolist()
            out.write(json.dumps({
                "text": text, "ids": ids, "greedy": greedy,
                "logits": [round(x, 5) for x in result.logits[0, -1, ::4096].tolist()],
                "stream9": [round(x, 4) for x in result.hidden_states[10][0, -1, ::16].tolist()],
            }) + "\n")


main()
