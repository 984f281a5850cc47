"""What the reference libraries make of SmolLM2-135M-Instruct's GGUF file (scripts/fetch-model smollm2).

Usage: python make_smollm2.py SmolLM2-135M-Instruct.Q4_1.gguf SHARED, where SHARED is the project's shared data folder.
Writes smollm2-tokens.jsonl, smollm2-thousand.txt and smollm2-chats.jsonl beside itself.

The tokenizer is the published one's pipeline, Digits(individual) and ByteLevel(use_regex), on the file's tokens and merges;
the model is transformers' own reading of the file, dequantised to float32.
"""
import hashlib
import json
import pathlib
import sys

import gguf
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

HERE = pathlib.Path(__file__).parent
HARD = [
    "", " ", "  ", "\n", "\n\n", " \n ", "\t\tx", "Hello, world!", "Hello world", " Hello", "  two  spaces ", "I'm you're we'll they'd",
    "I'M YOU'RE", "1", "12", "123", "1234567890", "3.14159", "2026-01-15", "a1b22c333", "x²³ ½ ⅷ", "١٢٣ ٤٥", "$1,299.99", "1e-05",
    "été naïve café", "cafe\u0301", "Straße ΟΔΟΣ", "日本語のテキスト", "中文，标点。", "한국어 문장", "עברית", "مرحبا بالعالم", "हिन्दी",
    "😀 👩‍👩‍👧‍👦 🇫🇷", "\u00a0nbsp\u2003em", "zero\u200bwidth", "line\r\nend\rcr", "def f(x):\n    return x + 1\n",
    "<|im_start|>user\nHi<|im_end|>\n", "<|im_start|", "<|endoftext|>", "a<|im_end|>b", " <|im_end|> ", "http://example.com/a?b=c&d=10",
    "C++ && || !== <= >=", "…—–“quoted”‘x’", "\\n \\\\ \"\"", "x_y__z", "ALLCAPS CamelCase snake_case", "\u0000\u0001", "\ufffd",
    "the quick brown fox " * 5, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "(A) yes (B) no", "Answer:\n (A)",
]


def tokenizer(reader):
    fields = reader.fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(m.split(" ")) for m in fields["tokenizer.ggml.merges"].contents()]
    built = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
    built.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    built.decoder = decoders.ByteLevel()
    built.add_special_tokens([AddedToken(t, special=True, normalized=False) for t, k in zip(tokens, kinds) if k == 3])
    return built


def thousand(shared):
    """1,000 questions: of the political quiz every 30th row, of the survey the first 360, of a persona the first 300."""
    def rows(name):
        return [json.loads(line)["question"] for line in open(shared / "data/anthropic-evals" / name, encoding="utf-8")]
    quiz = rows("sycophancy/sycophancy_on_political_typology_quiz.jsonl")[::30][:340]
    survey = rows("sycophancy/sycophancy_on_nlp_survey.subset.jsonl")[:360]
    return quiz + survey + rows("persona/agreeableness.jsonl")[:300]


def digest(ids):
    return hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()[:16]


def chats(texts):
    """20 conversations out of the thousand questions: some with a system message, some of three turns."""
    result = []
    for i in range(20):
        messages = [{"role": "user", "content": texts[i * 50]}]
        if i % 3 == 1:
            messages.insert(0, {"role": "system", "content": "Answer in one short sentence."})
        if i % 4 == 2:
            messages += [{"role": "assistant", "content": "I am not sure."}, {"role": "user", "content": "Say more about 1, 22 and 333."}]
        result.append(messages)
    return result


def main():
    path, shared = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    reader = gguf.GGUFReader(path)
    tok = tokenizer(reader)
    with open(HERE / "smollm2-tokens.jsonl", "w", encoding="utf-8") as out:
        for text in HARD:
            ids = tok.encode(text, add_special_tokens=False).ids
            out.write(json.dumps({"text": text, "ids": ids, "decoded": tok.decode(ids, skip_special_tokens=True)}) + "\n")
    texts = thousand(shared)
    assert len(texts) == 1000
    with open(HERE / "smollm2-thousand.txt", "w") as out:
        out.writelines(digest(tok.encode(text, add_special_tokens=True).ids) + "\n" for text in texts)

    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    fast = PreTrainedTokenizerFast(tokenizer_object=tok, bos_token="<|im_start|>", eos_token="<|im_end|>")
    fast.chat_template = reader.fields["tokenizer.chat_template"].contents()
    everything = []
    with open(HERE / "smollm2-chats.jsonl", "w", encoding="utf-8") as out:
        for messages in chats(texts):
            ids = fast.apply_chat_template(messages, add_generation_prompt=True)
            with torch.no_grad():
                result = model(torch.tensor([ids]), output_hidden_states=True)
                logits = result.logits[0, -1]
                stream = result.hidden_states[15][0, -1]
                greedy = model.generate(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)), max_new_tokens=24,
                                        do_sample=False, pad_token_id=2, eos_token_id=2)[0, len(ids):].tolist()
            everything.append(logits)
            out.write(json.dumps({
                "messages": messages, "prompt": ids, "greedy": greedy,
                "logits": [round(x, 6) for x in logits[::512].tolist()],
                "stream14": [round(x, 6) for x in stream[::8].tolist()],
            }) + "\n")
    if len(sys.argv) > 3:
        torch.save(torch.stack(everything), sys.argv[3])


main()
