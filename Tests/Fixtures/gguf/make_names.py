"""The GGUF names of the shared tiny models' tensors, as the gguf package maps them.

Usage: python make_names.py SHARED, writes names.json beside itself: for each model llama.cpp's architecture and, for each
tensor of the safetensors file, its name there (experts, which llama.cpp stacks, under the stack's name).
"""
import json
import pathlib
import re
import sys

import gguf
from safetensors import safe_open

ARCHITECTURES = {
    "tiny-llama": "LLAMA", "tiny-llama3": "LLAMA", "tiny-qwen2": "QWEN2", "tiny-qwen3": "QWEN3",
    "tiny-gemma2": "GEMMA2", "tiny-gemma3": "GEMMA3", "tiny-olmo2": "OLMO2",
    "tiny-phi3": "PHI3", "tiny-gpt-neox": "GPTNEOX", "tiny-gpt2": "GPT2", "tiny-mixtral": "LLAMA",
    "tiny-smollm3": "LLAMA", "tiny-granite": "GRANITE",
}


def main():
    shared = pathlib.Path(sys.argv[1])
    result = {}
    for model, architecture in ARCHITECTURES.items():
        kind = gguf.MODEL_ARCH[architecture]
        names = gguf.get_tensor_name_map(kind, 64)
        mapped = {}
        for path in sorted((shared / "models" / model).glob("model*.safetensors")):
            for name in safe_open(path, "np").keys():
                stacked = re.sub(r"\.experts\.\d+\.", ".experts.", name)
                found = names.get_name(stacked, try_suffixes=(".weight", ".bias"))
                if found is None:
                    raise SystemExit(f"{model}: {name} has no name in {architecture}")
                mapped[name] = found
        # SmolLM3's names are Llama's; this version of the package does not know the architecture yet.
        name = "smollm3" if model == "tiny-smollm3" else gguf.MODEL_ARCH_NAMES[kind]
        result[model] = {"architecture": name, "names": mapped}
    (pathlib.Path(__file__).parent / "names.json").write_text(json.dumps(result, indent=0) + "\n")


main()
