"""Small matrices in the packed formats of quantised checkpoints, each with its reference's dequantised numbers.

Usage: python make_packed.py, writes packed.safetensors beside itself. For each format one layer "<format>.x" with the tensors of
a checkpoint, and "<format>.expected" in float32. PROVENANCE.md says what the reference of each is.
"""
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file

torch.set_num_threads(1)
SEED = 20261130
generator = torch.Generator().manual_seed(SEED)


def normal(*shape):
    return torch.randn(shape, generator=generator)


def integers(low, high, shape, dtype):
    return torch.randint(low, high, shape, generator=generator, dtype=dtype)


def fp8(tensors):
    """torch's float8_e4m3fn, times one scale for each 128 x 128 block (DeepSeek-V3's weight_dequant)."""
    weight = (normal(130, 200) * 100).to(torch.float8_e4m3fn)
    scale = normal(2, 2).abs() + 0.01
    whole = scale.repeat_interleave(128, 0)[:130].repeat_interleave(128, 1)[:, :200]
    tensors["fp8.x.weight"], tensors["fp8.x.weight_scale_inv"] = weight, scale
    tensors["fp8.expected"] = (weight.to(torch.float32) * whole)[[0, 1, 127, 128, 129]].contiguous()
    # Every code there is but the two NaN.
    codes = torch.tensor([c for c in range(256) if c & 127 != 127], dtype=torch.uint8).view(torch.float8_e4m3fn)
    tensors["codes.x.weight"], tensors["codes.x.weight_scale_inv"] = codes.reshape(2, 127), torch.ones(1, 1)
    tensors["codes.expected"] = codes.to(torch.float32).reshape(2, 127)


def mxfp4(tensors):
    """transformers' convert_moe_packed_tensors."""
    from transformers.integrations.mxfp4 import convert_moe_packed_tensors
    blocks = integers(0, 256, (3, 10, 2, 16), torch.uint8)
    scales = integers(110, 140, (3, 10, 2), torch.uint8)
    tensors["mxfp4.x_blocks"], tensors["mxfp4.x_scales"] = blocks, scales
    tensors["mxfp4.expected"] = convert_moe_packed_tensors(blocks.clone(), scales.clone(), dtype=torch.float32).contiguous()


def bitsandbytes(tensors):
    """bitsandbytes' own quantisation and dequantisation on the CPU."""
    import bitsandbytes.functional as F
    for name, kind, nested in [("nf4", "nf4", False), ("nf4-nested", "nf4", True), ("fp4", "fp4", False)]:
        packed, state = F.quantize_4bit(normal(24, 128), blocksize=64, quant_type=kind, compress_statistics=nested)
        tensors[f"{name}.x.weight"] = packed
        for key, value in state.as_dict(packed=True).items():
            tensors[f"{name}.x.weight.{key}"] = value
        tensors[f"{name}.expected"] = F.dequantize_4bit(packed, state).to(torch.float32)
    weight, scale, _ = F.int8_vectorwise_quant(normal(12, 40).to(torch.float16))
    tensors["int8.x.weight"], tensors["int8.x.SCB"] = weight, scale
    tensors["int8.x.weight_format"] = torch.tensor(0, dtype=torch.uint8)
    tensors["int8.expected"] = F.int8_vectorwise_dequant(weight, scale)


def pack(values, order, axis):
    """Eight numbers of four bits in each int32, number order[i] in place i."""
    values = np.moveaxis(values.numpy().astype(np.uint32), axis, -1)
    groups = values.reshape(*values.shape[:-1], -1, 8)[..., order]
    packed = (groups << (4 * np.arange(8, dtype=np.uint32))).sum(-1, dtype=np.uint32)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(packed, -1, axis)).view(np.int32))


def awq(tensors):
    """The formula of AutoAWQ (awq/utils/packing_utils.py): (q - z) s, outputs packed in the order 0 2 4 6 1 3 5 7."""
    q, z = integers(0, 16, (64, 24), torch.int64), integers(0, 16, (2, 24), torch.int64)
    scales = (normal(2, 24).abs() / 8).to(torch.float16)
    order = [0, 2, 4, 6, 1, 3, 5, 7]
    tensors["awq.x.qweight"], tensors["awq.x.qzeros"] = pack(q, order, 1), pack(z, order, 1)
    tensors["awq.x.scales"] = scales
    whole = (q - z.repeat_interleave(32, 0)).to(torch.float32) * scales.to(torch.float32).repeat_interleave(32, 0)
    tensors["awq.expected"] = whole.T.contiguous()


def gptq(tensors):
    """The formula of AutoGPTQ (qlinear_cuda_old.py): s (q - (z + 1)), inputs packed in order, each with a group by g_idx."""
    plain = [0, 1, 2, 3, 4, 5, 6, 7]
    for name, acts in [("gptq", False), ("gptq-act-order", True)]:
        q, z = integers(0, 16, (64, 24), torch.int64), integers(0, 15, (4, 24), torch.int64)
        scales = (normal(4, 24).abs() / 8).to(torch.float16)
        group = torch.arange(64) // 16
        if acts:
            group = group[torch.randperm(64, generator=generator)]
        tensors[f"{name}.x.qweight"], tensors[f"{name}.x.qzeros"] = pack(q, plain, 0), pack(z, plain, 1)
        tensors[f"{name}.x.scales"], tensors[f"{name}.x.g_idx"] = scales, group.to(torch.int32)
        whole = scales.to(torch.float32)[group] * (q - (z[group] + 1)).to(torch.float32)
        tensors[f"{name}.expected"] = whole.T.contiguous()


def compressed(tensors):
    """compressed-tensors' own packing, unpacking and dequantisation."""
    from compressed_tensors.compressors.pack_quantized.helpers import pack_to_int32, unpack_from_int32
    for name, asymmetric in [("compressed", False), ("compressed-zero", True)]:
        q = integers(-8, 8, (24, 64), torch.int8)
        scale = (normal(24, 2).abs() / 8).to(torch.bfloat16)
        packed = pack_to_int32(q, 4)
        assert (unpack_from_int32(packed, 4, q.shape) == q).all()
        tensors[f"{name}.x.weight_packed"], tensors[f"{name}.x.weight_scale"] = packed, scale
        tensors[f"{name}.x.weight_shape"] = torch.tensor([24, 64])
        zero = torch.zeros(24, 2, dtype=torch.int8)
        if asymmetric:
            zero = integers(-8, 8, (24, 2), torch.int8)
            tensors[f"{name}.x.weight_zero_point"] = pack_to_int32(zero, 4, packed_dim=0).contiguous()
        whole = (q.float() - zero.float().repeat_interleave(32, 1)) * scale.float().repeat_interleave(32, 1)
        tensors[f"{name}.expected"] = whole


def main():
    tensors = {}
    for make in (fp8, mxfp4, bitsandbytes, awq, gptq, compressed):
        make(tensors)
    save_file({name: t.contiguous() for name, t in tensors.items()}, pathlib.Path(__file__).parent / "packed.safetensors")


main()
