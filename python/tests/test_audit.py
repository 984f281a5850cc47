"""``audit``: is my probe real?"""

import numpy as np
import pytest

import telltale as tt


def made(effect, rows=120, hidden=24, layers=2, seed=3):
    """Activations of questions with 4 rows each, whose labels one direction of the last layer tells, or nothing does."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, rows)
    direction = np.zeros(hidden)
    direction[0] = 1
    values = random.normal(size=(rows, layers, hidden))
    values[:, -1] += effect * (2 * labels[:, None] - 1) * direction
    return values, labels, [f"q{i // 4}" for i in range(rows)], direction


def test_a_planted_direction_is_supported_and_specific():
    values, labels, groups, direction = made(1.5)
    verdict = tt.audit(
        values, labels, vector={4: direction[::-1], 9: direction}, layers=[4, 9], groups=groups, lengths=np.arange(120) % 7,
        draws=200, permutations=500,
    )  # fmt: skip
    assert verdict.verdict == "supported"
    assert verdict.specificity == "yes"
    assert verdict.json["best"] == "layer 9"
    assert verdict.notes == ()


def test_nothing_is_not_supported():
    values, labels, groups, direction = made(0.0)
    verdict = tt.audit(values[:, 1], labels, vector=direction, groups=groups, draws=100, permutations=200)
    assert verdict.verdict != "supported"
    assert "lengths were not given" in verdict.notes[0]
    assert "lengths were not given" in verdict._repr_html_()


def test_its_area_is_that_of_the_cosine():
    values, labels, groups, direction = made(0.7)
    stream = values[:, 1]
    cosine = stream @ direction / np.linalg.norm(stream, axis=1)
    audited = tt.audit(values, labels, vector=[direction, direction], groups=groups, draws=50, permutations=100)
    one = tt.audit(stream, labels, vector=direction, groups=groups, draws=50, permutations=100)
    predicted = tt.predict(cosine, labels, groups)
    # Activations are float32 where they are audited.
    assert one.across.auroc == pytest.approx(predicted.across.auroc, abs=1e-3)
    assert audited.json["best"] == "layer 1"


def test_the_rows_that_a_vector_was_made_of_are_found():
    values, labels, groups, _ = made(1.5)
    mean = values[labels == 1].mean(0) - values[labels == 0].mean(0)
    verdict = tt.audit(
        values, labels, vector=mean, groups=groups, training=(values, labels, groups), draws=50, permutations=100
    )
    assert verdict.verdict == "cannot tell"
    assert any(one["name"] == "leakage" for one in verdict.json["findings"])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"activations": np.zeros(3)}, "give \\[rows, hidden\\]"),
        ({"activations": np.full((4, 2), np.nan)}, "row 0 is not finite"),
        ({"layers": [3, 2]}, "each once and ascending"),
        ({"vector": np.zeros((3, 24))}, "give a direction a layer"),
        ({"labels": [1]}, "labels has 1 values"),
        ({"groups": [None] * 120}, "groups: row 0 has none"),
        ({"vector": {0: np.ones(5)}}, "width 5"),
    ],
)
def test_what_does_not_fit_is_told(change, sentence):
    values, labels, groups, direction = made(1.0)
    given = {"activations": values, "labels": labels, "vector": {0: direction}, "groups": groups, **change}
    with pytest.raises(tt.TelltaleError, match=sentence):
        tt.audit(given.pop("activations"), given.pop("labels"), **given)
