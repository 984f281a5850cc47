"""Runs `lm_eval --model local-completions` on a small task through `telltale endpoint` and compares every score with transformers'.

The documents are the beginnings of the texts of golden.safetensors (logits of transformers for the tests' tiny Llama), the choices of
each four words of one token, so that the log-probability of each is in the logits' row; the right one is the model's favourite of the
four in all but every third document.
Run by scripts/endpoint-test, which makes the environment.
"""

import glob
import json
import os
import subprocess
import sys
import tempfile

import numpy
from harness import tensors
from serving import endpoint, options
from transformers import AutoTokenizer

TASK = """
task: choices
dataset_path: json
dataset_kwargs: {data_files: {test: DOCUMENTS}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{text}}"
doc_to_choice: words
doc_to_target: right
metric_list: [{metric: acc}]
"""


def documents(folder):
    """Texts with four choices, and the choices' log-probabilities after the text."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    golden = tensors(os.path.join(folder, "golden.safetensors"))
    words = sorted(word for word in tokenizer.get_vocab() if word.startswith("▁") and word[1:].isalpha() and len(word) > 4)
    found = []
    for number in range(4):
        ids = golden[f"prompt.{number}.ids"].tolist()
        logits = golden[f"prompt.{number}.logits"].astype("float64")
        for end in range(2, len(ids)):
            text = tokenizer.decode(ids[1:end])
            chosen = [words[(7 * len(found) + 31 * i) % len(words)] for i in range(4)]
            tokens = tokenizer.convert_tokens_to_ids(chosen)
            whole = [tokenizer.encode(text + word.replace("▁", " ")) for word in chosen]
            # lm_eval moves whitespace at a text's end into the choice, which is another tokenisation.
            if text != text.rstrip() or any(one != ids[:end] + [token] for one, token in zip(whole, tokens)):
                continue
            row = logits[end - 1]
            scores = [float(row[token] - row.max() - numpy.log(numpy.exp(row - row.max()).sum())) for token in tokens]
            best = int(numpy.argmax(scores))
            right = best if len(found) % 3 else (best + 1) % 4
            found.append(({"text": text, "words": [word[1:] for word in chosen], "right": right}, scores))
    return found


def evaluate(folder, base, key, model):
    """The accuracy that lm_eval prints, and its log of the documents."""
    done = subprocess.run(
        [f"{os.path.dirname(sys.executable)}/lm_eval", "--model", "local-completions", "--tasks", "choices", "--include_path", folder,
         "--output_path", f"{folder}/out", "--log_samples", "--model_args",
         f"model={os.path.basename(model)},base_url={base}/completions,tokenizer={model},tokenizer_backend=huggingface,"
         "add_bos_token=True,max_length=512,num_concurrent=2"],
        env={**os.environ, "OPENAI_API_KEY": key, "HF_DATASETS_OFFLINE": "1", "HF_HOME": f"{folder}/cache"},
        capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (results,) = glob.glob(f"{folder}/out/**/results_*.json", recursive=True)
    (samples,) = glob.glob(f"{folder}/out/**/samples_*.jsonl", recursive=True)
    with open(results, encoding="utf-8") as file:
        accuracy = json.load(file)["results"]["choices"]["acc,none"]
    with open(samples, encoding="utf-8") as file:
        return accuracy, [json.loads(line) for line in file]


def main():
    asked = options()
    wanted = documents(asked.model)
    with endpoint(asked.binary, asked.model, "--dtype", "float32") as (base, key), tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/documents.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps(document) + "\n" for document, _ in wanted)
        with open(f"{folder}/choices.yaml", "w", encoding="utf-8") as file:
            file.write(TASK.replace("DOCUMENTS", f"{folder}/documents.jsonl"))
        accuracy, samples = evaluate(folder, base, key, asked.model)
    right = sum(int(numpy.argmax(scores)) == document["right"] for document, scores in wanted)
    assert len(wanted) >= 20 and len(samples) == len(wanted) and accuracy == right / len(wanted), (accuracy, right, len(wanted))
    for sample in samples:
        found = [float(score) for ((score, _),) in sample["resps"]]
        assert numpy.allclose(found, wanted[sample["doc_id"]][1], rtol=1e-3, atol=1e-3), (found, wanted[sample["doc_id"]])
    print(f"lm_eval: accuracy {accuracy:.3f} on {len(wanted)} documents, and their {4 * len(wanted)} scores, are transformers'")


if __name__ == "__main__":
    main()
