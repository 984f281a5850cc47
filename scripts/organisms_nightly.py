"""Prints the table of the hard organisms from the reports that scripts/organisms-nightly made, and fails where a target is missed."""

import json
import sys
from pathlib import Path

KINDS = ["hard-uncorrelated", "hard-broken", "hard-confounded"]
# What every model should have: lowest and highest value.
RANGES = [
    ("variance along the planted direction", lambda r: 100 * r["stream"]["planted_share"], 1, 5, "%.1f %%"),
    ("slope of the spectrum", lambda r: r["stream"]["slope"], -1.2, -0.8, "%.2f"),
    ("rows with the behaviour", lambda r: 100 * r["behaviour"]["positives"], 10, 30, "%.1f %%"),
    ("flipped answers", lambda r: 100 * r["behaviour"]["noise"], 5, 10, "%.1f %%"),
    ("d' of the planted direction", lambda r: r["behaviour"]["d_prime"], 1.0, 1.5, "%.2f"),
    ("AUROC of the planted direction", lambda r: r["behaviour"]["auroc"], 0.75, 0.86, "%.3f"),
    ("null directions that it beats", lambda r: 100 * r["nulls_beaten"], 95, 100, "%.1f %%"),
]


def reports(folder):
    """By kind, the reports in the order of their seeds."""
    found = {kind: [] for kind in KINDS}
    for kind in KINDS:
        for path in sorted(folder.glob(f"{kind}-*.json"), key=lambda p: int(p.stem.rsplit("-", 1)[1])):
            found[kind].append(json.loads(path.read_text()))
    return found


def row(cells):
    print("| " + " | ".join(cells) + " |")


def properties(found):
    """Smallest, median and greatest value over seeds, and how many lie outside of the range wanted."""
    row(["property (lowest, median, highest)"] + KINDS + ["wanted"])
    row(["---"] * (len(KINDS) + 2))
    missed = []
    for name, value, low, high, form in RANGES:
        cells = [name]
        for kind in KINDS:
            values = sorted(value(report) for report in found[kind])
            outside = sum(not low <= value <= high for value in values)
            cells.append(", ".join(form % values[index] for index in (0, len(values) // 2, -1)))
            if outside:
                cells[-1] += f" ({outside} outside)"
                missed.append(f"{name}, {kind}: {outside} outside")
        row(cells + [f"{low} to {high}"])
    return missed


def verdicts(found):
    """How often each verdict came out as planted, and the median AUROC."""
    print()
    row(["vector", "columns held fixed"] + KINDS)
    row(["---"] * (len(KINDS) + 2))
    missed = []
    for index, first in enumerate(found[KINDS[0]][0]["verdicts"]):
        cells = [first["vector"], ", ".join(first["kept"]) or "-"]
        for kind in KINDS:
            own = [report["verdicts"][index] for report in found[kind]]
            area = sorted(verdict["auroc"] for verdict in own)[len(own) // 2]
            supported = sum(verdict["verdict"] == "supported" for verdict in own)
            expected = own[0].get("expected")
            cells.append(f"{area:.3f}, supported {supported} of {len(own)}")
            if expected:
                right = supported if expected == "supported" else len(own) - supported
                cells[-1] += f" (planted: {expected})"
                if right < 0.9 * len(own):
                    missed.append(f"{first['vector']} {first['kept']}, {kind}: as planted in {right} of {len(own)}")
        row(cells)
    return missed + falls(found)


def falls(found):
    """Class means against pairs: in hard-broken they must fall."""
    cells = ["class means minus pairs", "-"]
    missed = []
    for kind in KINDS:
        own = [report["fall"] for report in found[kind]]
        fallen = sum(fall["difference"] < 0 and fall["p"] < 0.05 for fall in own)
        middle = sorted(fall["difference"] for fall in own)[len(own) // 2]
        cells.append(f"{middle:+.3f}, p < 0.05 in {fallen} of {len(own)}")
        if kind == "hard-broken":
            cells[-1] += " (planted: they fall)"
            if fallen < 0.9 * len(own):
                missed.append(f"class means fall in {fallen} of {len(own)}")
    row(cells)
    return missed


def main():
    found = reports(Path(sys.argv[1]))
    missed = properties(found) + verdicts(found)
    if missed:
        sys.exit("missed: " + "; ".join(missed))


main()
