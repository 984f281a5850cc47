"""Random blocks of every GGML type that Telltale reads, with the numbers that the gguf package makes of them.

Usage: python make_blocks.py   (gguf 0.17.1, numpy, safetensors), writes blocks.safetensors beside itself.
"""
import pathlib

import gguf
import numpy as np
from safetensors.numpy import save_file

SEED = 20261130
# Where the float16 numbers of a block stand: random bits there could be NaN, which no quantiser writes.
HALVES = {
    "F16": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}


def main():
    rng = np.random.default_rng(SEED)
    tensors = {}
    for name in ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]:
        kind = gguf.GGMLQuantizationType[name]
        values, size = gguf.GGML_QUANT_SIZES[kind]
        blocks = rng.integers(0, 256, (2, 768 // values, size), dtype=np.uint8)
        if name in ("F32", "BF16"):
            numbers = rng.standard_normal((2, 768)).astype(np.float32)
            raw = numbers.view(np.uint32) if name == "F32" else (numbers.view(np.uint32) >> 16).astype(np.uint16)
            blocks = raw.view(np.uint8).reshape(blocks.shape)
        for place in HALVES.get(name, []):
            scales = (rng.standard_normal(blocks.shape[:2]) * 10.0 ** rng.integers(-6, 3, blocks.shape[:2]))
            scales[0, 0] = 2.0**-24  # the smallest subnormal number
            scales[1, 0] = -0.0
            blocks[..., place : place + 2] = scales.astype(np.float16)[..., None].view(np.uint8)
        rows = np.ascontiguousarray(blocks.reshape(2, -1))
        tensors[f"{name}.blocks"] = rows
        tensors[f"{name}.values"] = gguf.dequantize(rows, kind).astype(np.float32)
        assert tensors[f"{name}.values"].shape == (2, 768)
    save_file(tensors, pathlib.Path(__file__).parent / "blocks.safetensors")


main()
