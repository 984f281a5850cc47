"""Makes the tokenizers and golden files of this folder; see PROVENANCE.md.

usage: python make_fixtures.py SHARED   (the folder with models/, tokenizers/ and data/)
needs: tokenizers 0.22.2, sentencepiece 0.2.3, jinja2 3.1.6
"""

import copy
import io
import json
import pathlib
import random
import shutil
import sys
import unicodedata

import jinja2
import sentencepiece
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

SHARED = pathlib.Path(sys.argv[1])
HERE = pathlib.Path(__file__).parent

ODD = [
    "", " ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "\u0085", "\u2581", "e\u0301", "\u00e9", "\u212b",
    "\u00c5", "\u1100\u1161\u11a8", "\uac01", "\uff76\uff9e", "\u2460", "\u00b2", "\u2167", "\u0661\u0662",
    "\U0001d7d8", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u200b", "\x00", "\x1c", "\x7f", "\ufffd", "<0x41>",
    "\ufb01", "\u0130", "\u00df", "\u0bc6\u0bbe", "q\u0307\u0323", "\u0323", "\u0e01\u0e33", "\u0639\u0631\u0628",
    "\u4e2d\u6587", "\u03af", "\u1f77", "\U0001d15e", "\u0378", "'s", "'S", "'\u017f", "'LL", "'re", "'Ve", "don't",
    "I'll", "1234567", "3.14", " (A)", "(B", "Answer: (A)\n", "\n (B) No", "__init__", "x = y;\n\n  z()", "a  b   c",
]


def random_texts(words, seed, count):
    """Texts put together from odd pieces, pieces of the vocabulary and added tokens."""
    generator = random.Random(seed)
    return ["".join(generator.choice(words) for _ in range(generator.randrange(1, 9))) for _ in range(count)]


def joins_previous(character):
    return unicodedata.category(character)[0] == "M" or 0x1160 <= ord(character) < 0x1200 or character in "\uff9e\uff9f"


def changed_segments(text, form):
    """Stretches of the text that Unicode normalisation changes, each as (start, end)."""
    starts = [i for i in range(len(text)) if i == 0 or not joins_previous(text[i])] + [len(text)]
    spans = zip(starts, starts[1:])
    return [(a, b) for a, b in spans if form and unicodedata.normalize(form, text[a:b]) != text[a:b]]


def exact_offsets(encoding, text, form, trims):
    """The library's untrimmed offsets, with three differences.

    A lone prepended space is empty, a composed character has its whole range, and spaces are trimmed by the text.
    """
    result = []
    for i, (token, (start, end)) in enumerate(zip(encoding.tokens, encoding.offsets)):
        following = encoding.offsets[i + 1][0] if i + 1 < len(encoding.offsets) else None
        if token in ["\u2581", "\u0120"] and following == start:
            end = start
        for a, b in changed_segments(text, form):
            if a < end and start < b:
                start, end = min(start, a), max(end, b)
        while trims and start < end and text[start] == " ":
            start += 1
        while trims and start < end and text[end - 1] == " ":
            end -= 1
        result.append([start, end])
    return result


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_encodings(folder, seed, form=None):
    document = json.loads((folder / "tokenizer.json").read_text())
    trims = document["post_processor"].get("trim_offsets", False)
    untrimmed = Tokenizer.from_str(json.dumps({**document, "post_processor": None}))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    added = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    vocabulary = sorted(tokenizer.get_vocab())
    texts = ODD + random_texts(ODD + added * 4 + random.Random(seed).sample(vocabulary, 60), seed, 90)
    rows = []
    for text in texts:
        encoding = tokenizer.encode(text, add_special_tokens=False)
        special = tokenizer.encode(text, add_special_tokens=True)
        rows.append({
            "text": text, "ids": encoding.ids, "ids_with_special": special.ids, "tokens": encoding.tokens,
            "offsets": exact_offsets(untrimmed.encode(text, add_special_tokens=False), text, form, trims),
            "decoded": tokenizer.decode(encoding.ids, skip_special_tokens=False),
            "decoded_skip_special": tokenizer.decode(special.ids, skip_special_tokens=True),
        })
    write_lines(folder / "encodings.jsonl", rows)


def copy_model(name):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    for file in ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]:
        shutil.copyfile(SHARED / "models" / name / file, folder / file)
    return folder, json.loads((folder / "tokenizer.json").read_text())


def write_variant(name, document):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")))
    return folder


def added(document, content, **flags):
    known = {token["content"] for token in document["added_tokens"]}
    last = max(list(document["model"]["vocab"].values()) + [token["id"] for token in document["added_tokens"]])
    token = {"id": last + 1, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": False}
    assert content not in known
    document["added_tokens"].append({**token, **flags})


def make_variants(llama, llama3):
    normalized = copy.deepcopy(llama)
    for token in normalized["added_tokens"]:
        token["normalized"] = True
    write_encodings(write_variant("tiny-llama-normalized", normalized), 1)

    metaspace = copy.deepcopy(llama)
    metaspace["normalizer"] = None
    metaspace["pre_tokenizer"] = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": False}
    metaspace["model"]["merges"] = [merge.split(" ") for merge in metaspace["model"]["merges"]]
    write_encodings(write_variant("tiny-llama-metaspace", metaspace), 2)

    features = copy.deepcopy(llama)
    features["normalizer"] = {"type": "Sequence", "normalizers": [
        {"type": "NFKC"}, {"type": "Lowercase"}, {"type": "Strip", "strip_left": True, "strip_right": True}]}
    features["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [
        {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
        {"type": "Digits", "individual_digits": True}, {"type": "Punctuation", "behavior": "Isolated"}]}
    features["model"]["byte_fallback"] = False
    features["decoder"] = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
    added(features, "[LEFT]", lstrip=True, special=True)
    added(features, "[RIGHT]", rstrip=True)
    added(features, "Word", single_word=True, normalized=True)
    added(features, "[LEFT]more")
    write_encodings(write_variant("tiny-features", features), 3, "NFKC")

    gpt2 = copy.deepcopy(llama3)
    gpt2["pre_tokenizer"] = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    gpt2["post_processor"] = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    gpt2["model"]["ignore_merges"] = False
    write_encodings(write_variant("tiny-gpt2", gpt2), 4)


def make_sentencepiece():
    folder = HERE / "tiny-sentencepiece"
    folder.mkdir(exist_ok=True)
    rows = (SHARED / "data" / "synthetic").glob("*.jsonl")
    lines = [line for path in sorted(rows) for line in path.read_text().splitlines()]
    writer = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=writer, vocab_size=600, model_type="bpe",
        byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False, num_threads=1,
        user_defined_symbols=["<sep>", "<sep>x"], control_symbols=["<turn>"], hard_vocab_limit=False)
    (folder / "tokenizer.model").write_bytes(writer.getvalue())
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    pieces = [model.id_to_piece(i) for i in range(model.get_piece_size())]
    words = ODD + ["<sep>", "<sep>x", "<turn>", "<s>", "</s>"] * 4 + random.Random(5).sample(pieces, 60)
    texts = ODD + random_texts(words, 5, 90)
    write_lines(folder / "encodings.jsonl", [
        {"text": text, "ids": model.encode(text), "decoded": model.decode(model.encode(text))} for text in texts])


MISTRAL_1 = (
    "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token + ' ' }}{% else %}"
    "{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}")
MISTRAL_2 = MISTRAL_1.replace("{{ message['content'] + eos_token + ' ' }}", "{{ message['content'] + eos_token}}")
MISTRAL_3 = """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}

{{- bos_token }}
{%- for message in loop_messages %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('After the optional system message, conversation roles must alternate') }}
    {%- endif %}
    {%- if message["role"] == "user" %}
        {%- if loop.first and system_message is defined %}
            {{- " [INST] " + system_message + "\\n\\n" + message["content"] + " [/INST]" }}
        {%- else %}
            {{- " [INST] " + message["content"] + " [/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"] + eos_token}}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported") }}
    {%- endif %}
{%- endfor %}
"""
CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")


def render(source, **variables):
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    environment.globals["raise_exception"] = raise_exception
    try:
        return environment.from_string(source).render(**variables)
    except jinja2.exceptions.TemplateError:
        return None


def make_chats():
    def own(name):
        configuration = json.loads((HERE / name / "tokenizer_config.json").read_text())
        return configuration["chat_template"], configuration["bos_token"], configuration["eos_token"]

    templates = [
        ("zephyr", *own("tiny-mistral")), ("llama-2", *own("tiny-llama")), ("llama-3", *own("tiny-llama3")),
        ("chatml", *own("tiny-qwen2")), ("chatml", CHATML, None, "<|im_end|>"),
        ("mistral", MISTRAL_1, "<s>", "</s>"), ("mistral", MISTRAL_2, "<s>", "</s>"), ("mistral", MISTRAL_3, "<s>", "</s>")]
    contents = ["Hello", "  spaces \n", "\x1d\u2003wide", "", "(A)", "Is 2 + 2 = 5?\n\nChoices:\n (A) Yes\n (B) No", "e\u0301 \u4e2d"]
    generator = random.Random(6)
    rows = []
    for name, source, bos, eos in templates:
        for roles in ["u", "ua", "uau", "su", "sua", "suau", "a", "uu", "au", "ssu"]:
            names = {"u": "user", "a": "assistant", "s": "system"}
            messages = [{"role": names[role], "content": generator.choice(contents)} for role in roles]
            for prompt in [False, True]:
                text = render(source, messages=messages, add_generation_prompt=prompt, bos_token=bos, eos_token=eos)
                rows.append({"template": name, "source": source, "bos": bos, "eos": eos, "messages": messages,
                             "add_generation_prompt": prompt, "text": text})
    write_lines(HERE / "chats.jsonl", rows)


llama_folder, llama = copy_model("tiny-llama")
llama3_folder, llama3 = copy_model("tiny-llama3")
qwen_folder, _ = copy_model("tiny-qwen2")
mistral_folder, _ = copy_model("tiny-mistral")
write_encodings(llama_folder, 7)
write_encodings(llama3_folder, 8)
write_encodings(qwen_folder, 9, "NFC")
write_encodings(mistral_folder, 10)
make_variants(llama, llama3)
make_sentencepiece()
make_chats()
