"""Scores choices by lm_eval's local-completions through `telltale endpoint` and compares them with transformers' logits.

Run by scripts/endpoint-test, which makes the environment. The reference is golden.safetensors of the tests' tiny Llama.
"""

import json
import os
import struct

import numpy
from lm_eval.api.instance import Instance
from lm_eval.models.openai_completions import LocalCompletionsAPI
from serving import endpoint, options


def tensors(path):
    """The tensors of a safetensors file (float32 and int32)."""
    with open(path, "rb") as file:
        entries = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    kinds = {"F32": "<f4", "I32": "<i4"}
    return {
        name: numpy.frombuffer(data[slice(*entry["data_offsets"])], kinds[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in entries.items() if name != "__metadata__"}


def main():
    asked = options()
    golden = tensors(os.path.join(asked.model, "golden.safetensors"))
    with endpoint(asked.binary, asked.model, "--dtype", "float32") as (base, key):
        os.environ["OPENAI_API_KEY"] = key
        model = LocalCompletionsAPI(
            model=os.path.basename(asked.model), base_url=base + "/completions", tokenizer=asked.model,
            tokenizer_backend="huggingface", max_length=512, batch_size=2, num_concurrent=2)
        requests, expected = [], []
        for number in range(4):
            ids = golden[f"prompt.{number}.ids"].tolist()
            logits = golden[f"prompt.{number}.logits"].astype("float64")
            rows = logits - numpy.log(numpy.exp(logits - logits.max(-1, keepdims=True)).sum(-1, keepdims=True))
            rows -= logits.max(-1, keepdims=True)
            for cut in range(1, len(ids)):
                places = range(cut, len(ids))
                requests.append((("", ""), ids[:cut], ids[cut:]))
                greedy = all(rows[place - 1].argmax() == ids[place] for place in places)
                expected.append((sum(rows[place - 1][ids[place]] for place in places), greedy))
        found = model._loglikelihood_tokens(requests)
        for (score, greedy), (reference, is_greedy) in zip(found, expected):
            assert abs(score - reference) < 1e-3 * max(1, abs(reference)) and greedy == is_greedy, (score, reference)
        (text,) = model.generate_until(
            [Instance("generate_until", {}, ("I think that", {"until": ["\n\n"], "max_gen_toks": 8}), 0)])
        assert isinstance(text, str)
    print(f"lm_eval local-completions: {len(found)} log-likelihoods are transformers', and generate_until answers")


if __name__ == "__main__":
    main()
