/// One layer (and position, and kind of score) that might predict the label.
public struct AuditCandidate: Sendable, Equatable {
  /// As it should read in a sentence: "layer 13, prompt, cosine".
  public let name: String
  public let rows: ScoredRows

  public init(name: String, rows: ScoredRows) {
    self.name = name
    self.rows = rows
  }
}

/// Another score of the same rows to compare with.
public struct AuditBaseline: Sendable, Equatable {
  public let name: String
  /// One per row.
  public let scores: [Double]
  /// Whether it might explain the result (answer letter, prompt length) and is a covariate of the joint fit, or is a mark to
  /// measure by (a trained probe, the class-mean direction, the model's own logit difference, of which the label is nearly a
  /// function).
  public let isTrivial: Bool

  public init(name: String, scores: [Double], isTrivial: Bool) {
    self.name = name
    self.scores = scores
    self.isTrivial = isTrivial
  }
}

/// AUROCs of scores that ought not to predict: random vectors, vectors of shuffled pairs, of other concepts. They say whether
/// the vector is anything special, not whether the prediction is real: where the behaviour is a strong direction of the
/// activations, many directions predict it.
public struct AuditNull: Sendable, Equatable {
  public let name: String
  public let aurocs: [Double]

  public init(name: String, aurocs: [Double]) { (self.name, self.aurocs) = (name, aurocs) }
}

/// A number about the vector itself, reported in addition to the rest: its norm, its cosine with the answer-letter direction.
public struct AuditGeometry: Sendable, Equatable {
  public let name: String
  public let value: Double
  /// What the number says, in plain words; `nil` prints name and value.
  public let sentence: String?
  /// Whether a reader should doubt the result for it: a warning instead of a note. It decides nothing.
  public let isDoubtful: Bool

  public init(name: String, value: Double, sentence: String? = nil, isDoubtful: Bool = false) {
    self.name = name
    self.value = value
    self.sentence = sentence
    self.isDoubtful = isDoubtful
  }
}
