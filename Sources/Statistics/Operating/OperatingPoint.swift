import Foundations
import RealModule

/// The rates of a threshold on questions it was not chosen on.
public struct OperatingPoint: Sendable, Equatable, Codable {
  /// The target: the largest share of negatives that may be flagged.
  public let targetFalsePositiveRate: Double
  /// A row is flagged if its score is this or higher.
  public let threshold: Double
  /// The share of positives flagged.
  public let recall: ClusteredProportion
  /// The share of negatives flagged.
  public let falsePositiveRate: ClusteredProportion
  /// The share of flagged rows that are positives, were the behaviour as frequent as `baseRate`.
  @NullIfAbsent public internal(set) var precision: Double?
  @NullIfAbsent public internal(set) var precisionLow: Double?
  @NullIfAbsent public internal(set) var precisionHigh: Double?
  public let baseRate: Double
  /// The area under the curve up to the target rate, standardised, of all rows.
  public let partialAUROC: PartialAUROC?
  /// A warning where there are too few negatives to set or to check so low a rate.
  public let note: String?
}

/// Thresholds chosen on one half of the questions and measured on the other.
///
/// The threshold is the smallest score of the choosing half at which no more than the target share of its negatives is
/// flagged. Recall and false-positive rate on the other half are `ClusteredProportion`s, whose intervals are conditional on the
/// threshold. Precision at a base rate b is b r / (b r + (1 - b) f); its interval combines those of log r and log f
/// as if r and f were independent (MOVER: Donner and Zou 2012), on the scale of the log odds.
public struct OperatingPoints: Sendable, Equatable, Codable {
  public let points: [OperatingPoint]
  public let choosingRows: Int
  public let measuringRows: Int
  /// Whether thresholds are on the negated score, because it predicts inverted.
  public let isInverted: Bool
  /// The calibration of the score as a probability; `nil` where no such fit exists, and for very many rows.
  public let calibration: Calibration?

  /// `ProbabilityCalibration` in numbers.
  public struct Calibration: Sendable, Equatable, Codable {
    /// 1 if it is calibrated, less if it is overconfident.
    public let slope: Double
    @NullIfAbsent public internal(set) var slopeLow: Double?
    @NullIfAbsent public internal(set) var slopeHigh: Double?
    public let intercept: Double
    public let brier: Double
    @NullIfAbsent public internal(set) var brierLow: Double?
    @NullIfAbsent public internal(set) var brierHigh: Double?
    public let expectedCalibrationError: Double
  }

  /// - Parameters:
  ///   - falsePositiveRates: targets, each in 0..<1.
  ///   - baseRate: for precision; the share of positives of all rows if `nil`. In 0...1.
  ///   - seed: of the split.
  ///   - isInverted: whether to negate the given scores.
  ///   - probabilities: whether to fit the calibration of the probability.
  /// - Throws: `StatisticsError` for a score that is not finite, a rate out of range, and where a half lacks a class.
  public init(
    _ rows: ScoredRows, falsePositiveRates: [Double] = [0.01, 0.05], baseRate: Double? = nil, seed: UInt64 = 0,
    isInverted: Bool = false, probabilities: Bool = true
  ) throws(StatisticsError) {
    if let row = rows.scores.firstIndex(where: { !$0.isFinite }) {
      throw StatisticsError(
        .invalidValue, "The score of row \(row) is \(rows.scores[row]); a threshold needs finite scores, so remove it.",
        row: row)
    }
    for rate in falsePositiveRates + [baseRate ?? 0] where !(rate >= 0 && rate < 1) {
      throw StatisticsError(.invalidValue, "The rate \(rate) is out of range; give a share from 0 to below 1.")
    }
    let clusters = rows.families.map { Partition($0) } ?? rows.questionIndex ?? .rows(rows.count)
    let halves = try GroupHalves(rows.labels, clusters, seed: seed)
    let rate = baseRate ?? Double(rows.positives) / Double(rows.count)
    points = falsePositiveRates.compactMap { OperatingPoint(rows, clusters, halves, target: $0, baseRate: rate) }
    (choosingRows, measuringRows) = (halves.choosing.count, halves.measuring.count)
    self.isInverted = isInverted
    calibration = probabilities ? Calibration(rows, seed: seed) : nil
  }
}

extension OperatingPoints.Calibration {
  init?(_ rows: ScoredRows, seed: UInt64) {
    let groups = rows.families ?? rows.groups
    guard let found = ProbabilityCalibration(scores: rows.scores, labels: rows.labels, groups: groups, seed: seed)
    else {
      return nil
    }
    self.init(found)
  }

  /// Of probabilities from elsewhere; `nil` where no fit exists.
  public init?(probabilities: [Double], labels: [Int], groups: [String]) {
    guard let found = ProbabilityCalibration(probabilities: probabilities, labels: labels, groups: groups) else {
      return nil
    }
    self.init(found)
  }

  private init?(_ found: ProbabilityCalibration) {
    guard let slope = found.slope, let intercept = found.intercept else { return nil }
    self.init(
      slope: slope, slopeLow: found.slopeInterval?.low, slopeHigh: found.slopeInterval?.high, intercept: intercept,
      brier: found.brier, brierLow: found.brierInterval?.low, brierHigh: found.brierInterval?.high,
      expectedCalibrationError: found.expectedCalibrationError)
  }
}

extension OperatingPoint {
  init?(_ rows: ScoredRows, _ clusters: Partition, _ halves: GroupHalves, target: Double, baseRate: Double) {
    let threshold = Self.threshold(
      halves.choosing.map { rows.scores[$0] }, halves.choosing.map { rows.labels[$0] }, target: target)
    let flagged = { (label: Int) in
      let own = halves.measuring.filter { rows.labels[$0] == label }
      return ClusteredProportion(
        own.map { rows.scores[$0] >= threshold ? 1 : 0 }, Partition(keys: own.map { clusters.codes[$0] }))
    }
    guard let recall = flagged(1), let alarms = flagged(0) else { return nil }
    let precision = PrecisionEstimate(recall, alarms, baseRate: baseRate)
    let negatives = [halves.choosing, halves.measuring].map { half in half.count { rows.labels[$0] == 0 } }
    self.init(
      targetFalsePositiveRate: target, threshold: threshold, recall: recall, falsePositiveRate: alarms,
      precision: precision.value, precisionLow: precision.interval?.low, precisionHigh: precision.interval?.high,
      baseRate: baseRate,
      partialAUROC: PartialAUROC(rows.scores, rows.labels, clusters, maximumFalsePositiveRate: target),
      note: Self.note(target, choosing: negatives[0], measuring: negatives[1]))
  }

  /// The smallest score that flags no more than the target share of the negatives.
  static func threshold(_ scores: [Double], _ labels: [Int], target: Double) -> Double {
    let negatives = labels.indices.filter { labels[$0] == 0 }.map { scores[$0] }.sorted(by: >)
    let allowed = Int(saturating: target * Double(negatives.count) + 1e-9)
    guard allowed < negatives.count else { return scores.min() ?? -.infinity }
    let refused = negatives[allowed]
    return scores.lazy.filter { $0 > refused }.min() ?? refused.nextUp
  }

  /// A rate needs at least one negative allowed on either half, that is 1 / rate negatives; five make it known to a factor of two.
  static func note(_ target: Double, choosing: Int, measuring: Int) -> String? {
    let fewest = min(choosing, measuring)
    guard target > 0, target * Double(fewest) < 5 else { return nil }
    let needed = Int(saturating: (5 / target).rounded(.up))
    let consequence =
      target * Double(fewest) < 1
      ? "the threshold stands above every negative instead" : "the rate is known only roughly"
    return "A false-positive rate of \(percent(target)) rests on \(fewest) negatives in one half of the questions: "
      + "\(consequence); \(needed) in each half would do."
  }
}

/// Precision at a base rate, from recall and false-positive rate.
struct PrecisionEstimate {
  let value: Double?
  let interval: Interval?

  init(_ recall: ClusteredProportion, _ alarms: ClusteredProportion, baseRate: Double) {
    let precision = { (r: Double, f: Double) -> Double? in
      let flagged = baseRate * r + (1 - baseRate) * f
      return flagged > 0 ? baseRate * r / flagged : nil
    }
    value = precision(recall.value, alarms.value)
    guard let r = recall.interval, let f = alarms.interval, baseRate > 0 else {
      interval = nil
      return
    }
    guard recall.value > 0, alarms.value > 0, let value else {
      // Without a hit or an alarm the logarithms end: the corners of both intervals, which is wider.
      interval = precision(r.low, f.high).flatMap { low in precision(r.high, f.low).map { Interval(low: low, high: $0) }
      }
      return
    }
    let down = hypotenuse(Double.log(recall.value / r.low), Double.log(f.high / alarms.value))
    let up = hypotenuse(Double.log(r.high / recall.value), Double.log(alarms.value / f.low))
    let centre = logit(value)
    interval = Interval(low: logistic(centre - down), high: logistic(centre + up))
  }
}

private func hypotenuse(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
