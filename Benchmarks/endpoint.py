"""Many streams at once through `telltale endpoint`: are the answers those of each alone, does none starve, what is the rate?

Usage: python3 Benchmarks/endpoint.py --binary .build/release/telltale [--model smollm2] [--streams 64] [--tokens 32] [--threads 2]
           [--llama-server FILE --gguf FILE]

Asks for `--streams` answers with eight different edits, first one after the other and then all at once as streams, in float32 and batch
invariant, and compares them token by token. Then all at once without edits and without --batch-invariant, and, where --llama-server
names the program of llama.cpp, the same prompts from it on the same weights.
"""

import argparse
import concurrent.futures
import json
import math
import os
import random
import secrets
import statistics
import struct
import subprocess
import time
import urllib.request

TOPICS = ["tea", "the moon", "old maps", "a long walk", "bread", "the sea", "clocks", "snow"]


class Server:
    """A running program that speaks OpenAI's API."""

    def __init__(self, command, base=None, environment=None):
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **(environment or {})})
        self.key = (environment or {}).get("TELLTALE_TOKEN", "none")
        self.base = base or json.loads(self.process.stdout.readline())["url"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def open(self, path, body, method="POST"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        return urllib.request.urlopen(urllib.request.Request(self.base + path, data, headers, method=method), timeout=3600)

    def stream(self, body):
        """The text of a streamed completion, the seconds until its first token and until its end."""
        start, first, text = time.monotonic(), None, ""
        for line in self.open("/completions", {**body, "stream": True}):
            if line.startswith(b"data: {"):
                first = first or time.monotonic() - start
                choices = json.loads(line[6:])["choices"]
                text += choices[0].get("text", "") if choices else ""
        return text, first, time.monotonic() - start

    def all_at_once(self, bodies):
        """The answers, and the seconds that they took together."""
        start = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(len(bodies)) as pool:
            answers = list(pool.map(self.stream, bodies))
        return answers, time.monotonic() - start


def telltale(options, *arguments):
    return Server(
        [options.binary, "endpoint", "--model", options.model, "--dtype", "float32", "--port", "0", "--json", "--context", "256",
         "--slots", str(options.streams), "--queue", str(options.streams), "--threads", str(options.threads), *arguments],
        environment={"TELLTALE_TOKEN": secrets.token_urlsafe(24)})


def vector(width, layer, seed):
    """A vector file: random, of the length 3."""
    draw = random.Random(seed)
    values = [draw.gauss(0, 1) for _ in range(width)]
    norm = math.sqrt(sum(value * value for value in values)) / 3
    header = json.dumps({f"layer.{layer}": {"dtype": "F32", "shape": [width], "data_offsets": [0, 4 * width]}}).encode()
    return struct.pack("<Q", len(header)) + header + struct.pack(f"<{width}f", *[value / norm for value in values])


def edits(server):
    """Eight edits, of as many vectors, which it registers."""
    with server.open("/models", b"", method="GET") as answer:
        details = json.load(answer)["data"][0]["telltale"]
    made = []
    for number in range(8):
        layer = 1 + number * (details["layers"] - 2) // 7
        server.open(f"/telltale/vectors/v{number}", vector(details["hidden"], layer, number), method="PUT").close()
        kind = {"operation": "ablate"} if number % 4 == 3 else {"operation": "add", "scale": 1 + number / 2}
        made.append({**kind, "vector": f"v{number}", "layer": layer})
    return made


def bodies(options):
    return [
        {"prompt": f"Question {number}: what do people say about {TOPICS[number % 8]}? Answer:", "max_tokens": options.tokens,
         "temperature": 0, "ignore_eos": True}
        for number in range(options.streams)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--streams", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--llama-server")
    parser.add_argument("--gguf")
    options = parser.parse_args()
    plain = bodies(options)
    count = options.streams * options.tokens

    with telltale(options, "--batch-invariant") as server:
        made = edits(server)
        steered = [{**body, "telltale": {"edits": [made[number % 8]]}} for number, body in enumerate(plain)]
        start = time.monotonic()
        alone = [server.stream(body)[0] for body in steered]
        print(f"one after the other, edited, batch invariant: {count / (time.monotonic() - start):.1f} tok/s")
        together, seconds = server.all_at_once(steered)
        equal = sum(one == text for one, (text, _, _) in zip(alone, together))
        ends = [end for _, _, end in together]
        print(f"{options.streams} streams at once, 8 edits, batch invariant: {count / seconds:.1f} tok/s; "
              f"{equal} of {options.streams} answers equal those alone")
        print(f"  first token after {max(first for _, first, _ in together):.1f} s at most; last token after "
              f"{statistics.median(ends):.1f} s (median), {max(ends):.1f} s at most")
    with telltale(options) as server:
        made = edits(server)
        for name, asked in [("8 edits", [{**body, "telltale": {"edits": [made[number % 8]]}} for number, body in enumerate(plain)]),
                            ("no edits", plain)]:
            print(f"{options.streams} streams at once, {name}: {count / server.all_at_once(asked)[1]:.1f} tok/s")
        start = time.monotonic()
        server.open("/completions", {**plain[0], "prompt": [body["prompt"] for body in plain]}).read()
        print(f"one request of {options.streams} prompts, no edits: {count / (time.monotonic() - start):.1f} tok/s")
    if options.llama_server:
        command = [options.llama_server, "-m", options.gguf, "--port", "18765", "-np", str(options.streams), "-c",
                   str(256 * options.streams), "-t", str(options.threads), "--no-webui"]
        with Server(command, base="http://127.0.0.1:18765/v1") as server:
            while True:
                try:
                    urllib.request.urlopen("http://127.0.0.1:18765/health").close()
                    break
                except OSError:
                    time.sleep(0.5)
            print(f"llama.cpp's server, {options.streams} streams at once: {count / server.all_at_once(plain)[1]:.1f} tok/s")
    assert equal == options.streams, "answers differ from those alone"


if __name__ == "__main__":
    main()
