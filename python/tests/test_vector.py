"""Vectors: files, arithmetic, and other tools' formats."""

import numpy as np
import pytest

import telltale as tt
from conftest import FIXTURES
from telltale import _safetensors
from telltale._binary import call, run_json


def test_arithmetic_by_hand():
    v, w = tt.Vector({1: [1, 2], 3: [3, 4]}), tt.Vector({1: [10, 20]})
    assert (v + w).layers == [1]
    assert (v + w)[1].tolist() == [11, 22]
    assert (v - w)[1].tolist() == [-9, -18]
    assert (0.5 * v)[3].tolist() == [1.5, 2]
    assert (-v / 2)[3].tolist() == [-1.5, -2]
    assert v.norms[3] == 5
    assert v.unit(3).tolist() == pytest.approx([0.6, 0.8])
    with pytest.raises(KeyError, match="layers 1, 3"):
        v[2]
    assert v == tt.Vector({1: [1, 2], 3: [3, 4]}, metadata={"model": "another"})
    assert v != 2 * v
    assert v != w
    for operation in (lambda: v * w, lambda: "2" * v, lambda: v / w, lambda: v + 1):
        with pytest.raises(TypeError):
            operation()


def test_sums_equal_the_commands(vector, tmp_path):
    other = tt.Vector({layer: vector[layer][::-1] for layer in vector}, metadata=vector.metadata)
    vector.save(tmp_path / "a.safetensors")
    other.save(tmp_path / "b.safetensors")
    call(
        [
            "vector",
            "combine",
            "add",
            tmp_path / "a.safetensors",
            tmp_path / "b.safetensors",
            "--output",
            tmp_path / "s.safetensors",
        ]
    )
    expected = tt.Vector.load(tmp_path / "s.safetensors")
    for layer in vector:
        assert (vector + other)[layer].tobytes() == expected[layer].tobytes()


def test_what_does_not_fit_is_refused(vector):
    with pytest.raises(tt.TelltaleError, match="widths"):
        vector + tt.Vector({1: [1.0, 2.0]})
    with pytest.raises(tt.TelltaleError, match="no layer in common"):
        vector + tt.Vector({9: vector[1]})
    with pytest.raises(tt.TelltaleError, match="different models"):
        vector + tt.Vector({1: vector[1]}, metadata={"model_fingerprint": "other"})
    with pytest.raises(tt.TelltaleError, match="finite"):
        tt.Vector({1: [1.0, float("nan")]})


def test_a_file_comes_back_bit_by_bit_and_the_command_reads_it(vector, tmp_path):
    file = vector.save(tmp_path / "v.safetensors")
    again = tt.Vector.load(file)
    assert all(again[layer].tobytes() == vector[layer].tobytes() for layer in vector)
    assert again.metadata == vector.metadata
    told = run_json(["vector", "inspect", file])
    assert [one["layer"] for one in told["layers"]] == vector.layers
    assert [one["norm"] for one in told["layers"]] == pytest.approx(list(vector.norms.values()), rel=1e-12)
    assert {one["layer"]: one["reliability"] for one in told["layers"]} == vector.reliability


def test_other_tools_files_are_converted():
    imported = tt.Vector.load(FIXTURES / "exchange" / "refusal" / "mean_diffs.pt")
    assert imported.layers == [0, 1, 2]
    gguf = tt.Vector.load(FIXTURES / "exchange" / "control.gguf")
    assert gguf.layers


def test_a_hostile_pickle_is_refused():
    with pytest.raises(tt.TelltaleError, match="nothing of it was run") as caught:
        tt.Vector.load(FIXTURES / "exchange" / "hostile" / "system.pt")
    assert caught.value.code == "badInput"


@pytest.mark.parametrize("damage", [b"", b"\xff" * 40, b"\x10\0\0\0\0\0\0\0{}              "])
def test_damaged_files_are_refused(tmp_path, damage):
    file = tmp_path / "v.safetensors"
    file.write_bytes(damage)
    with pytest.raises(tt.TelltaleError) as caught:
        tt.Vector.load(file)
    assert caught.value.file == str(file)


def test_a_folder_that_is_not_there_is_told(vector, tmp_path):
    with pytest.raises(tt.TelltaleError, match=r"v\.safetensors: cannot be written \(No such file") as caught:
        vector.save(tmp_path / "nowhere" / "v.safetensors")
    assert caught.value.file == str(tmp_path / "nowhere" / "v.safetensors")


def test_a_tensor_outside_the_file_is_refused(tmp_path):
    file = tmp_path / "v.safetensors"
    _safetensors.write(file, {"layer.0": np.ones(4, np.float32)})
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(tt.TelltaleError, match="does not lie in the file"):
        tt.Vector.load(file)
