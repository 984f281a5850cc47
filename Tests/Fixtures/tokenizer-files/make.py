"""What transformers reads from the files of a tokenizer that lie beside each other; see PROVENANCE.md.

usage: python make.py > cases.jsonl
needs: transformers 4.57.6, tokenizers 0.22.2, sentencepiece 0.2.3, protobuf

Each line: the tokenizer of Tests/Fixtures/tokenizers that it begins with, the files that are written over it (an object,
or a text), the ids of BOS, EOS and the special tokens, and the ids of each text; `error` where the reference refuses. A case with only `tokenizer.model` is read by the slow class, which is SentencePiece itself.
"""

import json
import os
import pathlib
import random
import shutil
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
import transformers
from transformers import AutoTokenizer

transformers.logging.set_verbosity(transformers.logging.CRITICAL)
BASES = pathlib.Path(__file__).parent.parent / "tokenizers"
FILES = ["tokenizer.json", "tokenizer.model"]

WORDS = {
    "tiny-llama": ["Hello", " there", "overheard", " ", "\n", "<s>", "</s>", "<unk>", "<new>", "<pad>", "user", "é", "  "],
    "tiny-sentencepiece": ["Hello", " there", "overheard", " ", "\n", "<s>", "</s>", "<unk>", "<new>", "<turn>", "<pad>",
                           "<|im_start|>", "user", "é", "  "],
    "tiny-llama3": ["Hello", " there", " ", "\n", "<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>", "<new>", "<pad>", "user", "'s"],
    "tiny-qwen2": ["Hello", " there", " ", "\n", "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<new>", "<pad>", "user"],
    "tiny-gpt2": ["Hello", " there", " ", "\n", "<|begin_of_text|>", "<|end_of_text|>", "<new>", "<pad>", "user"],
}


def texts(base):
    words = WORDS[base]
    generator = random.Random(base)
    fixed = [words[0], words[0] + words[1], " " + words[0], ""]
    return fixed + ["".join(generator.choice(words) for _ in range(generator.randrange(2, 7))) for _ in range(10)]


def token(content, **flags):
    return {"content": content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False,
            "special": True, **flags}


def added(content, **flags):
    return {"__type": "AddedToken", **token(content, **flags)}


def case(base, files, slow=False):
    with tempfile.TemporaryDirectory(prefix="0") as folder:
        for name in FILES:
            if (BASES / base / name).exists():
                shutil.copy(BASES / base / name, folder)
        for name, content in files.items():
            path = pathlib.Path(folder) / name
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        row = {"base": base, "files": files}
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=not slow)
            row["bos"], row["eos"] = tokenizer.bos_token_id, tokenizer.eos_token_id
            row["special"] = sorted(i for i, t in tokenizer.added_tokens_decoder.items() if t.special)
            row["texts"] = []
            for text in texts(base):
                ids = tokenizer(text).input_ids
                row["texts"].append({"text": text, "ids": ids})
        except Exception as error:
            row["error"] = str(error)[:120]
        print(json.dumps(row, separators=(",", ":"), ensure_ascii=False))


def config(kind, **keys):
    return {"tokenizer_config.json": {"tokenizer_class": kind, **keys}}


LLAMA = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
LLAMA3 = {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"}
QWEN = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}


def flags():
    """add_bos_token and add_eos_token in each class."""
    for bos in [True, False, None]:
        for eos in [True, False]:
            keys = {"add_eos_token": eos} if bos is None else {"add_bos_token": bos, "add_eos_token": eos}
            for kind in ["LlamaTokenizer", "CodeLlamaTokenizerFast", "PreTrainedTokenizerFast", "GPTNeoXTokenizerFast"]:
                case("tiny-llama", config(kind, **LLAMA, **keys))
            case("tiny-llama", config("GemmaTokenizer", **LLAMA, pad_token="<unk>", **keys))
            for kind in ["PreTrainedTokenizerFast", "LlamaTokenizerFast", "GPTNeoXTokenizer"]:
                case("tiny-llama3", config(kind, **LLAMA3, **keys))
            case("tiny-qwen2", config("Qwen2Tokenizer", **QWEN, **keys))
            case("tiny-gpt2", config("GPT2Tokenizer", bos_token="<|begin_of_text|>", eos_token="<|end_of_text|>",
                                     unk_token="<|end_of_text|>", **keys))
    case("tiny-llama", config("LlamaTokenizer", bos_token="</s>", eos_token="<s>", add_eos_token=True))
    case("tiny-llama", config("LlamaTokenizer", bos_token=None, eos_token="</s>"))
    case("tiny-llama", config("LlamaTokenizer", bos_token=None, add_bos_token=False))
    case("tiny-llama", config("LlamaTokenizer"))
    case("tiny-llama", config("LlamaTokenizer", bos_token="<begin>"))


def kinds():
    """The class is named elsewhere, or by the model."""
    for model in ["llama", "mistral", "mixtral", "phi3"]:
        case("tiny-llama", {"config.json": {"model_type": model},
                            "tokenizer_config.json": {**LLAMA, "add_eos_token": True}})
    case("tiny-llama", {"config.json": {"model_type": "qwen2", "tokenizer_class": "LlamaTokenizer"},
                        "tokenizer_config.json": {**LLAMA, "add_eos_token": True}})
    for model in ["qwen2", "qwen3"]:
        case("tiny-qwen2", {"config.json": {"model_type": model}, "tokenizer_config.json": {**QWEN, "add_eos_token": True}})
    for model in ["gpt_neox", "olmo2", "olmo3", "gpt2", "gpt_oss"]:
        case("tiny-llama3", {"config.json": {"model_type": model},
                             "tokenizer_config.json": {**LLAMA3, "unk_token": "<|end_of_text|>", "add_bos_token": True}})


def named():
    """Tokens that only the configurations name, and their flags."""
    new = {"700": token("<new>", lstrip=True)}
    for kind in ["LlamaTokenizer", "PreTrainedTokenizerFast"]:
        case("tiny-llama", config(kind, **LLAMA, added_tokens_decoder=new))
        case("tiny-llama", config(kind, **LLAMA, added_tokens_decoder={"700": token("<new>", special=False, normalized=True)}))
        case("tiny-llama", config(kind, **LLAMA, added_tokens_decoder={"2": token("</s>", lstrip=True, rstrip=True)}))
        case("tiny-llama", config(kind, **LLAMA, added_tokens_decoder={
            "0": token("<unk>", rstrip=True), "1": token("<s>", single_word=True), "2": token("</s>", normalized=True)}))
        case("tiny-llama", config(kind, **LLAMA, pad_token="<pad>"))
        case("tiny-llama", config(kind, **LLAMA, pad_token="<pad>", additional_special_tokens=["<new>", "user"]))
        case("tiny-llama", config(kind, **LLAMA, additional_special_tokens=[added("<new>", lstrip=True, rstrip=True)]))
        case("tiny-llama", config(kind, **{**LLAMA, "eos_token": added("</s>", lstrip=True)}))
        case("tiny-llama", config(kind, **{**LLAMA, "eos_token": added("</s>", lstrip=True)}, added_tokens_decoder=new))
        case("tiny-llama", config(kind, **LLAMA, additional_special_tokens=["<new>"], added_tokens_decoder=new))
        case("tiny-llama", config(kind, **LLAMA, added_tokens_decoder={
            "9": token("Hello", single_word=True, special=False), "701": token("there", special=False, normalized=True)}))
    case("tiny-qwen2", config("Qwen2Tokenizer", **QWEN, additional_special_tokens=["<new>"]))
    case("tiny-qwen2", config("Qwen2Tokenizer", eos_token="<|im_end|>", pad_token="<pad>"))
    case("tiny-qwen2", config("Qwen2Tokenizer"))
    case("tiny-gpt2", config("GPT2Tokenizer", pad_token="<pad>"))
    case("tiny-llama3", config("PreTrainedTokenizerFast", **LLAMA3, pad_token="<pad>",
                               added_tokens_decoder={"1019": token("<|end_of_text|>", rstrip=True)}))


def maps():
    """special_tokens_map.json and added_tokens.json."""
    plain = config("LlamaTokenizer", **LLAMA, add_eos_token=True)
    swapped = {"bos_token": "</s>", "eos_token": "<s>"}
    case("tiny-llama", {**plain, "special_tokens_map.json": swapped})
    case("tiny-llama", {**config("LlamaTokenizer", **LLAMA, add_eos_token=True, added_tokens_decoder={"2": token("</s>")}),
                        "special_tokens_map.json": swapped})
    case("tiny-llama", {**plain, "special_tokens_map.json": {"pad_token": "<pad>", "eos_token": token("</s>", lstrip=True)}})
    case("tiny-llama", {**plain, "special_tokens_map.json": {"additional_special_tokens": ["<new>", token("<pad>", rstrip=True)]}})
    case("tiny-llama", {**plain, "added_tokens.json": {"<new>": 777}})
    case("tiny-llama", {**config("PreTrainedTokenizerFast", **LLAMA, pad_token="<pad>"), "added_tokens.json": {"<new>": 601, "<pad>": 600}})
    case("tiny-llama", {**config("LlamaTokenizer", **LLAMA, added_tokens_decoder={"2": token("</s>")}), "added_tokens.json": {"<new>": 777}})
    case("tiny-llama", {"config.json": {"model_type": "llama"}, "special_tokens_map.json": {**LLAMA, "pad_token": "<pad>"}})


def prefixes():
    """add_prefix_space and legacy."""
    for prefix in [True, False]:
        case("tiny-gpt2", config("GPT2Tokenizer", eos_token="<|end_of_text|>", add_prefix_space=prefix))
        case("tiny-gpt2", config("PreTrainedTokenizerFast", add_prefix_space=prefix))
        case("tiny-llama3", config("PreTrainedTokenizerFast", **LLAMA3, add_prefix_space=prefix))
        case("tiny-qwen2", config("Qwen2Tokenizer", **QWEN, add_prefix_space=prefix))
    case("tiny-gpt2", config("GPT2Tokenizer"))
    case("tiny-gpt2", config("PreTrainedTokenizerFast"))
    case("tiny-gpt2", config("LlamaTokenizer", bos_token="<|begin_of_text|>", unk_token="<|end_of_text|>", eos_token="<|end_of_text|>"))
    for legacy in [True, False]:
        case("tiny-llama", config("LlamaTokenizer", **LLAMA, legacy=legacy))
        case("tiny-llama", config("LlamaTokenizer", **LLAMA, legacy=legacy, add_prefix_space=True))


def both():
    """tokenizer.json and tokenizer.model of one vocabulary: add_prefix_space has the first made of the second."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(BASES / "tiny-sentencepiece" / "tokenizer.model", folder)
        (pathlib.Path(folder) / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "LlamaTokenizer"}))
        document = json.loads(AutoTokenizer.from_pretrained(folder).backend_tokenizer.to_str())
    for legacy in [True, False]:
        for prefix in [None, True, False]:
            keys = {"legacy": legacy} if prefix is None else {"legacy": legacy, "add_prefix_space": prefix}
            case("tiny-sentencepiece", {**config("LlamaTokenizer", **LLAMA, **keys), "tokenizer.json": document})
            case("tiny-sentencepiece", {**config("PreTrainedTokenizerFast", **LLAMA, **keys), "tokenizer.json": document})


def pieces():
    """tokenizer.model alone."""
    for legacy in [True, False]:
        for prefix in [None, True, False]:
            keys = {"legacy": legacy} if prefix is None else {"legacy": legacy, "add_prefix_space": prefix}
            case("tiny-sentencepiece", config("LlamaTokenizer", **LLAMA, **keys), slow=True)
            case("tiny-sentencepiece", {**config("LlamaTokenizer", **LLAMA, **keys, add_bos_token=False, add_eos_token=True),
                                        "added_tokens.json": {"<|im_start|>": 600, "<new>": 601}}, slow=True)
    case("tiny-sentencepiece", config("LlamaTokenizer"), slow=True)
    case("tiny-sentencepiece", {"config.json": {"model_type": "llama"}}, slow=True)
    case("tiny-sentencepiece", config("LlamaTokenizer", **LLAMA, pad_token="<pad>"), slow=True)
    case("tiny-sentencepiece", config("LlamaTokenizer", **LLAMA, added_tokens_decoder={
        "2": token("</s>", lstrip=True, rstrip=True), "600": token("<new>", special=False, normalized=True)}), slow=True)
    case("tiny-sentencepiece", {**config("LlamaTokenizer", **LLAMA), "special_tokens_map.json": {
        "pad_token": token("<pad>", rstrip=True), "additional_special_tokens": ["<new>"]}}, slow=True)
    case("tiny-sentencepiece", config("LlamaTokenizer", **LLAMA, additional_special_tokens=["<turn>", "<|im_start|>"]), slow=True)


def duplicates():
    """A token that several keys name with other flags, and the flags of tokenizer.json."""
    strict = {"single_word": True, "rstrip": True}
    for kind in ["LlamaTokenizer", "GemmaTokenizer", "PreTrainedTokenizerFast"]:
        case("tiny-llama", config(kind, bos_token=added("<s>", **strict), eos_token=added("</s>", lstrip=True), unk_token="<unk>"))
        case("tiny-llama", config(kind, bos_token=added("<new>", lstrip=True), eos_token=added("<new>", **strict), unk_token="<unk>"))
        case("tiny-llama", config(kind, bos_token=added("<s>", **strict), eos_token=added("<s>", lstrip=True), unk_token="<unk>",
                                  added_tokens_decoder={"700": token("<pad>")}))
        case("tiny-llama", config(kind, **LLAMA, additional_special_tokens=[added("</s>", **strict), added("<pad>", **strict)]))
        case("tiny-llama", config(kind, **LLAMA, pad_token=added("<pad>", lstrip=True),
                                  additional_special_tokens=[added("<pad>", **strict)]))
    for keys in [{}, {"added_tokens_decoder": {"1024": token("<new>")}}]:
        case("tiny-gpt2", config("GPT2Tokenizer", bos_token=added("<|begin_of_text|>", lstrip=True), eos_token="<|end_of_text|>",
                                 pad_token=added("<|begin_of_text|>", **strict), **keys))
        case("tiny-qwen2", config("Qwen2Tokenizer", eos_token=added("<|im_end|>", **strict), pad_token="<|endoftext|>", **keys))
        case("tiny-llama3", config("LlamaTokenizer", bos_token=added("<|begin_of_text|>", **strict),
                                   eos_token=added("<|end_of_text|>", single_word=True, normalized=True), **keys))
    case("tiny-gpt2", config("GPT2Tokenizer", bos_token="<|begin_of_text|>", added_tokens_decoder={
        "1019": token("<|end_of_text|>", rstrip=True), "601": token(" there", special=False)}))


def extra():
    """extra_special_tokens: names of the model's own."""
    for keys in [{"image_token": "<new>"}, {"audio_token": added("<new>", lstrip=True), "image_token": "<pad>"}]:
        case("tiny-llama", config("LlamaTokenizer", **LLAMA, extra_special_tokens=keys))
        case("tiny-llama", config("LlamaTokenizer", **LLAMA, extra_special_tokens=keys, additional_special_tokens=["user"]))
        case("tiny-qwen2", config("Qwen2Tokenizer", **QWEN, extra_special_tokens=keys))
        case("tiny-gpt2", config("PreTrainedTokenizerFast", eos_token="<|end_of_text|>", extra_special_tokens=keys))
        case("tiny-sentencepiece", config("LlamaTokenizer", **LLAMA, extra_special_tokens=keys), slow=True)


def split():
    """split_special_tokens: special tokens that stand in a text are text."""
    more = {"split_special_tokens": True, "additional_special_tokens": ["<new>"]}
    case("tiny-llama", config("LlamaTokenizer", **LLAMA, **more))
    case("tiny-llama", config("LlamaTokenizer", **LLAMA, **more, added_tokens_decoder={"700": token("<pad>", special=False)}))
    case("tiny-llama", config("PreTrainedTokenizerFast", **LLAMA, **more))
    case("tiny-llama3", config("PreTrainedTokenizerFast", **LLAMA3, **more))
    case("tiny-qwen2", config("Qwen2Tokenizer", **QWEN, **more))
    case("tiny-gpt2", config("GPT2Tokenizer", bos_token="<|begin_of_text|>", eos_token="<|end_of_text|>", **more))
    case("tiny-sentencepiece", config("LlamaTokenizer", **LLAMA, **more), slow=True)
    case("tiny-sentencepiece", config("LlamaTokenizer", **LLAMA, **more, legacy=False), slow=True)


for group in [flags, kinds, named, maps, prefixes, both, pieces, duplicates, extra, split]:
    group()
