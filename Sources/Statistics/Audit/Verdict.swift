/// What may be said of "this score predicts the behaviour".
public enum Verdict: String, Sendable, Equatable, Codable, CaseIterable {
  /// The score predicts the label, within questions or across them, and still does with everything held fixed that is
  /// known besides.
  case supported
  /// The score predicts the label, but what is known besides explains it.
  case explained
  /// The AUROC differs from 0.5 by less than the smallest effect of interest, if at all.
  case absent
  /// The data do not decide.
  case cannotTell = "cannot tell"
}

/// Which way a score predicts. One rule for every number of an audit: the sign of the AUROC that decided, minus 0.5.
public enum Direction: String, Sendable, Equatable, Codable {
  /// Higher scores go with the behaviour.
  case positive
  /// Higher scores go with the absence of the behaviour.
  case inverted
  /// No AUROC differs from 0.5 by more than chance.
  case none
}

/// Whether it is this vector that predicts, or any direction of these activations would.
public enum Specificity: String, Sendable, Equatable, Codable {
  /// At most 5 % of null vectors predict as well.
  case specific = "yes"
  /// More do.
  case unspecific = "no"
  /// The vector and many null vectors reach nearly perfect AUROCs, so that they cannot be told apart by them.
  case atCeiling = "at the ceiling"
  /// No null vectors were given.
  case untested = "not tested"
}

/// Whether the analysis was fixed before the data.
public enum PlanStatus: String, Sendable, Equatable, Codable {
  case asPlanned = "as planned"
  case exploratory
}
