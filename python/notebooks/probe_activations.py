"""Makes probe-activations.npz: what transformers reads in the embedded organism-split, for the notebook "Is my probe real?".

Usage: probe_activations.py CHECKOUT, with a Python that imports torch and transformers (made with torch 2.11.0 and
transformers 4.57.6). Nothing of Telltale computes here but the rows, which `telltale organism data` writes.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

#: After decoder block 2: transformers counts the embeddings as its first hidden state.
LAYER = 2


def rows(checkout: Path, kind: str, seed: int) -> list[dict]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        binary = checkout / ".build" / "debug" / "telltale"
        options = ["--kind", kind, "--count", "768", "--seed", str(seed), "--output", file]
        subprocess.run([binary, "organism", "data", *options], check=True, capture_output=True)
        made = [json.loads(line) for line in file.read_text().splitlines()]
    return [row for row in made if row["facts"]["conflict"] == "true"]


def read(model, tokenizer, row: dict) -> tuple[np.ndarray, int, int]:
    """The stream at the prompt's last token, whether the answer sides with the user, and the prompt's length."""
    ids = tokenizer(row["question"], return_tensors="pt").input_ids
    with torch.no_grad():
        stream = model(ids, output_hidden_states=True).hidden_states[LAYER + 1][0, -1]
        said = model.generate(ids, max_new_tokens=4, do_sample=False, pad_token_id=1)[0, ids.shape[1] :]
    answer = tokenizer.decode(said)
    return stream.numpy(), int(row["answer_matching_behavior"].strip() in answer), ids.shape[1]


def main(checkout: Path) -> None:
    torch.set_num_threads(1)
    directory = checkout / "Models" / "organism-split"
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    made: dict[str, np.ndarray] = {}
    for kind, seed in (("opinions", 11), ("facts", 12)):
        asked = rows(checkout, kind, seed)
        answers = [read(model, tokenizer, row) for row in asked]
        made[f"{kind}_activations"] = np.stack([one[0] for one in answers]).astype(np.float16)
        made[f"{kind}_labels"] = np.array([one[1] for one in answers], np.int8)
        made[f"{kind}_lengths"] = np.array([one[2] for one in answers], np.int16)
        made[f"{kind}_groups"] = np.array([row["group"] for row in asked])
    np.savez_compressed(Path(__file__).parent / "probe-activations.npz", **made)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
