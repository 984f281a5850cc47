"""Runs a small task by `inspect eval` (the package inspect-ai) through `telltale endpoint`.

The targets are the endpoint's own greedy answers, asked for without Inspect, but for one that is wrong: the accuracy is known. Then the
same task with an edit, which must change the answers.
Run by scripts/endpoint-test, which makes the environment.
"""

import glob
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

import openai
from client import safetensors
from inspect_ai.log import read_eval_log
from serving import endpoint, options

QUESTIONS = ["Who are you?", "What is the capital of France?", "Is tea better than coffee?", "Name a colour."]


def evaluate(folder, name, base, key, rows, *options):
    """The log of `inspect eval` on `rows`."""
    shutil.copy(os.path.join(os.path.dirname(__file__), "inspect_task.py"), folder)
    with open(f"{folder}/{name}.json", "w", encoding="utf-8") as file:
        json.dump(rows, file)
    environment = {**os.environ, "TELLTALE_ROWS": f"{folder}/{name}.json", "TELLTALE_API_KEY": key, "TELLTALE_BASE_URL": base}
    done = subprocess.run(
        [f"{os.path.dirname(sys.executable)}/inspect", "eval", "inspect_task.py",
         "--log-dir", f"{folder}/{name}", "--log-format", "json", "--display", "none", "--temperature", "0", "--max-tokens", "8",
         "--max-connections", "4", *options],
        env=environment, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = glob.glob(f"{folder}/{name}/*.json")
    log = read_eval_log(path)
    assert log.status == "success" and len(log.samples) == len(rows), log.error
    return log


def answer(client, model, text):
    """The endpoint's greedy answer, asked for without Inspect."""
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(model=model, messages=messages, temperature=0, max_tokens=8).choices[0].message.content


def mean(log):
    return log.results.scores[0].metrics["mean"].value


def main():
    asked = options()
    with endpoint(asked.binary, asked.model, "--dtype", "float32") as (base, key), tempfile.TemporaryDirectory() as folder:
        client = openai.OpenAI(base_url=base, api_key=key)
        (model,) = client.models.list().data
        rows = [{"input": text, "target": answer(client, model.id, text)} for text in QUESTIONS]
        rows[-1]["target"] += " and more"
        name = f"openai-api/telltale/{model.id}"
        log = evaluate(folder, "plain", base, key, rows, "--model", name)
        assert mean(log) == 0.75, mean(log)
        width, layer = model.telltale["hidden"], model.telltale["layers"] // 2
        vector = safetensors(f"layer.{layer}", [math.sin(3 * i) for i in range(width)])
        client.put("/telltale/vectors/push", cast_to=object, content=vector)
        edit = {"telltale": {"edits": [{"operation": "add", "vector": "push", "scale": 50}]}}
        edited = evaluate(folder, "edited", base, key, rows, "--model", name, "--extra-body", json.dumps(edit))
        assert mean(edited) < 0.75, "the edit did not change the answers"
    print(f"inspect eval: {len(rows)} answers are those asked for directly, and an edit changes them")


if __name__ == "__main__":
    main()
