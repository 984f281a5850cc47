"""Matrices rounded to 4 bits in groups of 32 by the gguf package (Q4_0), and the numbers that it makes of the blocks.

Usage: python make_int4.py   (gguf 0.17.1, numpy, safetensors), writes int4.safetensors beside itself.
"""
import pathlib

import gguf
import numpy as np
from safetensors.numpy import save_file

SEED = 20261201


def main():
    rng = np.random.default_rng(SEED)
    weight = (rng.standard_normal((37, 96)) * 10.0 ** rng.integers(-3, 2, (37, 1))).astype(np.float32)
    weight[0, :32] = 0  # a group of zeros
    weight[1, :32] = np.tile([1, -1], 16)  # ties for the largest magnitude
    weight[2, :32] = np.linspace(-1, 1, 32)
    kind = gguf.GGMLQuantizationType.Q4_0
    blocks = gguf.quantize(weight, kind)
    save_file(
        {"weight": weight, "blocks": blocks, "numbers": gguf.dequantize(blocks, kind).astype(np.float32)},
        pathlib.Path(__file__).parent / "int4.safetensors",
    )


main()
