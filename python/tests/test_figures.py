"""Figures, drawn by the binary."""

import xml.etree.ElementTree as ElementTree

import pytest

import telltale as tt
from test_predict import made_rows


def test_a_verdict_is_drawn_as_svg_and_pdf(tmp_path):
    scores, labels, groups, _ = made_rows()
    verdict = tt.predict(scores, labels, groups, name="A & B")
    figure = verdict.plot()
    root = ElementTree.fromstring(figure._repr_svg_())
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert "A & B: supported" in texts
    assert f"{verdict.across.auroc:.3f}" in texts
    assert figure.save(tmp_path / "f.pdf").read_bytes().startswith(b"%PDF-1.4")
    with pytest.raises(tt.TelltaleError, match=r"\.svg, \.pdf or \.png"):
        figure.save(tmp_path / "f.gif")


def test_an_undefined_claim_is_said_to_be():
    verdict = tt.predict([0.1, 0.9, 0.2, 0.8] * 10, [0, 1, 0, 1] * 10)
    assert verdict.within is None
    assert "undefined" in verdict.plot()._repr_svg_()
