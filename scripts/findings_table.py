"""The table of docs/findings.md as CSV, and a run's audit beside it.

findings_table.py print FINDINGS.md          the verdicts' table as CSV (docs/findings.csv is that)
findings_table.py compare FINDINGS.csv RUN   whether the run's verdicts, layers and AUROCs are the table's; exit 1 where not
"""

import csv
import pathlib
import re
import sys

COLUMNS = ["vector", "target", "verdict", "layer", "auroc", "low", "high", "p", "random"]
# A float32 sum in another order moves the last digits only; where it moves the best layer, the AUROC moves less than this.
TOLERANCE = 0.01


def table(path):
    """Rows of the section Verdicts, without marks."""
    section = pathlib.Path(path).read_text(encoding="utf-8").split("\n## Verdicts\n")[1].split("\n## ")[0]
    rows = []
    for line in section.splitlines():
        cells = [cell.strip().replace("`", "").replace("*", "") for cell in line.strip("|").split("|")]
        if not line.startswith("| `") or len(cells) != 7:
            continue
        vector, target, verdict, layer, area, p, random = cells
        value, low, high = re.fullmatch(r"([\d.]+) \[([\d.]+), ([\d.]+)\]", area).groups()
        rows.append([vector, target, verdict, layer, value, low, high, p, random.removesuffix(" %")])
    return rows


def audited(run):
    """By vector and target: the audit's verdict, and layers and AUROCs of both of its answers."""
    found = {}
    with open(pathlib.Path(run) / "results" / "audit.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["layers"] != "all":
                continue
            own = found.setdefault((row["vector"], row["target"]), (row["verdict"], []))
            place = re.match(r"(?:Within|Across) questions the AUROC of layer (\d+) is ([\d.]+)", row["sentence"])
            if place:
                own[1].append((int(place[1]), float(place[2])))
    return found


def differences(expected, run):
    found = audited(run)
    for row in expected:
        key = (row["vector"], row["target"])
        if key not in found:
            yield f"{key[0]} on {key[1]}: the run has no verdict"
            continue
        verdict, areas = found[key]
        if verdict != row["verdict"].split(",")[0]:
            yield f"{key[0]} on {key[1]}: {verdict}, not {row['verdict']}"
        if not any(abs(area - float(row["auroc"])) <= TOLERANCE for _, area in areas):
            yield f"{key[0]} on {key[1]}: AUROC {areas}, not {row['auroc']} at layer {row['layer']}"


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "print":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(table(arguments[1]))
        return 0
    if len(arguments) == 3 and arguments[0] == "compare":
        with open(arguments[1], encoding="utf-8", newline="") as file:
            expected = list(csv.DictReader(file))
        found = list(differences(expected, arguments[2]))
        for line in found:
            print(line)
        print(f"{len(expected)} verdicts, {len(found)} differences")
        return 1 if found or not expected else 0
    print(__doc__.strip(), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
