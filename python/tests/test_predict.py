"""``predict``: its numbers are those of the command line, to the last digit."""

import csv
import json
import subprocess

import numpy as np
import pandas as pd
import polars as pl
import pytest

import telltale as tt
from conftest import SEED_RESULTS
from telltale import _tables
from telltale._binary import binary


def command(*arguments):
    """What the command line prints, read with Python's own parser of numbers."""
    done = subprocess.run([binary(), "predict", *arguments, "--json"], capture_output=True, check=True)
    return json.loads(done.stdout)


def made_rows(count=240, seed=7):
    random = np.random.default_rng(seed)
    groups = [f"question {i // 4}" for i in range(count)]
    labels = (np.arange(count) + random.integers(0, 2, count)) % 2
    return random.normal(size=count) + 0.8 * labels, labels, groups, random.integers(4, 40, count)


def write(path, **columns):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(
            zip(*[[repr(float(v)) if isinstance(v, float) else v for v in c] for c in columns.values()], strict=True)
        )


@pytest.mark.parametrize("name", sorted(file.stem for file in SEED_RESULTS.glob("*.csv") if file.stem != "groups"))
def test_published_scores_are_judged_as_the_command_does(name):
    file = SEED_RESULTS / f"{name}.csv"
    table = _tables.read_csv(file, "the test")
    groups = pd.read_csv(SEED_RESULTS / "groups.csv").group if "Anthropic" in name else None
    verdict = tt.predict(table.score, table.label, groups, name=name)
    second = ["--groups", SEED_RESULTS / "groups.csv"] if groups is not None else []
    expected = command("--scores", file, *second)
    assert verdict.json == expected
    assert verdict.across.auroc == pytest.approx(
        json.loads((SEED_RESULTS / f"{name}.expected.json").read_text())["auroc"], abs=1e-9
    )


def test_every_column_and_option_reaches_the_command(tmp_path):
    scores, labels, groups, lengths = made_rows()
    templates = [f"t{i % 4}" for i in range(len(scores))]
    verdict = tt.predict(
        scores, labels, groups, name="scores", covariates={"length": lengths, "template": templates, "noise": lengths % 3},
        letters=["AB"[i % 2] for i in range(len(scores))], cluster="template", ignore=["noise"], smallest_effect=0.04,
        comparisons=3, permutations=300, seed=5,
    )  # fmt: skip
    file = tmp_path / "scores.csv"
    write(
        file, score=scores.tolist(), label=labels, group=groups, letter=["AB"[i % 2] for i in range(len(scores))],
        length=lengths, template=templates, noise=lengths % 3,
    )  # fmt: skip
    expected = command(
        "--scores", file, "--cluster", "template", "--ignore", "noise", "--smallest-effect", "0.04", "--comparisons", "3",
        "--permutations", "300", "--seed", "5",
    )  # fmt: skip
    assert verdict.json == expected
    assert set(verdict.covariates.name) == {"answer letter", "length", "template"}


def test_tables_of_pandas_and_polars_and_lists_give_the_same():
    scores, labels, groups, lengths = made_rows()
    columns = {"score": scores, "label": labels, "group": groups, "length": lengths}
    plain = tt.predict(list(scores), [bool(one) for one in labels], groups, covariates={"length": list(lengths)})
    assert tt.predict(pd.DataFrame(columns)).json == plain.json
    assert tt.predict(pl.DataFrame(columns)).json == plain.json
    assert (
        tt.predict(scores, labels, pd.Series(groups), covariates=pd.DataFrame({"length": lengths})).json == plain.json
    )


def test_several_scores_are_candidates_of_one_audit(tmp_path):
    scores, labels, groups, _ = made_rows()
    random = np.random.default_rng(1)
    layers = {"layer 3": random.normal(size=len(scores)), "layer 4": scores}
    verdict = tt.predict(layers, labels, groups)
    files = []
    for name, values in layers.items():
        files += ["--scores", tmp_path / f"{name}.csv"]
        write(tmp_path / f"{name}.csv", score=values.tolist(), label=labels, group=groups)
    expected = command(*files)
    assert verdict.json == {"rows": expected["rows"], **expected["audits"][0]}
    assert verdict.json["best"] == "layer 4"


def test_labels_that_are_numbers(tmp_path):
    scores, labels, groups, _ = made_rows()
    grades = labels * 2 + (np.arange(len(labels)) % 3)
    verdict = tt.predict(scores, grades, groups, numeric_labels=True, name="g")
    write(tmp_path / "g.csv", score=scores.tolist(), label=grades, group=groups)
    assert verdict.json == command("--scores", tmp_path / "g.csv", "--numeric-labels")


def test_labels_that_are_numbers_are_shown_by_their_concordance():
    scores, labels, groups, _ = made_rows()
    verdict = tt.predict(scores, labels * 2 + (np.arange(len(labels)) % 3), groups, numeric_labels=True)
    told = verdict.json["across"]
    assert (verdict.across.measure, verdict.across.value) == ("concordance", told["value"])
    assert verdict.across.interval == (told["low"], told["high"])
    assert f"Area({told['value']:.3f} [" in repr(verdict.across)
    shown = verdict._repr_html_()
    assert f"<td>{told['value']:.4g}</td>" in shown
    assert "<th>concordance</th>" in shown
    assert "undefined" not in shown
    figure = verdict.plot()
    assert figure.numbers["axis"] == "concordance"
    assert [row["value"] for row in figure.numbers["rows"]] == [verdict.within.value, told["value"]]


def test_what_pandas_has_no_value_for_is_missing():
    scores, labels, groups, _ = made_rows()
    missing = pd.array([None, *labels[1:]], dtype="Int64")
    with pytest.raises(tt.TelltaleError, match="labels: row 0 is <NA>"):
        tt.predict(scores, missing, groups)
    with pytest.raises(tt.TelltaleError, match=r"^row 0, column group: the group is blank; name the question"):
        tt.predict(scores, labels, pd.array([None, *groups[1:]], dtype="string"))


def test_the_verdict_shows_itself(tmp_path):
    scores, labels, groups, _ = made_rows()
    verdict = tt.predict(scores, labels, groups, name="<b>")
    assert verdict.verdict == "supported"
    assert verdict.direction == "positive"
    low, high = verdict.across.interval
    assert low < verdict.across.auroc < high
    assert list(verdict.findings.columns) == ["severity", "name", "number", "sentence"]
    shown = verdict._repr_html_()
    assert "supported" in shown
    assert "<b>in favour</b>" in shown
    assert list(verdict.covariates.columns)[:3] == ["name", "kind", "levels"]
    assert json.loads(verdict.to_json()) == verdict.json


def test_a_hostile_column_is_no_markup():
    scores, labels, groups, _ = made_rows(120)
    hostile = ["<script>alert(1)</script>" if one else "fine" for one in labels]
    assert "<script>" not in tt.predict(scores, labels, groups, covariates={"<img src=x>": hostile})._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([0.1, 0.2], [0, 2]), "labels: row 1 is 2"),
        (([0.1, 0.2], [0]), "labels has 1 values for 2 rows"),
        (([[1, 2], [3, 4]], [0, 1]), "more than one dimension"),
        (("nowhere.csv",), "nowhere.csv"),
        (([0.1, 0.2], [0, 1], ["a"]), "group has 1 values"),
        (({}, [0, 1]), "scores: there are none"),
        (([], []), "scores: there are none"),
        (({"a/b": [0.1, 0.2]}, [0, 1]), "without a slash"),
        (([0.1, 0.2],), "labels: there are none"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(arguments, sentence):
    with pytest.raises(tt.TelltaleError, match="(?s)" + sentence) as caught:
        tt.predict(*arguments)
    assert caught.value.code == "badInput"


def test_options_that_are_negative_numbers_are_refused_by_the_binary():
    with pytest.raises(tt.TelltaleError, match="permutations") as caught:
        tt.predict([0.1, 0.2], [0, 1], permutations=-1)
    assert "Missing value" not in str(caught.value)


def test_the_binarys_own_refusals_come_with_their_place():
    with pytest.raises(tt.TelltaleError, match=r"^row 1, column score: .* is not a finite number") as caught:
        tt.predict([0.1, float("nan"), 0.3], [0, 1, 1])
    assert (caught.value.code, caught.value.line, caught.value.item) == ("badInput", 3, "column score")
