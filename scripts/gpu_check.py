"""What scripts/gpu-check needs of Python: `compare CPU_RUN GPU_RUN` of two run directories, and `summary FOLDER`."""

import csv
import glob
import json
import os
import re
import statistics
import sys


def rows(folder, name):
    with open(os.path.join(folder, "results", name), newline="") as file:
        return list(csv.DictReader(file))


def compare(cpu, gpu):
    """Fails where a verdict differs or an area differs by more than 0.02."""
    keys = ("model", "vector", "target", "position", "layer", "score")
    areas = {tuple(row[k] for k in keys): row for row in rows(cpu, "predictivity.csv")}
    differences = []
    for row in rows(gpu, "predictivity.csv"):
        other = areas[tuple(row[k] for k in keys)]
        if row["auroc"] and other["auroc"]:
            differences.append(abs(float(row["auroc"]) - float(other["auroc"])))
    verdicts = [{tuple(row[k] for k in ("model", "vector", "target", "position", "layers", "verdict"))
                 for row in rows(folder, "audit.csv")} for folder in (cpu, gpu)]
    print(f"demo: {len(differences)} areas, largest difference {max(differences):.4f}, "
          f"mean {statistics.mean(differences):.5f}; verdicts {'equal' if verdicts[0] == verdicts[1] else 'DIFFER'}")
    return 0 if verdicts[0] == verdicts[1] and max(differences) < 0.02 else 1


def read_json(path):
    try:
        with open(path) as file:
            return json.loads(file.read())
    except (OSError, ValueError):
        return None


def telltale_lines(name, report):
    extraction = report.get("extraction")
    if extraction:
        yield (f"{name}: extraction {extraction['pairs']} pairs in {extraction['pairs'] / extraction['pairs_per_second']:.1f} s, "
               f"{extraction['pairs_per_second']:.1f} pairs/s, {extraction['rate'] / 1e3:.0f} TFLOP/s of {extraction['gemm_rate'] / 1e3:.0f}, "
               f"{100 * extraction['share_of_gemm']:.0f} % of GEMM at {report['gemm_rows']} rows")
    for row in report.get("decoding", []):
        yield (f"{name}: decode batch {row['batch']}: {row['tokens_per_second']:.1f} tok/s, weights {row['weight_read_rate']:.0f} GB/s "
               f"(memory read {report['read_rate']:.0f}), prompts {row['prompt_tokens_per_second']:.0f} tok/s")
    for row in report.get("recording", []):
        yield f"{name}: record {row['prompts']} prompts: {row['seconds']:.2f} s, {row['prompts_per_second']:.1f} prompts/s"


def breakdown_lines(name, report):
    tables = report.get("breakdown") or []
    # A dictionary with whole numbers as keys is encoded as a list of keys and values in turn or as an object.
    pairs = zip(tables[::2], tables[1::2]) if isinstance(tables, list) else tables.items()
    for tokens, operations in pairs:
        yield f"{name}: a block on {tokens} tokens, host ms / device ms / TFLOP/s"
        for row in operations:
            rate = f"{row['rate']:.0f}" if row.get("rate") else ""
            yield f"    {row['operation']:<32}{row['host']:9.3f}{row['device']:9.3f} {rate:>6}"


def parity_lines(path):
    """One line a model and dtype: what failed, or how much of its tolerance the worst check took."""
    name, checks = "", []

    def line():
        if not checks:
            return f"{name}: ran no check"
        failed = [text for good, text, share in checks if not good]
        worst = max(checks, key=lambda check: check[2])
        return f"{name}: " + ("; ".join(failed) if failed else f"{len(checks)} hold, the closest: {worst[1]}")

    for text in open(path).read().splitlines() + ["-- "]:
        if text.startswith("-- "):
            if name:
                yield line()
            name, checks = text[3:], []
        elif text[:4] in ("ok  ", "FAIL"):
            found = re.search(r"([-0-9.einfa]+) \(at most ([-0-9.e]+)\)", text)
            share = float(found[1]) / max(float(found[2]), 1e-300) if found else 0
            checks.append((text[:4] == "ok  ", text, share))


def summary(folder):
    print("\n== steps")
    print(open(os.path.join(folder, "steps.txt")).read(), end="")
    if os.path.exists(os.path.join(folder, "parity.txt")):
        print("== parity")
        print(*parity_lines(os.path.join(folder, "parity.txt")), sep="\n")
    compared = os.path.join(folder, "demo-compare.log")
    if os.path.exists(compared):
        print(open(compared).read(), end="")
    reports = {os.path.basename(path)[:-4]: read_json(path) for path in sorted(glob.glob(os.path.join(folder, "*.log")))}
    reports = {name: report for name, report in reports.items() if isinstance(report, dict) and "gemm_rows" in report}
    print("== benchmark")
    for name, report in reports.items():
        for line in breakdown_lines(name, report):
            print(line)
    for path in sorted(glob.glob(os.path.join(folder, "peers-*.log"))):
        for line in open(path):
            print(os.path.basename(path)[:-4] + ":", line.strip())
    for name, report in reports.items():
        for line in telltale_lines(name, report):
            print(line)
    with open(os.path.join(folder, "gpu-check.json"), "w") as file:
        json.dump(reports, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit({"compare": compare, "summary": summary}[sys.argv[1]](*sys.argv[2:]))
