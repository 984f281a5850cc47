extension Int {
  /// The whole part of a number that a file, a peer or a statistic gave, kept within what an `Int` holds; 0 for no number.
  ///
  /// `Int(_: Double)` ends the process where the number is none, infinite or too large, which no input may do.
  package init(saturating value: Double) {
    self = value.isNaN ? 0 : Int(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
  }
}
