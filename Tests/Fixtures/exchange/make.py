"""Makes the files of this folder. Usage: python make.py, in this folder, with the versions that PROVENANCE.md names."""

import collections
import io
import json
import os
import pickle
import zipfile

import gguf
import numpy as np
import torch

HIDDEN = 8


def row(seed):
    """Multiples of 1/8 below 16: exact in every type of float that the files use."""
    return np.random.default_rng(seed).integers(-100, 100, HIDDEN).astype(np.float32) / 8


ROWS = np.stack([row(i) for i in range(4)])


def control_vector(path, directions, architecture="controlvector", **stated):
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_string("controlvector.model_hint", "llama")
    writer.add_uint32("controlvector.layer_count", len(directions))
    for key, value in stated.items():
        writer.add_string(f"controlvector.{key}", value)
    for layer, direction in directions.items():
        writer.add_tensor(f"direction.{layer}", direction)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def archive(path, data_pickle):
    """The layout of torch.save around any pickle."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as z:
        z.writestr("archive/data.pkl", data_pickle)
        z.writestr("archive/byteorder", "little")
        z.writestr("archive/data/0", ROWS[0].tobytes())
        z.writestr("archive/version", "3\n")


class Hostile:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


COMMAND = "touch executed-by-a-pickle"

control_vector("control.gguf", {i: ROWS[i] for i in (1, 2, 3)})
control_vector("control-zero.gguf", {0: ROWS[0], 2: ROWS[2]})
control_vector("model.gguf", {1: ROWS[1]}, architecture="llama")
control_vector("half.gguf", {1: ROWS[1].astype(np.float16)})

control_vector("control-project.gguf", {i: ROWS[i] for i in range(4)}, mode="project")
control_vector("control-ablate.gguf", {1: ROWS[1], 2: ROWS[2]}, operation="ablate")

os.makedirs("axes", exist_ok=True)
np.save("axes/row-leading.npy", ROWS[1][None, :])
np.save("axes/row-trailing.npy", ROWS[1][:, None])
np.save("axes/row-both.npy", ROWS[1][None, :, None])
np.save("axes/layers-leading.npy", ROWS[None])
np.save("axes/layers-trailing.npy", ROWS[:, :, None])
np.save("axes/layers-middle.npy", ROWS[:, None, :])
torch.save(torch.from_numpy(ROWS[2])[None, :], "axes/vec_layer_2_tiny.pt")

np.save("layers.npy", ROWS)
np.save("fortran.npy", np.asfortranarray(ROWS.astype(np.float64)))
np.save("one.npy", ROWS[1].astype(np.float16))
np.save("objects.npy", np.array([{"a": 1}], dtype=object))
np.save("big-endian.npy", ROWS.astype(">f4"))
np.save("integers.npy", ROWS.astype(np.int64))

os.makedirs("caa", exist_ok=True)
for layer in (1, 2):
    torch.save(torch.from_numpy(ROWS[layer]).to(torch.float16), f"caa/vec_layer_{layer}_tiny-llama.pt")
torch.save({1: torch.from_numpy(ROWS[1]), "layer_3": torch.from_numpy(ROWS[3]).to(torch.bfloat16)}, "dictionary.pt")
torch.save(collections.OrderedDict({"2": torch.nn.Parameter(torch.from_numpy(ROWS[2]))}), "ordered.pt")
torch.save(torch.from_numpy(ROWS).t().contiguous().t()[1:, ::1], "strided_diff.pt")

os.makedirs("refusal", exist_ok=True)
torch.save(torch.from_numpy(ROWS[2]), "refusal/direction.pt")
with open("refusal/direction_metadata.json", "w") as f:
    json.dump({"pos": -1, "layer": 2}, f, indent=4)
torch.save(torch.from_numpy(np.stack([ROWS * 2, ROWS])).to(torch.float64), "refusal/mean_diffs.pt")
torch.save(torch.from_numpy(ROWS), "sycophantic_response_avg_diff.pt")
torch.save(torch.arange(8), "integers.pt")
torch.save("a text", "text.pt")

os.makedirs("hostile", exist_ok=True)
for name, value, protocol in [
    ("system", Hostile(os.system, COMMAND), 2),
    ("system-4", Hostile(os.system, COMMAND), 4),
    ("eval", Hostile(eval, f"__import__('os').system('{COMMAND}')"), 2),
    ("in-dictionary", {1: Hostile(os.system, COMMAND)}, 2),
    ("getattr", Hostile(getattr, [], "append"), 2),
]:
    archive(f"hostile/{name}.pt", pickle.dumps(value, protocol=protocol))
with open("hostile/bare.pt", "wb") as f:
    pickle.dump(Hostile(os.system, COMMAND), f, protocol=2)
buffer = io.BytesIO()
torch.save(torch.from_numpy(ROWS[0]), buffer, _use_new_zipfile_serialization=False)
with open("hostile/old-format.pt", "wb") as f:
    f.write(buffer.getvalue())
with open("rows.json", "w") as f:
    json.dump(ROWS.tolist(), f)
