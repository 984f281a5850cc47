import Foundations

/// An AUROC with its 95 % interval and the test that it is 0.5, both clustered: the answer to one of two questions.
///
/// *Within* questions: does a higher score mean more of the behaviour for the same question? *Across* questions: does one
/// threshold serve all? Neither follows from the other.
public struct AreaEstimate: Sendable, Equatable, Codable {
  public let auroc: Double
  /// 95 %, on the logit scale; `nil` where no interval can be given.
  @NullIfAbsent public internal(set) var low: Double?
  @NullIfAbsent public internal(set) var high: Double?
  /// Two-sided, of the same t as the interval: it is under 0.05 where the interval excludes 0.5. `nil` with the interval.
  @NullIfAbsent public internal(set) var p: Double?
  /// The same corrected for all candidates, comparisons and both questions (closed testing): what the verdict judges by.
  @NullIfAbsent public internal(set) var adjustedP: Double?
  /// Of Student's t.
  @NullIfAbsent public internal(set) var degreesOfFreedom: Double?
  /// How many questions (clusters) take part.
  public let questions: Int
  /// By how much the odds of the behaviour grow per standard deviation of the score: conditional logistic regression within
  /// questions, logistic regression across; `nil` where no such fit exists.
  @NullIfAbsent public internal(set) var oddsRatio: Double?
  /// 95 %, clustered.
  @NullIfAbsent public internal(set) var oddsRatioLow: Double?
  @NullIfAbsent public internal(set) var oddsRatioHigh: Double?
}

/// A regression coefficient with its 95 % interval, clustered.
public struct CoefficientEstimate: Sendable, Equatable, Codable {
  /// Change of the label's probability per standard deviation of the score.
  public let coefficient: Double
  public let low: Double
  public let high: Double
  /// Two-sided.
  public let p: Double
  public let degreesOfFreedom: Double
}

/// What holding one covariate fixed does to the score's effect, and what the covariate is worth alone.
public struct CovariateResult: Sendable, Equatable, Codable {
  public enum Kind: String, Sendable, Equatable, Codable {
    case numeric, categorical
  }

  public let name: String
  public let kind: Kind
  /// Distinct values.
  public let levels: Int
  /// The score's coefficient with this covariate alone held fixed, as change of the label's probability per standard
  /// deviation of the score, and its 95 % interval; `nil` where the covariate leaves nothing of the score.
  @NullIfAbsent public internal(set) var adjustedCoefficient: Double?
  @NullIfAbsent public internal(set) var low: Double?
  @NullIfAbsent public internal(set) var high: Double?
  /// The share of the label's variance that the covariate explains (R squared of its terms).
  public let labelShare: Double
  /// The share of the score's variance that it explains.
  public let scoreShare: Double
}
