"""Words of GPT-4o's split pattern (o200k), as Hugging Face tokenizers cuts them."""
import json, random
from tokenizers import Regex, pre_tokenizers
P = "|".join([
 r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
 r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
 r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
split = pre_tokenizers.Split(Regex(P), "isolated")
texts = ["HelloWorld helloWORLD's it'S", "ABCdef ABC", "a/b//\n\nc  d", "1234567 x", "中文Abc Ａb", "é́A\u0301b\u0301C", "ǅx ʰA ʰ", " 'll they'LL I'd", "\t\tif (x) {\r\n}", "A", "AʰB", "AʰBʰc", "!A\u0301", "\u0301", " \u0301a", "don't/\n", "e.g. U.S.A.'s"]
r = random.Random(7)
alphabet = "aAbBzZ  \t\n\r/'sSrReE1290.,!-_éÉßİıǅʰªº中文あア\u0301\u0903\u20dd²Ⅷ٣\u00a0\u3000😀'll"
texts += ["".join(r.choice(alphabet) for _ in range(r.randint(1, 24))) for _ in range(300)]
for t in texts:
    print(json.dumps({"text": t, "words": [w for w, _ in split.pre_tokenize_str(t)]}, ensure_ascii=True))
