"""Inspect, really run: a log that it wrote becomes a target, and a scorer of ours scores in its own evaluation."""

import pytest

import telltale as tt

inspect_ai = pytest.importorskip("inspect_ai")
from inspect_ai import Task, eval  # noqa: E402
from inspect_ai.dataset import MemoryDataset, Sample  # noqa: E402
from inspect_ai.log import read_eval_log  # noqa: E402
from inspect_ai.model import ModelOutput, ModelUsage, get_model  # noqa: E402
from inspect_ai.scorer import match  # noqa: E402
from inspect_ai.solver import generate  # noqa: E402

QUESTIONS = [f"Question number {i // 2}, asked by {'Ann' if i % 2 else 'Ben'}: am I right?" for i in range(40)]
ANSWERS = ["Yes" if (i * 7) % 3 else "No" for i in range(40)]


def evaluate(folder, scorers, epochs=1):
    dataset = MemoryDataset(
        [
            Sample(input=text, target="Yes", id=i, metadata={"question": f"q{i // 2}"})
            for i, text in enumerate(QUESTIONS)
        ]
    )
    outputs = [ModelOutput.from_content("mockllm/model", answer) for answer in ANSWERS]
    for output in outputs:  # else Inspect counts tokens with a table that it downloads
        output.usage = ModelUsage(input_tokens=8, output_tokens=1, total_tokens=9)
    model = get_model("mockllm/model", custom_outputs=outputs)
    task = Task(dataset=dataset, solver=generate(), scorer=scorers)
    logs = eval(task, model=model, log_dir=str(folder), display="none", max_samples=1, epochs=epochs)
    assert logs[0].status == "success", logs[0].error
    return logs[0]


def test_a_log_becomes_a_target(tmp_path):
    log = evaluate(tmp_path, match(location="exact"))
    target = tt.from_inspect(log.location, group="question")
    assert len(target) == 40
    assert target.unscored == 0
    assert target.labels == [int(answer == "Yes") for answer in target.answers]
    assert sorted(set(target.groups)) == sorted({f"q{i}" for i in range(20)})
    assert {chat[-1]["content"] for chat in target.chats} == set(QUESTIONS)
    assert list(target.frame.columns) == ["id", "group", "label", "prompt", "answer"]
    again = tt.from_inspect(read_eval_log(log.location), behaviour=lambda value: 1 if value == "I" else 0)
    assert again.labels == [1 - label for label in target.labels]
    with pytest.raises(tt.TelltaleError, match="there are match"):
        tt.from_inspect(log.location, scorer="other")
    with pytest.raises(tt.TelltaleError, match="no 'topic' in its metadata"):
        tt.from_inspect(log.location, group="topic")


def test_activations_of_a_target_are_judged(tmp_path, model, vector):
    target = tt.from_inspect(evaluate(tmp_path, match(location="exact")).location, group="question")
    streams = model.activations([chat[-1]["content"] for chat in target.chats], layers=vector.layers)
    verdict = tt.audit(
        streams.values, target.labels, vector=vector, layers=vector.layers, groups=target.groups,
        lengths=[len(ids) for ids in streams.ids], draws=50, permutations=100,
    )  # fmt: skip
    assert verdict.verdict in ("absent", "cannot tell", "explained"), "a random model knows nothing"


def test_a_scorer_of_ours_gives_the_verdict(tmp_path, model, vector):
    plain = tt.Vector({2: vector[2]})

    def label(state, target):
        return int(state.output.completion.strip() == target.text)

    scorer = tt.verdict_scorer(model, plain, 2, label=label, group=lambda state: state.metadata["question"])
    log = evaluate(tmp_path, scorer)
    told = {metric.name.split("/")[-1]: metric.value for metric in log.results.scores[0].metrics.values()}
    verdict = tt.verdict_of(log.location)
    assert told["auroc"] == pytest.approx(verdict.across.auroc)
    assert told["supported"] == float(verdict.verdict == "supported")
    samples = read_eval_log(log.location).samples
    scores = [sample.scores["telltale"] for sample in samples]
    by_hand = tt.predict(
        [one.value for one in scores],
        [one.metadata["label"] for one in scores],
        [one.metadata["group"] for one in scores],
    )
    assert by_hand.json == verdict.json
