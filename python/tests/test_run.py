"""Runs as tables and arrays."""

import csv
import sqlite3

import numpy as np
import pytest

import telltale as tt
from telltale import _safetensors
from telltale.run import _file_name


def test_tables_have_the_numbers_of_the_files(run):
    table = run.predictivity
    with (run.path / "results" / "predictivity.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(table.columns) == list(rows[0])
    assert [float(row["auroc"]) for row in rows] == table.auroc.tolist()
    assert set(run.audit.verdict) <= {"supported", "explained", "absent", "cannot tell"}
    assert run.vectors.layer.tolist() == list(range(6))
    with pytest.raises(tt.TelltaleError, match="the tables are"):
        run.table("nothing")


def test_answers_are_those_of_the_store(run):
    stored = sqlite3.connect(run.path / "telltale.sqlite")
    count = stored.execute("SELECT count(*) FROM answers").fetchone()[0]
    stored.close()
    assert len(run.answers) == count > 0
    assert run.query("SELECT label FROM labels WHERE label = ?", [1]).label.eq(1).all()
    with pytest.raises(Exception, match="readonly"):
        run.query("DELETE FROM state")


def test_activations_are_mapped_chunk_by_chunk(run):
    streams = run.activations("facts-test")
    rows = run.rows("facts-test")
    assert streams.shape == (len(rows), 6, streams.shape[2])
    chunks = sorted((run.path / "chunks" / "organism-shared" / "facts-test").iterdir(), key=lambda one: int(one.name))
    assert len(chunks) > 1
    whole = np.concatenate([_safetensors.read(chunk / "activations.safetensors")[0]["prompt"] for chunk in chunks])
    assert np.array_equal(np.asarray(streams), whole)
    assert np.array_equal(streams.layer(2), whole[:, 2])
    assert np.array_equal(streams[-1], whole[-1])
    assert np.array_equal(streams[38:42], whole[38:42])
    with pytest.raises(IndexError):
        streams[len(rows)]


def test_the_runs_own_score_is_found_again(run):
    """The vector, the activations and the labels together give the area of the table."""
    rows, streams, vector = run.rows("facts-test"), run.activations("facts-test"), run.vector("spontaneous")
    known = rows.label.notna()
    stream = streams.layer(2)[known].astype(np.float64)
    cosine = stream @ vector[2] / np.linalg.norm(stream, axis=1) / vector.norms[2]
    verdict = tt.predict(cosine, rows.label[known], rows.group[known])
    table = run.predictivity
    stored = table[(table.layer == 2) & (table.position == "prompt")].auroc.iloc[0]
    assert verdict.json["auroc"] == pytest.approx(stored, abs=1e-12)


def test_a_run_is_continued_and_reported(run, tmp_path):
    again = tt.run(run.path, resume=True, progress=True)
    assert again.path == run.path
    assert again.status()["experiment"]
    figures = run.figures(tmp_path / "figures")
    assert {one.suffix for one in figures} == {".svg", ".pdf"}
    assert all(one.stat().st_size > 500 for one in figures)


def test_what_is_wrong_is_told(tmp_path):
    with pytest.raises(tt.TelltaleError, match="no run directory"):
        tt.Run(tmp_path)
    (tmp_path / "bad.yaml").write_text("name: x\nmodells: [a]\n")
    with pytest.raises(tt.TelltaleError, match="modells") as caught:
        tt.run(tmp_path / "bad.yaml", tmp_path / "out", progress=False)
    assert caught.value.code == "badInput"
    assert caught.value.line == 2


@pytest.mark.parametrize(("name", "expected"), [("a/b c", "a%2Fb%20c"), (".hidden", "%2Ehidden"), ("x~y", "x%7Ey")])
def test_names_are_places_as_the_binary_writes_them(name, expected):
    assert _file_name(name) == expected
