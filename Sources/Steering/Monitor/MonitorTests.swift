import Foundation
import Foundations
import Statistics

/// Measures monitors on labelled rows that they were not made from.
public struct MonitorTests: Encodable, Sendable {
  public struct Result: Encodable, Sendable {
    public var name: String
    @NullIfAbsent public var auroc: Double?
    @NullIfAbsent public var low: Double?
    @NullIfAbsent public var high: Double?
    /// At the monitor's own threshold.
    public var atThreshold: FlaggedShares
    /// The false-positive rate that its card states.
    public var promised: ClusteredProportion
    /// At thresholds for 1 and 5 % of these rows' negatives, chosen on half of the questions and measured on the other;
    /// nil where a half lacks a label.
    public var operating: OperatingPoints?
    public var shift: ScoreShift?

    public var sentences: [String] {
      let own = atThreshold
      var lines = [
        "at its threshold \(MonitorCard.percent(own.falsePositiveRate)) of the rows without the behaviour are flagged "
          + "(its card says \(MonitorCard.percent(promised))), and \(MonitorCard.percent(own.recall)) of those with it"
      ]
      if isBroken {
        lines.append("more is flagged than the card promises: the monitor does not carry over to these rows")
      }
      lines += (operating?.points ?? []).map { point in
        "where \(MonitorCard.percent(point.targetFalsePositiveRate)) may be flagged: recall "
          + "\(MonitorCard.percent(point.recall)), false positives \(MonitorCard.percent(point.falsePositiveRate))"
      }
      return lines
    }

    /// Whether the interval of the false-positive rate lies above the card's interval.
    public var isBroken: Bool {
      guard let low = atThreshold.falsePositiveRate.low, let high = promised.high else { return false }
      return low > high
    }
  }

  /// Two monitors on the same rows.
  public struct Pair: Encodable, Sendable {
    public var a: String
    public var b: String
    /// The AUROC of a minus that of b.
    public var difference: Double
    @NullIfAbsent public var low: Double?
    @NullIfAbsent public var high: Double?
    @NullIfAbsent public var p: Double?

    public var sentence: String {
      "\(SafeText.visible(a)) against \(SafeText.visible(b)): AUROC \(ShownNumber.signed(difference)) "
        + (ShownNumber.interval(low, high) ?? "") + (p.map { String(format: ", p = %.3g", $0) } ?? "")
    }
  }

  public var monitors: [Result]
  public var pairs: [Pair]

  /// - Throws: where no row is labelled or one label is missing, and for a monitor of another model's width.
  public init(_ monitors: [Monitor], _ recording: Recording, seed: UInt64 = 0) throws {
    let scores = try monitors.map { try $0.logOdds(recording) }
    let used = recording.rows.indices.filter { row in
      recording.rows[row].label != nil && scores.allSatisfy { $0[row].isFinite }
    }
    let rows = used.map { recording.rows[$0] }
    let own = scores.map { all in used.map { all[$0] } }
    let labels = rows.map { $0.label ?? 0 }
    self.monitors = try zip(monitors, own).map { try Self.result($0.card, $1, rows, labels, seed: seed) }
    let groups = rows.map(\.group)
    pairs = monitors.indices.flatMap { a in
      (a + 1..<max(a + 1, monitors.count)).compactMap { b in
        guard let found = PairedClusteredAUROC(scoresA: own[a], scoresB: own[b], labels: labels, groups: groups) else {
          return nil
        }
        let interval = found.p.map { _ in found.interval() }
        return Pair(
          a: monitors[a].card.name, b: monitors[b].card.name, difference: found.difference, low: interval?.low,
          high: interval?.high, p: found.p)
      }
    }
  }

  private static func result(
    _ card: MonitorCard, _ scores: [Double], _ rows: [RecordedRow], _ labels: [Int], seed: UInt64
  ) throws -> Result {
    let groups = rows.map(\.group)
    guard let shares = FlaggedShares(scores, labels, groups, threshold: card.threshold.value) else {
      throw TelltaleError(
        .badInput, "the recording has no labelled rows of both kinds, with and without the behaviour; label more")
    }
    let area = ClusteredAUROC(scores, of: rows)
    let interval = area?.interval()
    let scored = try? ScoredRows(scores: scores, labels: labels, groups: groups)
    return Result(
      name: card.name, auroc: area?.auroc, low: interval?.low, high: interval?.high, atThreshold: shares,
      promised: card.threshold.falsePositiveRate,
      operating: scored.flatMap { try? OperatingPoints($0, seed: seed, probabilities: false) },
      shift: ScoreShift(scores, groups: groups, from: card.reference))
  }
}
