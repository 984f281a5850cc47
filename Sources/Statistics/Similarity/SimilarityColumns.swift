import Foundations

extension SimilarityEvidence {
  /// The columns of every table of cosines between vectors.
  package static let columns: [TableColumn<SimilarityEvidence>] =
    .estimate("cosine", "Cosine of the two vectors.", unit: "-1 to 1", { $0.cosine }, interval: \.cosineInterval)
    + [
      .number(
        "reliability_a", "Expected cosine of the first vector with one made of as many other questions.", \.reliabilityA
      ),
      .number("reliability_b", "The same of the second vector.", \.reliabilityB),
      .number(
        "ceiling", "The highest cosine that noise leaves possible: the root of the reliabilities' product.", \.ceiling),
    ]
    + .estimate(
      "disattenuated", "Cosine divided by the ceiling: without the vectors' noise.", \.disattenuated,
      interval: \.disattenuatedInterval)
    + [
      .integer("dimension", "Width of the residual stream.", \.dimension),
      .number("p_dimension", "P of a cosine as far from 0 between random directions of that width.", \.pDimension),
      .number(
        "effective_dimension", "Participation ratio of the activations' covariance, where it is known.",
        \.effectiveDimension),
      .number("p_effective", "P between random directions that vary as the activations do.", \.pEffective),
      .text("verdict", "Whether the two are the same but for noise (docs/consistency.md).", \.verdict.rawValue),
    ]
}
