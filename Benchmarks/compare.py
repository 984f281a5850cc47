"""Runs Telltale and the peers in turn (A B A B) on the same weights, prompts, dtype and threads, and prints the medians of
the ratios of their rates. Benchmarks/compare calls it, which has the peers in their pinned versions.

Weights are random in the shape of Mistral-7B, written once to a folder that both load; the jobs `small` and `small-command`
run the embedded organism on texts of its world instead. The peers run at each of their batch sizes in the first round and
at the fastest in all others.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(os.path.dirname(HERE), "Models")


class Missing(Exception):
    """Something that a job needs is not there: the job is left out, and the table says why."""


def arguments():
    parser = argparse.ArgumentParser(
        prog="compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--jobs", default=",".join(JOBS), help="which, in this order (default: %(default)s)")
    add("--rounds", type=int, default=3, help="turns of each (default: %(default)s)")
    add("--layers", type=int, default=4, help="decoder blocks of the random model (default: %(default)s)")
    add("--shape", default="mistral-7b", help="of the random model: mistral-7b, smollm2-135m or llama-30m")
    add("--model", help="a checkpoint to run instead of the random model, with its tokenizer")
    add("--tokenizer", help="a folder whose tokenizer files the random model is given, for real texts")
    add("--pairs", help='JSON Lines of {"positive": "...", "negative": "..."} to extract from and record, instead of random texts')
    add("--dtype", default="bfloat16", help="of every job but the small ones, which are float32 (default: %(default)s)")
    add("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of both (default: all cores)")
    add("--take", type=int, default=16, help="contrast pairs to extract from (default: %(default)s)")
    add("--batches", default="1,8", help="batch sizes of the peers (default: %(default)s)")
    add("--decode", default="1,8,32", help="sequences decoded together (default: %(default)s)")
    add("--prompts", type=int, default=8, help="prompts to record (default: %(default)s)")
    add("--new-tokens", type=int, default=33, help="of each prompt (default: %(default)s)")
    add("--small-model", default=os.path.join(MODELS, "organism-shared"), help="default: %(default)s")
    add("--small-take", type=int, default=768, help="pairs for the small model (default: %(default)s)")
    add("--small-batches", default="8,32,128", help="batch sizes of the peers there (default: %(default)s)")
    add("--timeout", type=int, default=600, help="seconds that one turn may take (default: %(default)s)")
    add("--json", help="where the report is written as JSON")
    add("--telltale", default="telltale", help=argparse.SUPPRESS)
    options = parser.parse_args()
    for job in options.jobs.split(","):
        if job not in JOBS:
            parser.error(f"there is no job {job}; the jobs are {', '.join(JOBS)}")
    return options


# --- Running a side ---


def run(command, options):
    """Output and seconds of a command that has to succeed."""
    begin = time.perf_counter()
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=options.timeout)
    except FileNotFoundError:
        raise Missing(f"{command[0]} is not there")
    except subprocess.TimeoutExpired:
        raise Missing(f"a turn took longer than {options.timeout} s (--timeout)")
    if done.returncode != 0:
        raise Missing((done.stderr.strip().splitlines() or ["failed without a message"])[-1][:300])
    return done.stdout, time.perf_counter() - begin


def bench(options, *command):
    """What `telltale-bench` found."""
    output, _ = run([options.telltale + "-bench", "--json", "--threads", options.threads, *command], options)
    return json.loads(output)


def peers(options, *command):
    """By batch size, what peers.py says of its one job."""
    output, _ = run([sys.executable, os.path.join(HERE, "peers.py"), "--threads", options.threads, *command], options)
    rows = [json.loads(line) for line in output.splitlines()]
    found = {row["batch"]: row for row in rows if "job" in row and "error" not in row}
    if not found:
        raise Missing("; ".join(row["error"] for row in rows if "error" in row) or "the peer gave no result")
    return found


class Comparison:
    """Rates of both in every round. The peer's are those of the batch size that was fastest in the first."""

    def __init__(self, unit, batches=""):
        self.unit, self.batches, self.chosen, self.own, self.other = unit, batches, None, [], []

    def add(self, own, other):
        """`own`: Telltale's rate. `other`: the peer's by batch size."""
        if self.chosen is None:
            self.chosen = max(other, key=other.get)
            self.batches = str(self.chosen)
        self.own.append(own)
        self.other.append(other[self.chosen])

    def report(self):
        ratios = [own / other for own, other in zip(self.own, self.other)]
        return {"unit": self.unit, "telltale": statistics.median(self.own), "peer": statistics.median(self.other),
                "peer_batch": self.chosen, "ratio": statistics.median(ratios), "ratios": ratios}


# --- The jobs: each yields (name, comparison, notes) ---


def extraction(work, options, shared, batches, rounds=1, own_options=()):
    result = Comparison("pairs/s", batches)
    for _ in range(options.rounds):
        own = bench(options, *shared, "--rounds", rounds, "--batches", "", *own_options)["extraction"]
        other = peers(options, *shared, "--rounds", rounds, "--jobs", "steering-vectors", "--batches", result.batches,
                      "--vectors", work.path("peer.safetensors"))
        result.add(own["pairs_per_second"], {batch: row["pairs_per_second"] for batch, row in other.items()})
    return result


def extract(work, options):
    shared = work.big() + ["--take", options.take]
    result = extraction(work, options, shared, options.batches)
    yield "extraction, all layers", result, [agreement(work, options, shared)]


def extract_half(work, options):
    if "--read-layers" not in run([options.telltale + "-bench", "model", "--help"], options)[0]:
        raise Missing("this telltale-bench extracts all layers only")
    half = work.layers() // 2
    layers = ["--read-layers", f"0-{half - 1}"]
    result = extraction(work, options, work.big() + ["--take", options.take], options.batches, own_options=layers)
    yield f"extraction, layers 0-{half - 1} of {2 * half} (steering-vectors runs all)", result, []


def small(work, options):
    shared = work.small() + ["--take", options.small_take]
    result = extraction(work, options, shared, options.small_batches, rounds=3)
    yield "small model, extraction, all layers", result, [agreement(work, options, shared)]


def small_command(work, options):
    """The whole command, from its start to the vector file."""
    result = Comparison("commands/s", options.small_batches.split(",")[-1])
    shared = work.small() + ["--take", options.small_take]
    for _ in range(options.rounds):
        seconds = extract_command(work, options, shared)
        _, other = run(
            [sys.executable, os.path.join(HERE, "peers.py"), "--threads", options.threads, *shared, "--once", "--jobs",
             "steering-vectors", "--batches", result.batches, "--vectors", work.path("peer.safetensors")], options)
        result.add(1 / seconds, {int(result.batches): 1 / other})
    yield "small model, the whole command", result, []


def extract_command(work, options, shared):
    """Seconds of `telltale extract`, whose vectors are then in own.safetensors."""
    shared = [part for part in shared]
    return run([options.telltale, "extract", "--format", "texts", "--threads", options.threads, *shared, "--output",
                work.path("own.safetensors")], options)[1]


def agreement(work, options, shared):
    """Cosine of both tools' vectors, layer by layer: the peer's last ones and those of a run of telltale extract."""
    import torch
    from safetensors.torch import load_file

    extract_command(work, options, shared)
    own, other = load_file(work.path("own.safetensors")), load_file(work.path("peer.safetensors"))
    cosines = [torch.cosine_similarity(own[name].double(), other[name].double(), dim=0).item()
               for name in sorted(other, key=lambda name: int(name.split(".")[1]))]
    return "cosine of the vectors by layer: " + " ".join(f"{cosine:.6f}" for cosine in cosines)


def decode(work, options):
    for batch in options.decode.split(","):
        result, shared = Comparison("tok/s", batch), work.big() + ["--new-tokens", options.new_tokens]
        for _ in range(options.rounds):
            own = bench(options, *shared, "--take", 1, "--rounds", 1, "--batches", batch)["decoding"][0]
            other = peers(options, *shared, "--take", batch, "--jobs", "decode", "--batches", batch)
            result.add(own["tokens_per_second"], {size: row["tokens_per_second"] for size, row in other.items()})
        yield f"decoding {batch} together", result, []


def record(work, options):
    result = Comparison("prompts/s", options.batches)
    shared = work.big() + ["--new-tokens", options.new_tokens, "--record", options.prompts]
    for _ in range(options.rounds):
        own = bench(options, *shared, "--take", 1, "--rounds", 1, "--batches", "")["recording"][0]
        other = peers(options, *shared, "--take", options.prompts, "--jobs", "record", "--batches", result.batches)
        result.add(own["prompts_per_second"], {batch: row["prompts_per_second"] for batch, row in other.items()})
    yield f"recording {options.prompts} prompts x {options.new_tokens} tokens, all layers", result, []


def finetune(work, options):
    """PEFT makes random weights of its own, of the same shape."""
    result = Comparison("tok/s")
    if options.shape != "mistral-7b" or options.layers != 4 or options.model:
        raise Missing("peft-lora.py knows 4 layers of Mistral-7B's shape only")
    for _ in range(options.rounds):
        own = bench(options, *work.big()[:2], "--dtype", options.dtype, "--finetune", "--rounds", 1)
        output, _ = run([sys.executable, os.path.join(HERE, "peft-lora.py"), "--rounds", 1], options)
        found = re.search(r"([0-9.]+) tokens/s", output)
        if not found:
            raise Missing("peft-lora.py gave no rate")
        result.add(own["tokens_per_second"], {4: float(found[1])})
    yield "LoRA steps, 4 x 256 tokens / PEFT", result, []


JOBS = {"small": small, "small-command": small_command, "extract": extract, "extract-half": extract_half,
        "decode": decode, "record": record, "finetune": finetune}


# --- What they run on ---


class Work:
    """A temporary folder with the models and texts that both tools read, each made when it is first asked for."""

    def __init__(self, folder, options):
        self.folder, self.options = folder, options

    def path(self, name):
        return os.path.join(self.folder, name)

    def big(self):
        """The options of both tools that name the model, the texts and the dtype."""
        from checkpoint import write_checkpoint, write_texts

        model, texts = self.options.model or self.path("model"), self.options.pairs or self.path("texts.jsonl")
        if not os.path.exists(model):
            print(f"writing random weights of {self.options.shape}, {self.options.layers} layers", file=sys.stderr)
            write_checkpoint(model, self.options.shape, self.options.layers, self.options.dtype)
            for name in os.listdir(self.options.tokenizer) if self.options.tokenizer else []:
                if name.startswith(("tokenizer", "special_tokens")):
                    shutil.copyfile(os.path.join(self.options.tokenizer, name), os.path.join(model, name))
        if not os.path.exists(texts):
            write_texts(texts, max(self.options.take, self.options.prompts, 64))
        return ["--model", model, "--pairs", texts, "--dtype", self.options.dtype]

    def layers(self):
        with open(os.path.join(self.big()[1], "config.json")) as file:
            return json.load(file)["num_hidden_layers"]

    def small(self):
        texts = self.path("small.jsonl")
        if not os.path.exists(texts):
            rows, count = self.path("rows.jsonl"), self.options.small_take
            run([self.options.telltale, "organism", "data", "--kind", "opinions", "--count", count, "--seed", 7,
                 "--output", rows], self.options)
            with open(rows) as file, open(texts, "w") as out:
                for row in map(json.loads, file):
                    halves = [row[key].rstrip(")") for key in ("answer_matching_behavior", "answer_not_matching_behavior")]
                    pair = {name: row["question"] + half for name, half in zip(("positive", "negative"), halves)}
                    out.write(json.dumps(pair) + "\n")
        return ["--model", self.options.small_model, "--pairs", texts, "--dtype", "float32"]


# --- The report ---


def machine(options):
    with open("/proc/cpuinfo") as file:
        names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    version = run([options.telltale, "--version"], options)[0].strip()
    versions = {name: importlib.metadata.version(name) for name in ["torch", "transformers", "steering-vectors", "peft"]}
    return {"processor": names[0] if names else platform.machine(), "cores": len(os.sched_getaffinity(0)),
            "threads": options.threads, "load": os.getloadavg()[0], "date": time.strftime("%Y-%m-%d"),
            "telltale": version, **versions}


def line(name, found):
    low, high = min(found["ratios"]), max(found["ratios"])
    peer = f"{found['peer']:.4g}" + (f" (batch {found['peer_batch']})" if found["peer_batch"] else "")
    return (f"{name:<64} {found['telltale']:>10.4g} {peer:>20} {found['unit']:<10} {found['ratio']:.2f} "
            f"({low:.2f} to {high:.2f})")


def main():
    options = arguments()
    folder = tempfile.mkdtemp(prefix="telltale-compare-")
    report = {"options": {key: value for key, value in vars(options).items() if key != "json"}, "jobs": {}, "missing": {}}
    try:
        report["machine"] = machine(options)
        print(", ".join(f"{key} {value}" for key, value in report["machine"].items()))
        print(f"{'job':<64} {'telltale':>10} {'peer':>20} {'unit':<10} median of {options.rounds} ratios (range)", flush=True)
        for job in options.jobs.split(","):
            try:
                for name, comparison, notes in JOBS[job](Work(folder, options), options):
                    report["jobs"][name] = {**comparison.report(), "notes": notes}
                    print(*[line(name, report["jobs"][name])] + ["    " + note for note in notes], sep="\n", flush=True)
            except Missing as reason:
                report["missing"][job] = str(reason)
                print(f"{job}: not measured: {reason}", flush=True)
    except Missing as reason:
        sys.exit(f"compare: {reason}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(report, file, indent=1)
    return 1 if report["missing"] else 0


sys.exit(main())
