extension Int {
  /// The whole part of a number that a file, a peer or a statistic gave, clamped to the range of `Int`; 0 for NaN.
  ///
  /// `Int(_: Double)` ends the process where the number is NaN, infinite or too large, which no input may do.
  package init(saturating value: Double) {
    self = value.isNaN ? 0 : Int(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
  }
}
