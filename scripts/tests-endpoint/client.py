"""Asks `telltale endpoint` by the package openai: chat, streams, log-probabilities, echo, edits, errors.

Run by scripts/endpoint-test, which makes the environment.
"""

import json
import math
import struct
import urllib.request

import openai
from serving import endpoint, options


def safetensors(name: str, values: list[float]) -> bytes:
    """A file with one row of float32."""
    header = {name: {"dtype": "F32", "shape": [len(values)], "data_offsets": [0, 4 * len(values)]}}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + struct.pack(f"<{len(values)}f", *values)


def check_models(client):
    (model,) = client.models.list().data
    assert client.models.retrieve(model.id).id == model.id
    return model


def check_chat(client, model):
    messages = [{"role": "user", "content": "Who are you?"}]
    asked = dict(model=model, messages=messages, temperature=0, max_tokens=8)
    whole = client.chat.completions.create(**asked, logprobs=True, top_logprobs=2)
    choice = whole.choices[0]
    assert choice.message.role == "assistant" and choice.finish_reason in ("stop", "length")
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
    for token in choice.logprobs.content:
        assert token.logprob <= 0 and token.top_logprobs[0].logprob == token.logprob, "greedy"
    chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == choice.message.content and chunks[-1].usage == whole.usage
    several = client.chat.completions.create(**{**asked, "temperature": 1}, n=3, seed=1)
    again = client.chat.completions.create(**{**asked, "temperature": 1}, n=3, seed=1)
    assert [c.message.content for c in several.choices] == [c.message.content for c in again.choices]


def check_echo(client, model):
    """What a harness does to score choices: the log-probabilities of given tokens."""
    scored = client.completions.create(model=model, prompt="I think that", max_tokens=0, echo=True, logprobs=1)
    logprobs = scored.choices[0].logprobs
    assert scored.choices[0].text == "I think that" and scored.usage.completion_tokens == 0
    assert logprobs.token_logprobs[0] is None and all(value <= 0 for value in logprobs.token_logprobs[1:])
    assert len(logprobs.tokens) == len(logprobs.text_offset) == scored.usage.prompt_tokens
    # What is generated is scored as it is when it is given.
    asked = dict(model=model, temperature=0, logprobs=1, echo=True)
    first = client.completions.create(**asked, prompt=[1, 5, 9], max_tokens=1).choices[0].logprobs
    assert len(first.tokens) == 4 and math.isclose(first.token_logprobs[3], max(first.top_logprobs[3].values()))
    texts = client.completions.create(model=model, prompt=["I think", "You"], max_tokens=2, temperature=0).choices
    assert [choice.index for choice in texts] == [0, 1]


def check_edits(client, model, base, key):
    width, layer = model.telltale["hidden"], model.telltale["layers"] // 2
    request = urllib.request.Request(
        f"{base}/telltale/vectors/push", method="PUT", headers={"Authorization": f"Bearer {key}"},
        data=safetensors(f"layer.{layer}", [math.sin(3 * i) for i in range(width)]))
    assert json.load(urllib.request.urlopen(request))["layers"] == [layer]
    asked = dict(model=model.id, prompt="I think that", max_tokens=8, temperature=0)
    plain = client.completions.create(**asked)
    edit = {"operation": "add", "vector": "push", "scale": 50}
    body = {"telltale": {"edits": [edit], "scores": [{"vector": "push"}]}}
    edited = client.completions.create(**asked, extra_body=body)
    assert edited.choices[0].text != plain.choices[0].text
    (proof,) = edited.telltale["edits"]
    assert proof["positions"] > 0 and proof["layer"] == layer and proof["mean_shift"] > 0
    (scores,) = edited.choices[0].telltale["scores"]
    assert len(scores["answer"]) == edited.usage.completion_tokens and all(abs(s) <= 1 for s in scores["answer"])


def check_errors(client, model, base):
    def refused(kind, **asked):
        try:
            client.completions.create(**{"model": model, "prompt": "a", **asked})
        except kind as error:
            return error
        raise AssertionError(f"not refused: {asked}")

    assert refused(openai.BadRequestError, frequency_penalty=1).param == "frequency_penalty"
    assert refused(openai.BadRequestError, extra_body={"min_p": 0.1}).code == "unknown_parameter"
    assert refused(openai.NotFoundError, model="gpt-4").code == "model_not_found"
    late = {"telltale": {"edits": [{"operation": "add", "vector": "push", "positions": "generated"}]}}
    assert refused(openai.BadRequestError, max_tokens=1, extra_body=late).code == "edit_without_effect"
    try:
        openai.OpenAI(base_url=base, api_key="wrong" * 5).models.list()
        raise AssertionError("a wrong key was accepted")
    except openai.AuthenticationError:
        pass


def main():
    asked = options()
    with endpoint(asked.binary, asked.model) as (base, key):
        client = openai.OpenAI(base_url=base, api_key=key)
        model = check_models(client)
        check_chat(client, model.id)
        check_echo(client, model.id)
        check_edits(client, model, base, key)
        check_errors(client, model.id, base)
    print(f"openai {openai.__version__}: chat, streams, log-probabilities, echo, edits and errors pass on {model.id}")


if __name__ == "__main__":
    main()
